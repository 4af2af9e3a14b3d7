"""What tests of pages share: what Odoo has compiled for one test is good for the next."""

from unittest.mock import patch


class PagesCommon:
    """Between its tests a class keeps compiled templates and the lists of style sheets and scripts.

    Odoo forgets all caches after each test, and compiling a page takes longer than showing it. No test
    changes a view; at the end of the class everything is forgotten.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()

        def forget():
            cls.registry.clear_cache("default", "stable", "routing")

        cls.startClassPatcher(patch.object(cls.registry, "clear_all_caches", forget))
