from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.addons.stripe_subscriptions import stripe_refund
from odoo.addons.stripe_subscriptions.stripe_refund import Part
from odoo.tests import BaseCase, tagged

from tests.addon.stripe_objects import line, tax


def total_of(parts, amounts):
    return sum(part.get_total(amounts[part.line_id]) for part in parts)


@st.composite
def bills(draw):
    """Lines of an invoice with discounts and taxes, of which something may be credited already."""
    parts = []
    for number in range(draw(st.integers(1, 8))):
        billed = draw(st.integers(1, 200_000))
        off = -draw(st.integers(0, billed))
        rates = draw(st.lists(st.sampled_from([0, 19, 20, 77, 255]), max_size=2))
        taxes = [round(Fraction((billed + off) * rate, 1000)) for rate in rates]
        credited = draw(st.integers(0, billed - 1))
        parts.append(Part(f"il_{number}", billed, credited, [off, *taxes]))
    everything = total_of(parts, {part.line_id: part.left for part in parts})
    return parts, draw(st.integers(0, max(everything, 0)))


@tagged("post_install", "-at_install")
class TestRefundLines(BaseCase):
    """A refund is divided over the lines of an invoice, to the smallest unit."""

    def invoice(self, *lines):
        return {"lines": {"data": list(lines)}}

    def note(self, *lines, status="issued"):
        return {"status": status, "lines": {"data": list(lines)}}

    def test_parts(self):
        plan = line(1000, taxes=[tax("txr_1", 90, 900)], discounts=[100])
        included = line(1200, taxes=[tax("txr_2", 200, 1000, True)])
        unused = line(-400)
        invoice = self.invoice(plan, included, unused)
        earlier = self.note({"invoice_line_item": plan["id"], "amount": 300})
        void = self.note({"invoice_line_item": plan["id"], "amount": 700}, status="void")
        plain = self.note({"invoice_line_item": None, "amount": 50})
        self.assertEqual(
            stripe_refund.parts(invoice, [earlier, void, plain]),
            [Part(plan["id"], 1000, 300, [-100, 90]), Part(included["id"], 1200, 0, [])],
        )
        rest = self.note({"invoice_line_item": plan["id"], "amount": 700})
        self.assertEqual(
            [part.line_id for part in stripe_refund.parts(invoice, [earlier, rest])],
            [included["id"]],
        )

    def test_in_proportion(self):
        parts = [Part("il_1", 10000, 0, [2000]), Part("il_2", 5000, 0, [250])]
        self.assertEqual(
            stripe_refund.divide(parts, 17250), ({"il_1": 10000, "il_2": 5000}, 0), "all of it"
        )
        amounts, missing = stripe_refund.divide(parts, 1725)
        self.assertEqual((amounts, missing), ({"il_1": 1000, "il_2": 500}, 0), "a tenth")

    def test_what_no_line_can_express(self):
        """With 15 %, amounts of 3 and 4 give 3 and 5: nothing gives 4."""
        parts = [Part("il_1", 1000, 0, [150])]
        self.assertEqual([parts[0].get_total(amount) for amount in (3, 4)], [3, 5])
        amounts, missing = stripe_refund.divide(parts, 4)
        self.assertEqual((amounts, missing), ({"il_1": 3}, 1))
        self.assertEqual(
            stripe_refund.to_lines(amounts, missing, "Rounding")[1],
            {
                "type": "custom_line_item",
                "description": "Rounding",
                "quantity": 1,
                "unit_amount": 1,
            },
        )

    def test_free_lines(self):
        parts = [Part("il_free", 1000, 0, [-1000]), Part("il_paid", 1000, 0, [])]
        amounts, missing = stripe_refund.divide(parts, 1000)
        self.assertEqual((amounts["il_paid"], missing), (1000, 0))

    @settings(max_examples=600, deadline=None)
    @given(bills())
    def test_never_more_and_hardly_less(self, case):
        parts, wanted = case
        amounts, missing = stripe_refund.divide(parts, wanted)
        self.assertEqual(total_of(parts, amounts) + missing, wanted)
        self.assertTrue(all(0 <= amounts[part.line_id] <= part.left for part in parts))
        # Two taxes and a discount round to at most so much.
        self.assertIn(missing, range(4))
