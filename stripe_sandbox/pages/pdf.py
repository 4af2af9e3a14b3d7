"""The PDF of an invoice, and of a credit note."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

INK, GREY, RULE = colors.HexColor("#1a1f36"), colors.HexColor("#4f566b"), colors.HexColor("#c9ced9")
TEXT = ParagraphStyle("text", fontName="Helvetica", fontSize=9.5, leading=13, textColor=INK)
SMALL = ParagraphStyle("small", TEXT, fontSize=8.5, leading=11, textColor=GREY)
BOLD = ParagraphStyle("bold", TEXT, fontName="Helvetica-Bold")
TITLE = ParagraphStyle("title", BOLD, fontSize=20, leading=24)
RIGHT = ParagraphStyle("right", TEXT, alignment=TA_RIGHT)
RIGHT_BOLD = ParagraphStyle("right_bold", BOLD, alignment=TA_RIGHT)
RIGHT_SMALL = ParagraphStyle("right_small", SMALL, alignment=TA_RIGHT)
MARGIN = 20 * mm
WIDTH = A4[0] - 2 * MARGIN
WORDS = {
    "open": "Open",
    "paid": "Paid",
    "void": "Void",
    "uncollectible": "Uncollectible",
    "issued": "Issued",
}


def draw(contents: dict[str, Any]) -> bytes:
    """The document, from the texts that the hosted page shows too.

    The built-in fonts of PDF are used: letters outside Western Europe's are drawn as boxes.
    """
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=f"{contents.get('title', 'Invoice')} {contents['number']}",
        author=contents["seller"],
        invariant=1,
    )
    story = [_head(contents), Spacer(0, 8 * mm), _parties(contents), Spacer(0, 10 * mm)]
    if contents["description"]:
        story += [_text(contents["description"]), Spacer(0, 5 * mm)]
    story += [_lines(contents), Spacer(0, 4 * mm), _totals(contents)]
    if contents["footer"]:
        story += [Spacer(0, 12 * mm), _text(contents["footer"], SMALL)]
    document.build(story)
    return buffer.getvalue()


def _text(text: str, style: ParagraphStyle = TEXT) -> Paragraph:
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def _head(contents: dict[str, Any]) -> Table:
    return Table(
        [
            [
                _text(contents.get("title", "Invoice"), TITLE),
                _text("Sandbox, no real money", RIGHT_SMALL),
            ]
        ],
        colWidths=[WIDTH / 2, WIDTH / 2],
        style=[("LEFTPADDING", (0, 0), (0, -1), 0), ("RIGHTPADDING", (-1, 0), (-1, -1), 0)],
    )


def _parties(contents: dict[str, Any]) -> Table:
    facts = [("Number", contents["number"]), ("Date", contents["date"])]
    if contents["due_date"]:
        facts.append(("Due", contents["due_date"]))
    if contents["paid_date"]:
        facts.append(("Paid on", contents["paid_date"]))
    facts.append(("Status", WORDS[contents["status"]]))
    third = WIDTH / 3
    columns = [
        [_text(f"{name}: {value}") for name, value in facts],
        [_text("From", SMALL), _text(contents["seller"], BOLD)],
        [_text("To", SMALL), *map(_text, contents["bill_to"] or [contents["customer"]])],
    ]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
    return Table([columns], colWidths=[third] * 3, style=style)


def _lines(contents: dict[str, Any]) -> Table:
    rows: list[list[Any]] = [
        [_text("Description", SMALL), _text("Quantity", RIGHT_SMALL), _text("Amount", RIGHT_SMALL)]
    ]
    for line in contents["lines"]:
        what = [_text(line["description"])]
        if line["period"]:
            what.append(_text(line["period"], SMALL))
        rows.append([what, _text(line["quantity"], RIGHT), _text(line["amount"], RIGHT)])
    return Table(
        rows,
        colWidths=[WIDTH - 60 * mm, 22 * mm, 38 * mm],
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ],
    )


def _totals(contents: dict[str, Any]) -> Table:
    rows = [("Subtotal", contents["subtotal"])]
    if contents["discount"]:
        rows.append(("Discount", f"-{contents['discount']}"))
    rows += [(tax["name"], tax["amount"]) for tax in contents["taxes"]]
    rows.append(("Total", contents["total"]))
    if contents["balance"]:
        rows.append(("Balance of your account", contents["balance"]))
    if contents["credited"]:
        rows.append(("Credit notes", contents["credited"]))
    if contents["paid"]:
        rows.append(("Paid", contents["paid"]))
    cells: list[list[Any]] = [["", _text(name), _text(value, RIGHT)] for name, value in rows]
    last = contents.get("last", "Amount due")
    cells.append(["", _text(last, BOLD), _text(contents["due"], RIGHT_BOLD)])
    return Table(
        cells,
        colWidths=[WIDTH - 98 * mm, 60 * mm, 38 * mm],
        style=[
            ("LINEABOVE", (1, -1), (-1, -1), 0.5, RULE),
            ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ],
    )
