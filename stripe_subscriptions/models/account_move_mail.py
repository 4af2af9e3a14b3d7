from odoo import models
from odoo.tools.urls import urljoin


class AccountMove(models.Model):
    """The mails about an invoice that Stripe collects."""

    _name = "account.move"
    _inherit = ["account.move", "stripe.mail.record"]

    # === BUSINESS METHODS - MAIL === #

    def _stripe_get_mail_contact(self):
        """Override of `stripe.mail.record`: the contact of the subscription, else of the customer."""
        self.ensure_one()
        contact = self.sudo().stripe_subscription_id.contact_id
        return contact or self.partner_id._get_stripe_primary_contact()

    def _stripe_get_mail_subscription(self):
        """Override of `stripe.mail.record`."""
        return self.stripe_subscription_id

    def _stripe_get_mail_obstacle(self, kind, key, facts):
        """Override of `stripe.mail.record`: what was paid meanwhile, or has failed again."""
        self.ensure_one()
        if kind == "receipt":
            return self.stripe_invoice_status != "paid" and self.env._("It is not paid any more.")
        if kind == "refunded":
            refund = self.env["account.payment"]._stripe_find(self.stripe_provider_id, [key])
            return refund.state not in ("in_process", "paid") and self.env._("The refund failed.")
        returned = self.stripe_invoice_status == "void" and self.stripe_payment_failed
        if self.stripe_invoice_status != "open" and not returned:
            return self.env._("Nothing is to be paid any more.")
        if kind == "action_required":
            return not self.stripe_action_since and self.env._("The bank does not ask any more.")
        if str(self.stripe_attempt_count) != key or not self.stripe_payment_failed:
            return self.env._("It was tried again meanwhile.")
        return False

    def _stripe_get_mail_pdf(self):
        """Return the invoice as a PDF for a mail: Odoo's legal document, made when there is none yet.

        :rtype: ir.attachment
        """
        self.ensure_one()
        if not self.invoice_pdf_report_id:
            # The invoice's document alone: no mail of Odoo's own, nothing handed to authorities.
            self.env["account.move.send"]._generate_and_send_invoices(
                self, sending_methods=[], extra_edis=[]
            )
        # The mail keeps a copy: the document itself belongs to the invoice.
        return self.env["ir.attachment"].union(
            *(
                attachment.copy(
                    {"res_field": False, "res_model": "mail.compose.message", "res_id": 0}
                )
                for attachment in self.env["account.move.send"]._get_invoice_extra_attachments(self)
            )
        )

    def _stripe_get_pay_link(self):
        """Return the address in Odoo that leads to Stripe's page of the invoice, for a mail.

        :rtype: str
        """
        self.ensure_one()
        token = self._portal_ensure_token()
        path = f"/my/subscriptions/pay/{self.id}?access_token={token}"
        return urljoin(self.get_base_url(), path)

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of `mail`: the button says what it is for, and leads to where something is to be paid."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        kind = self.env.context.get("stripe_mail_kind")
        if not kind:
            return groups
        titles = {
            "payment_failed": self.env._("Pay now"),
            "action_required": self.env._("Confirm the payment"),
        }
        for name, _method, values in groups:
            button = values.setdefault("button_access", {})
            button["title"] = self.env._("View invoice")
            if kind in titles and name != "user" and self.stripe_invoice_status == "open":
                button.update(url=self._stripe_get_pay_link(), title=titles[kind])
                values["has_button_access"] = True
        return groups
