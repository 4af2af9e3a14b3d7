"""Books the invoices that plans make at Stripe, and says where the ledger differs from Stripe."""

import logging
from collections import Counter
from unittest.mock import patch

import stripe
from odoo.addons.stripe_subscriptions.models.payment_provider import PaymentProvider
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGateway
from odoo.exceptions import UserError
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from tests.addon import plan_compare
from tests.addon.common import KEY, StripeCommon
from tests.addon.plan_reading import LedgerReader
from tests.addon.plan_stripe import DAY, PlanStripe

# Foreign units for one dollar, since 2000 and since 2025-01-01: nothing converts without a rest.
CURRENCY_RATES = {
    "EUR": (0.8731, 0.9127),
    "GBP": (0.7717, 0.7901),
    "CHF": (0.9133, 0.8877),
    "SEK": (10.317, 10.911),
    "NOK": (10.613, 11.307),
    "JPY": (151.37, 148.93),
    "KRW": (1391.3, 1402.7),
    "CLP": (943.1, 951.7),
    "VND": (25391, 25417),
    "KWD": (0.30713, 0.30697),
    "BHD": (0.37611, 0.37597),
    "TND": (3.1137, 3.0911),
    "HUF": (361.17, 371.93),
    "ISK": (137.91, 139.13),
    "TWD": (32.171, 31.913),
    "UGX": (3691.3, 3703.9),
}
# Plans that are checked together.
BATCH = 24
TABLES = "account_move, account_move_line, account_payment, account_partial_reconcile"


class InProcess(stripe.HTTPClient):
    """Requests of the SDK to a sandbox in this process."""

    name = "in process"

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox = sandbox

    def request(self, method, url, headers, post_data=None):
        """Override of the SDK's client."""
        builder = EnvironBuilder(url, method=method.upper(), headers=dict(headers), data=post_data)
        response = self.sandbox.respond(Request(builder.get_environ()))
        return response.get_data(as_text=True), response.status_code, dict(response.headers)


