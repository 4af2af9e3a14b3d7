"""Keeping what Odoo has worked out once from test to test."""

from unittest.mock import patch


class WarmCaches:
    """Put before TransactionCase or HttpCase: caches are emptied after the tests that had reason to.

    Odoo's own classes empty all of them after each test (`odoo/tests/common.py`); a third of the time of
    ours went into compiling the same templates and reading the same views, rules and names again.
    What was worked out before something was changed is as true after the change is rolled back, so only
    a test in which a cache was emptied leaves something behind that the next one must not see.
    """

    def setUp(self):
        registry = self.registry
        clear_some, clear_all = registry.clear_cache, registry.clear_all_caches
        emptied = []

        def note_some(*names):
            emptied.append(names)
            clear_some(*names)

        def note_all():
            emptied.append("all")
            clear_all()

        def clear_if_needed():
            if emptied:
                clear_all()

        # What is called at the end of a test is looked up here.
        with patch.object(registry, "clear_all_caches", clear_if_needed):
            super().setUp()
        self.patch(registry, "clear_cache", note_some)
        self.patch(registry, "clear_all_caches", note_all)
