from odoo import Command, api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError


class StripeSubscription(models.Model):
    """How a subscription is written from Stripe."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override of `stripe.mixin`: subscriptions of customers that Odoo does not know are left out.

        The draft for which a customer subscribed becomes the mirror, found by Stripe's metadata.
        """
        self = self._with_stripe_sync(provider)
        customers = self.env["stripe.customer"]._stripe_find(
            provider, [utils.object_id(obj.get("customer")) for obj in objects]
        )
        linked = set(customers.mapped("stripe_id"))
        objects = [obj for obj in objects if utils.object_id(obj.get("customer")) in linked]
        self._stripe_link_drafts(provider, objects)
        return super()._stripe_apply(provider, objects)

    @api.model
    def _stripe_link_drafts(self, provider, objects):
        """Tie the drafts to the subscriptions that were made for them.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe subscriptions.
        """
        record_ids = {self._get_metadata_record_id(provider, obj) for obj in objects} - {0}
        drafts = {
            draft.id: draft
            for draft in self.browse(record_ids).exists()
            if draft.provider_id == provider and not draft.stripe_id
        }
        if not drafts:
            return
        known = set(self._stripe_find(provider, [obj["id"] for obj in objects]).mapped("stripe_id"))
        for obj in objects:
            draft = drafts.pop(self._get_metadata_record_id(provider, obj), None)
            if draft and obj["id"] not in known:
                draft.write({"stripe_id": obj["id"], "livemode": obj["livemode"]})

    @api.model
    def _get_metadata_record_id(self, provider, obj):
        """Return the id of the record of this database that a Stripe object was made for, or 0.

        :param payment.provider provider: The Stripe account.
        :param dict obj: A Stripe subscription or Checkout Session.
        :rtype: int
        """
        metadata = obj.get("metadata") or {}
        record_id = metadata.get(const.METADATA_SUBSCRIPTION) or ""
        if metadata.get(const.METADATA_DATABASE) != provider._stripe_database():
            return 0
        return int(record_id) if record_id.isdigit() else 0

    @api.model
    def _prepare_stripe_values(self, provider, obj):
        """Override of `stripe.mixin`."""
        customer = self.env["stripe.customer"]._stripe_require(
            provider, [utils.object_id(obj["customer"])]
        )[utils.object_id(obj["customer"])]
        start, end = utils.subscription_period(obj)
        cancel_at = obj.get("cancel_at") or (obj["cancel_at_period_end"] and end) or None
        return {
            "stripe_customer_id": customer.id,
            "currency_id": self.env["res.currency"]._stripe_get(obj["currency"]).id,
            "stripe_status": obj["status"],
            "status": self._prepare_status(obj),
            "first_billing_date": self._prepare_first_billing_date(provider, obj),
            "current_period_start": utils.to_datetime(start),
            "current_period_end": utils.to_datetime(end),
            "cancel_at": utils.to_datetime(cancel_at),
            "canceled_at": utils.to_datetime(obj.get("canceled_at")),
            "ended_at": utils.to_datetime(obj.get("ended_at")),
            "trial_end": utils.to_datetime(obj.get("trial_end")),
        }

    @api.model
    def _prepare_stripe_create_values(self, provider, obj):
        """Override of `stripe.mixin`: a subscription that was made at Stripe, not from a draft."""
        customer = self.env["stripe.customer"]._stripe_find(
            provider, [utils.object_id(obj["customer"])]
        )
        names = (
            self.env["stripe.price"]
            ._stripe_find(
                provider, [item["price"]["id"] for item in utils.path(obj, "items.data", [])]
            )
            .mapped("name")
        )
        return {
            "partner_id": customer.partner_id.id,
            "name": ", ".join(dict.fromkeys(names)) or obj["id"],
            "description": obj.get("description"),
        }

    @api.model
    def _prepare_status(self, obj):
        """Return the status that people see: `future` while the first billing date lies ahead.

        Until that date Stripe calls the subscription trialing or active, according to the way in
        which it was made to wait.

        :param dict obj: A Stripe subscription.
        :rtype: str
        """
        deferred = (obj.get("metadata") or {}).get(const.METADATA_FIRST_BILLING)
        start, _end = utils.subscription_period(obj)
        waits = start and start < obj["billing_cycle_anchor"]
        if deferred and waits and obj["status"] in ("trialing", "active"):
            return "future"
        return obj["status"]

    @api.model
    def _prepare_first_billing_date(self, provider, obj):
        """Return the date that was agreed, else the day of subscribing.

        :rtype: date
        """
        agreed = (obj.get("metadata") or {}).get(const.METADATA_FIRST_BILLING)
        return fields.Date.to_date(agreed) or utils.to_local_date(
            obj["start_date"], provider.company_id.partner_id.tz
        )

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: items, taxes and discount; one message when the status changes."""
        price_ids = {
            item["price"]["id"] for obj in objects for item in utils.path(obj, "items.data", [])
        }
        prices = {
            price.stripe_id: price
            for price in self.env["stripe.price"]._stripe_find(provider, list(price_ids))
        }
        rate_ids = {rate["id"] for obj in objects for rate in obj.get("default_tax_rates") or []}
        rates = {
            rate.stripe_id: rate
            for rate in self.env["stripe.tax.rate"]._stripe_find(provider, list(rate_ids))
        }
        for subscription, obj in zip(self, objects, strict=True):
            subscription._stripe_apply_items(obj, prices)
            subscription_rates = [
                rates[rate["id"]].id
                for rate in obj.get("default_tax_rates") or []
                if rate["id"] in rates
            ]
            coupon_id = subscription._stripe_get_coupon(provider, obj).id
            subscription.write(
                {
                    "tax_rate_ids": [Command.set(subscription_rates)],
                    "coupon_id": coupon_id,
                    "mrr": subscription._get_mrr(),
                }
            )

    def _stripe_apply_items(self, obj, prices):
        """Make the lines equal to a subscription's items.

        A line of the draft becomes the item of the same plan.

        :param dict obj: The Stripe subscription.
        :param dict[str, stripe.price] prices: The plans by Stripe id.
        :raise UserError: When a plan is not in Odoo.
        """
        self.ensure_one()
        lines = {line.stripe_id: line for line in self.item_ids if line.stripe_id}
        drafts = self.item_ids.filtered(lambda line: not line.stripe_id)
        kept = self.item_ids.browse()
        vals_list = []
        for item in utils.path(obj, "items.data", []):
            price = prices.get(item["price"]["id"])
            if not price:
                raise UserError(
                    self.env._(
                        "The plan %(plan)s is not in Odoo: fetch plans and tax rates again.",
                        plan=item["price"]["id"],
                    )
                )
            values = {
                "stripe_id": item["id"],
                "price_id": price.id,
                "quantity": item.get("quantity") or 0,
            }
            line = (
                lines.get(item["id"])
                or (drafts - kept).filtered(lambda draft, price=price: draft.price_id == price)[:1]
            )
            if line:
                kept |= line
                line.write(values)
            else:
                vals_list.append({**values, "subscription_id": self.id})
        (self.item_ids - kept).unlink()
        self.env["stripe.subscription.item"].create(vals_list)

    def _stripe_get_coupon(self, provider, obj):
        """Return the coupon of a subscription's first discount; none when it is over.

        :rtype: stripe.coupon
        """
        coupon_ids = [
            utils.object_id(utils.path(discount, "source.coupon"))
            for discount in obj.get("discounts") or []
            if isinstance(discount, dict)
        ]
        return self.env["stripe.coupon"]._stripe_find(provider, coupon_ids[:1])

    # === BUSINESS METHODS - FETCH === #

    def _stripe_refresh(self):
        """Fetch the subscription and its latest invoice and apply them.

        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.ensure_one()
        self.provider_id._stripe_sync([("subscription", self.stripe_id)])
        latest_invoice = utils.object_id((self.sudo().stripe_data or {}).get("latest_invoice"))
        if latest_invoice:
            self.provider_id._stripe_sync([("invoice", latest_invoice)])
