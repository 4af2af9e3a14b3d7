from odoo import api, fields, models
from odoo.exceptions import UserError


class StripeSubscriptionCard(models.TransientModel):
    """Shows the customer's cards as Stripe has them now, to choose the one that is charged.

    What a card is called is never written into the database, not even for the time of the question.
    """

    _name = "stripe.subscription.card"
    _description = "Change Card"
    _inherit = ["stripe.subscription.wizard"]

    _action = "card"
    _method = "_stripe_set_card"

    # === FIELDS === #

    line_ids = fields.One2many("stripe.subscription.card.line", "wizard_id")
    payment_method = fields.Char(help="The one that is charged.")

    # === ONCHANGE METHODS === #

    @api.onchange("subscription_ids")
    def _onchange_subscription_ids(self):
        """Read the cards from Stripe, for a person who waits."""
        try:
            cards = self.subscription_id._stripe_get_cards() if self.subscription_id else []
        except UserError as error:
            self.preview_error = str(error)
            return
        self.line_ids = [
            (
                0,
                0,
                {
                    "payment_method": card["id"],
                    "name": self.env["stripe.customer"]._get_card_text(card),
                    "expires": f"{card['exp_month']:02} / {card['exp_year']}"
                    if card["exp_year"]
                    else False,
                    "chosen": card["is_default"],
                },
            )
            for card in cards
        ]
        used = [card["id"] for card in cards if card["is_default"]]
        self.payment_method = used[0] if used else False

    @api.onchange("line_ids")
    def _onchange_line_ids(self):
        """Let the card that was ticked last be the only one."""
        chosen = self.line_ids.filtered("chosen")
        new = chosen.filtered(lambda line: line.payment_method != self.payment_method)
        if new or chosen:
            self.payment_method = (new or chosen)[0].payment_method
        for line in self.line_ids:
            line.chosen = line.payment_method == self.payment_method

    # === BUSINESS METHODS === #

    def _check_answers(self):
        """Override of `stripe_subscriptions`."""
        if not self.payment_method:
            raise UserError(self.env._("Choose a card."))

    def _get_arguments(self):
        """Override of `stripe_subscriptions`."""
        return {"payment_method_id": self.payment_method}


class StripeSubscriptionCardLine(models.TransientModel):
    """A card that can be chosen."""

    _name = "stripe.subscription.card.line"
    _description = "Card to Choose"

    # === FIELDS === #

    wizard_id = fields.Many2one("stripe.subscription.card", required=True, ondelete="cascade")
    payment_method = fields.Char(readonly=True)
    name = fields.Char(string="Card", store=False, readonly=True)
    expires = fields.Char(store=False, readonly=True)
    chosen = fields.Boolean(string="Used")