class PlanLedger(StripeCommon):
    """A company whose Stripe account is a sandbox in this process; for TransactionCase."""

    company_currency = "USD"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # It would write a line for each request.
        logger = logging.getLogger("stripe_sandbox")
        cls.addClassCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.WARNING)
        cls.plan_stripe = PlanStripe(KEY)
        gateway = StripeGateway(KEY)
        gateway._client = stripe.StripeClient(KEY, http_client=InProcess(cls.plan_stripe.sandbox))
        cls.startClassPatcher(
            patch.object(PaymentProvider, "_stripe_client", lambda _self: gateway)
        )
        cls._set_currency_rates()
        cls._book_rates()
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Buyer {number}"} for number in range(BATCH)]
        )
        cls.env.flush_all()

    @classmethod
    def _set_currency_rates(cls):
        currencies = cls.env["res.currency"].with_context(active_test=False).search([])
        currencies.rate_ids.unlink()
        by_name = {currency.name: currency for currency in currencies}
        by_name[cls.company_currency].active = True
        cls.company.currency_id = by_name[cls.company_currency]
        if cls.company_currency != "USD":
            cls.env["res.currency.rate"].create(
                {"name": "2000-01-01", "currency_id": by_name["USD"].id, "rate": 1.0}
            )
        cls.env["res.currency.rate"].create(
            [
                {"name": day, "currency_id": by_name[name].id, "rate": rate}
                for name, rates in CURRENCY_RATES.items()
                for day, rate in zip(("2000-01-01", "2025-01-01"), rates, strict=True)
            ]
        )

    @classmethod
    def _book_rates(cls):
        """Make a tax for each rate; the second one of two that are alike gets that of the first."""
        rate_model = cls.env["stripe.tax.rate"]
        for stripe_id in cls.plan_stripe.rates.values():
            obj = cls.plan_stripe.get(f"/v1/tax_rates/{stripe_id}")
            rate = rate_model._stripe_apply(cls.provider, [obj])
            if not rate.tax_id:
                rate.action_create_tax()
        cls.taxes = rate_model._stripe_get_taxes(cls.provider, cls.plan_stripe.rates.values())

    def setUp(self):
        super().setUp()
        self.reader = LedgerReader(self.env)
        # Invoices by kind; those that were booked by currency; those that were refused by kind of reason.
        self.kinds, self.booked, self.refused = Counter(), Counter(), Counter()
        # Currencies of which an invoice was refused.
        self.refused_currencies = set()
        # Why invoices may be refused: each answers a kind of refusal and what it has to say, or None.
        self.reasons = [self.finer_than_the_currency]
        # Numbers of the plans by id of the invoice.
        self.owners = {}

    # === APPLYING === #

    def check(self, plans, setting=None):
        """Carry out plans at Stripe, book the invoices, and forget it all.

        :param list[OneOff|Subscribed] plans: At most `BATCH` plans.
        :param Callable setting: Sets the company up in some way before.
        :return: What is wrong, by number of the plan.
        :rtype: dict[int, list[str]]
        """
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            if setting:
                setting()
            return self._check(plans)
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.close(rollback=True)
            self.env.registry.clear_cache()
            self.plan_stripe.reset()

    def _check(self, plans):
        database = self.provider._stripe_database()
        buyers = [
            self.plan_stripe.carry_out(
                plan, metadata={"odoo_partner_id": str(partner.id), "odoo_database": database}
            )
            for plan, partner in zip(plans, self.partners[: len(plans)], strict=True)
        ]
        self.reader.begin()
        self.owners = owners = {
            invoice: number
            for number, buyer in enumerate(buyers)
            for invoice in self.plan_stripe.invoices(buyer)
        }
        wrong = {}
        objects = self._book(list(owners), wrong)
        for key, obj in objects.items():
            self.kinds.update(plan_compare.kinds(obj, plans[owners[key]]))
        late = self._pay_late(plans, buyers)
        if late:
            objects |= self._book(late, wrong)
        self._compare_customers(buyers, objects, wrong)
        return wrong

    def _pay_late(self, plans, buyers):
        """Pay open invoices by card, some days after they were made; returns their ids."""
        paid = []
        store = self.plan_stripe.account.store
        for plan, buyer in zip(plans, buyers, strict=True):
            if plan.pay != "late":
                continue
            self.plan_stripe.wait(store.get("customer", buyer)["test_clock"], plan.start + 20 * DAY)
            for invoice in self.plan_stripe.invoices(buyer):
                if store.get("invoice", invoice)["status"] == "open":
                    self.plan_stripe.post(f"/v1/invoices/{invoice}/pay")
                    paid.append(invoice)
        return paid

    def _book(self, keys, wrong):
        """Fetch invoices, book them, compare them, and book them once more.

        :param list[str] keys: Ids of the invoices.
        :param dict wrong: Where to write down what is wrong, see `check`.
        :return: The Stripe invoices by their ids.
        :rtype: dict[str, dict]
        """
        fetched = self.provider._stripe_fetch([("invoice", key) for key in keys])
        objects = {key: fetched["invoice", key] for key in keys}
        errors = self._write(fetched, objects)
        # PostgreSQL would go on to take tables for empty that were so when it last looked.
        self.env.cr.execute(f"ANALYZE {TABLES}")
        rows = self.reader.read(list(objects))
        for key, obj in objects.items():
            if texts := self._compare(obj, rows, errors.get(key)):
                number = self.owners[key]
                wrong.setdefault(number, []).extend(f"{key}: {text}" for text in texts)
        before = self.reader.read_everything()
        self._write(fetched, objects)
        if changed := set(before) ^ set(self.reader.read_everything()):
            for key in keys:
                wrong.setdefault(self.owners[key], []).append(
                    f"applied again, it changed: {changed}"
                )
        return objects

    def _write(self, fetched, objects):
        """Apply fetched objects: all invoices at once, and when that fails one after the other.

        Those that have to be refused are applied one by one from the start.

        :return: Errors by id of the invoice.
        :rtype: dict[str, Exception]
        """
        others = {key: obj for key, obj in fetched.items() if key[0] != "invoice"}
        alone = [key for key, obj in objects.items() if self.why_refused(obj)]
        together = {("invoice", key): obj for key, obj in objects.items() if key not in alone}
        if error := self._try_to_write(others):
            return dict.fromkeys(objects, error)
        if self._try_to_write(together):
            alone = list(objects)
        errors = {key: self._try_to_write({("invoice", key): objects[key]}) for key in alone}
        return {key: error for key, error in errors.items() if error}

    def _try_to_write(self, fetched):
        """Apply fetched objects; returns the error that forbids it, and then nothing is written."""
        provider = self.provider.with_context(stripe_fetched_at=1.0)
        try:
            with self.env.cr.savepoint():
                provider._stripe_write(fetched)
                self.env.flush_all()
        except Exception as error:
            self.env.invalidate_all(flush=False)
            return error
        return None

    # === COMPARING === #

    def why_refused(self, obj):
        """Return why an invoice cannot be booked; no others may be refused.

        :param dict obj: The Stripe invoice.
        :return: A kind of refusal, and what it has to say.
        :rtype: tuple[str, str]|None
        """
        return next(filter(None, (reason(obj) for reason in self.reasons)), None)

    def finer_than_the_currency(self, obj):
        """Odoo counts ISK, TWD and UGX in whole units until somebody changes it."""
        code = obj["currency"].upper()
        rounding = self.env["res.currency"]._stripe_get(code).rounding
        if plan_compare.is_finer(obj, rounding):
            return "finer than the currency", f"Odoo rounds {code} to"
        return None

    def _compare(self, obj, rows, error):
        """Say what is wrong with the document of an invoice; count it.

        :param dict obj: The Stripe invoice.
        :param dict rows: See `LedgerReader.read`.
        :param Exception|None error: With which it was refused.
        :rtype: list[str]
        """
        move = rows["moves"].get(obj["id"])
        reason = str(error or "") or (move and move["stripe_booking_error"])
        expected = self.why_refused(obj)
        if reason or expected:
            if error and not isinstance(error, UserError):
                return [f"failed: {error!r}"]
            if move and move["state"] != "draft":
                return [f"posted, although {reason or expected}"]
            if not expected or expected[1] not in (reason or ""):
                return [f"refused: {reason}; expected was {expected}"]
            self.refused[expected[0]] += 1
            self.refused_currencies.add(obj["currency"])
            return []
        if not move or move["state"] != "posted":
            return [f"not posted: {move}"]
        self.booked[obj["currency"]] += 1
        entries = [rows["entries"].get(part["id"]) for part in obj.get("balance_transactions", ())]
        return plan_compare.differences(
            obj,
            move,
            rows["lines"].get(move["id"], []),
            [line for entry in entries for line in rows["lines"].get(entry, [])],
            self.taxes,
        )

    def _compare_customers(self, buyers, objects, wrong):
        """Compare what customers owe and have as balance with Stripe, when all of it is booked."""
        account = self.provider.stripe_billing_balance_account_id
        for number, buyer in enumerate(buyers):
            customer = self.plan_stripe.get(f"/v1/customers/{buyer}")
            mine = [obj for obj in objects.values() if obj["customer"] == buyer]
            if any(map(self.why_refused, mine)) or not mine:
                continue
            rows = self.reader.read_partner(self.partners[number].id, account.id)
            if texts := plan_compare.customer_differences(customer, mine, rows):
                wrong.setdefault(number, []).extend(f"{buyer}: {text}" for text in texts)
