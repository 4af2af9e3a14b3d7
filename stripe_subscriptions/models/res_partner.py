from odoo import fields, models

# Fields of a contact -> what they are among the details of its customer at Stripe.
DETAILS = {
    "name": "name",
    "email": "email",
    "phone": "phone",
    "lang": "preferred_locales",
    "vat": "tax_id",
    "stripe_primary_contact_id": "email",
    **dict.fromkeys(("street", "street2", "city", "zip", "state_id", "country_id"), "address"),
}
# What a customer has from its primary contact, not from the company.
CONTACT_DETAILS = {"email", "preferred_locales"}


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

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: Stripe is told of what changes about its customers."""
        result = super().write(vals)
        names = {DETAILS[name] for name in DETAILS.keys() & vals.keys()}
        if names and not self.env.context.get("stripe_sync"):
            self._stripe_note_details(names)
        return result

    # === ACTION METHODS === #

    def action_new_stripe_subscription(self):
        """Open a new subscription for the contact."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Subscription"),
            "res_model": "stripe.subscription",
            "view_mode": "form",
            "context": {"default_partner_id": self.id},
        }

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

    def _stripe_note_details(self, names):
        """Have Stripe told that details of the contacts have changed.

        :param set[str] names: Of the values of `DETAILS`.
        """
        if "address" in names:
            # The country decides what kind of tax id it is.
            names = names | {"tax_id"}
        companies = self.filtered(lambda partner: partner == partner.commercial_partner_id)
        customer_model = self.env["stripe.customer"].sudo()
        customers = customer_model.search([("partner_id", "in", self.commercial_partner_id.ids)])
        for customer in customers:
            own = names if customer.partner_id in companies else names & CONTACT_DETAILS
            if own:
                customer._stripe_note_details(own)
