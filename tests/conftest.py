"""Settings of all tests."""

import os

import pytest


def pytest_configure(config):
    """Odoo tags only classes below ``odoo.addons``; ours are tests of the addon all the same.

    The tag `standard` keeps requests to the outside blocked.
    """
    if config.pluginmanager.hasplugin("odoo") or "ODOO_RC" in os.environ:
        try:
            from odoo.tests.common import BaseCase
        except ImportError:
            return
        if getattr(BaseCase, "test_tags", None) is None:
            BaseCase.test_tags = {"standard", "post_install"}
            BaseCase.test_module = "stripe_subscriptions"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that was skipped has shown nothing: it fails, with its reason."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed: {report.longrepr}"
    return report
