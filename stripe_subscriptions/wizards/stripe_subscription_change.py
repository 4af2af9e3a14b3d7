from odoo import api, fields, models

PRORATIONS = [
    ("always_invoice", "Bill the difference now"),
    ("create_prorations", "Bill the difference with the next invoice"),
    ("none", "Do not bill the difference"),
]


class StripeSubscriptionChange(models.TransientModel):
    """Asks which plans and how many of each a subscription is to have, and from when on."""

    _name = "stripe.subscription.change"
    _description = "Change Plans"
    _inherit = ["stripe.subscription.wizard"]

    _action = "change"
    _method = "_stripe_change_items"
    _preview_method = "_stripe_preview_items"

    # === FIELDS === #

    line_ids = fields.One2many("stripe.subscription.change.line", "wizard_id")
    before = fields.Char(compute="_compute_before", string="Now")
    when = fields.Selection(
        [("now", "Now"), ("renewal", "With the next renewal")], required=True, default="now"
    )
    proration = fields.Selection(PRORATIONS, required=True, default="always_invoice")
    renews_at = fields.Datetime(related="subscription_id.current_period_end")
    planned_text = fields.Char(related="subscription_id.planned_text")
    currency_note = fields.Char(compute="_compute_currency_note")
    at = fields.Integer(help="The moment from which on Stripe prorates; unix seconds.")

    # === COMPUTE METHODS === #

    @api.depends("subscription_ids")
    def _compute_before(self):
        for wizard in self:
            wizard.before = wizard.subscription_id and wizard.subscription_id._get_items_text()

    @api.depends("subscription_ids")
    def _compute_currency_note(self):
        for wizard in self:
            subscription = wizard.subscription_id
            wizard.currency_note = subscription and subscription._get_currency_note()

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """Override of `stripe_subscriptions`: the plans as they are now."""
        values = super().default_get(fields)
        ids = [key for command in values.get("subscription_ids") or [] for key in command[2]]
        subscription = self.env["stripe.subscription"].browse(ids)
        if len(subscription) == 1 and "line_ids" in fields:
            values["line_ids"] = [
                (0, 0, {"item_id": i.id, "price_id": i.price_id.id, "quantity": i.quantity})
                for i in subscription.item_ids
            ]
            # What is planned would undo a change that is made now; another plan takes its place.
            if "change_now" not in (subscription.offered_actions or ()):
                values["when"] = "renewal"
        return values

    # === ONCHANGE METHODS === #

    @api.onchange("line_ids", "when", "proration")
    def _onchange_preview(self):
        self._load_preview()

    # === BUSINESS METHODS === #

    def _load_preview(self):
        """Override of `stripe_subscriptions`: without a change there is nothing to show."""
        if self._get_changes() and all(line.price_id for line in self.line_ids):
            # The one moment is used for what is shown and for what is done.
            self.at = self.subscription_id._stripe_get_time()
            return super()._load_preview()
        self.preview = self.preview_error = False
        return None

    def _get_changes(self):
        """Return what was changed; see `stripe.subscription`.

        :rtype: list[dict]
        """
        changes, kept = [], self.env["stripe.subscription.item"]
        for line in self.line_ids:
            item = line.item_id._origin
            kept |= item
            values = {"price_id": line.price_id._origin.id, "quantity": line.quantity}
            if not item:
                changes.append(values)
            elif (item.price_id.id, item.quantity) != tuple(values.values()):
                changes.append({"item_id": item.id, **values})
        gone = self.subscription_id.item_ids._origin - kept
        return changes + [{"item_id": item.id, "removed": True} for item in gone]

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        return {
            "changes": self._get_changes(),
            "when": self.when,
            "proration": self.proration,
            "at": self.at or None,
        }


class StripeSubscriptionChangeLine(models.TransientModel):
    """A plan that the subscription is to have."""

    _name = "stripe.subscription.change.line"
    _description = "Plan of a Changed Subscription"

    # === FIELDS === #

    wizard_id = fields.Many2one("stripe.subscription.change", required=True, ondelete="cascade")
    item_id = fields.Many2one("stripe.subscription.item", readonly=True, ondelete="cascade")
    price_id = fields.Many2one("stripe.price", required=True, ondelete="cascade")
    usage_type = fields.Selection(related="price_id.usage_type")
    quantity = fields.Integer(default=1)
