"""What chaos happens to: Odoo, its database server and the stand-in for Stripe, which may be struck down.

The database server is one of its own, so that its crashes disturb nobody else.
"""

import json
import pathlib
import shutil
import time

from dev import catalogue, databases, paths, postgres
from dev.console import run, step
from dev.instance import SETUP, Instance, Ports
from dev.processes import Group, free_port

# Seconds before each new attempt of the stand-in to deliver a webhook.
RETRY_DELAYS = "1,3,10"
# What is committed outlives a crash of the server, as it does in production; only the disk is not waited for.
DURABLE = {"synchronous_commit": "on", "full_page_writes": "on"}
RECOVERY_SECONDS = 60


class Service(Group):
    """One program that is killed and started again; each of its lives has a log of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.lives = 0

    def start(self, name: str, *arguments: object, **more: object) -> pathlib.Path:
        """Begin a life; see :class:`Group`."""
        self.lives += 1
        return super().start(f"{name}-{self.lives}", *arguments, **more)

    def kill(self) -> None:
        """End it by SIGKILL."""
        for _name, process in self._processes:
            process.kill()
            process.wait()
        self._processes.clear()


class Stage(Instance):
    """An instance without mailbox, on a database server of its own.

    ``group`` holds the stand-in; Odoo is a service, since it is killed again and again.
    """

    def __init__(self, name: str, group: Group, service: Service):
        super().__init__(name, Ports(*(free_port() for _ in range(4))), group)
        self.service = service
        self.cluster = self.folder / "postgres"

    # --- set-up

    def start(self) -> None:
        """Make the database, start everything, connect it."""
        for log in paths.LOGS.glob(f"odoo-{self.database}-*.log"):
            log.unlink()
        self._make_database()
        with step("Stripe sandbox"):
            self.group.sandbox(self.ports.sandbox, "--retry-delays", RETRY_DELAYS)
            catalogue.create(self.sandbox_url)
        with step("Odoo"):
            self.start_odoo()
        self._connect()

    def _make_database(self) -> None:
        """A copy of the database that the tests use, with the demo's settings, in our own server."""
        postgres.start()
        databases.configure(
            port=self.ports.odoo,
            name=self.name,
            # Nothing listens there: no mail leaves.
            smtp_server="127.0.0.1",
            smtp_port=self.ports.smtp,
            max_cron_threads=2,
        )
        source = databases.with_addon()
        dump = self.folder / "addon.dump"
        run(["pg_dump", "-Fc", "-Z0", "-f", dump, source], log=f"{self.name}-dump")
        postgres.start(self.cluster, **DURABLE)
        with step("database"):
            databases.drop(self.database)
            run(["createdb", self.database], log=f"{self.name}-createdb")
            restore = ["pg_restore", "-j2", "-d", self.database, dump]
            run(restore, log=f"{self.name}-restore")
            databases.copy_files(source, self.database)
            script = f"BASE_URL = {self.url!r}\n{SETUP.read_text()}"
            shell = ["shell", "-d", self.database, "--no-http", "--max-cron-threads=0"]
            databases.odoo(*shell, log=f"{self.name}-data", stdin=script)

    def start_odoo(self) -> None:
        """Start Odoo and wait until it answers."""
        self.service.odoo(self.database, self.ports.odoo, STRIPE_API_BASE=self.sandbox_url)

    def close(self) -> None:
        """End the database server and forget the database; programs are ended by their groups."""
        postgres.stop(self.cluster)
        (self.folder / "addon.dump").unlink(missing_ok=True)
        shutil.rmtree(paths.DATA / "filestore" / self.database, ignore_errors=True)

    # --- accidents

    def kill_odoo(self) -> None:
        """Kill Odoo in the middle of whatever it does, and start it again."""
        self.service.kill()
        self.start_odoo()

    def crash_postgres(self) -> None:
        """Stop the database server without any good-bye, and start it again.

        Odoo's server in one process loses its cron threads with the connections they listen on, unlike its
        workers, which are replaced. Whoever runs it so restarts it after the database, and so do we.
        """
        postgres.stop(self.cluster, "immediate")
        postgres.start(self.cluster)
        time.sleep(2)  # requests are answered again without a restart
        self.service.stop()
        self.start_odoo()

    # --- looking at it

    def rows(self, sql: str) -> list[dict]:
        """The rows of a query."""
        return json.loads(
            postgres.query(f"SELECT coalesce(json_agg(q), '[]') FROM ({sql}) q", self.database)
        )
