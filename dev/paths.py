"""Where things are. Everything that is made lives below ``.dev/``."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
STATE = ROOT / ".dev"
VENV = STATE / "venv"
PYTHON = VENV / "bin" / "python"
LOGS = STATE / "logs"
DOWNLOADS = STATE / "odoo"
POSTGRES = STATE / "postgres"
DATA = STATE / "data"
SHOTS = STATE / "screenshots"
MAILS = STATE / "mails"
DEMO = STATE / "demo"
BENCH = STATE / "bench"
REQUIREMENTS = ROOT / "dev" / "requirements.txt"
ADDON = "stripe_subscriptions"


def odoo_home() -> pathlib.Path:
    """The folder that holds the package ``odoo``: ``ODOO_HOME``, or what was fetched."""
    given = os.environ.get("ODOO_HOME")
    if given:
        return pathlib.Path(given).expanduser().resolve()
    return DOWNLOADS / "usr" / "lib" / "python3" / "dist-packages"
