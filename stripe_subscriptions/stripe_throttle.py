"""Slowing down when Stripe says that there are too many requests."""

import threading
import time

# Seconds between two requests: the first step, and the most.
FIRST_GAP = 0.05
MAX_GAP = 2.0
# What remains of the gap after each request that was let through.
EASING = 0.9


class Throttle:
    """Keeps the requests of a process apart for as long as Stripe refuses some of them.

    Each refusal doubles the gap, each success eases it until it is gone. Safe to share between threads.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._gap = 0.0
        self._next = 0.0

    @property
    def gap(self):
        """Seconds between two requests at the moment; 0 when nothing was refused lately."""
        return self._gap

    def wait(self):
        """Wait until the next request may be sent."""
        with self._lock:
            now = time.monotonic()
            delay = max(0.0, self._next - now) if self._gap else 0.0
            self._next = now + delay + self._gap
        if delay:
            time.sleep(delay)

    def refused(self):
        """Stripe has refused a request because there are too many."""
        with self._lock:
            self._gap = min(max(self._gap * 2, FIRST_GAP), MAX_GAP)

    def accepted(self):
        """Stripe has let a request through."""
        with self._lock:
            self._gap = self._gap * EASING if self._gap > FIRST_GAP / 10 else 0.0
