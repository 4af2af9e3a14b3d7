"""The time of this process, which passes only when it is told to."""

import time
from datetime import UTC, datetime, timedelta

import freezegun

from stripe_sandbox.core import clocks


class Clock:
    """Frozen time, moved from one planned event of the stand-in to the next.

    Everything that asks for the time in this process gets it: Odoo, the `stripe` package and the stand-in, so
    none of them lives on a test clock. Only the database keeps its own.

    :param account: Account of the stand-in, whose own ticker must have been stopped.
    :param datetime beginning: UTC.
    """

    def __init__(self, account, beginning):
        self._account = account
        self._freezer = freezegun.freeze_time(beginning.astimezone(UTC).replace(tzinfo=None))
        self._frozen = self._freezer.start()

    def stop(self):
        """Let the real time go on."""
        self._freezer.stop()

    @property
    def now(self):
        """The time in UTC."""
        return datetime.fromtimestamp(time.time(), UTC)

    def go_to(self, moment):
        """Let time pass until a moment; what Stripe does meanwhile happens at its own second.

        :param datetime moment: With time zone.
        """
        target = int(moment.timestamp())
        while (at := self._account.schedule_book.next_at()) is not None and at <= target:
            self._set(max(at, int(time.time())))
            clocks.run_due(self._account, int(time.time()))
        self._set(max(target, int(time.time())))

    def wait(self, **duration):
        """Let some time pass; the arguments are those of a `timedelta`."""
        self.go_to(self.now + timedelta(**duration))

    def _set(self, timestamp):
        self._frozen.move_to(datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None))
