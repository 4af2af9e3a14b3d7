from odoo import api, fields, models
from odoo.exceptions import UserError


class StripeTaxRate(models.Model):
    """In which Odoo tax a rate is booked: what fits, what is chosen, and what contradicts.

    Only what is beyond doubt is mapped by itself; everything else is suggested, and a person decides.
    """

    _inherit = "stripe.tax.rate"

    # === FIELDS === #

    mapping = fields.Selection(
        selection=[
            ("unmapped", "Not Mapped"),
            ("contradicts", "Contradicts Stripe"),
            ("mapped", "Mapped"),
        ],
        compute="_compute_mapping",
        store=True,
        index=True,
    )
    is_auto_mapped = fields.Boolean(
        string="Mapped by Itself",
        help="Nobody chose the tax: it was the only one that fits.",
        readonly=True,
        copy=False,
    )
    candidate_tax_ids = fields.Many2many(
        string="Taxes That Fit",
        help="Sales taxes of the same percentage and country that treat the price in the same way.",
        comodel_name="account.tax",
        compute="_compute_candidate_tax_ids",
    )
    suggested_tax_id = fields.Many2one(
        string="Suggestion", comodel_name="account.tax", compute="_compute_candidate_tax_ids"
    )
    remark = fields.Char(
        help="What speaks for or against the tax.", compute="_compute_remark", readonly=True
    )
    waiting_event_count = fields.Integer(
        string="Events Waiting",
        help="Events that are processed once the rate is mapped.",
        compute="_compute_waiting_event_count",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        *("percentage", "inclusive", "country_id", "is_flat"),
        *("tax_id.amount", "tax_id.price_include", "tax_id.country_id", "tax_id.active"),
        *("tax_id.fiscal_position_ids", "company_id.account_price_include"),
    )
    def _compute_mapping(self):
        for rate in self:
            if not rate.tax_id:
                rate.mapping = "unmapped"
            else:
                rate.mapping = "contradicts" if rate._get_contradictions() else "mapped"

    @api.depends("percentage", "inclusive", "country_id", "is_flat", "tax_id", "company_id")
    def _compute_candidate_tax_ids(self):
        unmapped = self.filtered(lambda rate: not rate.tax_id)
        candidates = unmapped._get_tax_candidates()
        for rate in self:
            taxes = candidates.get(rate, self.env["account.tax"])
            rate.candidate_tax_ids = taxes
            rate.suggested_tax_id = taxes[:1]

    @api.depends("mapping", "is_auto_mapped", "candidate_tax_ids")
    @api.depends_context("lang")
    def _compute_remark(self):
        for rate in self:
            if rate.tax_id:
                rate.remark = ". ".join(rate._get_contradictions()) or (
                    self.env._("Mapped by itself: the only tax that fits")
                    if rate.is_auto_mapped
                    else False
                )
            else:
                rate.remark = rate._get_suggestion_remark()

    def _compute_waiting_event_count(self):
        keys = {rate: f"{rate._name},{rate.id}" for rate in self}
        counts = dict(
            self.env["stripe.event"]
            .sudo()
            ._read_group(
                [("state", "=", "pending"), ("waits_for", "in", list(keys.values()))],
                ["waits_for"],
                ["__count"],
            )
        )
        for rate in self:
            rate.waiting_event_count = counts.get(keys[rate], 0)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: what waited for the tax of a rate runs once it is chosen."""
        if "tax_id" in vals:
            vals = {"is_auto_mapped": False, **vals}
        result = super().write(vals)
        if vals.get("tax_id"):
            self.activity_unlink(["mail.mail_activity_data_warning"])
            self.env["stripe.event"].sudo()._wake(self)
        return result

    # === ACTION METHODS === #

    def action_accept_suggestion(self):
        """Book each rate that has no tax yet in the one that is suggested.

        :return: A notification when there are rates without a suggestion.
        """
        self.check_access("write")
        unmapped = self.filtered(lambda rate: not rate.tax_id)
        # Read before anything is written: a choice does not change what is suggested to the others.
        suggested = {rate: rate.suggested_tax_id for rate in unmapped}
        for rate, tax in suggested.items():
            if tax:
                rate.tax_id = tax
        left = unmapped.filtered(lambda rate: not rate.tax_id)
        return left and self._notify(
            self.env._(
                "No tax fits %(rates)s. Choose one, or create it.",
                rates=", ".join(left.mapped("display_name")),
            ),
            "warning",
        )

    def action_create_tax(self):
        """Make an Odoo tax that fits each rate without one, and book the rate in it.

        :return: A notification that leads to the taxes.
        :raise UserError: When all rates have a tax already.
        """
        unmapped = self.filtered(lambda rate: not rate.tax_id)
        if not unmapped:
            raise UserError(self.env._("These rates have a tax already."))
        for rate in unmapped:
            rate.tax_id = rate._create_tax()
        taxes = unmapped.tax_id
        return self._notify(
            self.env._("Created. Check accounts and tax grids: %s", ", ".join(["%s"] * len(taxes))),
            "warning",
            links=[{"label": tax.name, "url": f"/odoo/taxes/{tax.id}"} for tax in taxes],
        )

    def action_waiting_events(self):
        """Show the events that wait for the rate."""
        keys = [f"{rate._name},{rate.id}" for rate in self]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Events Waiting"),
            "res_model": "stripe.event",
            "view_mode": "list,form",
            "domain": [("state", "=", "pending"), ("waits_for", "in", keys)],
        }

    @api.model
    def _notify(self, message, kind, **params):
        """Return a client action that shows a message and reads the rates again."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
                **params,
            },
        }

    # === BUSINESS METHODS - MATCHING === #

    def _map_unambiguous(self):
        """Map the rates without a tax that leave no choice.

        That is, only one tax fits and it is an ordinary one of the company's own country. What is not
        taxed may have many reasons, so rates of nothing are left to a person.
        """
        unmapped = self.filtered(lambda rate: not rate.tax_id and rate.percentage)
        for rate, taxes in unmapped._get_tax_candidates().items():
            if len(taxes) == 1 and taxes.is_domestic:
                rate.write({"tax_id": taxes.id, "is_auto_mapped": True})

    def _get_tax_candidates(self):
        """Return the sales taxes that contradict a rate in nothing.

        :return: The taxes of each rate, the likeliest first: the company's default, then those of its
            own country, ordinary ones, and those for services.
        :rtype: dict[stripe.tax.rate, account.tax]
        """
        candidates = {}
        for company, rates in self.grouped("company_id").items():
            tax_model = self.env["account.tax"].with_company(company)
            taxes = tax_model.search(
                [
                    *tax_model._check_company_domain(company),
                    ("type_tax_use", "=", "sale"),
                    ("amount_type", "=", "percent"),
                ]
            ).sorted(
                lambda tax, company=company: (
                    tax != company.account_sale_tax_id,
                    tax.country_id != company.account_fiscal_country_id,
                    not tax.is_domestic,
                    tax.tax_scope == "consu",
                )
            )
            for rate in rates:
                candidates[rate] = taxes.filtered(
                    lambda tax, rate=rate: not rate.is_flat and not rate._get_contradictions(tax)
                )
        return candidates

    def _get_contradictions(self, tax=None):
        """Say in what a tax differs from the rate.

        :param account.tax tax: By default the one that is chosen.
        :return: Sentences without a full stop.
        :rtype: list[str]
        """
        self.ensure_one()
        tax = tax or self.tax_id
        found = []
        if not self.is_flat and round(tax.amount - self.percentage, 4):
            found.append(
                self.env._(
                    "%(tax)s in Odoo, %(rate)s at Stripe",
                    tax=self._format_percentage(tax.amount),
                    rate=self._format_percentage(self.percentage),
                )
            )
        # What is sold without tax contains none, and is reported at home wherever the customer is.
        if self.percentage and tax.price_include != self.inclusive:
            found.append(
                self.env._("Added to the price in Odoo, included at Stripe")
                if self.inclusive
                else self.env._("Included in the price in Odoo, added at Stripe")
            )
        countries = self._get_tax_countries(tax)
        if self.percentage and countries and self.country_id and self.country_id not in countries:
            found.append(
                self.env._(
                    "The tax is for %(tax)s, the rate for %(rate)s",
                    tax=", ".join(countries[:3].mapped("name")),
                    rate=self.country_id.name,
                )
            )
        if not tax.active:
            found.append(self.env._("The tax is archived"))
        return found

    @api.model
    def _get_tax_countries(self, tax):
        """Return the countries for which a tax is meant; none for all.

        A tax of fiscal positions is for their countries, such as one for sales to consumers abroad.

        :param account.tax tax: The tax.
        :rtype: res.country
        """
        if tax.is_domestic:
            return tax.country_id
        positions = tax.fiscal_position_ids
        if any(not position.country_id and not position.country_group_id for position in positions):
            return self.env["res.country"]
        return positions.country_id | positions.country_group_id.country_ids

    def _get_suggestion_remark(self):
        """Say in words how well the suggestion fits."""
        self.ensure_one()
        taxes = self.candidate_tax_ids
        if self.is_flat:
            return self.env._("A fixed amount at Stripe: choose the tax")
        if not taxes:
            return self.env._("No tax fits: choose one, or create it")
        if len(taxes) > 1:
            return self.env._(
                "%(count)s taxes fit: %(names)s",
                count=len(taxes),
                names=", ".join(taxes.mapped("name")),
            )
        if not taxes.is_domestic:
            return self.env._(
                "The only tax that fits, but it is for %(positions)s",
                positions=", ".join(taxes.fiscal_position_ids.mapped("name")),
            )
        return self.env._("The only tax that fits")

    # === BUSINESS METHODS - CREATION === #

    def _create_tax(self):
        """Make a tax of the rate, with the accounts of the company's default sales tax.

        Its tax grids are taken over too when only the treatment of the price differs; those of another
        percentage or country would be a guess.

        :rtype: account.tax
        """
        self.ensure_one()
        company = self.company_id
        tax_model = self.env["account.tax"].with_company(company)
        values = {
            "name": self._get_free_tax_name(),
            "amount_type": "percent",
            "amount": self.percentage,
            "type_tax_use": "sale",
            "price_include_override": "tax_included" if self.inclusive else "tax_excluded",
            "company_id": company.id,
            "country_id": self._get_booking_country().id,
        }
        default_tax = company.account_sale_tax_id
        if default_tax.amount_type != "percent":
            return tax_model.create(values)
        tax = default_tax.with_company(company).copy(
            {
                **values,
                "description": False,
                "invoice_label": False,
                "fiscal_position_ids": [],
                "original_tax_ids": [],
                **self._prepare_tax_group_values(values["country_id"], default_tax),
            }
        )
        if tax.amount != default_tax.amount or tax.country_id != default_tax.country_id:
            (tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids).tag_ids = False
        return tax

    def _prepare_tax_group_values(self, country_id, default_tax):
        """Return the tax group of a new tax, which must be of its country.

        :param int country_id: Of the new tax.
        :param account.tax default_tax: The one that is copied.
        :rtype: dict
        """
        if country_id == default_tax.country_id.id:
            return {}
        group_model = self.env["account.tax.group"].with_company(self.company_id)
        group = group_model.search(
            [
                *group_model._check_company_domain(self.company_id),
                ("country_id", "=", country_id),
            ],
            limit=1,
        ) or group_model.create(
            {
                "name": self.env["res.country"].browse(country_id).name,
                "company_id": self.company_id.id,
                "country_id": country_id,
            }
        )
        return {"tax_group_id": group.id}

    def _get_booking_country(self):
        """Return the country of a new tax: that of the rate where the company has a tax number there.

        Odoo books taxes of other countries only by a fiscal position with a tax number.

        :rtype: res.country
        """
        fiscal_country = self.company_id.account_fiscal_country_id
        if not self.country_id or self.country_id == fiscal_country:
            return fiscal_country
        return (
            self.country_id
            if self.country_id in self.company_id.multi_vat_foreign_country_ids
            else fiscal_country
        )

    def _get_free_tax_name(self):
        """Return a name for a new tax that no other sales tax of the company has."""
        name = self.display_name
        tax_model = self.env["account.tax"].with_context(active_test=False)
        taken = tax_model.search_count(
            [
                *tax_model._check_company_domain(self.company_id),
                ("type_tax_use", "=", "sale"),
                ("name", "=", name),
            ],
            limit=1,
        )
        return f"{name} {self.stripe_id}" if taken else name
