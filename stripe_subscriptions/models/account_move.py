from odoo import Command, api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_invoice, utils
from odoo.tools import plaintext2html


class AccountMove(models.Model):
    """The accounting document of a Stripe invoice, and the writer that makes it."""

    _inherit = "account.move"

    # === FIELDS === #

    stripe_provider_id = fields.Many2one(
        string="Stripe Account",
        comodel_name="payment.provider",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    stripe_subscription_id = fields.Many2one(
        "stripe.subscription",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    stripe_invoice_id = fields.Char(string="Stripe Invoice ID", readonly=True, copy=False)
    stripe_credit_note_id = fields.Char(string="Stripe Credit Note ID", readonly=True, copy=False)
    stripe_invoice_status = fields.Selection(
        [
            ("open", "Open"),
            ("paid", "Paid"),
            ("uncollectible", "Uncollectible"),
            ("void", "Void"),
        ],
        readonly=True,
        copy=False,
    )
    stripe_booking_error = fields.Char(
        string="Not Posted Because",
        help="Why the document was left a draft: it would not agree with Stripe.",
        readonly=True,
        copy=False,
    )
    stripe_fetched_at = fields.Float(readonly=True, copy=False)
    stripe_livemode = fields.Boolean(readonly=True, copy=False)
    stripe_created_at = fields.Datetime(
        string="Created at Stripe", readonly=True, copy=False, index="btree_not_null"
    )

    _stripe_invoice_id_uniq = models.UniqueIndex(
        "(stripe_provider_id, stripe_invoice_id) WHERE stripe_invoice_id IS NOT NULL",
        "This Stripe invoice is booked already.",
    )
    _stripe_credit_note_id_uniq = models.UniqueIndex(
        "(stripe_provider_id, stripe_credit_note_id) WHERE stripe_credit_note_id IS NOT NULL",
        "This Stripe credit note is booked already.",
    )

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Book Stripe invoices: one posted move for each that is finalized, and its payments.

        Idempotent; drafts are left out, as are invoices of customers that Odoo does not know. A move
        whose total is not Stripe's to the cent stays a draft and says why in
        `stripe_booking_error`.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe invoices with all their lines and with `payments` expanded.
        :return: The moves of the invoices.
        :rtype: account.move
        :raise UserError: When a tax rate is not mapped, or accounting is not set up.
        """
        self = self.sudo().with_company(provider.company_id).with_context(**const.SYNC_CONTEXT)
        fetched_at = (
            self.env.context.get("stripe_fetched_at") or self.env["stripe.price"]._stripe_now()
        )
        invoices = {}
        for obj in objects:
            if not obj.get("deleted") and obj["status"] not in (None, "draft"):
                provider._stripe_check_livemode(obj)
                invoices[obj["id"]] = obj
        moves = self._stripe_find(provider, list(invoices))
        known = {move.stripe_invoice_id: move for move in moves}
        fresh = {
            stripe_id: obj
            for stripe_id, obj in invoices.items()
            if stripe_id not in known or known[stripe_id].stripe_fetched_at <= fetched_at
        }
        new = self._stripe_create_moves(
            provider,
            [
                obj
                for stripe_id, obj in fresh.items()
                if stripe_id not in known
                and obj["status"] != "void"
                and not provider._stripe_is_before_booking(obj)
            ],
        )
        moves |= new
        # None of this changes the lines, which Odoo would otherwise look through.
        applied = moves.filtered(lambda move: move.stripe_invoice_id in fresh).with_context(
            skip_invoice_sync=True
        )
        applied.write({"stripe_fetched_at": fetched_at})
        for status, group in applied.grouped(
            lambda move: fresh[move.stripe_invoice_id]["status"]
        ).items():
            changed = group.filtered(lambda move, new=status: move.stripe_invoice_status != new)
            changed.write({"stripe_invoice_status": status})
        # A repair also posts what somebody has set back; the ordinary course leaves that alone.
        (moves if self.env.context.get("stripe_repair") else new)._stripe_post()
        moments = {
            move: utils.invoice_status_since(invoices[move.stripe_invoice_id]) for move in moves
        }
        applied.filtered(
            lambda move: move.stripe_invoice_status != "uncollectible"
        )._stripe_take_back_write_offs(provider, moments)
        moves._stripe_reverse_void(provider, moments)
        balances = self._stripe_apply_customer_balance(
            provider,
            [part for obj in fresh.values() for part in obj.get("balance_transactions") or []],
        )
        self.env["account.payment"]._stripe_apply_invoice_payments(
            provider,
            [
                (move, fresh[move.stripe_invoice_id])
                for move in moves
                if move.state == "posted" and move.stripe_invoice_id in fresh
            ],
        )
        balances._stripe_reconcile_overpaid(provider, list(fresh.values()))
        applied._stripe_write_off(provider, moments)
        return moves

    @api.model
    def _stripe_find(self, provider, stripe_ids):
        """Return the moves of Stripe invoices in one query."""
        return self.search(
            [("stripe_provider_id", "=", provider.id), ("stripe_invoice_id", "in", stripe_ids)]
        )

    def _get_stripe_ids(self):
        """Return the ids of the Stripe invoices or credit notes."""
        return [move.stripe_credit_note_id or move.stripe_invoice_id for move in self]

    @api.model
    def _stripe_create_moves(self, provider, invoices):
        """Create the draft moves of Stripe invoices.

        :param payment.provider provider: The Stripe account.
        :param list[dict] invoices: Finalized Stripe invoices that have no move yet.
        :return: The moves; none for invoices of customers that Odoo does not know.
        :rtype: account.move
        """
        customers = {
            customer.stripe_id: customer
            for customer in self.env["stripe.customer"]._stripe_find(
                provider, [utils.object_id(obj.get("customer")) for obj in invoices]
            )
        }
        invoices = [obj for obj in invoices if utils.object_id(obj.get("customer")) in customers]
        # Numbers follow the order in which Stripe made the invoices.
        invoices.sort(key=lambda obj: obj["created"])
        if not invoices:
            return self.browse()
        parsed = [stripe_invoice.parse(obj) for obj in invoices]
        lines = [line for invoice in parsed for line in invoice.lines]
        products = self.env["stripe.price"]._stripe_get_products(
            provider,
            {line.price_id for line in lines} - {None},
            {line.product_id for line in lines} - {None},
        )
        taxes = self.env["stripe.tax.rate"]._stripe_get_taxes(
            provider, {tax.tax_rate_id for line in lines for tax in line.taxes}
        )
        subscriptions = {
            subscription.stripe_id: subscription
            for subscription in self.env["stripe.subscription"]._stripe_find(
                provider, [utils.invoice_subscription_id(obj) for obj in invoices]
            )
        }
        nobody = self.env["stripe.subscription"]
        sold_by = [
            subscriptions.get(utils.invoice_subscription_id(obj), nobody) for obj in invoices
        ]
        journal = provider._stripe_billing_ensure_journal()
        partners = [customers[utils.object_id(obj["customer"])].partner_id for obj in invoices]
        companies = [subscription.company_id or provider.company_id for subscription in sold_by]
        # Odoo looks at the partners one by one; the first look fetches them all.
        self.env["res.partner"].union(*partners).mapped("property_account_position_id")
        positions = self._stripe_get_fiscal_positions(companies, partners, parsed, taxes)
        moves = self._stripe_create_invoices(
            [
                {
                    **self.with_context(
                        lang=partner.lang or self.env.lang
                    )._prepare_stripe_move_values(
                        provider,
                        obj,
                        invoice,
                        products,
                        taxes,
                        self._stripe_get_exempt_position(company, partner, invoice, position),
                    ),
                    **position,
                    "journal_id": journal.id,
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "stripe_subscription_id": subscription.id,
                }
                for obj, invoice, partner, company, subscription, position in zip(
                    invoices, parsed, partners, companies, sold_by, positions, strict=True
                )
            ]
        )
        for move, invoice in zip(moves, parsed, strict=True):
            if difference := move._stripe_get_difference(invoice):
                move.stripe_booking_error = difference
        moves._stripe_report_trouble(provider, parsed)
        return moves

    @api.model
    def _prepare_stripe_move_values(self, provider, obj, invoice, products, taxes, fiscal_position):
        """Map a Stripe invoice to the values of its move. Pure.

        An invoice with a negative total becomes a credit note with the opposite signs. Texts are in the
        language of the context.

        :param payment.provider provider: The Stripe account.
        :param dict obj: The Stripe invoice.
        :param stripe_invoice.Invoice invoice: The same, parsed.
        :param dict[str, product.product] products: Products by id of the Stripe price or product.
        :param dict[str, account.tax] taxes: Odoo taxes by id of the Stripe tax rate.
        :param account.fiscal.position fiscal_position: See `_stripe_get_exempt_position`.
        :rtype: dict
        """
        tz = provider.company_id.partner_id.tz
        invoice_date = utils.invoice_date(obj, tz)
        currency = self.env["res.currency"]._stripe_get(obj["currency"])
        currency._stripe_check_rate(provider.company_id)
        currency._stripe_check_amounts(invoice.get_amounts())
        sign = -1 if invoice.total < 0 else 1
        return {
            "move_type": "out_refund" if sign < 0 else "out_invoice",
            "currency_id": currency.id,
            "invoice_date": invoice_date,
            "date": invoice_date,
            "invoice_date_due": utils.to_local_date(obj.get("due_date"), tz) or invoice_date,
            "invoice_payment_term_id": False,
            "invoice_user_id": False,
            "ref": obj.get("number"),
            "payment_reference": obj.get("number"),
            **({"narration": plaintext2html(memo)} if (memo := obj.get("description")) else {}),
            "stripe_provider_id": provider.id,
            "stripe_invoice_id": obj["id"],
            "stripe_invoice_status": obj["status"],
            "stripe_livemode": provider._stripe_livemode(),
            "stripe_created_at": utils.to_datetime(obj["created"]),
            "invoice_line_ids": [
                Command.create(
                    {
                        **self._prepare_stripe_move_line_values(
                            line, currency, sign, products, taxes, fiscal_position
                        ),
                        "name": self._get_stripe_label(line, currency, tz),
                    }
                )
                for line in invoice.get_lines(currency.decimal_places)
            ]
            # Odoo posts no document without lines; Stripe does, for instance when nothing was used.
            or [
                Command.create(
                    {
                        "name": self.env._("Nothing to pay"),
                        "quantity": 1,
                        "price_unit": 0.0,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        }

    def _stripe_get_difference(self, invoice):
        """Say how the move differs from Stripe's invoice, in words; False when it does not.

        :param stripe_invoice.Invoice invoice: What Stripe says.
        :rtype: str|bool
        """
        self.ensure_one()
        sign = -1 if invoice.total < 0 else 1
        for label, ours, theirs in (
            (self.env._("total"), self.amount_total, sign * invoice.total),
            (self.env._("tax"), self.amount_tax, sign * invoice.tax),
        ):
            if self.currency_id.compare_amounts(ours, float(theirs)):
                return self.env._(
                    "The %(what)s would be %(ours)s %(currency)s, but is %(theirs)s at Stripe.",
                    what=label,
                    ours=ours,
                    theirs=theirs,
                    currency=self.currency_id.name,
                )
        return False

    def _stripe_post(self):
        """Post the moves that agree with Stripe; the others stay drafts."""
        self.filtered(
            lambda move: move.state == "draft" and not move.stripe_booking_error
        )._stripe_numbered_together().action_post()

    # === BUSINESS METHODS - PORTAL === #

    def _has_to_be_paid(self):
        """Override of `account_payment`: Stripe collects its invoices, so Odoo offers no payment.

        Paid here as well, the customer would have paid twice.
        """
        return not self.stripe_invoice_id and super()._has_to_be_paid()
