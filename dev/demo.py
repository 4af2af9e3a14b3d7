"""``make demo``: the product running on this machine, until Ctrl-C."""

import os
import signal
import sys

from dev import paths
from dev.console import say
from dev.instance import Instance, Ports, check_free
from dev.processes import Group


def ports() -> Ports:
    """The demo's ports: 8069 and following, or from DEMO_PORT on."""
    first = int(os.environ.get("DEMO_PORT", "8069"))
    return Ports(odoo=first, sandbox=first + 2, smtp=first + 3, mail=first + 4)


def main() -> int:
    """Start everything and wait."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    check_free(ports())
    with Group() as group:
        instance = Instance("demo", ports(), group)
        try:
            instance.start()
            say(_welcome(instance))
            group.wait()
        except KeyboardInterrupt:
            say("\nStopping ...")
    return 0


def _welcome(instance: Instance) -> str:
    mail = f"http://127.0.0.1:{instance.ports.mail}"
    return f"""
The demo is running. Passwords equal the logins.

  Odoo, back office      {instance.url}/odoo/stripe-subscriptions    admin, accountant
  Odoo, customer portal  {instance.url}/my                           ada (Harbour Lights), mira
  Stripe sandbox         {instance.sandbox_url}/_sandbox             test clocks, events
  Mailbox                {mail}

  Test cards: 4242 4242 4242 4242 works, 4000 0000 0000 0002 is declined,
  4000 0000 0000 3220 asks for 3-D Secure. Any later date, any security code.

  Logs are in {paths.LOGS}. Ctrl-C stops everything; `make demo-reset` starts over.
"""


if __name__ == "__main__":
    sys.exit(main())
