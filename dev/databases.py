"""Databases: a template with Odoo's addons and assets, and copies with ours."""

import hashlib
import os
import pathlib
import shutil

from dev import odoo_source, paths, postgres
from dev.console import run, step

PREFIX = "stripe_subscriptions"
DEPENDENCIES = "web,mail,account,account_payment,payment_stripe,portal,product"
# Addons of Odoo that ours does not depend on and has to work with.
OTHERS = "base_automation"
BUNDLES = """
env["account.chart.template"].try_loading("generic_coa", env.ref("base.main_company"), install_demo=False)
qweb = env["ir.qweb"]
for name in ("web.assets_web", "web.assets_frontend", "web.assets_frontend_lazy",
             "web.assets_frontend_minimal", "web.assets_tests"):
    bundle = qweb._get_asset_bundle(name)
    bundle.js()
    bundle.css()
env.cr.commit()
"""


def configure(port: int = 8069, name: str = "odoo", **more: object) -> pathlib.Path:
    """Write Odoo's configuration and make it this process's."""
    options = {
        "addons_path": ",".join(map(str, [*odoo_source.addons_path(), paths.ROOT])),
        "data_dir": paths.DATA,
        "http_interface": "127.0.0.1",
        "http_port": port,
        "gevent_port": port + 1,
        "max_cron_threads": 0,
        "limit_memory_hard": 0,
        "limit_memory_soft": 0,
        "limit_time_real": 600,
        "screenshots": paths.SHOTS,
        "list_db": False,
        **more,
    }
    file = paths.STATE / f"{name}.conf"
    lines = [f"{key} = {value}" for key, value in options.items()]
    file.write_text("\n".join(["[options]", *lines, ""]))
    os.environ["ODOO_RC"] = str(file)
    os.environ["PGOPTIONS"] = "-c client_min_messages=warning"
    return file


def odoo(*arguments: object, log: str, stdin: str | None = None) -> None:
    """Run an Odoo command to its end."""
    program = "from odoo.cli import main; main()"
    run([paths.PYTHON, "-c", program, *arguments], log=log, stdin=stdin)


def drop(name: str) -> None:
    """Remove a database and its files."""
    run(["dropdb", "--if-exists", "--force", name], log="dropdb")
    shutil.rmtree(paths.DATA / "filestore" / name, ignore_errors=True)


def copy(source: str, target: str) -> None:
    """Make a copy of a database with its files."""
    drop(target)
    run(["createdb", "-T", source, target], log="createdb")
    copy_files(source, target)


def copy_as_it_is(source: str, target: str) -> None:
    """Make a copy of a database of `with_addon`, which that takes for as good as its own."""
    copy(source, target)
    postgres.query(f"COMMENT ON DATABASE {target} IS '{_comment(source)}'")


def copy_files(source: str, target: str) -> None:
    """Give a database the files of another one."""
    files = paths.DATA / "filestore"
    (files / source).mkdir(parents=True, exist_ok=True)
    shutil.copytree(files / source, files / target, copy_function=os.link, dirs_exist_ok=True)


def template() -> str:
    """The database with what the addon depends on; made when Odoo or the list changes."""
    key = hashlib.sha256(
        (odoo_source.version() + DEPENDENCIES + BUNDLES + paths.REQUIREMENTS.read_text()).encode()
    ).hexdigest()[:10]
    name = f"{PREFIX}_template_{key}"
    if not postgres.exists(name):
        with step("template database (about a minute)"):
            build = f"{PREFIX}_build"
            drop(build)
            install = ["-d", build, "-i", DEPENDENCIES, "--skip-auto-install"]
            odoo(*install, "--stop-after-init", "--no-http", log="template")
            odoo("shell", "-d", build, "--no-http", log="template-assets", stdin=BUNDLES)
            postgres.query(f"ALTER DATABASE {build} RENAME TO {name}")
            files = paths.DATA / "filestore"
            shutil.rmtree(files / name, ignore_errors=True)
            (files / build).rename(files / name)
    return name


def addon_hash() -> str:
    """A text that changes with any file of the addon."""
    digest = hashlib.sha256()
    for file in sorted((paths.ROOT / paths.ADDON).rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(str(file.relative_to(paths.ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:10]


def with_others() -> str:
    """A database with the addon and others that work with it; made again when the addon changes."""
    source = with_addon()
    name = f"{source}_others"
    wanted = f"{template()}-{addon_hash()}-{OTHERS}"
    if not postgres.exists(name) or _comment(name) != wanted:
        with step("other addons beside the addon"):
            copy(source, name)
            install = ["-d", name, "-i", OTHERS, "--skip-auto-install"]
            odoo(*install, "--stop-after-init", "--no-http", log="others-install")
            postgres.query(f"COMMENT ON DATABASE {name} IS '{wanted}'")
    return name


def _comment(name: str) -> str:
    """What was noted on a database."""
    return postgres.query(
        f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    )


def with_addon() -> str:
    """A database with the addon; made again when one of its files changes.

    TEST_DATABASE gives it another name, for runs of tests side by side.
    """
    name, source = os.environ.get("TEST_DATABASE") or f"{PREFIX}_test", template()
    wanted = f"{source}-{addon_hash()}"
    if not postgres.exists(name) or _comment(name) != wanted:
        with step("addon on a copy of the template"):
            copy(source, name)
            install = ["-d", name, "-i", paths.ADDON, "--skip-auto-install"]
            odoo(*install, "--stop-after-init", "--no-http", log="addon-install")
            postgres.query(f"COMMENT ON DATABASE {name} IS '{wanted}'")
    return name
