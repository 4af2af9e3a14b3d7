"""The product is started once for all tests of this folder, on a database of its own."""

import os

import pytest
from playwright.sync_api import expect, sync_playwright

from dev import environment, node
from dev.demo_check import CHROMIUM_FLAGS
from dev.instance import Instance, Ports
from dev.processes import Group, free_port
from tests.e2e.desk import Desk


@pytest.fixture(scope="session")
def desk():
    expect.set_options(timeout=30_000)
    with Group() as group, sync_playwright() as playwright:
        ports = Ports(*(free_port() for _ in range(4)))
        instance = Instance("e2e", ports, group)
        instance.forget()
        # Odoo mirrors its pages for languages from right to left only with one of these packages.
        node.install()
        instance = Instance("e2e", ports, group)
        instance.start()
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or environment.chromium(),
            args=CHROMIUM_FLAGS,
        )
        desk = Desk(instance, browser)
        yield desk
        desk.gallery.close()
        browser.close()


@pytest.fixture(autouse=True)
def no_faults(desk):
    """No test may leave an error in the browser behind."""
    yield
    faults, desk.faults[:] = list(desk.faults), []
    assert faults == []
