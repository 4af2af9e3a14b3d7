from odoo import models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import (
    StripeGatewayError,
    StripeNotFound,
    StripeRequestRefused,
)
from odoo.exceptions import UserError
from odoo.tools import format_amount


class StripeSubscription(models.Model):
    """Ending a subscription, and taking that back.

    https://docs.stripe.com/billing/subscriptions/cancel
    """

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - CANCELING === #

    def _stripe_cancel(
        self, when, reason=None, comment=None, prorate=False, invoice_now=False, refund=0
    ):
        """Cancel the subscription, exactly once.

        :param str when: "now", which cannot be taken back, or "period_end".
        :param str reason: See `const.FEEDBACK`.
        :param str comment: What the customer says.
        :param bool prorate: Now: credit the time that was paid and not used.
        :param bool invoice_now: Now: make a last invoice of what waits for one, credits included.
        :param float refund: Now: what of the last invoice to give back, in major units with taxes. When
            Stripe refuses that, the subscription is canceled all the same and a person is called.
        :raise UserError: When it cannot be canceled, or Stripe refuses.
        """
        self._stripe_begin("cancel_later" if when == "period_end" else "cancel")
        details = utils.without_empty({"feedback": reason, "comment": comment})
        if when == "period_end":
            self._stripe_cancel_later(details)
            return
        move = self.env["account.move"]
        if refund:
            move.check_access("write")
            move = self._get_refundable_move()
        try:
            obj = self._stripe_act(
                "cancel",
                "subscriptions",
                "cancel",
                self.stripe_id,
                params=utils.without_empty(
                    {
                        "prorate": prorate or None,
                        "invoice_now": invoice_now or None,
                        "cancellation_details": details,
                    }
                ),
            )
        except (StripeNotFound, StripeRequestRefused) as error:
            obj = self._stripe_get_canceled(error)
        except StripeGatewayError as error:
            raise self._stripe_refuse(error) from error
        message = self.env._("Canceled at once.")
        if prorate:
            message += " " + self.env._("What was paid and not used was credited.")
        self._stripe_end(
            message + self._get_reason_text(reason, comment),
            ("invoice", utils.object_id(obj.get("latest_invoice"))),
        )
        if refund:
            self._stripe_refund_last(move, refund)

    def _stripe_get_canceled(self, error):
        """Return the subscription when an earlier request has canceled it, the answer to which was lost.

        Stripe takes idempotency keys for POST only; what is canceled is not canceled again.

        :param StripeGatewayError error: Why Stripe refused to cancel.
        :rtype: dict
        :raise UserError: When it was not canceled.
        """
        provider = self.provider_id.sudo()
        try:
            obj = provider._stripe_client().retrieve("subscriptions", self.stripe_id)
        except StripeGatewayError as other:
            raise self._stripe_refuse(other) from other
        if obj["status"] != "canceled":
            raise self._stripe_refuse(error) from error
        return obj

    def _stripe_cancel_later(self, details):
        """Let the subscription end with its current period.

        :param dict details: Stripe's `cancellation_details`.
        :raise UserError: When Stripe refuses.
        """
        params = {"cancel_at_period_end": True}
        if details:
            params["cancellation_details"] = details
        self._stripe_update("cancel_later", params)
        _start, end = utils.subscription_period(self.sudo().stripe_data)
        message = self.env._(
            "Cancellation scheduled: it ends on %(date)s.", date=self._format_day(end)
        )
        self._stripe_end(
            message + self._get_reason_text(details.get("feedback"), details.get("comment"))
        )

    def _stripe_resume(self):
        """Take a scheduled cancellation back before it has taken effect.

        :raise UserError: When none is scheduled, or Stripe refuses.
        """
        subscription = self._stripe_begin("resume")
        self._stripe_update("resume", subscription._prepare_resume_params())
        self._stripe_end(self.env._("Cancellation taken back: the subscription goes on."))

    def _prepare_resume_params(self):
        """Return the parameters that take a scheduled cancellation back.

        Stripe's own pages set a date; the flag is false then.
        """
        at_period_end = self.sudo().stripe_data.get("cancel_at_period_end")
        return {"cancel_at_period_end": False} if at_period_end else {"cancel_at": ""}

    def _stripe_preview_cancel(self, when, prorate=False, invoice_now=False, **_other):
        """Return what canceling would bill or credit; see `_stripe_cancel` and `_stripe_preview`.

        :return: None when it makes no invoice.
        :rtype: dict|None
        """
        if when == "period_end":
            # Usage and one-off items that are still to be billed.
            return self._stripe_preview({"cancel_at_period_end": True})
        if not (prorate or invoice_now):
            return None
        return self._stripe_preview(
            {"cancel_now": True, "proration_behavior": "create_prorations" if prorate else "none"}
        )

    def _stripe_preview_resume(self):
        """Return the next invoice after a cancellation was taken back; see `_stripe_preview`."""
        return self._stripe_preview(self._prepare_resume_params())

    # === BUSINESS METHODS - HELPERS === #

    def _stripe_update(self, name, params):
        """Change the subscription at Stripe; see `_stripe_act`.

        :return: The subscription, of which only ids may be used.
        :rtype: dict
        :raise UserError: When Stripe does not answer or refuses.
        """
        try:
            return self._stripe_act(name, "subscriptions", "update", self.stripe_id, params=params)
        except StripeGatewayError as error:
            raise self._stripe_refuse(error) from error

    def _get_reason_text(self, reason, comment):
        """Return why the customer cancels, as it is appended to a message.

        :param str reason: See `const.FEEDBACK`.
        :param str comment: What the customer says.
        :rtype: str
        """
        parts = [dict(const.FEEDBACK).get(reason), comment and f"“{comment}”"]
        words = ", ".join(part for part in parts if part)
        return " " + self.env._("Reason: %(words)s", words=words) if words else ""

    def _get_refundable_move(self):
        """Return the newest paid invoice of the subscription.

        :rtype: account.move
        """
        self.ensure_one()
        moves = self.move_ids.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.state == "posted"
                and move.stripe_invoice_status == "paid"
                and move.currency_id.compare_amounts(move.amount_total, 0) > 0
            )
        )
        return moves.sorted("id")[-1:]

    def _stripe_refund_last(self, move, amount):
        """Refund a part of the last invoice of a subscription that is canceled; never raises.

        :param account.move move: The invoice.
        :param float amount: Major units, with taxes.
        """
        shown = format_amount(self.env, amount, self.currency_id)
        try:
            with self.env.cr.savepoint():
                move._stripe_refund(amount, "order_change")
        except UserError as error:
            message = self.env._(
                "The refund of %(amount)s failed: %(error)s Refund the invoice %(invoice)s by hand.",
                amount=shown,
                error=error,
                invoice=move.name,
            )
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=self.env._("Refund failed"),
                note=message,
                user_id=self.env.uid,
            )
        else:
            message = self.env._(
                "%(amount)s of invoice %(invoice)s refunded.", amount=shown, invoice=move.name
            )
        self.message_post(body=message, subtype_xmlid="mail.mt_note")
