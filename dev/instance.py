"""A running product: database, stand-in for Stripe, mailbox, Odoo, all connected."""

import pathlib
from dataclasses import dataclass, field

from dev import catalogue, databases, paths, postgres
from dev.console import Trouble, say, step
from dev.processes import Group
from dev.rpc import Odoo

SETUP = pathlib.Path(__file__).parent / "demo_data.py"


@dataclass
class Ports:
    """Ports on the loopback interface."""

    odoo: int
    sandbox: int
    smtp: int
    mail: int


@dataclass
class Instance:
    """One running product and how to reach it."""

    name: str
    ports: Ports
    group: Group
    folder: pathlib.Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder = paths.STATE / self.name
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def database(self) -> str:
        """Name of its database."""
        return f"{databases.PREFIX}_{self.name}"

    @property
    def url(self) -> str:
        """Address of Odoo."""
        return f"http://127.0.0.1:{self.ports.odoo}"

    @property
    def sandbox_url(self) -> str:
        """Address of the stand-in for Stripe."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def mails(self) -> pathlib.Path:
        """Folder of its mails."""
        return self.folder / "mails"

    def start(self) -> None:
        """Make what is missing, start everything, connect it."""
        postgres.start()
        databases.configure(
            port=self.ports.odoo,
            name=self.name,
            smtp_server="127.0.0.1",
            smtp_port=self.ports.smtp,
            email_from="billing@demo.example",
            max_cron_threads=2,
        )
        self._make_database()
        self._upgrade()
        with step("Stripe sandbox and mailbox"):
            self.group.sandbox(
                self.ports.sandbox,
                *(f"--key={key}" for key in (catalogue.KEY, catalogue.EMPTY_KEY)),
                "--state",
                self.folder / "sandbox.json",
                "--retry-delays",
                "2,5,15",
            )
            mailbox = [paths.PYTHON, "-m", "dev.mailbox", "--smtp", self.ports.smtp]
            mailbox += ["--http", self.ports.mail, "--folder", self.mails]
            mail_url = f"http://127.0.0.1:{self.ports.mail}"
            self.group.start(f"mailbox-{self.name}", mailbox, url=mail_url)
            catalogue.create(self.sandbox_url)
        with step("Odoo"):
            self.group.odoo(self.database, self.ports.odoo, STRIPE_API_BASE=self.sandbox_url)
        self._connect()

    def _make_database(self) -> None:
        if postgres.exists(self.database):
            return
        template = databases.template()
        building = f"{self.database}_new"
        with step("demo database"):
            databases.copy(template, building)
            install = [
                "-d",
                building,
                "-i",
                paths.ADDON,
                "--skip-auto-install",
                "--stop-after-init",
            ]
            databases.odoo(
                *install, "--no-http", "--max-cron-threads=0", log=f"{self.name}-install"
            )
            script = f"BASE_URL = {self.url!r}\n{SETUP.read_text()}"
            databases.odoo(
                "shell", "-d", building, "--no-http", log=f"{self.name}-data", stdin=script
            )
            postgres.query(f"ALTER DATABASE {building} RENAME TO {self.database}")
            files = paths.DATA / "filestore"
            (files / building).rename(files / self.database)
        (self.folder / "addon").write_text(databases.addon_hash())

    def _upgrade(self) -> None:
        """Bring the addon in an older database up to date."""
        mark = self.folder / "addon"
        if mark.exists() and mark.read_text() == databases.addon_hash():
            return
        with step("addon update"):
            update = ["-d", self.database, "-u", paths.ADDON, "--stop-after-init", "--no-http"]
            databases.odoo(*update, "--max-cron-threads=0", log=f"{self.name}-update")
        mark.write_text(databases.addon_hash())

    def rpc(self, login: str = "admin") -> Odoo:
        """A session of a user; passwords of the demo equal the logins."""
        return Odoo(self.url, self.database, login, login)

    def _connect(self) -> None:
        """Press the product's own buttons: all of them once, later what the ports or the addon changed."""
        odoo = self.rpc()
        odoo.call("ir.config_parameter", "set_param", "web.base.url", self.url)
        [provider] = odoo.call(
            "payment.provider",
            "search_read",
            [["code", "=", "stripe"]],
            ["stripe_billing_webhook_endpoint"],
            limit=1,
        )
        if provider["stripe_billing_webhook_endpoint"]:
            odoo.call("payment.provider", "action_stripe_billing_create_webhook", [provider["id"]])
            return
        keys = {
            "stripe_secret_key": catalogue.KEY,
            "stripe_publishable_key": catalogue.PUBLISHABLE_KEY,
            "state": "test",
        }
        odoo.call("payment.provider", "write", [provider["id"]], keys)
        for button in ("test_connection", "fetch_catalogue", "create_webhook"):
            answer = odoo.call(
                "payment.provider", f"action_stripe_billing_{button}", [provider["id"]]
            )
            say(f"  {answer['params']['message']}")
        rates = odoo.call("stripe.tax.rate", "search", [["tax_id", "=", False]])
        if rates:
            odoo.call("stripe.tax.rate", "action_create_tax", rates)

    def forget(self) -> None:
        """Remove database, mails and the state of the stand-in."""
        import shutil

        postgres.start()
        if postgres.exists(self.database):
            databases.drop(self.database)
        shutil.rmtree(self.folder, ignore_errors=True)


def check_free(ports: Ports) -> None:
    """Stop with a clear word when a port is taken."""
    import socket

    for name, port in vars(ports).items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise Trouble(
                    f"Port {port} ({name}) is in use. Choose others: DEMO_PORT=9000 make demo"
                ) from None
