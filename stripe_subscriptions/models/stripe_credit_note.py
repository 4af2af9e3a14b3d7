from odoo import Command, api, models
from odoo.addons.stripe_subscriptions import const, stripe_invoice, utils


class StripeCreditNote(models.AbstractModel):
    """The writer of Stripe's credit notes, which are moves: customer credit notes of their invoices."""

    _name = "stripe.credit.note"
    _description = "Writer of Stripe Credit Notes"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Book credit notes of invoices that are booked; reverse those that were voided.

        Idempotent. What lowers an open invoice is reconciled with it, what is refunded with the refund,
        what goes to the customer's balance with that; what is paid back outside Stripe stays open.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe credit notes with all their lines, and with
            `customer_balance_transaction` expanded.
        :rtype: account.move
        :raise StripeUnmapped: When a tax rate is not mapped.
        """
        move_model = (
            self.env["account.move"]
            .sudo()
            .with_company(provider.company_id)
            .with_context(**const.SYNC_CONTEXT)
        )
        notes = {obj["id"]: obj for obj in objects if not obj.get("deleted")}
        booked = self._stripe_find(provider, list(notes))
        known = set(booked.mapped("stripe_credit_note_id"))
        invoices = {
            move.stripe_invoice_id: move
            for move in move_model._stripe_find(
                provider, [utils.object_id(obj["invoice"]) for obj in notes.values()]
            )
            # A void invoice owes nothing that could be lowered.
            if move.state == "posted" and move.stripe_invoice_status != "void"
        }
        missing = [
            obj
            for stripe_id, obj in notes.items()
            if stripe_id not in known
            and obj["status"] != "void"
            and utils.object_id(obj["invoice"]) in invoices
        ]
        voided = booked.filtered(
            lambda move: notes[move.stripe_credit_note_id]["status"] == "void"
        )._stripe_standing()
        new = self._stripe_create_moves(provider, move_model, missing, invoices)
        moments = {move.reversed_entry_id: self._get_moment(notes, move) for move in new | voided}
        reopened = move_model.union(*moments)._stripe_reopen(provider, moments)
        new._stripe_post()
        for move in new.filtered(lambda move: move.state == "posted"):
            obj = notes[move.stripe_credit_note_id]
            self._stripe_settle(provider, move, obj)
        voided._stripe_reverse(
            {
                move: move._stripe_get_entry_date(
                    provider, self._get_moment(notes, move), move.date
                )
                for move in voided
            }
        )
        reopened._stripe_write_off(provider, moments)
        return booked | new

    @api.model
    def _get_moment(self, notes, move):
        """Return when a credit note was made or voided: unix seconds, None where Stripe does not say.

        :param dict[str, dict] notes: Stripe credit notes by id.
        :param account.move move: The document of one of them.
        """
        obj = notes[move.stripe_credit_note_id]
        return obj.get("voided_at") if obj["status"] == "void" else obj["created"]

    @api.model
    def _stripe_find(self, provider, stripe_ids):
        """Return the moves of Stripe credit notes in one query."""
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("stripe_provider_id", "=", provider.id),
                    ("stripe_credit_note_id", "in", stripe_ids),
                ]
            )
        )

    @api.model
    def _stripe_create_moves(self, provider, move_model, notes, invoices):
        """Create the draft moves of credit notes.

        :param payment.provider provider: The Stripe account.
        :param account.move move_model: As writers use it.
        :param list[dict] notes: Stripe credit notes.
        :param dict[str, account.move] invoices: Booked invoices by Stripe id.
        :rtype: account.move
        """
        parsed = [stripe_invoice.parse(obj) for obj in notes]
        taxes = self.env["stripe.tax.rate"]._stripe_get_taxes(
            provider,
            {tax.tax_rate_id for note in parsed for line in note.lines for tax in line.taxes},
        )
        moves = move_model.create(
            [
                self._prepare_move_values(
                    provider, obj, note, invoices[utils.object_id(obj["invoice"])], taxes
                )
                for obj, note in zip(notes, parsed, strict=True)
            ]
        )
        for move, note in zip(moves, parsed, strict=True):
            move.stripe_booking_error = move._stripe_get_difference(note)
        moves._stripe_report_trouble(provider, parsed)
        return moves

    @api.model
    def _prepare_move_values(self, provider, obj, note, invoice, taxes):
        """Map a credit note to the values of its move. Pure.

        :param payment.provider provider: The Stripe account.
        :param dict obj: The Stripe credit note.
        :param stripe_invoice.Invoice note: The same, parsed.
        :param account.move invoice: The invoice that it credits.
        :param dict[str, account.tax] taxes: Odoo taxes by id of the Stripe tax rate.
        :rtype: dict
        """
        invoice.currency_id._stripe_check_amounts(note.get_amounts())
        tz = provider.company_id.partner_id.tz
        date = utils.to_local_date(obj.get("effective_at") or obj["created"], tz)
        lines = [
            Command.create(
                {
                    **invoice._prepare_stripe_move_line_values(
                        line, invoice.currency_id, 1, {}, taxes, invoice.fiscal_position_id
                    ),
                    **self._prepare_account_values(invoice, line),
                }
            )
            for line in note.get_lines(invoice.currency_id.decimal_places)
        ]
        return {
            "move_type": "out_refund",
            "currency_id": invoice.currency_id.id,
            "partner_id": invoice.partner_id.id,
            "company_id": invoice.company_id.id,
            "fiscal_position_id": invoice.fiscal_position_id.id,
            "journal_id": invoice.journal_id.id,
            "invoice_date": date,
            "date": date,
            "invoice_date_due": date,
            "invoice_payment_term_id": False,
            "invoice_user_id": False,
            "ref": obj.get("number"),
            "reversed_entry_id": invoice.id,
            "stripe_provider_id": provider.id,
            "stripe_livemode": provider._stripe_livemode(),
            "stripe_created_at": utils.to_datetime(obj["created"]),
            "stripe_credit_note_id": obj["id"],
            "stripe_refund_refs": " ".join(self._get_refund_ids(obj)),
            "stripe_subscription_id": invoice.stripe_subscription_id.id,
            "invoice_line_ids": lines,
        }

    @api.model
    def _prepare_account_values(self, invoice, line):
        """Say to which account a line of a credit note goes: where the line went that it credits.

        A plain amount credits no line; it goes to the product when that is all there is on the invoice,
        else, with no values, to the account of the journal.

        :param account.move invoice: The invoice that is credited.
        :param stripe_invoice.Line line: The line of the credit note.
        :rtype: dict
        """
        billed = invoice.invoice_line_ids
        credited = billed.filtered(
            lambda row: row._get_stripe_description() == line.description.split("\n")[0]
        )[:1]
        if credited and not credited.product_id:
            return {"account_id": credited.account_id.id}
        product = (credited or billed).product_id
        if len(product) == 1 and all(row.product_id for row in credited or billed):
            return {"product_id": product.id}
        return {}

    @api.model
    def _get_refund_ids(self, obj):
        ids = [utils.object_id(part.get("refund")) for part in obj.get("refunds") or []]
        return [refund_id for refund_id in ids if refund_id]

    @api.model
    def _stripe_settle(self, provider, move, obj):
        """Reconcile a credit note with what became of its amount.

        :param payment.provider provider: The Stripe account.
        :param account.move move: The credit note.
        :param dict obj: The Stripe credit note.
        """
        refunds = self.env["account.payment"]._stripe_find(provider, self._get_refund_ids(obj))
        move_model = move.browse()
        move_model._stripe_reconcile_lines(
            [(refunds.move_id | move)._stripe_receivable_lines()] if refunds else []
        )
        transaction = obj.get("customer_balance_transaction")
        if isinstance(transaction, dict):
            move._stripe_apply_customer_balance(provider, [transaction])
        if obj.get("pre_payment_amount"):
            invoice = move.reversed_entry_id
            move_model._stripe_reconcile_lines([(invoice | move)._stripe_receivable_lines()])
