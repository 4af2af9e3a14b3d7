from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_declines, stripe_mails, utils


class AccountMove(models.Model):
    """How the collecting of an invoice stands at Stripe: attempts, refusals, what the bank asks for."""

    _inherit = "account.move"

    # === FIELDS === #

    stripe_attempt_count = fields.Integer(
        string="Payment Attempts", readonly=True, copy=False, aggregator=None
    )
    stripe_next_attempt_at = fields.Datetime(
        string="Next Payment Attempt", readonly=True, copy=False
    )
    stripe_payment_failed = fields.Boolean(
        help="Whether the last attempt to charge it was refused.", readonly=True, copy=False
    )
    stripe_payment_processing = fields.Boolean(
        string="Payment in Process",
        help="Whether a bank debit is under way, which takes days.",
        readonly=True,
        copy=False,
    )
    stripe_failure_code = fields.Char(
        help="Why the last charge was refused, as Stripe's code.", readonly=True, copy=False
    )
    stripe_failure_text = fields.Char(
        help="Why the last charge was refused, in Stripe's words.", readonly=True, copy=False
    )
    stripe_action_since = fields.Datetime(
        string="Confirmation Asked Since",
        help="Since when the bank asks the customer to confirm the payment (3-D Secure).",
        readonly=True,
        copy=False,
    )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override: how the collecting of the invoices stands is written down, and told by mail."""
        self = self.sudo().with_company(provider.company_id).with_context(**const.SYNC_CONTEXT)
        if not self.env.context.get("stripe_fetched_at"):
            self = self.with_context(stripe_fetched_at=self.env["stripe.price"]._stripe_now())
        invoices = {obj["id"]: obj for obj in objects if not obj.get("deleted")}
        before = {
            move.stripe_invoice_id: move._stripe_get_collection()
            for move in self._stripe_find(provider, list(invoices))
        }
        moves = super()._stripe_apply(provider, objects)
        fetched_at = self.env.context["stripe_fetched_at"]
        moves.filtered(lambda move: move.stripe_fetched_at <= fetched_at)._stripe_apply_collections(
            provider, invoices, before
        )
        return moves

    def _stripe_get_collection(self):
        """Return how the collecting of the invoice stands here; see `stripe_mails.Collection`."""
        self.ensure_one()
        return stripe_mails.Collection(
            status=self.stripe_invoice_status or "new",
            attempts=self.stripe_attempt_count,
            failed=self.stripe_payment_failed,
            action=bool(self.stripe_action_since),
            processing=self.stripe_payment_processing,
            code=self.stripe_failure_code,
        )

    def _stripe_apply_collections(self, provider, invoices, before):
        """Write down how the collecting of invoices stands, and note the mails that are due.

        :param payment.provider provider: The Stripe account.
        :param dict[str, dict] invoices: Stripe invoices by id.
        :param dict[str, stripe_mails.Collection] before: What Odoo knew of them, by id.
        """
        happened = self.env.context.get("stripe_happened") or {}
        mails, paid_at, unsettled = [], {}, self.browse()
        for move in self.with_context(skip_invoice_sync=True):
            obj = invoices[move.stripe_invoice_id]
            known = before.get(obj["id"])
            now = stripe_mails.collection(obj)
            values = self._prepare_stripe_collection_values(known, now)
            if any(move[name] != value for name, value in values.items()):
                move.write(values)
            if now.status == "open" or now.failed:
                unsettled |= move
            paid = utils.to_datetime(utils.path(obj, "status_transitions.paid_at"))
            if paid and obj["total"] > 0:
                subscription = move.stripe_subscription_id
                paid_at[subscription] = max(paid, paid_at.get(subscription, paid))
            at = None if obj.get("test_clock") else happened.get(obj["id"])
            due = stripe_mails.of_invoice(known, now, obj, at)
            if move.state != "posted":
                # It is booked only once it agrees with Stripe; until then it is no receipt.
                due = [mail for mail in due if mail.kind != "receipt"]
            mails += [(move, mail) for mail in due]
        self.stripe_subscription_id._stripe_apply_dunning(paid_at, unsettled)
        self.env["stripe.mail"]._note(provider, mails)

    @api.model
    def _prepare_stripe_collection_values(self, before, now):
        """Return the values of a move for how the collecting of its invoice stands. Pure.

        :param stripe_mails.Collection|None before: What Odoo knew.
        :param stripe_mails.Collection now: What Stripe says.
        :rtype: dict
        """
        since = fields.Datetime.now() if now.action else False
        values = {
            "stripe_attempt_count": now.attempts,
            "stripe_next_attempt_at": utils.to_datetime(now.next_attempt_at),
            "stripe_payment_failed": now.failed,
            "stripe_payment_processing": now.processing,
            "stripe_failure_code": now.code,
            "stripe_failure_text": now.text,
            "stripe_action_since": since,
        }
        if now.action and before and before.action:
            del values["stripe_action_since"]
        return values

    # === BUSINESS METHODS - PAYING === #

    def _stripe_get_failure_reason(self, staff=False):
        """Return why the last charge failed, in words and in the language of the environment.

        :param bool staff: Whether staff read it, not the customer.
        :return: A sentence, or an empty text.
        :rtype: str
        """
        self.ensure_one()
        reason = stripe_declines.reason(self.stripe_failure_code, staff)
        if reason:
            return self.env._(reason)
        return self.stripe_failure_text or ""

    def _stripe_get_payment_url(self):
        """Return where the customer can pay the invoice; see the method of `payment.provider`."""
        self.ensure_one()
        return self.stripe_provider_id.sudo()._stripe_get_payment_url(self.stripe_invoice_id)

    def _stripe_get_receipt_url(self):
        """Return Stripe's receipt of the payment of the invoice; without one, its page of the invoice.

        Asked for at each click, because Stripe's addresses expire; never stored.

        :rtype: str|bool
        :raise UserError: When Stripe cannot be reached.
        """
        self.ensure_one()
        provider = self.stripe_provider_id.sudo()
        invoice = provider._stripe_retrieve("invoices", self.stripe_invoice_id, ("payments",))
        parts = utils.invoice_payments(invoice)
        intents = [utils.object_id(utils.path(part, "payment.payment_intent")) for part in parts]
        for intent in filter(None, intents):
            obj = provider._stripe_retrieve("payment_intents", intent, ("latest_charge",))
            if url := utils.path(obj, "latest_charge.receipt_url"):
                return url
        return invoice.get("hosted_invoice_url")

    def action_stripe_payment_page(self):
        """Open the page on which the customer can pay, to send its address to them or to look at it."""
        self.ensure_one()
        self.check_access("read")
        url = self._stripe_get_payment_url()
        if not url:
            return self.stripe_provider_id._stripe_billing_notification(
                self.env._("There is nothing to pay any more."), "info"
            )
        return {"type": "ir.actions.act_url", "url": url, "target": "new"}
