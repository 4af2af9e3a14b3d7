"""Who may press which button; see `rights_rows`."""

import contextlib
import itertools
from unittest.mock import patch

from lxml import etree
from odoo import Command
from odoo.addons.stripe_subscriptions.models.payment_provider import PaymentProvider
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeUnavailable
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from tests.addon import ledger_objects as at_stripe
from tests.addon import stripe_objects
from tests.addon.companies_common import CompaniesCommon
from tests.addon.rights_rows import KINDS, LISTS, METHODS, SELLERS, WIZARDS

OURS = "odoo.addons.stripe_subscriptions."


class Unreachable:
    """A Stripe that never answers; remembers that it was asked."""

    def __init__(self):
        self.asked = 0

    def __getattr__(self, name):
        def ask(*args, **_kwargs):
            self.asked += 1
            error = StripeUnavailable("nobody there")
            if name == "retrieve_many":
                return dict.fromkeys(args[0], error)
            raise error

        return ask


@tagged("post_install", "-at_install")
class TestRights(CompaniesCommon, TransactionCase):
    """Every button, and every other method that a browser may call, by each kind of user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["stripe.event"].search([]).unlink()
        cls.users = {}
        for kind, groups in KINDS.items():
            company = cls.other if kind == "foreign" else cls.company
            cls.users[kind] = new_test_user(
                cls.env,
                f"rights_{kind}",
                groups=groups,
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
        cls.users["public"] = cls.env.ref("base.public_user")
        cls.partner = cls.env["res.partner"].create(
            {
                "name": "Rights Ltd",
                "is_company": True,
                "email": "a@rights.example",
                "user_id": cls.users["seller"].id,
                "company_id": cls.company.id,
            }
        )
        cls.users["portal"].partner_id.parent_id = cls.partner
        cls.records = cls.make_records()
        cls.env.flush_all()

    @classmethod
    def make_records(cls):
        """A record of each model, all of one customer of the first company."""
        env, provider = cls.env, cls.provider
        links = env["stripe.customer"].with_context(
            stripe_customer_partners={"cus_rights": cls.partner.id}
        )
        customer = links._stripe_apply(
            provider, [{"id": "cus_rights", "object": "customer", "livemode": False}]
        )
        plan, rate = stripe_objects.price(), stripe_objects.tax_rate(20.0)
        coupon = {
            "id": "rights",
            "object": "coupon",
            "duration": "once",
            "percent_off": 10,
            "valid": True,
            "livemode": False,
        }
        subscription = stripe_objects.subscription("cus_rights", [(plan, 1)])
        line = {
            **at_stripe.item(10000),
            "pricing": {"price_details": {"price": plan["id"]}},
        }
        invoice = at_stripe.invoice(
            line,
            customer="cus_rights",
            parent={"subscription_details": {"subscription": subscription["id"]}},
        )
        charge = at_stripe.charge(invoice, 300)
        taken = at_stripe.movement("adjustment", -5000, 1500, id="txn_rights")
        dispute = at_stripe.dispute(charge, "needs_response", taken, amount=5000)
        payout = at_stripe.payout(9700, charge)
        for objects in (
            (plan, rate, coupon),
            (subscription,),
            (invoice, charge),
            (dispute, payout),
        ):
            provider._stripe_write({(obj["object"], obj["id"]): obj for obj in objects})
        records = {
            name: env[name]._stripe_find(provider, [key])
            for name, key in (
                ("stripe.price", plan["id"]),
                ("stripe.tax.rate", rate["id"]),
                ("stripe.coupon", coupon["id"]),
                ("stripe.subscription", subscription["id"]),
                ("stripe.dispute", dispute["id"]),
                ("stripe.payout", payout["id"]),
                ("stripe.balance.transaction", charge["balance_transaction"]["id"]),
            )
        }
        found = records["stripe.subscription"]
        job = env["stripe.job"].create({"provider_id": provider.id, "kind": "audit"})
        env["stripe.event"]._stripe_store(
            provider, [stripe_objects.event("invoice.paid", {"id": invoice["id"]})]
        )
        event = env["stripe.event"].search([("provider_id", "=", provider.id)], limit=1)
        records |= {
            "payment.provider": provider,
            "res.partner": cls.partner,
            "stripe.customer": customer,
            "stripe.subscription.item": found.item_ids,
            "account.move": found.move_ids,
            "account.payment": env["account.payment"].search(
                [("stripe_provider_id", "=", provider.id)], limit=1
            ),
            "stripe.event": event,
            "stripe.job": job,
            "stripe.difference": env["stripe.difference"].create(
                {
                    "provider_id": provider.id,
                    "job_id": job.id,
                    "kind": "subscription",
                    "stripe_id": found.stripe_id,
                    "field_name": "status",
                    "state": "open",
                }
            ),
            "stripe.proof.line": env["stripe.proof.line"].create(
                {
                    "provider_id": provider.id,
                    "job_id": job.id,
                    "period_kind": "month",
                    "period": "2026-01",
                    "currency_id": cls.company.currency_id.id,
                    "measure": "invoiced",
                    "stripe_ids": [invoice["id"]],
                }
            ),
            "stripe.import.line": env["stripe.import.line"].create(
                {"provider_id": provider.id, "stripe_id": "cus_new", "outcome": "new"}
            ),
            "stripe.mail": env["stripe.mail"].create(
                {
                    "kind": "card_expiring",
                    "res_model": found._name,
                    "res_id": found.id,
                    "provider_id": provider.id,
                    "subscription_id": found.id,
                    "due_at": "2040-01-01",
                    "state": "failed",
                }
            ),
        }
        return records

    # --- what there is

    def methods(self):
        """What can be called from a browser and is ours alone: by model and name."""
        found = set()
        for name, model in self.env.registry.items():
            if model._abstract:
                continue
            for method in dir(model):
                if method.startswith("_") or not callable(getattr(model, method)):
                    continue
                definers = [cls for cls in model.mro() if method in vars(cls)]
                private = any(getattr(vars(cls)[method], "_api_private", False) for cls in definers)
                ours = [cls for cls in definers if cls.__module__.startswith(OURS)]
                if ours and len(ours) == len(definers) and not private:
                    found.add((name, method))
        return found

    def buttons(self):
        """The buttons of our views that call a method: by model and name."""
        keys = self.env["ir.model.data"].search(
            [("module", "=", "stripe_subscriptions"), ("model", "=", "ir.ui.view")]
        )
        found = set()
        for view in self.env["ir.ui.view"].browse(keys.mapped("res_id")):
            if view.model not in self.env or self.env[view.model]._abstract:
                continue
            for button in etree.fromstring(view.arch_db).iter("button"):
                if button.get("type") != "object" or button.get("position"):
                    continue
                model = self.env[view.model]
                for node in reversed(list(button.iterancestors("field"))):
                    model = self.env[model._fields[node.get("name")].comodel_name]
                found.add((model._name, button.get("name")))
        return found

    # --- who may

    def may(self, kind, model, method):
        """Call a method as a kind of user; return whether access was granted.

        Whatever else comes of it does not matter, since Stripe does not answer. What was refused has
        not asked Stripe anything.
        """
        user = self.users[kind]
        stripe = Unreachable()
        env = self.env(user=user, su=False, context={"allowed_company_ids": user.company_ids.ids})
        self.env.invalidate_all()
        error = None
        with (
            patch.object(PaymentProvider, "_stripe_client", lambda _provider: stripe),
            mute_logger("odoo.models", "odoo.addons.base.models.ir_rule"),
            contextlib.suppress(RollBack),
            self.env.cr.savepoint(),
        ):
            try:
                self.call(env, model, method)
            except Exception as raised:
                error = raised
            env.invalidate_all(flush=False)
            raise RollBack
        if error and not isinstance(error, UserError):
            raise error
        granted = not isinstance(error, AccessError)
        self.env.invalidate_all()
        if not granted:
            self.assertFalse(stripe.asked, "Stripe was asked for somebody who may not")
        return granted

    def call(self, env, model, method):
        if model in WIZARDS:
            record = env[model].create(WIZARDS[model](self.records))
        else:
            record = self.records[model]
        args = [record.ids]
        if getattr(getattr(type(env[model]), method), "_api_model", False):
            args = []
        if method == "get_offer_totals":
            args.append(
                {
                    "partner_id": self.partner.id,
                    "provider_id": self.provider.id,
                    "items": [{"price_id": self.records["stripe.price"].id, "quantity": 1}],
                }
            )
        call_kw(env[model], method, args, {})

    def test_each_button_has_a_row(self):
        """Whoever adds a button, or any other method for the browser, says who may use it."""
        found = self.methods()
        self.assertLessEqual(self.buttons(), found)
        self.assertEqual(found, set(METHODS))

    def test_who_may(self):
        for (model, method), kinds in METHODS.items():
            for kind in self.users:
                with self.subTest(model=model, method=method, user=kind):
                    self.assertEqual(self.may(kind, model, method), kind in kinds)

    def mine(self, kind, model):
        """A model as a kind of user has it."""
        user = self.users[kind]
        return (
            self.env[model].with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
        )

    def test_who_reads(self):
        """Whoever has subscriptions of their own does not read about the whole account."""
        for model, kinds in LISTS.items():
            for kind in self.users:
                with self.subTest(model=model, user=kind):
                    record = self.mine(kind, model).browse(self.records[model].ids)
                    self.assertEqual(record.has_access("read"), kind in kinds)

    def test_own_users_lack_nothing(self):
        """Their forms open with all that is in them, and what they start for many shows its results."""
        subscription = self.records["stripe.subscription"]
        subscription.user_id = self.users["seller"]
        models = ("stripe.subscription", "stripe.customer", "stripe.price", "stripe.tax.rate")
        for kind, model in itertools.product(SELLERS, models):
            with self.subTest(user=kind, model=model):
                mine = self.mine(kind, model).browse(self.records[model].ids)
                [values] = mine.web_read(self.spec(mine))
                self.assertEqual(values["id"], mine.id)
        for kind in SELLERS:
            with self.subTest(user=kind):
                mine = self.mine(kind, "stripe.subscription").browse(subscription.ids)
                action = mine.env["stripe.job"]._start_acts(mine, "retry", {})
                job = mine.env["stripe.job"].browse(action["res_id"])
                [values] = job.web_read(self.spec(job))
                self.assertEqual(len(values["act_ids"]), 1)
                others = self.mine("colleague", "stripe.job").browse(job.ids)
                self.assertFalse(others.has_access("read"))

    def spec(self, model):
        """What the web client reads for the form of a model, without what lists in it show."""
        views = model.get_views([(False, "form")])
        found = views["models"][model._name]["fields"]
        nodes = etree.fromstring(views["views"]["form"]["arch"]).xpath(
            "//field[not(ancestor::field)]"
        )
        return {
            node.get("name"): {"fields": {"display_name": {}}}
            if found[node.get("name")]["type"] == "many2one"
            else {}
            for node in nodes
        }

    def test_nobody_but_stripe_decides(self):
        """What Stripe decides cannot be written past the buttons, whatever the context says."""
        draft = self.make_draft(self.records["stripe.price"], partner_id=self.partner.id)
        subscription = self.records["stripe.subscription"]
        for record, values in (
            (subscription, {"status": "active"}),
            (subscription, {"stripe_id": "sub_of_another"}),
            (subscription, {"next_charge_at": False, "mrr": 1}),
            (subscription, {"partner_id": self.users["seller"].partner_id.id}),
            (draft, {"status": "active", "stripe_status": "active"}),
            (draft, {"sent_at": "2026-01-01"}),
        ):
            for context in ({}, {"stripe_sync": True}):
                with self.subTest(values=values, context=context):
                    mine = record.with_user(self.users["manager"]).with_context(
                        allowed_company_ids=self.company.ids, **context
                    )
                    with self.assertRaises(UserError):
                        mine.write(values)
        self.assertEqual(draft.status, "draft")
        seller = self.mine("seller", "stripe.subscription")
        with self.assertRaises(AccessError):
            seller.create({"name": "x", "partner_id": self.partner.id, "status": "active"})

    def test_salesperson(self):
        """The customer's salesperson, else who makes the subscription; events make it nobody's."""
        nobodys = self.env["res.partner"].create({"name": "Nobody's"})
        plan = self.records["stripe.price"]
        made = self.mine("colleague", "stripe.subscription").create(
            {
                "name": "Mine",
                "partner_id": nobodys.id,
                "item_ids": [Command.create({"price_id": plan.id})],
            }
        )
        self.assertEqual(made.user_id, self.users["colleague"])
        self.assertEqual(self.records["stripe.subscription"].user_id, self.users["seller"])
        self.assertFalse(self.make_draft(plan, partner_id=nobodys.id).user_id)

    def test_own_and_all(self):
        subscription = self.records["stripe.subscription"]
        others = (subscription.item_ids, self.records["stripe.mail"])
        for owner, seen in (
            ("seller", {"seller", "all", "manager", "accountant"}),
            ("colleague", {"colleague", "all", "manager", "accountant"}),
            (None, {"seller", "colleague", "all", "manager", "accountant"}),
        ):
            subscription.user_id = owner and self.users[owner]
            for kind in ("seller", "colleague", "all", "manager", "accountant"):
                for record in (subscription, *others):
                    if kind == "accountant" and record._name == "stripe.mail":
                        continue
                    with self.subTest(owner=owner, kind=kind, model=record._name):
                        self.env.flush_all()
                        self.env.invalidate_all()
                        user = self.mine(kind, record._name).browse(record.ids)
                        self.assertEqual(user.has_access("read"), kind in seen)
        both = new_test_user(
            self.env, "own_and_books", groups=f"{KINDS['seller']},account.group_account_invoice"
        )
        subscription.user_id = self.users["seller"]
        self.env.flush_all()
        mine = subscription.with_user(both).with_context(allowed_company_ids=self.company.ids)
        self.assertTrue(mine.has_access("read"), "the books are read as a whole")
        self.assertFalse(mine.has_access("write"))


class RollBack(Exception):
    """Ends a savepoint, so that nothing is left of what was tried."""
