from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # === FIELDS === #

    stripe_customer_ids = fields.One2many(
        string="Stripe Customers",
        comodel_name="stripe.customer",
        inverse_name="partner_id",
        groups="stripe_subscriptions.group_stripe_subscriptions_user",
    )
    stripe_subscription_ids = fields.One2many(
        string="Stripe Subscriptions",
        comodel_name="stripe.subscription",
        inverse_name="partner_id",
        groups="stripe_subscriptions.group_stripe_subscriptions_user",
    )
    stripe_subscription_count = fields.Integer(
        string="Subscriptions",
        compute="_compute_stripe_subscription_count",
        groups="stripe_subscriptions.group_stripe_subscriptions_user",
    )
    stripe_primary_contact_id = fields.Many2one(
        string="Primary Contact",
        help="Gets the mails about subscriptions of this company and acts for it in the portal. "
        "When empty: its first contact with an e-mail address, else the company itself.",
        comodel_name="res.partner",
        domain="[('parent_id', '=', id), ('email', '!=', False)]",
        ondelete="set null",
    )

    # === COMPUTE METHODS === #

    def _compute_stripe_subscription_count(self):
        counts = self.env["stripe.subscription"]._read_group(
            [("partner_id", "child_of", self.ids)], ["partner_id"], ["__count"]
        )
        self.stripe_subscription_count = 0
        for partner, count in counts:
            while partner:
                if partner in self:
                    partner.stripe_subscription_count += count
                partner = partner.parent_id

    # === ACTION METHODS === #

    def action_view_stripe_subscriptions(self):
        """Open the subscriptions of the partner and of its contacts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_subscription"
        )
        return {
            **action,
            "domain": [("partner_id", "child_of", self.id)],
            "context": {"default_partner_id": self.id, "search_default_filter_all": 1},
        }

    # === BUSINESS METHODS === #

    def _get_stripe_primary_contact(self):
        """Return who gets the mails of a customer and may act for it.

        :return: The chosen contact, else the first contact with an e-mail address, else the partner.
        :rtype: res.partner
        """
        self.ensure_one()
        customer = self.commercial_partner_id
        if customer != self or not customer.is_company:
            return self
        if customer.stripe_primary_contact_id:
            return customer.stripe_primary_contact_id
        contacts = customer.child_ids.filtered(lambda c: c.type == "contact" and c.email)
        return contacts.sorted("id")[:1] or customer
