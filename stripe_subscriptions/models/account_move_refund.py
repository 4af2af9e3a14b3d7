from odoo import models
from odoo.addons.stripe_subscriptions import stripe_refund, utils
from odoo.exceptions import UserError

# Previews of a credit note until its total is what is asked for.
MAX_PREVIEWS = 4
METADATA_REFUND = "odoo_refund"


class AccountMove(models.Model):
    """Refunds that are made in Odoo: a credit note at Stripe that gives back money and taxes."""

    _inherit = "account.move"

    # === ACTION METHODS === #

    def action_stripe_refund(self):
        """Ask how much is to be given back.

        :raise UserError: When nothing is left that came through Stripe.
        """
        self.ensure_one()
        if self.currency_id.compare_amounts(self._stripe_get_refundable_amount(), 0) <= 0:
            raise UserError(
                self.env._(
                    "Nothing is left to refund at Stripe: what it collected for this invoice was given "
                    "back already, or the invoice was paid in another way."
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refund at Stripe"),
            "res_model": "stripe.refund",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _stripe_get_refundable_amount(self):
        """Return what can still be refunded at Stripe, as far as Odoo knows.

        No more than Stripe has collected, and no more than credit notes have left of the invoice.

        :return: Major units of the invoice's currency.
        :rtype: float
        """
        self.ensure_one()
        notes = self.reversal_move_ids.filtered(
            lambda note: note.stripe_credit_note_id and note.state == "posted"
        )
        collected = sum(
            self.reconciled_payment_ids.filtered("stripe_invoice_payment_id").mapped("amount")
        )
        refunded = sum(notes.filtered("stripe_refund_refs").mapped("amount_total"))
        credited = sum(notes.mapped("amount_total"))
        left = min(collected - refunded, self.amount_total - credited)
        return max(self.currency_id.round(left), 0.0)

    def _stripe_refund(self, amount, reason, memo=None):
        """Refund a part of a paid invoice by a credit note at Stripe, exactly once.

        The credit note carries a key that is derived from the credit notes that Odoo knows: repeated after
        a crash it is found again, and two clicks at a time are one request.

        :param float amount: Major units, with taxes.
        :param str reason: See Stripe's credit notes.
        :param str memo: Printed on the credit note.
        :return: The credit note.
        :rtype: account.move
        :raise UserError: When Stripe refuses.
        """
        self.ensure_one()
        self.check_access("write")
        provider = self.stripe_provider_id.sudo()
        minor = utils.to_minor(amount, self.currency_id.name)
        known = self.reversal_move_ids.filtered("stripe_credit_note_id")
        wish = utils.without_empty({"amount": minor, "reason": reason, "memo": memo})
        key = provider._stripe_idempotency_key(
            "refund", self.stripe_invoice_id, len(known), utils.fingerprint(wish)
        )
        notes = self._stripe_get_credit_notes(provider)
        made = next((n for n in notes if n["metadata"].get(METADATA_REFUND) == key), None)
        if not made:
            params = utils.without_empty(
                {
                    "invoice": self.stripe_invoice_id,
                    "lines": self._stripe_get_refund_lines(provider, minor, notes),
                    "refund_amount": minor,
                    "reason": reason,
                    "memo": memo,
                    "metadata": {METADATA_REFUND: key},
                }
            )
            made = provider._stripe_request(
                "credit_notes", "create", params=params, idempotency_key=key
            )
        provider._stripe_sync([("credit_note", made["id"])])
        return self.env["stripe.credit.note"]._stripe_find(provider, [made["id"]])

    def _stripe_get_credit_notes(self, provider):
        """Return the credit notes of the invoice at Stripe, with all their lines.

        :param payment.provider provider: The Stripe account.
        :rtype: list[dict]
        """
        notes = provider._stripe_list("credit_notes", {"invoice": self.stripe_invoice_id})
        return [
            provider._stripe_retrieve_kind("credit_note", note["id"])
            if note["lines"]["has_more"]
            else note
            for note in notes
        ]

    def _stripe_get_refund_lines(self, provider, minor, notes):
        """Return the lines of a credit note of exactly an amount, with the taxes that belong to it.

        Taxes are rounded, so that not every amount can be had from the lines alone: what is missing then,
        a cent or so, is a line of its own without tax. Stripe's preview says whether the total is right.

        :param payment.provider provider: The Stripe account.
        :param int minor: What is given back, in minor units.
        :param list[dict] notes: The invoice's credit notes at Stripe.
        :rtype: list[dict]
        :raise UserError: When Stripe refuses, or the amount cannot be had.
        """
        invoice = provider._stripe_retrieve_kind("invoice", self.stripe_invoice_id)
        parts = stripe_refund.parts(invoice, notes)
        # Where Stripe computes the taxes it takes no lines of our own.
        automatic = utils.path(invoice, "automatic_tax.enabled")
        target, total = minor, 0
        for _preview in range(MAX_PREVIEWS):
            amounts, missing = stripe_refund.divide(parts, target)
            rounding = 0 if automatic else missing
            lines = stripe_refund.to_lines(amounts, rounding, self.env._("Rounding"))
            if not lines or rounding > max(len(lines), 2):
                break
            total = provider._stripe_request(
                "credit_notes",
                "preview",
                params={
                    "invoice": self.stripe_invoice_id,
                    "lines": lines,
                    "refund_amount": minor if not automatic else minor - missing,
                },
            )["total"]
            if total == minor:
                return lines
            # Stripe counts in another way: ask for less or more.
            target = round(target * minor / total)
        raise UserError(
            self.env._(
                "Stripe cannot give back exactly this amount, because taxes are rounded. Try %(amount)s.",
                amount=utils.to_major(total or max(minor - 1, 1), self.currency_id.name),
            )
        )
