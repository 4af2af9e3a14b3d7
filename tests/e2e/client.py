"""Odoo's web client as somebody uses it who has logged in once and goes on from there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.e2e.gallery import PHONE

# Leads to a page of the web client without loading all of it again.
DO_ACTION = """([action, options]) =>
    odoo.__WOWL_DEBUG__.root.env.services.action.doAction(action, options)"""


class Client:
    """One window with the web client."""

    def __init__(self, page: Page):
        self.page = page
        self.is_phone = page.viewport_size["width"] == PHONE
        page.goto("/odoo/stripe-subscriptions")
        page.locator(".o_main_navbar").wait_for()

    # --- getting there

    def open(self, action: Any, **options: Any) -> None:
        """Open an action: its XML id or path, or its values."""
        self.page.evaluate(DO_ACTION, [action, {"clearBreadcrumbs": True, **options}])

    def form(self, record_id: int, model: str = "stripe.subscription") -> Locator:
        """Open the form of a record."""
        self.open(
            {
                "type": "ir.actions.act_window",
                "res_model": model,
                "res_id": record_id,
                "views": [[False, "form"]],
                "target": "current",
            }
        )
        form = self.page.locator(".o_action_manager .o_form_view")
        expect(form).to_be_visible()
        return form

    # --- the buttons of a form

    @property
    def status(self) -> Locator:
        """The status that the bar of the form shows."""
        return self.page.locator(".o_statusbar_status .o_arrow_button_current")

    def press(self, label: str) -> None:
        """Press a button of the form's status bar, on a phone also one that is put away."""
        bar = self.page.locator(".o_statusbar_buttons")
        button = bar.get_by_role("button", name=label, exact=True)
        if self.is_phone and not button.count():
            bar.locator("button[title=More]").click()
            button = self.page.locator(".o-dropdown--menu").get_by_role(
                "button", name=label, exact=True
            )
        button.click()

    def menu(self, label: str) -> None:
        """Choose from the menu of the form or of the selected rows."""
        self.page.locator(".o_cp_action_menus button:visible").last.click()
        self.page.locator(
            ".o-dropdown--menu .o-dropdown-item", has_text=re.compile(rf"^\s*{label}\s*$")
        ).click()

    # --- what is asked in a dialog

    @property
    def dialog(self) -> Locator:
        """The dialog in front."""
        return self.page.locator(".modal:not(.o_inactive_modal) .modal-content").last

    def tick(self, label: str) -> None:
        """Choose one of the radio buttons."""
        radio = self.dialog.get_by_role("radio", name=label, exact=True)
        radio.click()
        # It may be drawn anew in between, when what was entered before comes back from the server.
        expect(radio).to_be_checked()

    def choose(self, field: str, text: str, inside: Locator | None = None) -> None:
        """Choose the record that is called so."""
        widget = (inside or self.dialog).locator(f".o_field_widget[name={field}]")
        self.choose_in(widget, text)

    def choose_in(self, widget: Locator, text: str, search: str = "") -> None:
        """Choose in a widget the record that is called so, after typing `search` or all of it."""
        box = widget.locator("input").first
        if self.is_phone:
            # A phone offers a page of its own to choose from.
            box.click()
            cards = self.page.locator(".o_select_create_dialog_content, .modal").last
            cards.locator(".o_kanban_record, tr.o_data_row").filter(has_text=text).first.click()
            return
        box.fill(search or text)
        self.page.locator(".o-autocomplete--dropdown-item", has_text=text).first.click()

    def select(self, field: str, text: str, inside: Locator | None = None) -> None:
        """Choose one of the values of a field."""
        widget = (inside or self.dialog).locator(f".o_field_widget[name={field}]")
        widget.locator(".o_select_menu_toggler").click()
        self.page.locator(".o_select_menu_item").get_by_text(text, exact=True).click()

    def fill(self, field: str, value: str) -> None:
        """Write into a field and leave it."""
        widget = self.dialog.locator(f".o_field_widget[name={field}]")
        box = widget.locator("input, textarea").first
        box.fill(value)
        box.press("Tab")

    def set_quantity(self, plan: str, quantity: int) -> None:
        """Change how many of a plan there are, in the table of a dialog."""
        row = self.dialog.locator("tr.o_data_row", has_text=plan)
        row.locator("[name=quantity]").click()
        box = self.dialog.locator("tr.o_selected_row [name=quantity] input")
        box.fill(str(quantity))
        self.leave_row()

    def leave_row(self) -> None:
        """Leave the row of a table that was edited, as by a click beside it."""
        self.dialog.locator(".modal-title").click()

    def confirm(self, label: str) -> None:
        """Press the button of the dialog that does it, and wait until it is done."""
        self.dialog.locator("footer").get_by_role("button", name=label, exact=True).click()
        expect(self.page.locator(".modal")).to_have_count(0)

    def discard(self) -> None:
        """Close the dialog without doing anything."""
        self.dialog.locator("footer button[special=cancel]").click()
        expect(self.page.locator(".modal")).to_have_count(0)

    def save_settings(self) -> None:
        """Save the page of settings, after which all of the web client is loaded again."""
        with self.page.expect_event("load"):
            self.page.get_by_role("button", name="Save", exact=True).click()
        self.page.locator(".o_main_navbar").wait_for()

    def close_menus(self) -> None:
        """Close what is open above the page, without answering it."""
        self.page.keyboard.press("Escape")

    def list_rows(self) -> Locator:
        """The rows of a list, on a phone its cards."""
        return self.page.locator(
            ".o_kanban_record:not(.o_kanban_ghost)" if self.is_phone else "tr.o_data_row"
        )


Ask = Callable[[Client], None]
