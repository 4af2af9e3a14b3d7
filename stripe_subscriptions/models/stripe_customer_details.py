# What Stripe has been told is committed customer by customer: pylint: disable=invalid-commit
import logging

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import const, stripe_tax_ids, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError
from odoo.exceptions import LockError, UserError

_logger = logging.getLogger(__name__)

# Customers that one run of the job begins with.
BATCH_SIZE = 100


class StripeCustomer(models.Model):
    """Name, e-mail, phone, address, language and tax id: what changes here is told Stripe, and back.

    A change in Odoo is only noted; a job tells Stripe. What changes at Stripe arrives with its event and
    is written to the contact, except what waits to be told: there Odoo's word counts.
    """

    _inherit = "stripe.customer"

    # === FIELDS === #

    details_changed = fields.Char(
        help="Which of the contact's details Stripe has not been told yet.",
        readonly=True,
        copy=False,
    )
    # Unix seconds with a fraction, as `stripe_fetched_at`.
    details_changed_at = fields.Float(readonly=True, copy=False)
    details_error = fields.Char(
        string="Not Taken by Stripe",
        help="Why Stripe did not take a change of the contact's details.",
        readonly=True,
        copy=False,
    )

    _details_changed_idx = models.Index("(id) WHERE details_changed IS NOT NULL")

    # === BUSINESS METHODS - TO STRIPE === #

    def _stripe_note_details(self, names):
        """Note that details of the contacts have changed, to be told Stripe once this is committed.

        :param set[str] names: Of `_prepare_details`.
        """
        now = self._stripe_now() if self else 0
        for customer in self:
            changed = set((customer.details_changed or "").split()) | names
            customer.write(
                {
                    "details_changed": " ".join(sorted(changed)),
                    "details_changed_at": now,
                    "details_error": False,
                }
            )
        if self:
            self.env.ref("stripe_subscriptions.ir_cron_tell_details")._trigger()

    @api.model
    def _cron_tell_details(self):
        """Tell Stripe what has changed. Never raises for what Stripe answers."""
        cron = self.env["ir.cron"]
        domain = [("details_changed", "!=", False), ("is_current_mode", "=", True)]
        customers = self.search(domain, limit=BATCH_SIZE, order="id").filtered(
            lambda customer: not customer.provider_id.stripe_billing_is_copy
        )
        cron._commit_progress(remaining=len(customers))
        for group in customers.grouped("provider_id").values():
            for customer in group:
                try:
                    customer._stripe_tell_details()
                except (StripeGatewayError, UserError, LockError) as error:
                    # Out of reach, not set up, or somebody is at it: the next run tries again.
                    self.env.cr.rollback()
                    _logger.info("Stripe customer %s was not told: %s", customer.stripe_id, error)
                    break
                if not cron._commit_progress(1):
                    return
        cron._commit_progress(remaining=0)

    def _stripe_tell_details(self):
        """Tell Stripe what has changed; what it refuses is noted, and not tried again.

        :raise StripeGatewayError: When Stripe is out of reach.
        """
        self.ensure_one()
        provider, stripe_id = self.provider_id, self.stripe_id
        names = set((self.details_changed or "").split())
        changed_at = self.details_changed_at
        fetched_at = self._stripe_now()
        client = provider._stripe_client()
        obj = client.retrieve_kind("customer", stripe_id)
        if obj.get("deleted"):
            self.with_context(stripe_fetched_at=fetched_at)._stripe_apply(provider, [obj])
            self.details_changed = False
            return
        ours, theirs = self._prepare_details(), self._prepare_details_there(obj)
        problem = False
        if "tax_id" in names and self.partner_id.vat and not ours["tax_id"]:
            problem = self.env._(
                "The tax id %s is of no kind that Stripe knows.", self.partner_id.vat
            )
            names.discard("tax_id")
        names = {name for name in names if ours[name] != theirs[name]}
        try:
            self._stripe_send_details(client, obj, ours, names)
        except StripeGatewayError as error:
            if error.retryable:
                raise
            problem = error.message
        if names:
            fetched_at = self._stripe_now()
            obj = client.retrieve_kind("customer", stripe_id)
        # What somebody has changed meanwhile is not lost: it is locked, and looked at again.
        self.env.cr.commit()
        self.lock_for_update()
        self.invalidate_recordset()
        if self.details_changed_at == changed_at:
            self.write({"details_changed": False, "details_error": problem})
        if problem:
            self.partner_id.message_post(
                body=self.env._("Stripe does not take the change: %(reason)s", reason=problem)
            )
        self.with_context(stripe_fetched_at=fetched_at)._stripe_apply(provider, [obj])

    def _stripe_tell_location(self):
        """Tell Stripe at once what decides about taxes and waits to be told: address and tax id.

        The job that tells details does the rest, and says what Stripe does not take.

        :raise UserError: When Stripe cannot be reached.
        """
        for customer in self.sudo():
            names = {"address", "tax_id"} & set((customer.details_changed or "").split())
            provider = customer.provider_id
            if not names or provider.stripe_billing_is_copy:
                continue
            try:
                client = provider._stripe_client()
                obj = client.retrieve_kind("customer", customer.stripe_id)
                ours, theirs = customer._prepare_details(), customer._prepare_details_there(obj)
                customer._stripe_send_details(
                    client, obj, ours, {name for name in names if ours[name] != theirs[name]}
                )
            except StripeGatewayError as error:
                if error.retryable:
                    raise provider._stripe_user_error(error) from error

    def _stripe_send_details(self, client, obj, details, names):
        """Send details to Stripe; those that are sent again are known by their idempotency key.

        :param StripeGateway client: The way to Stripe.
        :param dict obj: The customer as it is there.
        :param dict details: See `_prepare_details`.
        :param set[str] names: Which of them.
        :raise StripeGatewayError: When Stripe does not answer, or does not take them.
        """
        changed_at = self.details_changed_at
        params = {name: details[name] or "" for name in sorted(names - {"tax_id"})}
        if params:
            key = self.provider_id._stripe_idempotency_key(
                "details", self.stripe_id, changed_at, utils.fingerprint(params)
            )
            client.call("customers", "update", self.stripe_id, params=params, idempotency_key=key)
        if "tax_id" in names:
            self._stripe_tell_tax_id(client, obj, details["tax_id"], changed_at)

    def _prepare_tax_details(self, provider, contact):
        """Return what a preview tells Stripe of a customer so that taxes are right.

        :param payment.provider provider: The Stripe account.
        :param res.partner contact: Who gets Stripe's mails.
        :return: `address` and `tax_ids`, as far as there are any.
        :rtype: dict
        """
        partner = contact.commercial_partner_id
        kind = partner.vat and stripe_tax_ids.kind_of(partner.vat, partner.country_id.code)
        tax_id = {"type": kind, "value": stripe_tax_ids.clean(partner.vat)} if kind else None
        address = self._prepare_stripe_customer_params(provider, contact).get("address")
        return {"address": address, "tax_ids": tax_id and [tax_id]}

    def _stripe_tell_tax_id(self, client, obj, tax_id, changed_at):
        """Replace the tax id that a customer has at Stripe: there one cannot be changed.

        Others, which Odoo's contacts have no place for, are left alone.

        :param StripeGateway client: The way to Stripe.
        :param dict obj: The customer as it is there.
        :param tuple[str, str]|None tax_id: Kind and number; None takes the tax id away.
        :param float changed_at: When it was changed.
        """
        before = self._get_tax_id(obj)
        if tax_id:
            key = self.provider_id._stripe_idempotency_key(
                "tax_id", self.stripe_id, changed_at, utils.fingerprint(list(tax_id))
            )
            params = {"type": tax_id[0], "value": tax_id[1]}
            client.call(
                "customers.tax_ids", "create", self.stripe_id, params=params, idempotency_key=key
            )
        if before:
            client.call("customers.tax_ids", "delete", self.stripe_id, before["id"])

    # === BUSINESS METHODS - FROM STRIPE === #

    def _stripe_take_details(self, before, obj):
        """Write to the contact what has changed at Stripe.

        :param dict|None before: The customer as it was known; without it nothing is known to have
            changed.
        :param dict obj: The customer as it is now.
        """
        self.ensure_one()
        # A list may give the customer without its tax ids: that is no change of them.
        if not before or "tax_ids" not in obj:
            return
        was, now = self._prepare_details_there(before), self._prepare_details_there(obj)
        ours = self._prepare_details()
        waiting = set((self.details_changed or "").split())
        if "tax_ids" not in before:
            waiting.add("tax_id")
        names = {
            name
            for name in now
            if now[name] != was[name] and now[name] != ours[name] and name not in waiting
        }
        values = self._prepare_partner_values(now, names)
        contact = self.partner_id._get_stripe_primary_contact()
        if "email" in names and all(user.share for user in contact.user_ids):
            contact.with_context(**const.SYNC_CONTEXT).email = now["email"]
        else:
            names.discard("email")
        if values:
            # Stripe checks tax ids itself, and its word is not to be lost.
            self.partner_id.with_context(**const.SYNC_CONTEXT, no_vat_validation=True).write(values)
        if names:
            labels = self._get_detail_labels()
            self.partner_id.message_post(
                body=self.env._(
                    "Changed at Stripe: %s", ", ".join(labels[name] for name in sorted(names))
                )
            )

    # === BUSINESS METHODS - MAPPING === #

    def _prepare_details(self):
        """Return the contact's details in Stripe's words, None where there is nothing.

        :rtype: dict
        """
        self.ensure_one()
        partner = self.partner_id
        contact = partner._get_stripe_primary_contact()
        params = self._prepare_stripe_customer_params(self.provider_id, contact)
        kind = partner.vat and stripe_tax_ids.kind_of(partner.vat, partner.country_id.code)
        return {
            "name": params.get("name"),
            "email": params.get("email"),
            "phone": params.get("phone"),
            "address": params.get("address"),
            "preferred_locales": params.get("preferred_locales"),
            "tax_id": (kind, stripe_tax_ids.clean(partner.vat)) if kind else None,
        }

    @api.model
    def _prepare_details_there(self, obj):
        """Return the same of a Stripe customer. Pure.

        :param dict obj: With `tax_ids` expanded.
        :rtype: dict
        """
        tax_id = self._get_tax_id(obj)
        return {
            "name": obj.get("name") or None,
            "email": obj.get("email") or None,
            "phone": obj.get("phone") or None,
            "address": utils.without_empty(obj.get("address") or {}) or None,
            "preferred_locales": obj.get("preferred_locales") or None,
            "tax_id": (tax_id["type"], stripe_tax_ids.clean(tax_id["value"])) if tax_id else None,
        }

    @api.model
    def _get_tax_id(self, obj):
        """Return the tax id of a customer that stands for its contact's: the newest; or None."""
        return next(iter(utils.path(obj, "tax_ids.data", [])), None)

    @api.model
    def _prepare_partner_values(self, details, names):
        """Map details at Stripe to values of the contact. The language is Odoo's alone.

        :param dict details: See `_prepare_details_there`.
        :param set[str] names: Of those that are wanted.
        :rtype: dict
        """
        values = {name: details[name] or False for name in {"phone"} & names}
        if "name" in names and details["name"]:
            values["name"] = details["name"]
        if "tax_id" in names:
            values["vat"] = details["tax_id"][1] if details["tax_id"] else False
        if "address" in names:
            address = details["address"] or {}
            country = self.env["res.country"].search([("code", "=", address.get("country") or "")])
            state = self.env["res.country.state"].search(
                [
                    ("country_id", "=", country.id),
                    *("|", ("code", "=", address.get("state") or "")),
                    ("name", "=ilike", address.get("state") or ""),
                ],
                limit=1,
            )
            values |= {
                "street": address.get("line1") or False,
                "street2": address.get("line2") or False,
                "city": address.get("city") or False,
                "zip": address.get("postal_code") or False,
                "country_id": country.id,
                "state_id": state.id,
            }
        return values

    @api.model
    def _get_detail_labels(self):
        return {
            "name": self.env._("name"),
            "email": self.env._("e-mail address"),
            "phone": self.env._("phone"),
            "address": self.env._("address"),
            "preferred_locales": self.env._("language"),
            "tax_id": self.env._("tax id"),
        }
