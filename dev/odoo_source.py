"""Odoo 19 itself: an existing source tree, or Debian's package unpacked in a folder of ours.

Nothing outside ``.dev/`` is touched and no root is needed. The mirror is the one that the machine's own
apt uses; its private configuration here adds the suite that has Odoo 19.
"""

import os
import pathlib
import re
import shutil
import subprocess

from dev import paths
from dev.console import Trouble, output, run, step

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "sid"
# The second line of packages is taken from the machine's own suite: the newer ones no longer have the files
# that Odoo links to.
PACKAGES = [
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "fonts-ocr-b",
]
OLDER_PACKAGES = ["fonts-font-awesome", "fonts-inconsolata"]

# Not in Debian's package (not free); part of a bundle, so its absence would break every page of the
# back office. It only blurs the background of video calls.
ABSENT = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


def prepare() -> pathlib.Path:
    """Fetch Odoo unless it is there; return the folder that holds the package."""
    home = paths.odoo_home()
    if not os.environ.get("ODOO_HOME") and not (paths.DOWNLOADS / "versions").exists():
        _fetch()
    if not (home / "odoo" / "release.py").exists():
        raise Trouble(f"There is no Odoo in {home} (ODOO_HOME names the folder that holds odoo/).")
    return home


def version() -> str:
    """What tells this source from another one."""
    mark = paths.DOWNLOADS / "versions"
    if os.environ.get("ODOO_HOME"):
        return (paths.odoo_home() / "odoo" / "release.py").read_text()
    return mark.read_text()


def addons_path() -> list[pathlib.Path]:
    """Folders with Odoo's own addons beside those inside the package."""
    beside = paths.odoo_home() / "addons"
    return [beside] if beside.is_dir() else []


def _fetch() -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Trouble(
            "Odoo is fetched from Debian's archive, which needs apt. Elsewhere, name a source tree of "
            "Odoo 19: ODOO_HOME=/path/to/odoo"
        )
    work = paths.DOWNLOADS / ".apt"
    shutil.rmtree(work, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial", "debs", "none"):
        (work / name).mkdir(parents=True)
    options = _apt_options(work)
    with step("Odoo 19 (Debian package, 120 MB)"):
        _choose_mirror(work, options)
        run(
            ["apt-get", *options, "download", *PACKAGES, *OLDER_PACKAGES],
            log="odoo-download",
            cwd=work / "debs",
        )
        debs = sorted((work / "debs").glob("*.deb"))
        for deb in debs:
            run(["dpkg-deb", "-x", deb, paths.DOWNLOADS], log="odoo-unpack")
        _complete()
        shutil.rmtree(work)
        (paths.DOWNLOADS / "versions").write_text("\n".join(deb.name for deb in debs) + "\n")


def _apt_options(work: pathlib.Path) -> list[str]:
    settings = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": work / "none",
        "Dir::Etc::preferences": work / "preferences",
        "Dir::Etc::preferencesparts": work / "none",
        "Dir::State": work,
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": work / "cache",
        "Acquire::Languages": "none",
        "Acquire::Retries": "5",
        "APT::Sandbox::User": _user(),
    }
    return ["-q", *(part for key, value in settings.items() for part in ("-o", f"{key}={value}"))]


def _user() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def _choose_mirror(work: pathlib.Path, options: list[str]) -> None:
    """Find a mirror among the machine's own that has Odoo 19."""
    release = pathlib.Path("/etc/os-release").read_text()
    match = re.search(r"^VERSION_CODENAME=(\w+)", release, re.MULTILINE)
    own = match[1] if match else "stable"
    (work / "preferences").write_text(
        f"Package: *\nPin: release n={SUITE}\nPin-Priority: 500\n\n"
        f"Package: {' '.join(OLDER_PACKAGES)}\nPin: release n={own}\nPin-Priority: 900\n"
    )
    listing = output(["apt-get", "update", "--print-uris", "-o", "Debug::NoLocking=1"])
    mirrors = re.findall(rf"^'(\S+)/dists/{own}/InRelease'", listing, re.MULTILINE)
    for mirror in dict.fromkeys(mirrors):
        (work / "sources.list").write_text(
            "".join(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in (SUITE, own))
        )
        update = ["apt-get", *options, "-o", "APT::Update::Error-Mode=any", "update"]
        show = ["apt-cache", *options, "show", "odoo-19"]
        if all(subprocess.run(c, capture_output=True).returncode == 0 for c in (update, show)):
            return
    raise Trouble("None of this machine's Debian mirrors offers odoo-19. Set ODOO_HOME instead.")


def _complete() -> None:
    addons = paths.DOWNLOADS / "usr/lib/python3/dist-packages/odoo/addons"
    absent = addons / ABSENT
    if not absent.exists():
        absent.parent.mkdir(parents=True, exist_ok=True)
        absent.write_text("/* not in the package; only blurs the background of video calls */\n")
