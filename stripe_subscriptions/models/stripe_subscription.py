import uuid

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import AccessError, UserError, ValidationError


class StripeSubscription(models.Model):
    """A subscription of a customer: a draft that the customer is invited to, then Stripe's mirror.

    Staff decide its fields while it is a draft; once the customer has subscribed they are Stripe's.
    How it is written from Stripe is in `stripe_subscription_sync.py`, how a customer subscribes in
    `stripe_subscription_checkout.py`.
    """

    _name = "stripe.subscription"
    _description = "Stripe Subscription"
    _inherit = ["stripe.mixin", "portal.mixin", "mail.thread", "mail.activity.mixin"]
    _order = "create_date desc, id desc"
    _stripe_dashboard_path = "subscriptions"
    _check_company_auto = True

    # === FIELDS === #

    # What staff decide before it is sent
    name = fields.Char(
        string="Subscription",
        help="Seen by the customer.",
        required=True,
        index="trigram",
        tracking=True,
    )
    description = fields.Text(help="Seen by the customer.")
    terms = fields.Html(
        string="Terms & Conditions",
        help="Shown to the customer directly above the button to subscribe.",
        default=lambda self: self.env.company.stripe_default_terms,
        sanitize_attributes=True,
        sanitize_form=True,
    )
    partner_id = fields.Many2one(
        string="Customer",
        comodel_name="res.partner",
        required=True,
        index=True,
        tracking=True,
        check_company=True,
        ondelete="restrict",
    )
    contact_id = fields.Many2one(
        string="Primary Contact",
        help="Gets the mails and acts for the customer in the portal.",
        comodel_name="res.partner",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="['|', ('id', '=', partner_id), ('parent_id', '=', partner_id)]",
        check_company=True,
        ondelete="restrict",
    )
    provider_id = fields.Many2one(
        default=lambda self: self._default_provider_id(), readonly=False, check_company=True
    )
    item_ids = fields.One2many(
        string="Plans",
        comodel_name="stripe.subscription.item",
        inverse_name="subscription_id",
        copy=True,
    )
    first_billing_date = fields.Date(
        help="When the customer is charged for the first time. Empty, or passed when the customer "
        "subscribes: the day of subscribing.",
        copy=False,
        tracking=True,
    )
    tax_rate_ids = fields.Many2many(
        string="Taxes", comodel_name="stripe.tax.rate", check_company=True
    )
    coupon_id = fields.Many2one(
        comodel_name="stripe.coupon", check_company=True, ondelete="restrict"
    )

    # What Stripe says
    status = fields.Selection(
        const.STATUSES,
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    stripe_status = fields.Selection(const.STRIPE_STATUSES, readonly=True, copy=False)
    stripe_customer_id = fields.Many2one(
        "stripe.customer", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    current_period_start = fields.Datetime(readonly=True, copy=False)
    current_period_end = fields.Datetime(readonly=True, copy=False)
    next_charge_at = fields.Datetime(
        string="Next Charge", compute="_compute_next_charge_at", store=True, index=True
    )
    cancel_at = fields.Datetime(string="Ends On", readonly=True, copy=False)
    canceled_at = fields.Datetime(string="Cancellation Asked On", readonly=True, copy=False)
    ended_at = fields.Datetime(string="Ended On", readonly=True, copy=False)
    trial_end = fields.Datetime(readonly=True, copy=False)
    mrr = fields.Monetary(
        string="MRR",
        help="Monthly recurring revenue: the licensed plans of an active or past due subscription, "
        "before discounts and taxes.",
        readonly=True,
        copy=False,
    )

    # Sign-up
    access_token = fields.Char(default=lambda self: str(uuid.uuid4()))
    sent_at = fields.Datetime(string="Sent On", readonly=True, copy=False)
    checkout_session = fields.Char(readonly=True, copy=False, groups="base.group_system")
    checkout_fingerprint = fields.Char(readonly=True, copy=False, groups="base.group_system")
    checkout_count = fields.Integer(readonly=True, copy=False, groups="base.group_system")

    # Accounting
    move_ids = fields.One2many(
        string="Invoices",
        comodel_name="account.move",
        inverse_name="stripe_subscription_id",
        readonly=True,
    )
    move_count = fields.Integer(string="Invoice Count", compute="_compute_move_count")

    # The list, and its groups with their sums, also when there are very many.
    _list_idx = models.Index("(create_date DESC, id DESC)")
    # Who only counts reads a twentieth of what sums take.
    _board_idx = models.Index("(company_id, status)")
    _groups_idx = models.Index(
        "(company_id, status, create_date DESC, id DESC) INCLUDE (mrr, next_charge_at, partner_id)"
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id")
    def _compute_contact_id(self):
        for subscription in self:
            partner = subscription.partner_id
            subscription.contact_id = partner and partner._get_stripe_primary_contact()

    @api.depends("status", "current_period_end", "trial_end", "cancel_at")
    def _compute_next_charge_at(self):
        for subscription in self:
            next_charge_at = subscription.current_period_end
            if subscription.status not in ("future", "trialing", "active", "past_due") or (
                subscription.cancel_at
                and subscription.cancel_at <= (next_charge_at or subscription.cancel_at)
            ):
                next_charge_at = False
            subscription.next_charge_at = next_charge_at

    def _compute_move_count(self):
        counts = dict(
            self.env["account.move"]._read_group(
                [("stripe_subscription_id", "in", self.ids)],
                ["stripe_subscription_id"],
                ["__count"],
            )
        )
        for subscription in self:
            subscription.move_count = counts.get(subscription, 0)

    def _compute_access_url(self):
        """Override of `portal`."""
        for subscription in self:
            subscription.access_url = f"/my/subscriptions/{subscription.id}"

    # === CONSTRAINT METHODS === #

    @api.constrains("first_billing_date")
    def _check_first_billing_date(self):
        for subscription in self.filtered(lambda s: s.status == "draft" and s.first_billing_date):
            days = (subscription.first_billing_date - subscription._get_today()).days
            if days <= 0:
                raise ValidationError(
                    self.env._(
                        "The first billing date must be in the future. Leave it empty to bill on "
                        "the day on which the customer subscribes."
                    )
                )
            if days > const.MAX_FIRST_BILLING_DAYS:
                raise ValidationError(
                    self.env._("The first billing date may be at most two years ahead.")
                )

    @api.constrains("coupon_id", "currency_id", "provider_id", "tax_rate_ids")
    def _check_stripe_account(self):
        for subscription in self:
            coupon = subscription.coupon_id
            if coupon.currency_id and coupon.currency_id != subscription.currency_id:
                raise ValidationError(
                    self.env._(
                        "The coupon %(coupon)s is in %(coupon_currency)s, the subscription in "
                        "%(currency)s.",
                        coupon=coupon.name,
                        coupon_currency=coupon.currency_id.name,
                        currency=subscription.currency_id.name,
                    )
                )
            prices, rates = subscription.item_ids.price_id, subscription.tax_rate_ids
            used = prices.provider_id | coupon.provider_id | rates.provider_id
            if used - subscription.provider_id:
                raise ValidationError(
                    self.env._(
                        "Plans, coupon and taxes must be of the subscription's Stripe account."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `base`: what Stripe decides is not for people to write."""
        for vals in vals_list:
            self._check_not_of_stripe(vals)
        return super().create(vals_list)

    def write(self, vals):
        """Override of `base`: what Stripe has been told cannot be changed here afterwards."""
        frozen = {"partner_id", "provider_id", "item_ids", "first_billing_date", "tax_rate_ids"}
        frozen |= {"coupon_id", "trial_days", "trial_until", "collection_method", "days_until_due"}
        frozen |= {"automatic_tax", "print_description", "company_id"}
        self._check_not_of_stripe(vals)
        # Who comes from outside may claim to be the writer; sudo cannot be claimed.
        is_writer = self.env.su and self.env.context.get("stripe_sync")
        if frozen & vals.keys() and not is_writer:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_subscribed(self):
        if any(self.mapped("stripe_id")) and not self.env.context.get("stripe_remove_test"):
            raise UserError(
                self.env._("A subscription that exists at Stripe cannot be deleted: cancel it.")
            )

    # === ACTION METHODS === #

    def action_send_by_email(self):
        """Open the mail composer with the invitation to the primary contact.

        :raise UserError: When there is nothing to subscribe to, or nobody to write to.
        """
        self.ensure_one()
        self.check_access("write")
        self._check_ready()
        if not self.contact_id.email:
            raise UserError(
                self.env._("%(contact)s has no e-mail address.", contact=self.contact_id.name)
            )
        template = self.env.ref("stripe_subscriptions.mail_template_subscription_invitation")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Subscription"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_template_id": template.id,
                "default_composition_mode": "comment",
                "default_email_layout_xmlid": "mail.mail_notification_layout_with_responsible_signature",
                "force_email": True,
                "mark_subscription_as_sent": True,
            },
        }

    def action_preview(self):
        """Open what the customer sees."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "target": "self", "url": self.get_portal_url()}

    def action_view_invoices(self):
        """Open the invoices of the subscription."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoices"),
            "res_model": "account.move",
            "domain": [("stripe_subscription_id", "=", self.id)],
            "view_mode": "list,form",
            "views": [(self.env.ref("account.view_out_invoice_tree").id, "list"), (False, "form")],
            "context": {"create": False},
        }

    def action_refresh(self):
        """Fetch the subscriptions and their latest invoices from Stripe and apply them.

        :raise UserError: When Stripe cannot be reached or refuses.
        """
        self.check_access("write")
        for subscription in self.filtered("stripe_id"):
            subscription._stripe_refresh()

    # === BUSINESS METHODS === #

    def _get_today(self):
        """Return the current day where the company is.

        :rtype: date
        """
        self.ensure_one()
        return utils.to_local_date(
            int(self._stripe_now()), (self.company_id or self.env.company).partner_id.tz
        )

    @api.model
    def _check_not_of_stripe(self, vals):
        """Check that values are among those that people decide, whichever way they come.

        :param dict vals: As for `create` and `write`.
        :raise AccessError: When the user writes what only Stripe, or an action, may change.
        """
        fields_ = (self._fields[name] for name in vals if name in self._fields)
        if not self.env.su and any(f.readonly and f.store and not f.compute for f in fields_):
            raise AccessError(
                self.env._("This is decided at Stripe. Use the buttons of the subscription.")
            )

    def _check_draft(self):
        """Check that nobody has subscribed yet.

        :raise UserError: When one of the subscriptions exists at Stripe.
        """
        for subscription in self:
            if subscription.stripe_id:
                raise UserError(
                    self.env._(
                        "%(name)s exists at Stripe already; this cannot be changed any more.",
                        name=subscription.name,
                    )
                )

    def _check_ready(self):
        """Check that the subscription can be offered to the customer.

        :raise UserError: When it was subscribed already or has no plan that can be sold.
        """
        self.ensure_one()
        self._check_draft()
        if not self.item_ids:
            raise UserError(self.env._("Add at least one plan first."))
        archived = self.item_ids.price_id.filtered(lambda price: not price.active)
        if archived:
            raise UserError(
                self.env._(
                    "The plan %(plan)s is no longer sold at Stripe.", plan=archived[0].display_name
                )
            )

    def _get_mrr(self):
        """Return the monthly recurring revenue of the subscription.

        :return: Major units of the subscription's currency.
        :rtype: float
        """
        self.ensure_one()
        if self.status not in ("active", "past_due"):
            return 0.0
        return self.currency_id.round(
            sum(item.price_id._get_monthly_amount(item.quantity) for item in self.item_ids)
        )
