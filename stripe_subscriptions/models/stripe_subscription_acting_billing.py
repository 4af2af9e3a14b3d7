from odoo import models
from odoo.addons.stripe_subscriptions import stripe_preview, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeCardDeclined, StripeGatewayError
from odoo.exceptions import UserError
from odoo.tools import format_amount


class StripeSubscription(models.Model):
    """Money that is owed or asked for beside the plans: retrying, the card, one-off items."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - PAYMENT === #

    def _stripe_retry_payment(self):
        """Charge the oldest open invoice to the customer's card now.

        Of an unpaid subscription it is the newest one, which Stripe keeps as a draft:
        https://docs.stripe.com/billing/subscriptions/overview#unpaid-subscriptions

        :raise UserError: When nothing is owed, or with the bank's words when it refuses.
        """
        self._stripe_begin("retry")
        move = self._get_owed_move()
        invoice_id = move.stripe_invoice_id or utils.object_id(
            self.sudo().stripe_data.get("latest_invoice")
        )
        try:
            self._stripe_act("retry", "invoices", "pay", invoice_id, params={"off_session": True})
        except StripeGatewayError as error:
            if error.code != "invoice_already_paid":
                raise self._stripe_refuse(error) from error
        self._stripe_end(
            self.env._(
                "Payment of invoice %(invoice)s collected.", invoice=move.name or invoice_id
            ),
            ("invoice", invoice_id),
        )

    def _stripe_set_card(self, payment_method_id):
        """Charge another of the customer's cards from now on.

        :param str payment_method_id: Of one of `stripe.customer._stripe_get_cards`.
        :raise UserError: When it is not the customer's, or Stripe refuses.
        """
        subscription = self._stripe_begin("card")
        cards = {card["id"]: card for card in subscription._stripe_get_cards()}
        card = cards.get(payment_method_id)
        if not card:
            raise UserError(self.env._("This card is not the customer's any more."))
        self._stripe_update("card", {"default_payment_method": payment_method_id})
        text = self.env["stripe.customer"]._get_card_text(card)
        self._stripe_end(self.env._("Charged from now on: %(card)s.", card=text))

    def _stripe_get_cards(self):
        """Return the customer's cards; `is_default` is the one that the subscription is charged to.

        :rtype: list[dict]
        :raise UserError: When Stripe cannot be reached.
        """
        self.ensure_one()
        cards = self.sudo().stripe_customer_id._stripe_get_cards()
        own = utils.object_id((self.sudo().stripe_data or {}).get("default_payment_method"))
        if own:
            cards = [{**card, "is_default": card["id"] == own} for card in cards]
        return cards

    # === BUSINESS METHODS - ONE-OFF ITEMS === #

    def _stripe_charge_once(self, description, amount, when="next"):
        """Charge something beside the plans, exactly once; a negative amount is a credit.

        At once means an invoice of its own, together with what else waits for one. When the bank refuses,
        that invoice stays open: it is owed all the same.

        :param str description: Printed on the invoice.
        :param float amount: Major units, without taxes that come on top.
        :param str when: "next" for the next invoice, "now".
        :return: The action that tells that the card was declined, else None.
        :rtype: dict|None
        :raise UserError: When it cannot be charged, or Stripe refuses.
        """
        self._stripe_begin("charge")
        shown = format_amount(self.env, amount, self.currency_id)
        try:
            self._stripe_act(
                "charge_item",
                "invoice_items",
                "create",
                params={
                    "customer": self.sudo().stripe_customer_id.stripe_id,
                    "subscription": self.stripe_id,
                    **self._prepare_extra(description, amount),
                },
            )
            if when == "next":
                self._stripe_end(
                    self.env._(
                        "%(amount)s for “%(what)s” comes with the next invoice.",
                        amount=shown,
                        what=description,
                    )
                )
                return None
            invoice_id, declined = self._stripe_bill_now()
        except StripeGatewayError as error:
            raise self._stripe_refuse(error) from error
        message = self.env._(
            "%(amount)s for “%(what)s” was billed at once.", amount=shown, what=description
        )
        if declined:
            refused = self.env._("The invoice stays open: %(error)s", error=declined.message)
            message = f"{message} {refused}"
        self._stripe_end(message, ("invoice", invoice_id))
        return (
            self.provider_id._stripe_billing_notification(refused, "warning") if declined else None
        )

    def _stripe_bill_now(self):
        """Make an invoice of what waits for one, and charge or send it.

        :return: The id of the invoice, and why the bank refused, if it did.
        :rtype: tuple[str, StripeCardDeclined|None]
        :raise StripeGatewayError: When Stripe does not answer or refuses.
        """
        params = {
            "customer": self.sudo().stripe_customer_id.stripe_id,
            "subscription": self.stripe_id,
            "auto_advance": True,
        }
        if self.collection_method == "send_invoice":
            params |= {"collection_method": "send_invoice", "days_until_due": self.days_until_due}
        invoice_id = self._stripe_act("charge_invoice", "invoices", "create", params=params)["id"]
        if self.collection_method == "send_invoice":
            self._stripe_act("charge_send", "invoices", "send_invoice", invoice_id)
            return invoice_id, None
        try:
            self._stripe_act(
                "charge_pay", "invoices", "pay", invoice_id, params={"off_session": True}
            )
        except StripeCardDeclined as error:
            return invoice_id, error
        return invoice_id, None

    def _stripe_preview_charge(self, description, amount, when="next"):
        """Return what a one-off item makes of the next invoice, or the invoice that it makes at once.

        See `_stripe_charge_once` and `_stripe_preview`.

        :rtype: dict|None
        """
        preview = self._stripe_preview(invoice_items=[self._prepare_extra(description, amount)])
        if preview and when == "now":
            return stripe_preview.of_waiting(preview)
        return preview

    def _prepare_extra(self, description, amount):
        """Return the parameters of an invoice item.

        :raise UserError: When there is nothing to charge.
        """
        currency = self.currency_id
        if not (description or "").strip() or currency.is_zero(amount):
            raise UserError(self.env._("Say what is charged, and how much."))
        return {
            "amount": utils.to_minor(amount, currency.name),
            "currency": currency.name.lower(),
            "description": description.strip(),
        }
