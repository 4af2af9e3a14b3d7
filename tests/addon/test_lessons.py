"""What other projects' bug trackers teach: one test for each lesson, or a reason why there is none.

The numbers are those of a list of reports about software that works with Stripe. Each is in the name
of its tests, here and in the modules beside this one.
"""

import ast
from pathlib import Path

from odoo.tests import BaseCase, tagged

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
NUMBERS = range(1, 41)

# Number -> a test elsewhere that says it all.
COVERED = {}

# Number -> why it cannot happen here.
NOT_APPLICABLE = {}

# Number -> what of it the addon does not do yet; its tests say what happens today.
NOT_YET = {
    16: "no button for all of a customer: the audit finds it, and the repair fetches it",
    17: "fees are not booked; payments are, gross",
    25: "subscriptions have no cards of their own in Odoo, and Stripe charges before Odoo posts",
    31: "credit notes that Stripe makes with a refund are not booked; the refund is",
    33: "customers get no link to Stripe's payment page from Odoo",
    36: "the customer's balance at Stripe is not booked; it is what the open documents come to",
}


def get_tests(file):
    """Names of the test functions in a file."""
    tree = ast.parse(file.read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}


@tagged("post_install", "-at_install")
class TestLessons(BaseCase):
    """No lesson is forgotten."""

    def test_every_lesson_is_in_one_place(self):
        tested = {
            int(name.split("_")[1])
            for file in FOLDER.glob("test_lessons_*.py")
            for name in get_tests(file)
        }
        groups = (tested, set(COVERED), set(NOT_APPLICABLE))
        self.assertEqual(set().union(*groups), set(NUMBERS))
        self.assertEqual(sum(map(len, groups)), len(NUMBERS), "in exactly one of them")
        self.assertLessEqual(set(NOT_YET), tested)
        for number, place in COVERED.items():
            path, name = place.split("::")
            self.assertIn(name, get_tests(ROOT / path), number)
