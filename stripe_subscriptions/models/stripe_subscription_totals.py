from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.addons.stripe_subscriptions import stripe_preview, utils
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date


class StripeSubscription(models.Model):
    """What a subscription will cost, as Stripe says: before it is sent, and before it is subscribed to."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - STRIPE === #

    def _stripe_get_offer(self):
        """Ask Stripe what a draft would cost; nothing is made there.

        :return: `first`, the first invoice that charges the customer, and `then`, the ones that follow
            where they differ only by a discount, else None; see `stripe_preview.parse`. `starts_on` is
            the day of the first charge, False when that is the day of subscribing.
        :rtype: dict
        :raise UserError: When Stripe cannot be reached or refuses, or a plan is missing.
        """
        self.ensure_one()
        if not self.item_ids.price_id:
            raise UserError(self.env._("Add at least one plan first."))
        first = self._stripe_preview_offer(self.coupon_id)
        then = first
        if self.coupon_id.duration == "once":
            then = self._stripe_preview_offer(self.env["stripe.coupon"])
        periods = {(price.interval, price.interval_count) for price in self.item_ids.price_id}
        return {
            "first": first,
            "then": then if len(periods) == 1 else None,
            "starts_on": self._get_first_charge_date(),
        }

    def _stripe_preview_offer(self, coupon):
        """Ask Stripe for the invoice of a draft's first period.

        `tax_unknown` says whether Stripe Tax lacks the customer's address: taxes come on top, or are within.

        :param stripe.coupon coupon: The discount, if any.
        :rtype: dict
        :raise UserError: When Stripe cannot be reached or refuses.
        """
        provider = self.provider_id.sudo()
        customer = self.env["stripe.customer"]._stripe_get(provider, self.partner_id)
        params = utils.without_empty(
            {
                "customer": customer.stripe_id,
                "currency": not customer and self.currency_id.name.lower(),
                "discounts": coupon and self._prepare_discount_params(),
                "subscription_details": utils.without_empty(
                    {
                        "items": [item._prepare_checkout_line() for item in self.item_ids],
                        "default_tax_rates": self.tax_rate_ids.mapped("stripe_id"),
                    }
                ),
            }
        )
        obj, tax_unknown = self._stripe_request_preview(params, customer)
        return {**stripe_preview.parse(obj, int(self._stripe_now())), "tax_unknown": tax_unknown}

    def _get_first_charge_date(self):
        """Return the day on which the customer is charged first; False for the day of subscribing.

        :rtype: date|bool
        """
        self.ensure_one()
        today = self._get_today()
        if self.trial_days:
            return fields.Date.add(today, days=self.trial_days)
        day = self.trial_until or self.first_billing_date
        return day if day and day > today else False

    # === BUSINESS METHODS - TEXTS === #

    @api.model
    @api.readonly
    def get_offer_totals(self, values):
        """Return what a draft costs that may not be saved yet, for the widget of its form.

        :param dict values: Ids of the records and other values of the fields that count.
        :return: `rows` of label, amount and whether it is the main one; or `error`.
        :rtype: dict
        """
        self.browse().check_access("create")
        links = ("partner_id", "contact_id", "provider_id", "currency_id", "coupon_id")
        scalars = ("trial_days", "trial_until", "first_billing_date", "automatic_tax")
        items = [
            Command.create({"price_id": item["price_id"], "quantity": item["quantity"]})
            for item in values.get("items") or []
            if item.get("price_id")
        ]
        draft = self.new(
            {
                **{name: values.get(name) or False for name in (*links, *scalars)},
                "tax_rate_ids": [Command.set(values.get("tax_rate_ids") or [])],
                "item_ids": items,
            }
        )
        if not (draft.partner_id and items and draft.provider_id):
            return {"rows": []}
        draft._check_offer_access()
        try:
            return {"rows": draft._get_offer_rows(draft._stripe_get_offer())}
        except UserError as error:
            return {"error": str(error)}

    def _check_offer_access(self):
        """Check that Stripe may be asked for what a draft costs that the user has put together.

        :raise AccessError: When the account is another company's, or something of the draft may not be read.
        """
        if self.provider_id._origin not in self._get_providers(self.env.companies):
            raise AccessError(self.env._("The Stripe account is that of another company."))
        records = self.partner_id, self.item_ids.price_id, self.tax_rate_ids, self.coupon_id
        for parts in records:
            parts._origin.check_access("read")

    def _get_offer_rows(self, offer):
        """Return the lines of the totals of an offer, in the reader's language.

        :param dict offer: See `_stripe_get_offer`.
        :return: For each line: `name`, `label`, `amount` (text), `strong`.
        :rtype: list[dict]
        """
        self.ensure_one()
        first, then, starts_on = offer["first"], offer["then"], offer["starts_on"]
        rows = []

        def add(name, label, amount, strong=False):
            text = format_amount(self.env, float(amount), self.currency_id)
            rows.append({"name": name, "label": label, "amount": text, "strong": strong})

        total = Decimal(first["total"])
        if Decimal(first["subtotal"]) != total:
            add("subtotal", self.env._("Subtotal"), first["subtotal"])
        if Decimal(first["discount"]):
            label = self.env._("Discount: %s", self.promotion_code or self.coupon_id.name)
            add("discount", label, -Decimal(first["discount"]))
        if Decimal(first["tax"]):
            add("tax", self.env._("Tax"), first["tax"])
        if Decimal(first["tax_included"]):
            add("tax_included", self.env._("Tax, included"), first["tax_included"])
        if first["tax_unknown"]:
            label = self.env._("Tax: not known until the customer's address is complete")
            rows.append({"name": "tax_unknown", "label": label, "amount": "–", "strong": False})
        if starts_on:
            add("due_now", self.env._("Due when subscribing"), 0)
            day = format_date(self.env, starts_on)
            add("total", self.env._("First charge on %s", day), first["total"], strong=True)
        else:
            if Decimal(first["due"]) != total:
                add("total", self.env._("Total"), total)
                balance = Decimal(first["due"]) - total
                add("balance", self.env._("Customer's balance"), balance)
            add("due_now", self.env._("Due when subscribing"), first["due"], strong=True)
        if then:
            period = self.item_ids.price_id[:1]._get_period_text()
            add("then", self.env._("Then every %s", period), then["total"])
        return rows
