"""Command line: ``python -m stripe_sandbox --port 12111``."""

from __future__ import annotations

import argparse
import json
import logging
import pathlib
import signal
import threading
import time

from stripe_sandbox.core import state
from stripe_sandbox.core.account import Account
from stripe_sandbox.core.delivery import DEFAULT_RETRY_DELAYS
from stripe_sandbox.core.server import DEFAULT_KEY, Sandbox, serve

SAVE_SECONDS = 3


def main() -> None:
    """Run the sandbox until it is interrupted."""
    parser = argparse.ArgumentParser(prog="stripe_sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument(
        "--key", action="append", help=f"secret key of an account, repeatable ({DEFAULT_KEY})"
    )
    parser.add_argument("--state", type=pathlib.Path, help="file to restore from and save to")
    parser.add_argument(
        "--retry-delays",
        default=",".join(map(str, DEFAULT_RETRY_DELAYS)),
        help="seconds before each new attempt to deliver a webhook",
    )
    parser.add_argument("--verbose", action="store_true", help="log every request")
    options = parser.parse_args()
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    keys = options.key or [DEFAULT_KEY]
    if any(not key.startswith(("sk_test_", "rk_test_")) for key in keys):
        parser.error("keys start with sk_test_ or rk_test_")
    delays = tuple(float(part) for part in options.retry_delays.split(",") if part)
    sandbox = Sandbox(f"http://{options.host}:{options.port}", keys, delays)
    accounts = list(sandbox.accounts.values())
    if options.state and options.state.exists():
        state.load(accounts, json.loads(options.state.read_text()))
    server = serve(sandbox, options.host, options.port)
    if options.state:
        threading.Thread(target=_keep_saved, args=(options.state, accounts), daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sandbox.ticker.start()
    print(
        f"Stripe sandbox on {sandbox.base_url} (overview: {sandbox.base_url}/_sandbox)", flush=True
    )
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.ticker.stop()
        if options.state:
            _save(options.state, accounts)


def _save(file: pathlib.Path, accounts: list[Account]) -> None:
    """Write the state so that a file is always whole."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(state.dump(accounts)))
    new.replace(file)


def _keep_saved(file: pathlib.Path, accounts: list[Account]) -> None:
    """Save whenever something has changed, in case the process is killed."""
    saved = None
    while True:
        time.sleep(SAVE_SECONDS)
        revisions = [account.store.revision for account in accounts]
        if revisions != saved:
            _save(file, accounts)
            saved = revisions


if __name__ == "__main__":
    main()
