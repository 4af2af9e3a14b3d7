"""``make lint`` and ``make format``: style of Python, XML and JavaScript, and the structure of the whole."""

import ast
import pathlib
import subprocess

from dev import environment, events_page, features, lifecycle_page, paths, prettier
from dev.console import say

FOLDERS = ("stripe_subscriptions", "stripe_sandbox", "dev", "tests")
# Not for us: Odoo's own addons import themselves absolutely, the README is the repository's, and the author
# is not the OCA.
PYLINT = (
    "--disable=all",
    "--enable=odoolint",
    "--disable=odoo-addons-relative-import,manifest-required-author,missing-readme,"
    # Several files for one large model, each with a purpose of its own.
    "consider-merging-classes-inherited",
)
MAX_PYTHON_LINES = 400
MAX_VIEW_LINES = 300
GATEWAY = pathlib.Path("stripe_subscriptions/stripe_gateway.py")


def main(fix: bool) -> int:
    """Run all checks, or with ``fix`` rewrite what can be rewritten; 0 when nothing is found."""
    environment.prepare(with_odoo=False)
    ruff = [paths.VENV / "bin" / "ruff"]
    if fix:
        _call([*ruff, "check", "--fix", "-q", "."])
        events_page.write()
        lifecycle_page.write()
        return _call([*ruff, "format", "-q", "."]) or prettier.main(fix)
    pylint = [paths.PYTHON, "-m", "pylint", "--rcfile=pyproject.toml", "--score=n", *PYLINT]
    checks = {
        "ruff check": lambda: _call([*ruff, "check", "-q", "."]),
        "ruff format": lambda: _call([*ruff, "format", "--check", "-q", "."]),
        "pylint-odoo": lambda: _call([*pylint, paths.ADDON]),
        "prettier": lambda: prettier.main(fix),
        "structure": _structure,
    }
    failed = [name for name, check in checks.items() if check()]
    say(f"Lint: {'FAILED in ' + ', '.join(failed) if failed else 'no findings'}")
    return 1 if failed else 0


def _call(command: list[object]) -> int:
    return subprocess.run([str(part) for part in command], cwd=paths.ROOT, check=False).returncode


def _structure() -> int:
    """Length of files, imports that only one module may have, rows without a test, pages made from tables."""
    findings = [*_lengths(), *_imports(), *features.findings()]
    if not events_page.is_current():
        findings.append("docs/events.rst is not what stripe_events.py says: make format")
    if not lifecycle_page.is_current():
        findings.append("docs/lifecycle.rst is not what the tables say: make format")
    for finding in findings:
        say(finding)
    return len(findings)


def _files(pattern: str) -> list[pathlib.Path]:
    found = [file for folder in FOLDERS for file in (paths.ROOT / folder).rglob(pattern)]
    return sorted(file.relative_to(paths.ROOT) for file in found)


def _lengths() -> list[str]:
    findings = []
    for pattern, limit in (("*.py", MAX_PYTHON_LINES), ("views/*.xml", MAX_VIEW_LINES)):
        for file in _files(pattern):
            lines = len((paths.ROOT / file).read_text().splitlines())
            if lines > limit:
                findings.append(f"{file}: {lines} lines, more than {limit}")
    return findings


def _imports() -> list[str]:
    """Only the gateway imports the package ``stripe``, in the addon."""
    findings = []
    for file in _files("*.py"):
        if file.parts[0] != paths.ADDON or file == GATEWAY:
            continue
        for node in ast.walk(ast.parse((paths.ROOT / file).read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            if any(name.split(".")[0] == "stripe" for name in names):
                findings.append(f"{file}:{node.lineno}: imports stripe; only {GATEWAY} does")
    return findings
