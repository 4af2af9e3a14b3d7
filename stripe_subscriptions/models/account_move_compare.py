from odoo import api, models
from odoo.addons.stripe_subscriptions import stripe_invoice, utils


class AccountMove(models.Model):
    """How the documents of Stripe's invoices and of their payments are compared with Stripe."""

    _inherit = "account.move"

    # === BUSINESS METHODS - COMPARISON === #

    @api.model
    def _prepare_stripe_lookup(self, provider, objects):
        """Return what a comparison needs, read once for all invoices.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe invoices with `payments` expanded.
        :rtype: dict
        """
        customers = self.env["stripe.customer"]._stripe_find(
            provider, list({utils.object_id(obj.get("customer")) for obj in objects} - {False})
        )
        parts = [part["id"] for obj in objects for part in utils.invoice_payments(obj)]
        payments = self.env["account.payment"].search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_invoice_payment_id", "in", parts),
            ]
        )
        return {
            "customers": set(customers.mapped("stripe_id")),
            "payments": {payment.stripe_invoice_payment_id: payment for payment in payments},
        }

    def _stripe_get_differences(self, provider, obj, lookup):
        """Say how the document of an invoice differs from Stripe; see `stripe.mixin`.

        Invoices that Odoo does not book are no difference: drafts, those of customers that are not
        linked, those from before the date from which the account is booked, and those that were void
        before they were booked.
        """
        if obj.get("deleted"):
            return [("state", self.state, self.env._("deleted"))] if self.state == "posted" else []
        if (
            obj["status"] in (None, "draft")
            or utils.object_id(obj.get("customer")) not in lookup["customers"]
            or provider._stripe_is_before_booking(obj)
        ):
            return []
        if not self:
            return [("stripe_invoice_id", "", obj["id"])] if obj["status"] != "void" else []
        differences = []
        if self.stripe_invoice_status != obj["status"]:
            differences.append(
                ("stripe_invoice_status", self.stripe_invoice_status or "", obj["status"])
            )
        if obj["status"] == "void":
            if self.state == "posted" and not self._stripe_get_reversals():
                differences.append(("state", self.state, "void"))
            return differences
        if self.state != "posted":
            reason = self.stripe_booking_error or self.env._("a draft or canceled")
            differences.append(("state", reason, obj["status"]))
            return differences
        if reason := self._stripe_get_difference(stripe_invoice.parse(obj)):
            differences.append(("amount_total", reason, self._stripe_format(obj, obj["total"])))
        if self.currency_id.name != obj["currency"].upper():
            differences.append(("currency_id", self.currency_id.name, obj["currency"].upper()))
        return differences + self._stripe_get_payment_differences(obj, lookup)

    def _stripe_get_payment_differences(self, obj, lookup):
        """Say how the payments of an invoice differ from those at Stripe.

        :param dict obj: The Stripe invoice.
        :param dict lookup: See `_prepare_stripe_lookup`.
        :rtype: list[tuple[str, str, str]]
        """
        differences = []
        paid = {part["id"]: part for part in utils.invoice_payments(obj)}
        receivable = self.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        for part_id, part in paid.items():
            payment = lookup["payments"].get(part_id)
            name = f"payment/{part_id}"
            there = self._stripe_format(obj, part["amount_paid"])
            if not payment or payment.state not in ("in_process", "paid"):
                here = (payment and payment.state) or ""
                differences.append((name, here, there))
            elif payment.currency_id.compare_amounts(
                payment.amount, utils.to_major(part["amount_paid"], part["currency"])
            ):
                here = f"{payment.amount} {payment.currency_id.name}"
                differences.append((name, here, there))
            elif not any(
                line.matched_debit_ids or line.matched_credit_ids
                for line in payment.move_id.line_ids
                if line.account_id in receivable.account_id
            ):
                differences.append((name, self.env._("not reconciled"), there))
        return differences

    @api.model
    def _stripe_format(self, obj, amount):
        """Return an amount of an object as people read it.

        :param dict obj: A Stripe object with a currency.
        :param int amount: Minor units.
        :rtype: str
        """
        code = obj["currency"]
        return f"{utils.to_major_decimal(amount, code)} {code.upper()}"
