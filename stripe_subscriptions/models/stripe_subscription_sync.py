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
            provider, list({utils.object_id(obj.get("customer")) for obj in objects} - {False})
        )
        linked = set(customers.mapped("stripe_id"))
        gone = [obj for obj in objects if obj.get("deleted")]
        objects = [obj for obj in objects if utils.object_id(obj.get("customer")) in linked]
        self._stripe_link_drafts(provider, objects)
        return super()._stripe_apply(provider, objects + gone)

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
    def _prepare_stripe_lookup(self, provider, objects):
        """Override of `stripe.mixin`: customers, plans, tax rates and coupons."""
        ids = {"customers": set(), "prices": set(), "rates": set(), "coupons": set()}
        for obj in objects:
            if obj.get("deleted"):
                continue
            ids["customers"].add(utils.object_id(obj["customer"]))
            ids["prices"] |= {item["price"]["id"] for item in utils.path(obj, "items.data", [])}
            ids["rates"] |= {rate["id"] for rate in obj.get("default_tax_rates") or []}
            ids["coupons"].add(self._get_coupon_id(obj))
        models_by_name = {
            "customers": "stripe.customer",
            "prices": "stripe.price",
            "rates": "stripe.tax.rate",
            "coupons": "stripe.coupon",
        }
        return {
            name: {
                record.stripe_id: record
                for record in self.env[model]._stripe_find(provider, list(ids[name] - {False}))
            }
            for name, model in models_by_name.items()
        }

    @api.model
    def _prepare_stripe_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`.

        :raise UserError: When the customer is not linked to a partner.
        """
        customer = lookup["customers"].get(utils.object_id(obj["customer"]))
        if not customer:
            self.env["stripe.customer"]._stripe_require(
                provider, [utils.object_id(obj["customer"])]
            )
        start, end = utils.subscription_period(obj)
        cancel_at = obj.get("cancel_at") or (obj["cancel_at_period_end"] and end) or None
        coupon = lookup["coupons"].get(self._get_coupon_id(obj))
        rates = [
            lookup["rates"][rate["id"]].id
            for rate in obj.get("default_tax_rates") or []
            if rate["id"] in lookup["rates"]
        ]
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
            "tax_rate_ids": [Command.set(rates)],
            "coupon_id": coupon.id if coupon else False,
        }

    @api.model
    def _prepare_stripe_create_values(self, provider, obj, lookup):
        """Override of `stripe.mixin`: a subscription that was made at Stripe, not from a draft."""
        names = [
            lookup["prices"][item["price"]["id"]].name
            for item in utils.path(obj, "items.data", [])
            if item["price"]["id"] in lookup["prices"]
        ]
        return {
            "partner_id": lookup["customers"][utils.object_id(obj["customer"])].partner_id.id,
            "name": ", ".join(dict.fromkeys(names)) or obj["id"],
            "description": obj.get("description"),
            # Nobody was shown our terms.
            "terms": False,
        }

    @api.model
    def _get_coupon_id(self, obj):
        """Return the id of the coupon of a subscription's first discount; False without one."""
        for discount in obj.get("discounts") or []:
            if isinstance(discount, dict):
                return utils.object_id(utils.path(discount, "source.coupon"))
        return False

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

    def _stripe_apply_deleted(self, fetched_at):
        """Override of `stripe.mixin`: what is gone at Stripe has ended."""
        for subscription in self:
            ended_at = subscription.ended_at or fields.Datetime.now()
            subscription.write(
                {
                    "stripe_fetched_at": fetched_at,
                    "status": "canceled",
                    "stripe_status": "canceled",
                    "ended_at": ended_at,
                    "mrr": 0,
                }
            )

    def _stripe_after_apply(self, provider, objects):
        """Override of `stripe.mixin`: the lines become equal to the items."""
        self._stripe_apply_items(provider, objects)
        for subscription in self:
            mrr = subscription._get_mrr()
            if subscription.currency_id.compare_amounts(subscription.mrr, mrr):
                subscription.mrr = mrr

    def _stripe_apply_items(self, provider, objects):
        """Make the lines equal to the items of Stripe's subscriptions.

        A line of the draft becomes the item of the same plan.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: The Stripe subscription of each record.
        :raise UserError: When a plan is not in Odoo.
        """
        item_model = self.env["stripe.subscription.item"]
        prices = self._prepare_stripe_lookup(provider, objects)["prices"]
        kept = item_model.browse()
        vals_list = []
        for subscription, obj in zip(self, objects, strict=True):
            lines = {line.stripe_id: line for line in subscription.item_ids if line.stripe_id}
            drafts = subscription.item_ids.filtered(lambda line: not line.stripe_id)
            for item in utils.path(obj, "items.data", []):
                values = self._prepare_item_values(item, prices)
                line = (
                    lines.get(item["id"])
                    or (drafts - kept).filtered(
                        lambda draft, values=values: draft.price_id.id == values["price_id"]
                    )[:1]
                )
                if not line:
                    vals_list.append({**values, "subscription_id": subscription.id})
                    continue
                kept |= line
                if (line.stripe_id, line.price_id.id, line.quantity) != (*values.values(),):
                    line.write(values)
        gone = self.item_ids - kept
        if gone:
            gone.unlink()
        item_model.create(vals_list)

    @api.model
    def _prepare_item_values(self, item, prices):
        """Map an item of a Stripe subscription to the values of a line. Pure.

        :param dict item: The item.
        :param dict[str, stripe.price] prices: The plans by Stripe id.
        :raise UserError: When the plan is not in Odoo.
        """
        price = prices.get(item["price"]["id"])
        if not price:
            raise UserError(
                self.env._(
                    "The plan %(plan)s is not in Odoo: fetch plans and tax rates again.",
                    plan=item["price"]["id"],
                )
            )
        return {
            "stripe_id": item["id"],
            "price_id": price.id,
            "quantity": item.get("quantity") or 0,
        }

    # === BUSINESS METHODS - COMPARISON === #

    def _stripe_get_differences(self, provider, obj, lookup):
        """Override of `stripe.mixin`: plans and quantities too; says when the customer is unknown."""
        if obj.get("deleted"):
            live = self and self.status not in const.ENDED_STATUSES
            return [("status", self.status, "canceled")] if live else []
        if utils.object_id(obj.get("customer")) not in lookup["customers"]:
            customer_id = utils.object_id(obj.get("customer")) or ""
            return [("stripe_customer_id", self.env._("not linked"), customer_id)]
        differences = super()._stripe_get_differences(provider, obj, lookup)
        if self:
            here = sorted((line.price_id.stripe_id, line.quantity) for line in self.item_ids)
            there = sorted(
                (item["price"]["id"], item.get("quantity") or 0)
                for item in utils.path(obj, "items.data", [])
            )
            if here != there:
                texts = [", ".join(f"{n} × {price}" for price, n in part) for part in (here, there)]
                differences.append(("item_ids", *texts))
        return differences

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

    def _get_stripe_event_ids(self):
        """Override of `stripe.mixin`: events of the session, the invoices and their payments too."""
        moves = self.sudo().move_ids
        stripe_ids = [
            *super()._get_stripe_event_ids(),
            *self.sudo().mapped("checkout_session"),
            *moves.mapped("stripe_invoice_id"),
            *moves.reconciled_payment_ids.mapped("stripe_invoice_payment_id"),
        ]
        return [stripe_id for stripe_id in stripe_ids if stripe_id]
