"""``make test``: all tests, from nothing."""

import os
import subprocess
import time

from dev import databases, environment, paths, postgres
from dev.console import say
from dev.processes import Group, free_port, launch

SANDBOX_KEY = "sk_test_sandbox0000000000000000"
# More do not help: each worker loads Odoo's registry and copies the database.
MAX_WORKERS = 4
# Options of pytest that need the terminal, so that tests cannot be spread over workers.
AT_THE_TERMINAL = {"--pdb", "--trace", "-s", "--capture=no"}
# Parts that run at the same time: the second lane waits for browsers and other programs most of the time.
LANES = (("tests/sandbox", "tests/addon"), ("tests/others", "tests/e2e", "tests/chaos"))


def main(arguments: list[str]) -> int:
    """Run the parts, those of the two lanes side by side.

    Arguments go to pytest: paths choose the parts they lie in, anything else goes to all parts.

    :return: 1 when a part has failed, else 0.
    """
    started = time.monotonic()
    environment.prepare()
    os.environ["CHROMIUM"] = environment.chromium()
    chosen = [a for a in arguments if a.startswith("tests/")]
    others = [a for a in arguments if not a.startswith("tests/")]
    lanes = [
        {
            folder: mine or [folder]
            for folder in lane
            if (paths.ROOT / folder).is_dir()
            and ((mine := [a for a in chosen if a.startswith(folder)]) or not chosen)
        }
        for lane in LANES
    ]
    if all(lanes) and not AT_THE_TERMINAL.intersection(others):
        failed = _side_by_side(*lanes, others)
    else:
        failed = _one_by_one(lanes[0] | lanes[1], others)
    seconds = time.monotonic() - started
    say(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All tests passed'} in {seconds:.0f} s")
    return 1 if failed else 0


def _one_by_one(parts: dict[str, list[str]], arguments: list[str]) -> list[str]:
    """Run parts one after the other and return those that failed."""
    failed = []
    for folder, mine in parts.items():
        say(f"\n=== {folder} ===")
        code = FUNCTIONS[folder](mine, arguments)
        # 5 = nothing was selected, which a selection may well mean for one of the parts.
        if code and not (code == 5 and arguments):
            failed.append(folder)
    return failed


def _side_by_side(
    here: dict[str, list[str]], apart: dict[str, list[str]], arguments: list[str]
) -> list[str]:
    """Run parts, and others at the same time, of which is shown afterwards what they printed.

    :return: The parts that failed.
    """
    postgres.start()
    databases.configure(port=free_port(), name="odoo-test")
    # A database cannot be copied while others use it, so the other lane has its own.
    source = databases.with_addon()
    own = f"{source}_apart"
    databases.copy_as_it_is(source, own)
    chosen = [path for mine in apart.values() for path in mine]
    command = [paths.PYTHON, "-m", "dev", "test", *chosen, *arguments]
    log = paths.LOGS / "tests-apart.log"
    lane = launch(command, log, env={"TEST_DATABASE": own})
    say(f"(At the same time: {', '.join(apart)}; shown at the end, until then in {log})")
    try:
        failed = _one_by_one(here, arguments)
    finally:
        code = lane.wait()
    say(log.read_text(errors="replace"))
    return failed + ([f"of {' '.join(apart)} (see above)"] if code else [])


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
    databases.configure(port=free_port(), name="odoo-others")
    # So few tests that a second process would only have Odoo to load.
    return _in_odoo(databases.with_others(), folders, ["-n", "0", *arguments])


def _in_odoo(database: str, folders: list[str], arguments: list[str]) -> int:
    with Group() as group:
        # Odoo ends the child processes of a test process: what tests talk to is started here.
        url = group.sandbox(free_port(), "--key", SANDBOX_KEY)
        # pytest-odoo gives each worker a copy of the database and a port. A class stays on one worker
        # (loadscope), because what it sets up takes longer than its tests; the order is ours.
        odoo = [f"--odoo-database={database}", "--odoo-http"]
        odoo += ["--dist", "loadscope", "--no-loadscope-reorder"]
        return _pytest(folders, [*odoo, *_workers(arguments), *arguments], STRIPE_API_BASE=url)


def _end_to_end(folders: list[str], arguments: list[str]) -> int:
    postgres.start()
    databases.configure(port=free_port(), name="odoo-e2e")
    return _pytest(folders, ["-p", "no:odoo", *arguments])


def _chaos(folders: list[str], arguments: list[str]) -> int:
    return _pytest(folders, ["-p", "no:odoo", *arguments])


FUNCTIONS = {
    "tests/sandbox": _sandbox,
    "tests/addon": _addon,
    "tests/others": _others,
    "tests/e2e": _end_to_end,
    "tests/chaos": _chaos,
}
