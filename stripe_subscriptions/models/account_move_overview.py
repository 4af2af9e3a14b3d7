from odoo import api, fields, models


class AccountMove(models.Model):
    """What the form of an invoice or credit note shows of Stripe."""

    _inherit = "account.move"

    # === FIELDS === #

    stripe_customer_id = fields.Many2one(
        comodel_name="stripe.customer", compute="_compute_stripe_customer_id"
    )
    stripe_payment_ids = fields.Many2many(
        string="Stripe Payments",
        comodel_name="account.payment",
        compute="_compute_stripe_payment_ids",
    )
    stripe_credit_note_ids = fields.Many2many(
        string="Stripe Credit Notes",
        comodel_name="account.move",
        compute="_compute_stripe_credit_note_ids",
    )
    stripe_dispute_ids = fields.Many2many(
        string="Disputes", comodel_name="stripe.dispute", compute="_compute_stripe_dispute_ids"
    )
    stripe_dispute_count = fields.Integer(
        string="Number of Disputes", compute="_compute_stripe_dispute_ids"
    )

    # === COMPUTE METHODS === #

    @api.depends("stripe_provider_id", "commercial_partner_id", "stripe_livemode")
    def _compute_stripe_customer_id(self):
        customers = self.env["stripe.customer"].search(
            [
                ("provider_id", "in", self.stripe_provider_id.ids),
                ("partner_id", "in", self.commercial_partner_id.ids),
            ]
        )
        by_owner = {
            (customer.provider_id, customer.partner_id, customer.livemode): customer
            for customer in customers
        }
        for move in self:
            move.stripe_customer_id = by_owner.get(
                (move.stripe_provider_id, move.commercial_partner_id, move.stripe_livemode)
            )

    @api.depends("reconciled_payment_ids")
    def _compute_stripe_payment_ids(self):
        for move in self:
            move.stripe_payment_ids = move.reconciled_payment_ids.filtered("stripe_payment_ref")

    @api.depends("reversal_move_ids")
    def _compute_stripe_credit_note_ids(self):
        for move in self:
            move.stripe_credit_note_ids = move.reversal_move_ids.filtered("stripe_credit_note_id")

    @api.depends("stripe_payment_ids")
    def _compute_stripe_dispute_ids(self):
        disputes = self.env["stripe.dispute"].search(
            [("payment_id", "in", self.stripe_payment_ids.ids)]
        )
        for move in self:
            move.stripe_dispute_ids = disputes.filtered(
                lambda dispute, move=move: dispute.payment_id in move.stripe_payment_ids
            )
            move.stripe_dispute_count = len(move.stripe_dispute_ids)

    # === ACTION METHODS === #

    def action_stripe_dashboard(self):
        """Open the invoice in Stripe's Dashboard; there are its credit notes too."""
        self.ensure_one()
        invoice_id = self.stripe_invoice_id or self.reversed_entry_id.stripe_invoice_id
        mode = "" if self.stripe_provider_id.sudo()._stripe_livemode() else "test/"
        return {
            "type": "ir.actions.act_url",
            "target": "new",
            "url": f"https://dashboard.stripe.com/{mode}invoices/{invoice_id}",
        }

    def action_stripe_events(self):
        """Show the events about the document and its payments."""
        stripe_ids = [
            *self.mapped("stripe_invoice_id"),
            *self.mapped("stripe_credit_note_id"),
            *self.reconciled_payment_ids.mapped("stripe_invoice_payment_id"),
        ]
        return self.env["stripe.event"]._get_action([key for key in stripe_ids if key])

    def action_stripe_disputes(self):
        """Show the disputes of the invoice's payments."""
        return self.stripe_dispute_ids._get_records_action(name=self.env._("Disputes"))
