"""``make translations``: the template of translations as the addon is now, and each language merged with it.

New texts come into the languages untranslated; texts that are gone leave them. A test fails until all are
translated (``tests/addon/test_translations.py``).
"""

import sys

import polib

from dev import databases, paths, postgres
from dev.console import say, step
from dev.processes import free_port

FOLDER = paths.ROOT / "stripe_subscriptions" / "i18n"
TEMPLATE = FOLDER / "stripe_subscriptions.pot"
# What changes with each export, and says nothing.
DATES = ("POT-Creation-Date", "PO-Revision-Date")
EXPORT = """
import io
from odoo.tools.translate import trans_export
with io.BytesIO() as buffer:
    trans_export(None, ["stripe_subscriptions"], buffer, "po", env)
    with open(TARGET, "wb") as file:
        file.write(buffer.getvalue())
"""


def export() -> polib.POFile:
    """Write the template from a database with the addon."""
    postgres.start()
    databases.configure(port=free_port(), name="odoo-i18n")
    database = databases.with_addon()
    with step("template of translations"):
        script = f"TARGET = {str(TEMPLATE)!r}\n{EXPORT}"
        databases.odoo("shell", "-d", database, "--no-http", log="translations", stdin=script)
    template = polib.pofile(TEMPLATE, wrapwidth=100)
    for name in DATES:
        template.metadata.pop(name, None)
    template.save(TEMPLATE, newline="\n")
    return template


def main() -> int:
    """Write the template, merge the languages with it, say what is missing."""
    template = export()
    say(f"{len(template)} texts")
    for path in sorted(FOLDER.glob("*.po")):
        language = polib.pofile(path, wrapwidth=100)
        language.merge(template)
        for entry in language.obsolete_entries():
            language.remove(entry)
        for entry in language.fuzzy_entries():
            entry.fuzzy, entry.msgstr = False, ""
        language.save(path, newline="\n")
        say(f"{path.stem}: {len(language.untranslated_entries())} to translate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
