"""``make test-live``: the addon against a Stripe test account, that of STRIPE_TEST_KEY, else the stand-in.

Against the stand-in nothing is used that Stripe does not have, so that the same tests run against both.
"""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator

import stripe

from dev import databases, live_removal, paths, postgres
from dev.console import Trouble, say
from dev.processes import Group, free_port

KEY_VARIABLE = "STRIPE_TEST_KEY"
TEST_PREFIXES = ("sk_test_", "rk_test_")
# Where the addon sends its requests instead of to Stripe; only for the stand-in.
BASE_VARIABLE = "STRIPE_API_BASE"
# Marks everything that one run makes at Stripe.
RUN_VARIABLE = "STRIPE_LIVE_RUN"
RUN_PREFIX = "odoo-live-"
SANDBOX_KEY = "sk_test_sandbox0000000000000000"


def main(arguments: list[str]) -> int:
    """Run the tests, then see to it that nothing of them is left at Stripe; 0 if both went well."""
    key = given_key()
    say(f"Against {_account(key) if key else 'the stand-in for Stripe'}")
    run = f"{RUN_PREFIX}{uuid.uuid4().hex[:10]}"
    started = time.monotonic()
    postgres.start()
    databases.configure(port=free_port(), name="odoo-live")
    os.environ.setdefault("TEST_DATABASE", f"{databases.PREFIX}_live")
    database = databases.with_addon()
    with Group() as group:
        base = None if key else group.sandbox(free_port(), "--key", SANDBOX_KEY)
        key = key or SANDBOX_KEY
        try:
            code = _pytest(arguments, database, key, run, base)
        finally:
            clean = _remove(key, run, base)
    if not clean:
        code = 1
    seconds = time.monotonic() - started
    say(f"\n{'FAILED' if code else 'All live tests passed'} in {seconds:.0f} s")
    return code


def given_key() -> str:
    """The key of the environment, empty without one; ends the program for one that is not of test mode."""
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if key and not key.startswith(TEST_PREFIXES):
        raise Trouble(
            f"{KEY_VARIABLE} is not a key of Stripe's test mode: those begin with "
            f"{' or '.join(TEST_PREFIXES)}. Nothing was sent."
        )
    return key


def client(key: str, base: str | None) -> stripe.StripeClient:
    """Stripe's package in front of the account."""
    addresses = {"base_addresses": {"api": base}} if base else {}
    return stripe.StripeClient(key, max_network_retries=3, **addresses)


def _account(key: str) -> str:
    """Name the account of a key in words; ends the program when Stripe does not know it."""
    try:
        account = client(key, None).v1.accounts.retrieve_current()
    except stripe.AuthenticationError:
        raise Trouble(f"Stripe does not know the key in {KEY_VARIABLE}.") from None
    except stripe.APIConnectionError:
        raise Trouble("Stripe (api.stripe.com) cannot be reached from here.") from None
    except stripe.StripeError as error:
        raise Trouble(f"Stripe says: {error.user_message}".replace(key, "(key)")) from None
    return f"the test mode of Stripe account {account.id}"


def _pytest(arguments: list[str], database: str, key: str, run: str, base: str | None) -> int:
    env = {**os.environ, KEY_VARIABLE: key, RUN_VARIABLE: run, "PYTHONUNBUFFERED": "1"}
    env.pop(BASE_VARIABLE, None)
    if base:
        env[BASE_VARIABLE] = base
    chosen = [] if any(a.startswith("tests/") for a in arguments) else ["tests/live"]
    command = [paths.PYTHON, "-m", "pytest", *chosen, f"--odoo-database={database}"]
    # One after the other: an audit of one worker would stumble over the clocks that another removes.
    command += [
        "-p",
        "no:xdist",
        "-v",
        "--tb=short",
        "--show-capture=log",
        "--durations=0",
        "--durations-min=1",
    ]
    command += ["--color=yes"] if sys.stdout.isatty() else []
    process = subprocess.Popen(
        [str(part) for part in [*command, *arguments]],
        cwd=paths.ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        _show(process, key)
    except KeyboardInterrupt:
        # The tests were interrupted as well, and clean up.
        _show(process, key)
    return process.wait()


def _show(process: subprocess.Popen, key: str) -> None:
    for text in hidden(iter(lambda: os.read(process.stdout.fileno(), 65536), b""), key.encode()):
        sys.stdout.write(text.decode(errors="replace"))
        sys.stdout.flush()


def hidden(chunks: Iterator[bytes], key: bytes) -> Iterator[bytes]:
    """The same text without the key, also where it lies across two chunks."""
    kept = b""
    for chunk in chunks:
        text = (kept + chunk).replace(key, b"(key)")
        length = next((n for n in range(len(key) - 1, 0, -1) if text.endswith(key[:n])), 0)
        kept = text[len(text) - length :]
        yield text[: len(text) - length]
    yield kept


def _remove(key: str, run: str, base: str | None) -> bool:
    """Remove what the tests have left, and say whether that was nothing, as it should be."""
    try:
        left = live_removal.remove(client(key, base).v1, run)
    except stripe.StripeError as error:
        say(f"  {run} may have left something at Stripe: {type(error).__name__}")
        return False
    for name in left:
        say(f"  left by the tests, removed now: {name}")
    return not left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
