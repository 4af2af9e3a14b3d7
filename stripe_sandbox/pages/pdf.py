"""The PDF of an invoice."""

from __future__ import annotations

import io
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen import canvas

LEFT, RIGHT, TOP, BOTTOM = 20 * mm, A4[0] - 20 * mm, A4[1] - 25 * mm, 25 * mm
STEP = 7 * mm


def draw(contents: dict[str, Any]) -> bytes:
    """The document, from the texts that the hosted page shows too."""
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, pagesize=A4, invariant=1)
    sheet.setTitle(f"Invoice {contents['number']}")
    y = TOP
    sheet.setFont("Helvetica-Bold", 18)
    sheet.drawString(LEFT, y, "Invoice")
    sheet.setFont("Helvetica", 10)
    sheet.drawRightString(RIGHT, y, "Sandbox - no real money")
    for text in (
        f"{contents['seller']}",
        f"Number {contents['number']}, {contents['date']}",
        f"To {contents['customer']}",
        f"Status {contents['status']}",
    ):
        y -= STEP
        sheet.drawString(LEFT, y, text)
    y -= STEP
    rows = [(line["description"], line["amount"]) for line in contents["lines"]]
    if contents["discount"]:
        rows.append(("Discount", f"-{contents['discount']}"))
    rows += [(tax["name"], tax["amount"]) for tax in contents["taxes"]]
    for label, amount in [*rows, ("Total", contents["total"]), ("Amount due", contents["due"])]:
        y -= STEP
        if y < BOTTOM:
            sheet.showPage()
            sheet.setFont("Helvetica", 10)
            y = TOP
        sheet.drawString(LEFT, y, label[:90])
        sheet.drawRightString(RIGHT, y, amount)
    sheet.save()
    return buffer.getvalue()
