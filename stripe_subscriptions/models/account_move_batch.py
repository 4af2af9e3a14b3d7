from odoo import Command, api, models

# Addons that have a say in the lines that Odoo adds to an invoice, or in what its lines are, and that leave
# alone what is made here. With others Odoo's own way is taken, invoice by invoice.
KNOWN_LINES = {"account", "hr_expense", "stripe_subscriptions"}
LINE_METHODS = {"_get_sync_stack", "_compute_needed_terms", "_get_discount_allocation_account"}
# The same for how documents are numbered.
KNOWN_NUMBERING = {"account", "account_debit_note", "stripe_subscriptions"}
NUMBERING_METHODS = {"_get_last_sequence_domain", "_get_starting_sequence"}
# Context in which Odoo takes lines as they are. Drafts have no analytic lines yet.
LEAN = {"skip_invoice_sync": True, "skip_invoice_line_sync": True, "skip_analytic_sync": True}


class AccountMove(models.Model):
    """Many documents made, numbered and posted together, as Odoo would make each of them."""

    _inherit = "account.move"

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `account`: posting a batch of ours changes no lines, so none are compared."""
        if self.env.context.get("stripe_posting") and vals.keys() <= {"state", "posted_before"}:
            self = self.with_context(skip_invoice_sync=True)
        return super().write(vals)

    # === BUSINESS METHODS - LINES === #

    @api.model
    def _stripe_create_invoices(self, vals_list):
        """Create draft invoices with all their lines, as `create` does, but in batch.

        `create` compares each invoice before and after to find out which lines of taxes and of what
        is due are missing, and writes the others once more. The values here are those of new
        invoices: the same functions of Odoo compute the lines, and all are created together.

        :param list[dict] vals_list: Values of invoices without payment terms, each with
            `invoice_line_ids`, `invoice_date_due` and `extra_tax_data` where taxes are given.
        :rtype: account.move
        """
        if not self._stripe_may_create_lines(vals_list):
            return self.create(vals_list)._stripe_leave_nothing_open()
        moves = self._stripe_create_whole(
            self._prepare_stripe_lean_values(vals_list), check_move_validity=False
        )
        taxes, terms = [], []
        changes = {}
        for move in moves:
            tax_values, line_values = move._prepare_stripe_tax_values()
            for line, values in line_values:
                changes.setdefault(repr(values), (values, []))[1].append(line.id)
            taxes += tax_values
            terms.append(move._prepare_stripe_term_values(tax_values, line_values))
        line_model = self.env["account.move.line"].with_context(**LEAN)
        for values, line_ids in changes.values():
            line_model.with_context(check_move_validity=False).browse(line_ids).write(values)
        line_model.create(taxes + terms)
        return moves._stripe_leave_nothing_open()

    def _stripe_leave_nothing_open(self):
        """Round new invoices of nothing in a foreign currency so that nothing is due in the company's.

        Each line is converted and rounded by itself, and nobody will ever pay what that leaves. The
        largest line takes it.

        :return: The invoices.
        :rtype: account.move
        """
        for move in self:
            currency, foreign = move.company_currency_id, move.currency_id
            if currency == foreign or not foreign.is_zero(move.amount_total):
                continue
            due = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
            rest = sum(due.mapped("balance"))
            if not currency.is_zero(rest):
                lines = move.line_ids.filtered(lambda line: line.display_type == "product")
                largest = max(lines, key=lambda line: abs(line.balance))
                context = {**LEAN, "check_move_validity": False}
                due.with_context(**context).write({"balance": 0.0})
                largest.with_context(**context).write({"balance": largest.balance + rest})
        return self

    @api.model
    def _stripe_create_whole(self, vals_list, **context):
        """Create moves to whose lines Odoo has nothing to add: it does not look for it, line by line.

        :param list[dict] vals_list: Values of moves, whose lines have their amounts.
        :param dict context: More keys for the time of the creation.
        :rtype: account.move
        """
        model = self.env["account.analytic.distribution.model"]
        if not model.sudo().search_count([], limit=1):
            for vals in vals_list:
                for command in vals.get("invoice_line_ids") or vals["line_ids"]:
                    command[2].setdefault("analytic_distribution", False)
        return self.with_context(**LEAN, **context).create(vals_list).with_env(self.env)

    @api.model
    def _prepare_stripe_lean_values(self, vals_list):
        """Add to the values of invoices what Odoo would look up, or write later, line by line.

        :param list[dict] vals_list: See `_stripe_create_invoices`.
        :rtype: list[dict]
        """
        prepared = []
        for vals in vals_list:
            company = self.env["res.company"].browse(vals["company_id"])
            currency = self.env["res.currency"].browse(vals["currency_id"])
            rate = currency._get_conversion_rate(
                company.currency_id, currency, company, vals["invoice_date"]
            )
            sign = 1 if vals["move_type"] == "out_refund" else -1
            lines = []
            for command in vals["invoice_line_ids"]:
                line = dict(command[2])
                amount = (line.get("extra_tax_data") or {}).get("manual_total_excluded_currency")
                if amount is None:
                    amount = line["quantity"] * line["price_unit"]
                    amount *= 1 - line.get("discount", 0.0) / 100
                line["amount_currency"] = sign * currency.round(amount)
                line["balance"] = sign * company.currency_id.round(amount / rate)
                lines.append(Command.create(line))
            prepared.append({"invoice_cash_rounding_id": False, **vals, "invoice_line_ids": lines})
        return prepared

    @api.model
    def _stripe_may_create_lines(self, vals_list):
        """Return whether Odoo adds no lines to invoices but those that are known here.

        :param list[dict] vals_list: See `_stripe_create_invoices`.
        :rtype: bool
        """
        companies = self.env["res.company"].browse({vals["company_id"] for vals in vals_list})
        return not companies.account_discount_expense_allocation_id and (
            self._stripe_is_defined_by(LINE_METHODS, KNOWN_LINES)
        )

    def _prepare_stripe_tax_values(self):
        """Return what the taxes of a new invoice make of its lines.

        :return: The values of the tax lines, and pairs of a line with what has to be changed on it.
        :rtype: tuple[list[dict], list[tuple[account.move.line, dict]]]
        """
        self.ensure_one()
        tax_model = self.env["account.tax"]
        base_lines, _tax_lines = self._get_rounded_base_and_tax_lines(round_from_tax_lines=False)
        tax_model._add_accounting_data_in_base_lines_tax_details(
            base_lines, self.company_id, include_caba_tags=self.always_tax_exigible
        )
        results = tax_model._prepare_tax_lines(base_lines, self.company_id)
        line_values = []
        for base_line, values in results["base_lines_to_update"]:
            line = base_line["record"]
            changed = {
                name: value
                for name, value in values.items()
                if line._fields[name].convert_to_write(line[name], line) != value
            }
            if changed:
                line_values.append((line, changed))
        tax_values = [
            {**values, "display_type": "tax", "move_id": self.id}
            for values in results["tax_lines_to_add"]
        ]
        return tax_values, line_values

    def _prepare_stripe_term_values(self, tax_values, line_values):
        """Return the values of the line of what is due on a new invoice, all on one day.

        :param list[dict] tax_values: See `_prepare_stripe_tax_values`.
        :param list[tuple] line_values: The same.
        :rtype: dict
        """
        self.ensure_one()
        amounts = {}
        for name, currency in (
            ("balance", self.company_currency_id),
            ("amount_currency", self.currency_id),
        ):
            total = sum(self.line_ids.mapped(name)) + sum(values[name] for values in tax_values)
            total += sum(
                values[name] - line[name] for line, values in line_values if name in values
            )
            amounts[name] = -currency.round(total)
        return {
            **amounts,
            "move_id": self.id,
            "display_type": "payment_term",
            "date_maturity": self.invoice_date_due,
            "discount_date": False,
            "discount_balance": 0.0,
            "discount_amount_currency": 0.0,
        }

    # === BUSINESS METHODS - NUMBERS === #

    def _stripe_numbered_together(self):
        """Return the documents so that what their numbers look like is looked up once for all.

        :rtype: account.move
        """
        if self._stripe_is_defined_by(NUMBERING_METHODS, KNOWN_NUMBERING):
            self = self.with_context(stripe_sequence_formats={})
        return self.with_context(stripe_posting=True)

    def _get_next_sequence_format(self):
        """Override of `account`: documents of one batch that are numbered alike are looked up once.

        The number itself stays Odoo's: the first document of the batch locks it in the database, and
        the others count on from there.
        """
        formats = self.env.context.get("stripe_sequence_formats")
        if formats is None:
            return super()._get_next_sequence_format()
        key = (
            self.company_id,
            self.journal_id,
            self.date,
            self.move_type in ("out_refund", "in_refund"),
            bool(self.origin_payment_id),
            self.journal_id.is_self_billing and self.commercial_partner_id,
        )
        if key not in formats:
            formats[key] = super()._get_next_sequence_format()
        format_string, values = formats[key]
        # The caller takes the number out of the values.
        return format_string, dict(values)

    # === BUSINESS METHODS - ADDONS === #

    @api.model
    def _stripe_is_defined_by(self, names, addons):
        """Return whether methods of moves are those of known addons, and nobody else's.

        :param set[str] names: Names of methods.
        :param set[str] addons: Technical names of addons.
        :rtype: bool
        """
        return all(
            getattr(part, "_module", None) in addons
            for part in type(self).mro()
            if names & part.__dict__.keys()
        )
