from odoo import api, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.fields import Domain


class AccountPayment(models.Model):
    """The accounting document of a refund: money that goes back to the customer."""

    _inherit = "account.payment"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Book refunds of payments that Odoo has booked; take those back that failed.

        Idempotent. A refund that is still pending at Stripe waits for the event of its success. The
        refund of a payment that Odoo does not know is left out.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe refunds.
        :return: The payments of the refunds.
        :rtype: account.payment
        :raise UserError: When no journal takes the payments of the Stripe account.
        """
        self = self.sudo().with_company(provider.company_id).with_context(**const.SYNC_CONTEXT)
        refunds = {obj["id"]: obj for obj in objects if not obj.get("deleted")}
        booked = self._stripe_find(provider, list(refunds))
        known = set(booked.mapped("stripe_payment_ref"))
        origins = self._stripe_get_refunded_payments(provider, list(refunds.values()))
        missing = [
            (origins[stripe_id], obj)
            for stripe_id, obj in refunds.items()
            if stripe_id not in known and obj.get("status") == "succeeded" and stripe_id in origins
        ]
        method_lines = self._get_stripe_refund_method_lines([payment for payment, _obj in missing])
        payments = self.create(
            [self._prepare_stripe_refund_values(provider, *row, method_lines) for row in missing]
        )
        payments._stripe_numbered_together().action_post()
        failed = booked.filtered(
            lambda payment: (
                refunds[payment.stripe_payment_ref].get("status") in ("failed", "canceled")
                and payment.state != "canceled"
            )
        )
        if failed:
            failed._stripe_cancel(provider)
            # What had left the Stripe balance comes back in a movement of its own.
            domain = [("provider_id", "=", provider.id), ("payment_id", "in", failed.ids)]
            self.env["stripe.balance.transaction"].search(domain)._rebook(provider)
        payments._stripe_reconcile_credit_notes(provider)
        self.env["stripe.balance.transaction"]._stripe_apply_sources(
            provider, list(refunds.values())
        )
        if self.env.context.get("stripe_repair"):
            undone = (booked - failed).filtered(
                lambda payment: (
                    payment.state in ("draft", "canceled")
                    and refunds[payment.stripe_payment_ref].get("status") == "succeeded"
                )
            )
            undone.filtered(lambda payment: payment.state == "canceled").action_draft()
            undone.action_post()
        return booked | payments

    def _stripe_reconcile_credit_notes(self, provider):
        """Reconcile refunds with the credit notes that were booked before them."""
        domain = Domain("stripe_provider_id", "=", provider.id) & Domain("state", "=", "posted")
        refs = Domain.OR(
            Domain("stripe_refund_refs", "like", payment.stripe_payment_ref) for payment in self
        )
        found = self.env["account.move"].search(domain & refs)
        for payment in self:
            notes = found.filtered(
                lambda note, ref=payment.stripe_payment_ref: ref in note.stripe_refund_refs
            )
            if notes:
                notes._stripe_reconcile_lines(
                    [(payment.move_id | notes)._stripe_receivable_lines()]
                )

    @api.model
    def _stripe_find(self, provider, stripe_ids):
        """Return the payments of Stripe refunds in one query."""
        return self.search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_payment_ref", "in", stripe_ids),
                ("payment_type", "=", "outbound"),
            ]
        )

    def _get_stripe_ids(self):
        """Return the ids of the Stripe refunds."""
        return self.mapped("stripe_payment_ref")

    @api.model
    def _stripe_get_refunded_payments(self, provider, refunds):
        """Return the payments that refunds give back, by id of the refund.

        :param payment.provider provider: The Stripe account.
        :param list[dict] refunds: Stripe refunds.
        :rtype: dict[str, account.payment]
        """
        refs = {
            obj["id"]: {utils.object_id(obj.get(key)) for key in ("payment_intent", "charge")}
            for obj in refunds
        }
        payments = self.search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_payment_ref", "in", list(set().union(*refs.values()) - {False})),
                ("payment_type", "=", "inbound"),
            ]
        )
        by_ref = {payment.stripe_payment_ref: payment for payment in payments}
        found = {
            refund_id: next((by_ref[ref] for ref in candidates if ref in by_ref), None)
            for refund_id, candidates in refs.items()
        }
        return {refund_id: payment for refund_id, payment in found.items() if payment}

    @api.model
    def _prepare_stripe_refund_values(self, provider, payment, obj, method_lines):
        """Map a refund to the values of its payment. Pure.

        It leaves the account that the payment came into, so that both net there.

        :param payment.provider provider: The Stripe account.
        :param account.payment payment: What is given back, in part or in full.
        :param dict obj: The Stripe refund.
        :param dict method_lines: See `_get_stripe_refund_method_lines`.
        :rtype: dict
        """
        currency = self.env["res.currency"]._stripe_get(obj["currency"])
        return {
            "payment_type": "outbound",
            "partner_type": "customer",
            "partner_id": payment.partner_id.id,
            "company_id": payment.company_id.id,
            "destination_account_id": payment.destination_account_id.id,
            "amount": currency._stripe_to_major(obj["amount"]),
            "currency_id": currency.id,
            "date": utils.to_local_date(obj["created"], provider.company_id.partner_id.tz),
            "journal_id": payment.journal_id.id,
            "payment_method_line_id": method_lines[
                payment.journal_id, payment.outstanding_account_id
            ].id,
            "memo": self.env._("Refund: %s", payment.memo or payment.name),
            "stripe_provider_id": provider.id,
            "stripe_livemode": provider._stripe_livemode(),
            "stripe_created_at": utils.to_datetime(obj["created"]),
            "stripe_payment_ref": obj["id"],
        }

    @api.model
    def _get_stripe_refund_method_lines(self, payments):
        """Return the payment method lines of refunds: from the accounts that the payments came into.

        Read once for all payments; made where there is none yet.

        :param list[account.payment] payments: What is given back.
        :return: The line by journal and account.
        :rtype: dict[tuple[account.journal, account.account], account.payment.method.line]
        """
        line_model = self.env["account.payment.method.line"]
        wanted = {(payment.journal_id, payment.outstanding_account_id) for payment in payments}
        if not wanted:
            return {}
        method = self.env.ref("account.account_payment_method_manual_out")
        lines = line_model.search(
            [
                ("payment_method_id", "=", method.id),
                ("journal_id", "in", [journal.id for journal, _account in wanted]),
                ("payment_account_id", "in", [account.id for _journal, account in wanted]),
            ],
            order="id desc",
        )
        for journal, account in wanted - {
            (line.journal_id, line.payment_account_id) for line in lines
        }:
            taken = journal.outbound_payment_method_line_ids.mapped("name")
            lines |= line_model.create(
                {
                    "name": utils.name_apart(self.env._("Refund by Stripe"), taken, account.name),
                    "journal_id": journal.id,
                    "payment_account_id": account.id,
                    "payment_method_id": method.id,
                }
            )
        return {(line.journal_id, line.payment_account_id): line for line in lines}

    # === BUSINESS METHODS - COMPARISON === #

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Return which refunds give back payments that Odoo has booked; see `stripe.mixin`."""
        refunds = [obj for obj in objects if not obj.get("deleted")]
        return {"origins": self._stripe_get_refunded_payments(provider, refunds)}

    def _stripe_get_differences(self, provider, obj, lookup):
        """Say how the document of a refund differs from Stripe; see `stripe.mixin`."""
        here = self.state if self and self.state != "canceled" else ""
        there = "" if obj.get("deleted") else obj.get("status") or ""
        if (there == "succeeded" and obj["id"] in lookup["origins"]) != (
            here in ("in_process", "paid")
        ):
            return [("state" if self else "stripe_payment_ref", here, there or "-")]
        if here and self.currency_id.compare_amounts(
            self.amount, utils.to_major(obj["amount"], obj["currency"])
        ):
            there = utils.to_major_decimal(obj["amount"], obj["currency"])
            return [("amount", str(self.amount), str(there))]
        return []

    # === ACTION METHODS === #

    def action_stripe_events(self):
        """Show the events about the payment or refund."""
        stripe_ids = [*self.mapped("stripe_payment_ref"), *self.mapped("stripe_invoice_payment_id")]
        return self.env["stripe.event"]._get_action([key for key in stripe_ids if key])
