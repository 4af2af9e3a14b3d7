"""``make test``: all tests, from nothing."""

import os
import subprocess
import time

from dev import databases, environment, paths, postgres
from dev.console import say
from dev.processes import Group, free_port

SANDBOX_KEY = "sk_test_sandbox0000000000000000"
# More do not help: each worker loads Odoo's registry and copies the database.
MAX_WORKERS = 4
# Options of pytest that need the terminal, so that tests cannot be spread over workers.
AT_THE_TERMINAL = {"--pdb", "--trace", "-s", "--capture=no"}


def main(arguments: list[str]) -> int:
    """Run the parts one after the other; the exit code is that of the first that fails.

    Arguments go to pytest: paths choose the parts they lie in, anything else goes to all parts.
    """
    started = time.monotonic()
    environment.prepare()
    os.environ["CHROMIUM"] = environment.chromium()
    chosen = [a for a in arguments if a.startswith("tests/")]
    others = [a for a in arguments if not a.startswith("tests/")]
    parts = {
        "tests/sandbox": _sandbox,
        "tests/addon": _addon,
        "tests/others": _others,
        "tests/e2e": _end_to_end,
        "tests/chaos": _chaos,
    }
    failed = []
    for folder, function in parts.items():
        mine = [a for a in chosen if a.startswith(folder)]
        if (chosen and not mine) or not (paths.ROOT / folder).is_dir():
            continue
        say(f"\n=== {folder} ===")
        code = function(mine or [folder], others)
        # 5 = nothing was selected, which a selection may well mean for one of the parts.
        if code and not (code == 5 and others):
            failed.append(folder)
    seconds = time.monotonic() - started
    say(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All tests passed'} in {seconds:.0f} s")
    return 1 if failed else 0


def _pytest(folders: list[str], arguments: list[str], **env: str) -> int:
    command = [paths.PYTHON, "-m", "pytest", *folders, *arguments]
    result = subprocess.run(
        [str(c) for c in command], cwd=paths.ROOT, env={**os.environ, **env}, check=False
    )
    return result.returncode


def _workers(arguments: list[str]) -> list[str]:
    """Options that spread tests over the cores; `-n` among the arguments comes later and wins."""
    if AT_THE_TERMINAL.intersection(arguments):
        return ["-n", "0"]
    return ["-n", str(min(len(os.sched_getaffinity(0)), MAX_WORKERS))]


def _sandbox(folders: list[str], arguments: list[str]) -> int:
    return _pytest(folders, ["-p", "no:odoo", *_workers(arguments), *arguments])


def _addon(folders: list[str], arguments: list[str]) -> int:
    postgres.start()
    databases.configure(port=free_port(), name="odoo-test")
    return _in_odoo(databases.with_addon(), folders, arguments)


def _others(folders: list[str], arguments: list[str]) -> int:
    postgres.start()
    databases.configure(port=free_port(), name="odoo-test")
    return _in_odoo(databases.with_others(), folders, arguments)


def _in_odoo(database: str, folders: list[str], arguments: list[str]) -> int:
    with Group() as group:
        # Odoo ends the child processes of a test process: what tests talk to is started here.
        url = group.sandbox(free_port(), "--key", SANDBOX_KEY)
        # pytest-odoo gives each worker a copy of the database and a port. A class stays on one worker
        # (loadscope), because what it sets up takes longer than its tests.
        odoo = [f"--odoo-database={database}", "--odoo-http", "--dist", "loadscope"]
        return _pytest(folders, [*odoo, *_workers(arguments), *arguments], STRIPE_API_BASE=url)


def _end_to_end(folders: list[str], arguments: list[str]) -> int:
    postgres.start()
    databases.configure(port=free_port(), name="odoo-e2e")
    return _pytest(folders, ["-p", "no:odoo", *arguments])


def _chaos(folders: list[str], arguments: list[str]) -> int:
    return _pytest(folders, ["-p", "no:odoo", *arguments])
