from odoo import api, fields, models, tools
from odoo.addons.stripe_subscriptions import stripe_mails


class StripeMailSetting(models.Model):
    """Whether mails of a kind are sent for a Stripe account, and by which template."""

    _name = "stripe.mail.setting"
    _description = "Stripe Mail Setting"
    _order = "provider_id, sequence, id"
    _rec_name = "kind"

    # === FIELDS === #

    provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="provider_id.company_id")
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(stripe_mails.KINDS, string="Mail", required=True, readonly=True)
    enabled = fields.Boolean(string="Send", default=True)
    model = fields.Char(compute="_compute_model")
    template_id = fields.Many2one(
        help="Empty: the one that comes with the application.",
        comodel_name="mail.template",
        domain="[('model', '=', model)]",
        ondelete="set null",
    )
    user_ids = fields.Many2many(
        string="Who Is Told",
        help="Of staff; without anybody the responsible of the Stripe account.",
        comodel_name="res.users",
        domain=[("share", "=", False)],
    )

    _kind_uniq = models.UniqueIndex("(provider_id, kind)", "This mail has its setting already.")

    # === COMPUTE METHODS === #

    @api.depends("kind")
    def _compute_model(self):
        for setting in self:
            about_invoice = setting.kind in stripe_mails.INVOICE_KINDS
            setting.model = "account.move" if about_invoice else "stripe.subscription"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override: which mails are sent is cached."""
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        """Override: which mails are sent is cached."""
        if "enabled" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    @tools.ormcache("provider_id")
    def _get_kinds(self, provider_id):
        """Return the kinds of mails that are sent for a Stripe account.

        :param int provider_id: The account.
        :rtype: frozenset[str]
        """
        settings = self.sudo().search([("provider_id", "=", provider_id), ("enabled", "=", False)])
        return frozenset(kind for kind, _label in stripe_mails.KINDS) - set(settings.mapped("kind"))

    @api.model
    def _ensure(self):
        """Make the settings that accounts lack: when the addon is installed or updated."""
        self.env["payment.provider"].search(
            [("code", "=", "stripe")]
        )._stripe_ensure_mail_settings()
