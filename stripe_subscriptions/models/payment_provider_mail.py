from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import stripe_mails


class PaymentProvider(models.Model):
    """Which mails about subscriptions are sent for a Stripe account."""

    _inherit = "payment.provider"

    # === FIELDS === #

    stripe_mail_setting_ids = fields.One2many(
        string="Mails", comodel_name="stripe.mail.setting", inverse_name="provider_id"
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: a new Stripe account sends all mails."""
        providers = super().create(vals_list)
        providers.filtered(lambda p: p.code == "stripe")._stripe_ensure_mail_settings()
        return providers

    # === BUSINESS METHODS === #

    def _stripe_ensure_mail_settings(self):
        """Make the settings of mails that are lacking."""
        setting_model = self.env["stripe.mail.setting"].sudo()
        vals_list = []
        for provider in self:
            known = set(provider.stripe_mail_setting_ids.mapped("kind"))
            vals_list += [
                {
                    "provider_id": provider.id,
                    "kind": kind,
                    "sequence": sequence,
                    "template_id": provider._stripe_get_default_template(kind).id,
                }
                for sequence, (kind, _label) in enumerate(stripe_mails.KINDS)
                if kind not in known
            ]
        setting_model.create(vals_list)

    @api.model
    def _stripe_get_default_template(self, kind):
        """Return the template that comes with the application, none when it was deleted."""
        template = self.env.ref(
            f"stripe_subscriptions.mail_template_subscription_{kind}", raise_if_not_found=False
        )
        return template or self.env["mail.template"]

    def _stripe_get_mail_kinds(self):
        """Return the kinds of mails that are sent.

        :rtype: frozenset[str]
        """
        self.ensure_one()
        return self.env["stripe.mail.setting"]._get_kinds(self.id)

    def _stripe_get_mail_template(self, kind):
        """Return the template of a mail.

        :param str kind: See `stripe_mails.KINDS`.
        :rtype: mail.template
        """
        self.ensure_one()
        setting = self.stripe_mail_setting_ids.filtered(lambda s: s.kind == kind)
        return setting.template_id or self.env.ref(
            f"stripe_subscriptions.mail_template_subscription_{kind}"
        )

    def _stripe_get_mail_users(self):
        """Return who of staff is told that a customer has subscribed.

        :rtype: res.users
        """
        self.ensure_one()
        settings = self.stripe_mail_setting_ids.filtered(lambda s: s.kind == "subscribed_staff")
        return settings.user_ids or self.stripe_billing_user_id
