import re

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize


class StripeImportLine(models.Model):
    """A customer of an account that is taken over, and which contact it becomes.

    Made by the dry run, so that a person can look through them and decide on those that are not clear.
    """

    _name = "stripe.import.line"
    _description = "Stripe Customer to Import"
    _inherit = ["stripe.account.mixin"]
    _order = "outcome, name, id"
    _rec_name = "name"

    # === FIELDS === #

    stripe_id = fields.Char(string="Stripe ID", required=True, readonly=True)
    name = fields.Char(readonly=True)
    email = fields.Char(readonly=True)
    tax_id = fields.Char(string="Tax ID", readonly=True)
    outcome = fields.Selection(
        [
            ("ambiguous", "To decide"),
            ("new", "New contact"),
            ("id", "Same ID"),
            ("email", "Same e-mail"),
            ("tax_id", "Same tax ID"),
            ("chosen", "Chosen"),
            ("skip", "Left out"),
            ("linked", "Linked"),
        ],
        string="Becomes",
        required=True,
        readonly=True,
        index=True,
    )
    reason = fields.Char(readonly=True)
    partner_id = fields.Many2one(
        string="Contact",
        comodel_name="res.partner",
        check_company=True,
        index=True,
        ondelete="set null",
    )
    candidate_ids = fields.Many2many(string="Candidates", comodel_name="res.partner", readonly=True)

    _stripe_id_uniq = models.UniqueIndex(
        "(provider_id, stripe_id)", "This customer is on the list already."
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `base`: who picks a contact has decided."""
        if "partner_id" in vals and "outcome" not in vals:
            if any(line.outcome == "linked" for line in self):
                raise UserError(self.env._("This customer is linked already."))
            vals = {**vals, "outcome": "chosen" if vals["partner_id"] else "ambiguous"}
        return super().write(vals)

    # === ACTION METHODS === #

    def action_new_contact(self):
        """Have the import make a new contact for the customers."""
        self._decide({"outcome": "new", "partner_id": False})

    def action_skip(self):
        """Leave the customers out, with their subscriptions and invoices."""
        self._decide({"outcome": "skip", "partner_id": False})

    def _decide(self, values):
        self.filtered(lambda line: line.outcome != "linked").write({**values, "reason": False})

    # === BUSINESS METHODS === #

    @api.model
    def _plan(self, provider, objects):
        """Find out which contacts customers become, and write it down.

        By id, then by e-mail and tax id; what more than one contact fits, or what fits a contact that
        has another customer, is left to a person. Decisions that were made are kept. Writes nothing
        but these lines.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe customers with `tax_ids` expanded.
        :return: The lines, in any order.
        :rtype: stripe.import.line
        """
        objects = [obj for obj in objects if not obj.get("deleted")]
        ids = [obj["id"] for obj in objects]
        known = {
            line.stripe_id: line
            for line in self.search([("provider_id", "=", provider.id), ("stripe_id", "in", ids)])
        }
        finder = self._prepare_finder(provider, objects)
        vals_list, lines = [], self.browse()
        # Who was promised a contact before keeps it.
        for obj in sorted(objects, key=lambda obj: obj["id"] not in known):
            line = known.get(obj["id"])
            values = self._prepare_line_values(provider, obj, finder)
            if values["outcome"] != "linked" and line and line.outcome in ("chosen", "new", "skip"):
                finder["taken"].add(line.partner_id.id)
                lines |= line
            elif line:
                line.write(values)
                lines |= line
            else:
                vals_list.append({**values, "provider_id": provider.id, "stripe_id": obj["id"]})
        return lines | self.create(vals_list)

    @api.model
    def _prepare_finder(self, provider, objects):
        """Read once what the customers of a page are matched by.

        :rtype: dict
        """
        partner_model = self.env["res.partner"].with_context(active_test=True)
        company_domain = [("company_id", "in", (False, provider.company_id.id))]
        ids = [obj["id"] for obj in objects]
        customers = self.env["stripe.customer"].with_context(active_test=False)
        links = {link.stripe_id: link.partner_id for link in customers._stripe_find(provider, ids)}
        emails = {email_normalize(obj.get("email")) for obj in objects} - {False, None}
        tax_ids = {number for obj in objects for number in self._get_tax_ids(obj)}
        by_ref, by_email, by_tax_id = {}, {}, {}
        for partner in partner_model.search([*company_domain, ("ref", "in", ids)]):
            by_ref.setdefault(partner.ref, set()).add(partner.commercial_partner_id.id)
        for partner in partner_model.search(
            [*company_domain, ("email_normalized", "in", list(emails))]
        ):
            by_email.setdefault(partner.email_normalized, set()).add(
                partner.commercial_partner_id.id
            )
        for partner_id, number in self._find_tax_ids(provider, tax_ids):
            by_tax_id.setdefault(number, set()).add(partner_id)
        matched = set().union(*by_ref.values(), *by_email.values(), *by_tax_id.values())
        taken = self.env["stripe.customer"].search(
            [
                ("provider_id", "=", provider.id),
                ("partner_id", "in", list(matched)),
                ("livemode", "=", provider._stripe_livemode()),
            ]
        )
        planned = self.search(
            [
                ("provider_id", "=", provider.id),
                ("partner_id", "in", list(matched)),
                ("stripe_id", "not in", ids),
            ]
        )
        return {
            "links": links,
            "metadata": customers._get_metadata_partners(provider, objects),
            "by_ref": by_ref,
            "by_email": by_email,
            "by_tax_id": by_tax_id,
            "taken": set(taken.partner_id.ids) | set(planned.partner_id.ids),
        }

    @api.model
    def _find_tax_ids(self, provider, tax_ids):
        """Return the companies that have tax ids, however they are written.

        :param payment.provider provider: The Stripe account.
        :param set[str] tax_ids: Letters and digits only.
        :return: Pairs of a contact's id and its tax id.
        :rtype: list[tuple[int, str]]
        """
        if not tax_ids:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT id, regexp_replace(upper(vat), '[^A-Z0-9]', '', 'g')
                  FROM res_partner
                 WHERE vat IS NOT NULL AND active AND parent_id IS NULL
                   AND (company_id IS NULL OR company_id = %s)
                   AND regexp_replace(upper(vat), '[^A-Z0-9]', '', 'g') IN %s
                """,
                provider.company_id.id,
                tuple(tax_ids),
            )
        )

    @api.model
    def _prepare_line_values(self, provider, obj, finder):
        """Return what becomes of a customer.

        :param payment.provider provider: The Stripe account.
        :param dict obj: The Stripe customer.
        :param dict finder: See `_prepare_finder`; contacts that are given away are added to it.
        :rtype: dict
        """
        tax_ids = self._get_tax_ids(obj)
        values = {
            "name": obj.get("name") or obj.get("email") or obj["id"],
            "email": obj.get("email"),
            "tax_id": ", ".join(tax_ids),
            "partner_id": False,
            "reason": False,
        }
        if obj["id"] in finder["links"]:
            return {**values, "outcome": "linked", "partner_id": finder["links"][obj["id"]].id}
        by_tax_id = set().union(*(finder["by_tax_id"].get(number, ()) for number in tax_ids))
        by_email = finder["by_email"].get(email_normalize(obj.get("email")) or "", set())
        by_id = set(finder["by_ref"].get(obj["id"], ()))
        if obj["id"] in finder["metadata"]:
            by_id.add(finder["metadata"][obj["id"]])
        outcome, found = "new", set()
        if by_id:
            outcome, found = "id", by_id
        elif by_email and by_tax_id:
            found = by_email & by_tax_id or by_email | by_tax_id
            outcome = "tax_id"
        elif by_email or by_tax_id:
            outcome = "email" if by_email else "tax_id"
            found = by_email or by_tax_id
        if not found:
            return {**values, "outcome": outcome}
        reason = False
        if len(found) > 1:
            reason = self.env._("%s contacts fit.", len(found))
        elif found & finder["taken"]:
            reason = self.env._("The contact that fits has another customer at Stripe.")
        if reason:
            candidates = [fields.Command.set(sorted(found))]
            return {**values, "outcome": "ambiguous", "reason": reason, "candidate_ids": candidates}
        finder["taken"] |= found
        return {**values, "outcome": outcome, "partner_id": found.pop()}

    @api.model
    def _get_tax_ids(self, obj):
        return [
            self._clean_tax_id(tax_id["value"])
            for tax_id in utils.path(obj, "tax_ids.data", [])
            if tax_id.get("value")
        ]

    @api.model
    def _clean_tax_id(self, number):
        return re.sub(r"[^A-Z0-9]", "", number.upper())

    def _link(self, objects):
        """Make the contacts that are new, and link all that are decided with their customers.

        :param list[dict] objects: Stripe customers, those of other lines are left out.
        :return: How many contacts were made and how many customers linked.
        :rtype: tuple[int, int]
        """
        objects = {obj["id"]: obj for obj in objects}
        ready = self.filtered(lambda line: line.outcome not in ("ambiguous", "skip", "linked"))
        new = ready.filtered(lambda line: not line.partner_id)
        if not ready:
            return 0, 0
        provider = self.provider_id.sudo()
        codes = {(objects[line.stripe_id].get("address") or {}).get("country") for line in new}
        countries = {
            country.code: country.id
            for country in self.env["res.country"].search([("code", "in", list(codes - {None}))])
        }
        partners = (
            self.env["res.partner"]
            .with_context(**const.SYNC_CONTEXT, no_vat_validation=True)
            .create(
                [self._prepare_partner_values(objects[line.stripe_id], countries) for line in new]
            )
        )
        for line, partner in zip(new, partners, strict=True):
            line.write({"partner_id": partner.id, "outcome": "new"})
        links = {line.stripe_id: line.partner_id.commercial_partner_id.id for line in ready}
        self.env["stripe.customer"].with_context(stripe_customer_partners=links)._stripe_apply(
            provider, [objects[stripe_id] for stripe_id in links]
        )
        ready.write({"outcome": "linked"})
        return len(new), len(ready)

    @api.model
    def _prepare_partner_values(self, obj, countries):
        """Map a Stripe customer to the values of a new contact. Pure.

        :param dict obj: The customer.
        :param dict[str, int] countries: Ids of countries by code.
        :rtype: dict
        """
        address = obj.get("address") or {}
        tax_ids = self._get_tax_ids(obj)
        return utils.without_empty(
            {
                "name": obj.get("name") or obj.get("email") or obj["id"],
                "email": obj.get("email"),
                "phone": obj.get("phone"),
                "street": address.get("line1"),
                "street2": address.get("line2"),
                "city": address.get("city"),
                "zip": address.get("postal_code"),
                "country_id": countries.get(address.get("country")),
                "vat": tax_ids and tax_ids[0],
                "is_company": bool(tax_ids) or None,
                "company_id": self.env.company.id if self.env.company.parent_id else None,
            }
        )
