"""Odoo for the figures: databases of their own, servers, and shells that do what they are told."""

import hashlib
import os
import subprocess
from multiprocessing import Pipe
from typing import Any

from dev import catalogue, databases, paths, postgres
from dev.console import Trouble, step
from dev.processes import Group

FOLDER = paths.ROOT / "tests" / "bench"
SECRET = "whsec_bench"
PROGRAM = [paths.PYTHON, "-c", "from odoo.cli import main; main()"]


def prepare(port: int) -> str:
    """The database that the others are copies of: with the addon and the bare route."""
    postgres.start()
    addons = [*databases.odoo_source.addons_path(), paths.ROOT, FOLDER / "addons"]
    databases.configure(
        port=port, name="bench", addons_path=",".join(map(str, addons)), max_cron_threads=0
    )
    name, source = f"{databases.PREFIX}_bench", databases.template()
    wanted = f"{source}-{databases.addon_hash()}-{_setup_hash()}"
    comment = (
        f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    )
    if not postgres.exists(name) or postgres.query(comment) != wanted:
        with step("database of the bench"):
            databases.copy(source, name)
            install = ["-d", name, "-i", "stripe_subscriptions_bench", "--skip-auto-install"]
            databases.odoo(*install, "--stop-after-init", "--no-http", log="bench-install")
            keys = {
                "stripe_secret_key": catalogue.KEY,
                "stripe_publishable_key": catalogue.PUBLISHABLE_KEY,
                "stripe_billing_webhook_secret": SECRET,
                "state": "test",
            }
            script = (
                "provider = env['payment.provider'].search([('code', '=', 'stripe')], limit=1)\n"
                f"provider.write({keys!r})\n"
                "provider._stripe_billing_ensure_webhook_key()\n"
                "provider._stripe_billing_ensure_journal()\n"
                "env.cr.commit()\n"
            )
            databases.odoo("shell", "-d", name, "--no-http", log="bench-setup", stdin=script)
            postgres.query(f"COMMENT ON DATABASE {name} IS '{wanted}'")
    return name


def _setup_hash() -> str:
    """A text that changes with this file and the bare route."""
    digest = hashlib.sha256()
    for file in [*sorted((FOLDER / "addons").rglob("*.py")), __file__]:
        with open(file, "rb") as content:
            digest.update(content.read())
    return digest.hexdigest()[:10]


class Database:
    """A copy of the prepared database for the time of a context."""

    def __init__(self, source: str, name: str):
        self._source, self._name = source, f"{source}_{name}"

    def __enter__(self) -> str:
        databases.copy(self._source, self._name)
        return self._name

    def __exit__(self, *exception: object) -> None:
        databases.drop(self._name)


def serve(group: Group, database: str, port: int) -> str:
    """Start Odoo as on a host with one database, without ``--db-filter``; return its address.

    With a filter Odoo asks the server for all its databases at each request that has no session.
    """
    url = f"http://127.0.0.1:{port}"
    command = [*PROGRAM, "-d", database, f"--http-port={port}"]
    group.start(f"odoo-{database}", command, url=f"{url}/web/health")
    return url


class Shell:
    """An Odoo shell that carries out the functions of ``tests/bench/shell.py``, one at a time."""

    def __init__(self, database: str, sandbox_url: str, name: str):
        self._log = paths.LOGS / f"bench-{name}.log"
        self._channel, other = Pipe()
        script = f"CHANNEL = {other.fileno()}\n{(FOLDER / 'shell.py').read_text()}"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [str(part) for part in [*PROGRAM, "shell", "-d", database, "--no-http"]],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "STRIPE_API_BASE": sandbox_url},
                cwd=paths.ROOT,
                pass_fds=[other.fileno()],
            )
        other.close()
        self._process.stdin.write(script.encode())
        self._process.stdin.close()

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *exception: object) -> None:
        self._channel.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def call(self, function: str, *arguments: object) -> Any:
        """Have a function carried out and return its answer."""
        self.begin(function, *arguments)
        return self.end()

    def begin(self, function: str, *arguments: object) -> None:
        """Have a function carried out; ``end`` waits for its answer."""
        try:
            self._channel.send((function, arguments))
        except OSError:
            raise self._trouble() from None

    def end(self) -> Any:
        """The answer to ``begin``."""
        try:
            return self._channel.recv()
        except (EOFError, OSError):
            raise self._trouble() from None

    def _trouble(self) -> Trouble:
        tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-25:])
        return Trouble(f"A shell of Odoo has ended:\n{tail}\nIts log is {self._log}")
