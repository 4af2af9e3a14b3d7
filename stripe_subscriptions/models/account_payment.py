from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError


class AccountPayment(models.Model):
    """The accounting document of a payment that Stripe collected."""

    _inherit = "account.payment"

    # === FIELDS === #

    stripe_provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    stripe_payment_ref = fields.Char(
        string="Stripe Payment ID",
        help="Payment intent, charge or refund at Stripe.",
        readonly=True,
        copy=False,
    )
    stripe_invoice_payment_id = fields.Char(
        string="Stripe Invoice Payment ID",
        help="What ties the payment to one invoice at Stripe.",
        readonly=True,
        copy=False,
    )

    stripe_livemode = fields.Boolean(readonly=True, copy=False)
    stripe_created_at = fields.Datetime(
        string="Created at Stripe", readonly=True, copy=False, index="btree_not_null"
    )

    _stripe_invoice_payment_id_uniq = models.UniqueIndex(
        "(stripe_provider_id, stripe_invoice_payment_id) "
        "WHERE stripe_invoice_payment_id IS NOT NULL",
        "This Stripe payment is booked already.",
    )
    _stripe_payment_ref_idx = models.Index(
        "(stripe_provider_id, stripe_payment_ref) WHERE stripe_payment_ref IS NOT NULL"
    )
    _stripe_refund_uniq = models.UniqueIndex(
        "(stripe_provider_id, stripe_payment_ref) "
        "WHERE stripe_payment_ref IS NOT NULL AND payment_type = 'outbound'",
        "This Stripe refund is booked already.",
    )

    # === BUSINESS METHODS - JOURNAL ENTRIES === #

    def _stripe_numbered_together(self):
        """Return the payments so that what their numbers look like is looked up once for all."""
        return self.with_env(self.move_id._stripe_numbered_together().env)

    def _generate_journal_entry(self, write_off_line_vals=None, force_balance=None, line_ids=None):
        """Override of `account`: the entries of payments that a lane books are linked at once.

        Odoo writes each payment on its own, and each time looks for all that depends on it. Here the
        links are put into the cache, as in a compute method, and what depends on them is told once.
        Nothing is logged on the payments, which lanes never do.
        """
        lane = self.env.context.get("stripe_sync") and self.env.context.get("tracking_disable")
        if not lane or write_off_line_vals or force_balance or line_ids:
            return super()._generate_journal_entry(write_off_line_vals, force_balance, line_ids)
        payments = self.filtered(lambda pay: not pay.move_id and pay.outstanding_account_id)
        moves = self.env["account.move"]._stripe_create_whole(
            [payment._generate_move_vals() for payment in payments]
        )
        names = ["move_id", "state"]
        payments.modified(names, before=True)
        with self.env.protecting([self._fields[name] for name in names], payments):
            for payment, move in zip(payments, moves, strict=True):
                payment.move_id = move
            payments.state = "in_process"
        payments.modified(names)
        payments._validate_fields(names)
        return None

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply_invoice_payments(self, provider, invoices):
        """Book what Stripe collected for posted invoices, and reconcile it with them.

        Idempotent: an invoice payment that is booked is left alone.

        :param payment.provider provider: The Stripe account.
        :param list[tuple[account.move, dict]] invoices: Moves with their Stripe invoices, on which
            `payments` is expanded.
        :return: The new payments.
        :rtype: account.payment
        :raise UserError: When no journal takes the payments of the Stripe account.
        """
        self = self.sudo().with_company(provider.company_id).with_context(**const.SYNC_CONTEXT)
        paid = {
            part["id"]: (move, obj, part)
            for move, obj in invoices
            for part in utils.invoice_payments(obj)
        }
        booked = self.search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_invoice_payment_id", "in", list(paid)),
            ]
        )
        known = set(booked.mapped("stripe_invoice_payment_id"))
        missing = [paid[part_id] for part_id in paid if part_id not in known]
        self.env["account.move"].union(*(row[0] for row in missing))._stripe_reopen(
            provider, {row[0]: self._get_stripe_paid_at(row[2]) for row in missing}
        )
        method_line = missing and self._get_stripe_payment_method_line(provider)
        payments = self.create(
            [self._prepare_stripe_payment_values(provider, method_line, *row) for row in missing]
        )
        if self.env.context.get("stripe_repair"):
            # A repair also mends what somebody has canceled, or taken off its invoice.
            booked.filtered(lambda payment: payment.state == "canceled").action_draft()
            payments |= booked
        if payments:
            draft = payments.filtered(lambda payment: payment.state == "draft")
            draft._stripe_numbered_together().action_post()
            debts = self._stripe_get_debts(provider, [obj for _move, obj in invoices])
            paid_moves = [paid[payment.stripe_invoice_payment_id][0] for payment in payments]
            payments._stripe_reconcile(
                [move | debts.get(move.stripe_invoice_id, move) for move in paid_moves]
            )
            self.env["stripe.balance.transaction"]._stripe_take_payments(
                provider, payments - booked
            )
        return payments

    @api.model
    def _stripe_get_debts(self, provider, invoices):
        """Return the entries by which invoices also collect what customers owed before.

        :param payment.provider provider: The Stripe account.
        :param list[dict] invoices: Stripe invoices.
        :return: The entries of each invoice that has some.
        :rtype: dict[str, account.move]
        """
        owners = {
            part["id"]: obj["id"]
            for obj in invoices
            for part in obj.get("balance_transactions") or []
            if part["amount"] < 0
        }
        if not owners:
            return {}
        entries = self.env["account.move"].search(
            [
                ("stripe_provider_id", "=", provider.id),
                ("stripe_customer_balance_id", "in", list(owners)),
            ]
        )
        return entries.grouped(lambda entry: owners[entry.stripe_customer_balance_id])

    def _stripe_reconcile(self, moves):
        """Reconcile payments with the invoices that they pay.

        :param list[account.move] moves: The invoice of each payment, and what else it collects.
        """
        plan = []
        for payment, move in zip(self, moves, strict=True):
            lines = (payment.move_id | move).line_ids.filtered(
                lambda line: (
                    line.account_id.account_type == "asset_receivable" and not line.reconciled
                )
            )
            if len(lines.move_id) > 1:
                plan.append(lines)
        # Nothing of this changes the lines of the documents.
        self.env["account.move.line"].with_context(skip_invoice_sync=True)._reconcile_plan(plan)

    @api.model
    def _prepare_stripe_payment_values(self, provider, method_line, move, obj, part):
        """Map an invoice payment of Stripe to the values of a payment. Pure.

        Never with a `payment_token_id`: posting it would charge the card a second time.

        :param payment.provider provider: The Stripe account.
        :param account.payment.method.line method_line: By which its payments are booked.
        :param account.move move: The invoice.
        :param dict obj: The Stripe invoice.
        :param dict part: One of its invoice payments.
        :rtype: dict
        """
        currency = self.env["res.currency"]._stripe_get(part["currency"])
        paid_at = self._get_stripe_paid_at(part)
        payment = part["payment"]
        receivable = move.line_ids.account_id.filtered(
            lambda account: account.account_type == "asset_receivable"
        )
        return {
            "payment_type": "inbound",
            "partner_type": "customer",
            "partner_id": move.commercial_partner_id.id,
            "company_id": move.company_id.id,
            # Of the invoice: a fiscal position may have mapped that of the customer.
            "destination_account_id": receivable[:1].id,
            "amount": currency._stripe_to_major(part["amount_paid"]),
            "currency_id": currency.id,
            "date": utils.to_local_date(paid_at, provider.company_id.partner_id.tz),
            "journal_id": method_line.journal_id.id,
            "payment_method_line_id": method_line.id,
            "memo": obj.get("number") or move.name,
            "stripe_provider_id": provider.id,
            "stripe_livemode": provider._stripe_livemode(),
            "stripe_created_at": utils.to_datetime(part["created"]),
            "stripe_invoice_payment_id": part["id"],
            "stripe_payment_ref": utils.object_id(payment.get(payment["type"])),
        }

    @api.model
    def _get_stripe_paid_at(self, part):
        """Return when an invoice payment of Stripe was paid: unix seconds."""
        return utils.path(part, "status_transitions.paid_at") or part["created"]

    @api.model
    def _get_stripe_payment_method_line(self, provider):
        """Return the payment method line by which payments of a Stripe account are booked.

        :param payment.provider provider: The Stripe account.
        :rtype: account.payment.method.line
        :raise UserError: When the provider has no payment journal.
        """
        domain = [("payment_provider_id", "=", provider.id), ("journal_id", "!=", False)]
        method_line = self.env["account.payment.method.line"].search(domain, limit=1)
        if not method_line and provider.journal_id:
            # Odoo makes the line when it computes the provider's journal for the first time.
            provider._ensure_payment_method_line()
            method_line = self.env["account.payment.method.line"].search(domain, limit=1)
        if not method_line:
            raise UserError(
                self.env._(
                    "Choose the payment journal of the payment provider %(provider)s.",
                    provider=provider.display_name,
                )
            )
        provider._stripe_billing_account("clearing")
        provider._stripe_billing_link_clearing(method_line)
        return method_line
