"""``make demo-reset``: forget the demo's data."""

import sys

from dev.console import say
from dev.demo import ports
from dev.instance import Instance, check_free
from dev.processes import Group


def main() -> int:
    """Remove database, mails and the state of the stand-in."""
    check_free(ports())
    Instance("demo", ports(), Group()).forget()
    say("The demo's data are gone; `make demo` starts over.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
