import io
import re
from collections import Counter
from pathlib import Path

import polib
from odoo.tests import TransactionCase, tagged
from odoo.tools.translate import trans_export

ADDON = "stripe_subscriptions"
FOLDER = Path(__file__).parents[2] / ADDON / "i18n"
LANGUAGES = ("de", "es", "fr", "ja")
# What a translation has to leave as it is: placeholders of Python and of mails, and tags with all they say
# except what people read, such as a tooltip.
PLACEHOLDERS = re.compile(r"%\(\w+\)[sdr]|(?<!\w)%[sd]|\{\{.*?\}\}")
TAGS = re.compile(r"<[^>]+>")
READ = re.compile(r'\s(title|alt|placeholder|aria-label)="[^"]*"')


@tagged("post_install", "-at_install")
class TestTranslations(TransactionCase):
    """Everything that people read is there in all the languages of the addon (`make translations`)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = polib.pofile(FOLDER / f"{ADDON}.pot")

    def test_template_is_that_of_the_addon(self):
        buffer = io.BytesIO()
        trans_export(None, [ADDON], buffer, "po", self.env)
        now = {entry.msgid for entry in polib.pofile(buffer.getvalue().decode())}
        there = {entry.msgid for entry in self.template}
        self.assertEqual(now - there, set(), "new texts: make translations")
        self.assertEqual(there - now, set(), "texts that are gone: make translations")

    def test_languages_are_complete(self):
        wanted = {entry.msgid for entry in self.template}
        self.assertEqual({path.stem for path in FOLDER.glob("*.po")}, set(LANGUAGES))
        for code in LANGUAGES:
            language = polib.pofile(FOLDER / f"{code}.po")
            with self.subTest(language=code):
                self.assertEqual({entry.msgid for entry in language} ^ wanted, set())
                missing = [entry.msgid for entry in language if not entry.translated()]
                self.assertEqual(missing, [])

    def test_nothing_is_lost(self):
        """Placeholders and tags are those of the text, and so are the blanks at its ends."""
        for code in LANGUAGES:
            entries = polib.pofile(FOLDER / f"{code}.po").translated_entries()
            wrong = [e.msgid for e in entries if parts(e.msgstr) != parts(e.msgid)]
            with self.subTest(language=code):
                self.assertEqual(wrong, [])

    def test_languages_load(self):
        """Odoo reads a text of each kind in each language: of a field, of a view, of the code."""
        field = self.env["ir.model.fields"]._get("stripe.subscription", "first_billing_date")
        for code, name in (("de", "de_DE"), ("es", "es_ES"), ("fr", "fr_FR"), ("ja", "ja_JP")):
            self.env["res.lang"]._activate_lang(name)
            self.env["ir.module.module"].search([("name", "=", ADDON)])._update_translations(name)
            texts = {e.msgid: e.msgstr for e in polib.pofile(FOLDER / f"{code}.po")}
            with self.subTest(language=name):
                english = field.with_context(lang="en_US").field_description
                translated = field.with_context(lang=name).field_description
                self.assertEqual(translated, texts[english])
                self.assertNotEqual(translated, english)
                environment = self.env(context={"lang": name})
                text = "Add at least one plan first."
                with self.assertRaisesRegex(Exception, re.escape(texts[text])):
                    environment["stripe.subscription"].new({"name": "x"})._check_ready()


def parts(text):
    """What a translation has in common with its text."""
    tags = Counter(READ.sub("", tag) for tag in TAGS.findall(text))
    bare = TAGS.sub("", text)
    ends = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return Counter(PLACEHOLDERS.findall(bare)), tags, ends
