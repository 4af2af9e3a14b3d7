"""Prettier, which formats XML, JavaScript and SCSS of the addon."""

import subprocess

from dev import node, paths

FILES = f"{paths.ADDON}/**/*.{{xml,js,scss}}"


def main(fix: bool) -> int:
    """Check the files, or with ``fix`` rewrite them; 0 when nothing is found."""
    environment = node.install()
    command = [
        node.FOLDER / "node_modules" / ".bin" / "prettier",
        f"--plugin={node.FOLDER / 'node_modules/@prettier/plugin-xml/src/plugin.js'}",
        "--log-level=warn",
        "--write" if fix else "--check",
        FILES,
    ]
    return subprocess.run(
        [str(part) for part in command], cwd=paths.ROOT, env=environment
    ).returncode
