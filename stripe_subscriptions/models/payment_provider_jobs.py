from odoo import models
from odoo.exceptions import AccessError


class PaymentProvider(models.Model):
    """The buttons that start work on the whole account, and those that lead to its results."""

    _inherit = "payment.provider"

    # === BUSINESS METHODS === #

    def _stripe_billing_check_company(self):
        """Check that the account is that of a company of the user; questions and jobs name it by its id.

        :raise AccessError: When it is another company's.
        """
        if not self.env.su and self.sudo().company_id not in self.env.companies:
            raise AccessError(self.env._("The Stripe account is that of another company."))

    # === ACTION METHODS === #

    def action_stripe_billing_catch_up(self):
        """Fetch the events that no webhook brought."""
        self.ensure_one()
        self.check_access("write")
        return self.env["stripe.job"]._start(self, "catch_up").action_start()

    def action_stripe_billing_compare(self):
        """Compare Odoo with Stripe."""
        self.ensure_one()
        self.check_access("write")
        return self.env["stripe.job"]._start(self, "audit").action_start()

    def action_stripe_billing_import(self):
        """Ask how the account is to be taken over."""
        self.check_access("write")
        return self._stripe_billing_open_wizard("stripe.import", self.env._("Import"))

    def action_stripe_billing_remove_test(self):
        """Show what is left of test mode."""
        self.check_access("write")
        return self._stripe_billing_open_wizard(
            "stripe.remove.test", self.env._("Remove test data")
        )

    def action_stripe_billing_replace_key(self):
        """Ask for a new webhook key."""
        self.check_access("write")
        return self._stripe_billing_open_wizard(
            "stripe.webhook.key", self.env._("Replace the webhook key")
        )

    def _stripe_billing_open_wizard(self, model, name):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_provider_id": self.id},
        }

    def action_stripe_billing_view_differences(self):
        """Open the differences from Stripe."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_difference"
        )
        return {**action, "domain": [("provider_id", "in", self.ids)]}

    def action_stripe_billing_view_events(self):
        """Open the events of the account."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "stripe_subscriptions.action_stripe_event"
        )
        return {**action, "domain": [("provider_id", "in", self.ids)]}
