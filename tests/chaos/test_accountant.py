"""Accountants post in other journals, and pay in the same bank journal, while lanes book two Stripe accounts."""

import json
import os

from dev import databases, paths, postgres
from dev.processes import free_port

INVOICES = 24
POSTINGS = 15
DATABASE = f"{databases.PREFIX}_accountant"
SCRIPT = "from tests.chaos import accountant; accountant.main(env)"


def test_nobody_is_in_anybodys_way():
    """No event is lost or tried in vain, no accountant sees an error, and no journal has a gap."""
    result = _run()
    assert result["errors"] == [], result
    told = 2 * (2 * INVOICES + INVOICES // 4)
    assert result["events"] == {"done": told}, result
    assert result["event_errors"] == []
    assert result["deadlocks"] == 0
    assert list(result["invoices"].values()) == [INVOICES, INVOICES]
    assert result["paid"] == ["paid"]
    # Two of each account, and those in which the accountants have posted.
    assert len(result["journals"]) == 7, result["journals"]
    for name, (count, lowest, highest) in result["journals"].items():
        assert (lowest, highest) == (1, count), f"{name} has a gap: {result['journals']}"
    counts = sorted(count for count, _lowest, _highest in result["journals"].values())
    # The invoices of both accounts and their fees; the accountants' entries and invoices; all payments.
    assert counts == sorted(
        [
            *(INVOICES, INVOICES, INVOICES, INVOICES, POSTINGS, 2 * POSTINGS),
            2 * (INVOICES + INVOICES // 4) + POSTINGS,
        ]
    )


def _run():
    """Run the script in a database of its own; what it has found."""
    postgres.start()
    databases.configure(port=free_port(), name="accountant")
    databases.copy(databases.with_addon(), DATABASE)
    file = paths.STATE / "accountant.json"
    file.unlink(missing_ok=True)
    given = {"invoices": INVOICES, "postings": POSTINGS, "file": str(file)}
    os.environ["ACCOUNTANT"] = json.dumps(given)
    try:
        databases.odoo("shell", "-d", DATABASE, "--no-http", log="accountant", stdin=SCRIPT)
        return json.loads(file.read_text())
    finally:
        databases.drop(DATABASE)
