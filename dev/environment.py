"""The Python environment and the browser."""

import hashlib
import os
import shutil
import subprocess
import sys

from dev import odoo_source, paths
from dev.console import Trouble, run, step

VERSIONS = ((3, 11), (3, 12), (3, 13))


def prepare(with_odoo: bool = True) -> None:
    """Make the environment, unless it is there; with Odoo on its path when asked."""
    wanted = hashlib.sha256(paths.REQUIREMENTS.read_bytes()).hexdigest()
    mark = paths.VENV / ".requirements"
    if not mark.exists() or mark.read_text() != wanted:
        with step("Python environment"):
            base = _base_python()
            shutil.rmtree(paths.VENV, ignore_errors=True)
            run([base, "-m", "venv", paths.VENV], log="venv")
            pip = [paths.PYTHON, "-m", "pip", "install", "-q", "--prefer-binary"]
            run([*pip, "-r", paths.REQUIREMENTS], log="pip")
            mark.write_text(wanted)
    if with_odoo:
        home = odoo_source.prepare()
        site = next((paths.VENV / "lib").glob("python*/site-packages"))
        link = site / "odoo-source.pth"
        if not link.exists() or link.read_text() != f"{home}\n":
            link.write_text(f"{home}\n")


def chromium() -> str:
    """The browser for tests, installed when that is possible."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found:
        return found
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Trouble(
            "No Chromium. Install it (apt install chromium), or name one: CHROMIUM=/path/to/chromium"
        )
    with step("Chromium (Debian package)"):
        run(["apt-get", "update", "-q"], log="apt-update")
        run(
            [
                "apt-get",
                "install",
                "-y",
                "-q",
                "--no-install-recommends",
                "chromium",
                "fonts-liberation",
            ],
            log="apt-chromium",
            env={"DEBIAN_FRONTEND": "noninteractive"},
        )
    found = shutil.which("chromium")
    if not found:
        raise Trouble("The package chromium was installed, but no program of that name is there.")
    return found


def _base_python() -> str:
    """A Python that Odoo 19 runs on and that can make environments."""
    for name in (sys.executable, *(f"python{a}.{b}" for a, b in VERSIONS), "python3"):
        path = shutil.which(name)
        if not path:
            continue
        test = f"import sys, ensurepip, venv; assert sys.version_info[:2] in {VERSIONS!r}"
        if subprocess.run([path, "-c", test], capture_output=True).returncode == 0:
            return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        run(["apt-get", "update", "-q"], log="apt-update")
        run(["apt-get", "install", "-y", "-q", "python3-venv"], log="apt-venv")
        return shutil.which("python3") or "python3"
    raise Trouble("Python 3.11 to 3.13 with ensurepip is needed (apt install python3-venv).")
