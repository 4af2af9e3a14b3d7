"""The report *Stripe and Ledger* as a spreadsheet."""

import io
from decimal import Decimal

import xlsxwriter

WIDTHS = {"text": 16, "date": 12, "money": 16, "id": 32}


def workbook(lines):
    """Return a workbook of proof lines: months, payouts, and documents that differ.

    :param stripe.proof.line lines: The lines.
    :rtype: bytes
    """
    output = io.BytesIO()
    book = xlsxwriter.Workbook(output, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    writer = _Writer(book, lines.env)
    env = lines.env
    for kind, name, first in (
        ("month", env._("Months"), env._("Month")),
        ("payout", env._("Payouts"), env._("Payout")),
    ):
        writer.sums(name, first, lines.filtered(lambda line, kind=kind: line.period_kind == kind))
    writer.documents(env._("Documents that differ"), lines)
    book.close()
    return output.getvalue()


class _Writer:
    """Writes sheets in one style.

    :param xlsxwriter.Workbook book: The workbook.
    :param odoo.api.Environment env: For words and for the names of measures.
    """

    def __init__(self, book, env):
        self._book = book
        self._env = env
        self._formats = {}
        self._measures = dict(
            env["stripe.proof.line"]._fields["measure"]._description_selection(env)
        )

    def sums(self, name, first, lines):
        """Write a sheet with one row for each line."""
        env = self._env
        sheet = self._sheet(
            name,
            [
                (first, "id" if first != env._("Month") else "text"),
                (env._("Date"), "date"),
                (env._("Currency"), "text"),
                (env._("Measure"), "text"),
                (env._("At Stripe"), "money"),
                (env._("In Odoo"), "money"),
                (env._("Difference"), "money"),
                (env._("Documents That Differ"), "text"),
                (env._("Stripe Account"), "id"),
            ],
        )
        for row, line in enumerate(lines, 1):
            sheet.write_string(row, 0, line.period)
            sheet.write_datetime(row, 1, line.date)
            sheet.write_string(row, 2, line.currency_id.name)
            sheet.write_string(row, 3, self._measures[line.measure])
            self._money(sheet, row, 4, line.currency_id, line.there, line.here, line.difference)
            sheet.write_number(row, 7, line.differing_count)
            sheet.write_string(row, 8, line.provider_id.sudo().display_name)
        sheet.autofilter(0, 0, len(lines), 8)

    def documents(self, name, lines):
        """Write a sheet with one row for each document that differs."""
        env = self._env
        sheet = self._sheet(
            name,
            [
                (env._("Stripe ID"), "id"),
                (env._("Period"), "id"),
                (env._("Currency"), "text"),
                (env._("Measure"), "text"),
                (env._("At Stripe"), "money"),
                (env._("In Odoo"), "money"),
                (env._("Difference"), "money"),
            ],
        )
        rows = [
            (line, stripe_id, Decimal(there), Decimal(here))
            for line in lines
            for stripe_id, (there, here) in (line.stripe_ids or {}).items()
        ]
        for row, (line, stripe_id, there, here) in enumerate(rows, 1):
            sheet.write_string(row, 0, stripe_id)
            sheet.write_string(row, 1, line.period)
            sheet.write_string(row, 2, line.currency_id.name)
            sheet.write_string(row, 3, self._measures[line.measure])
            self._money(sheet, row, 4, line.currency_id, there, here, here - there)
        sheet.autofilter(0, 0, len(rows), 6)

    def _sheet(self, name, columns):
        """Add a sheet with headings that stay when one scrolls."""
        sheet = self._book.add_worksheet(name[:31])
        heading = self._format("heading", bold=True, bottom=1, text_wrap=True)
        for column, (title, width) in enumerate(columns):
            sheet.set_column(column, column, WIDTHS[width])
            sheet.write_string(0, column, title, heading)
        sheet.freeze_panes(1, 0)
        return sheet

    def _money(self, sheet, row, column, currency, there, here, difference):
        """Write the three amounts of a row; a difference is red."""
        decimals = currency.decimal_places
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        plain = self._format(pattern, num_format=pattern)
        red = self._format(f"{pattern} red", num_format=pattern, font_color="#C00000", bold=True)
        sheet.write_number(row, column, there, plain)
        sheet.write_number(row, column + 1, here, plain)
        sheet.write_number(row, column + 2, difference, red if difference else plain)

    def _format(self, key, **properties):
        """Return a format; each is made once."""
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]
