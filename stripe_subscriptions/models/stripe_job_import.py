# A job fetches without holding locks: pylint: disable=invalid-commit
import time

from odoo import fields, models
from odoo.addons.stripe_subscriptions import utils
from odoo.addons.stripe_subscriptions.models.payment_provider_sync import WRITERS

# Objects that one step takes. An invoice is posted and reconciled, which takes longer than the rest.
INVOICE_PAGE = 25
# Seconds before the day from which invoices are booked in which such an invoice may have been drafted.
DRAFT_SECONDS = 4 * 86400

PHASES = ("catalogue", "customers", "subscriptions", "invoices", "refunds")
CATALOGUE = (
    ("stripe.price", "prices", {"type": "recurring", "expand": ["data.product", "data.tiers"]}),
    ("stripe.tax.rate", "tax_rates", {}),
    ("stripe.coupon", "coupons", {}),
)


class StripeJob(models.Model):
    """Import: taking over an account with its history.

    Walks Stripe's lists, newest first, and gives what it finds to the writers. A dry run goes the same
    way and only counts, except that it writes down which contact each customer would become. No mail is
    sent; what is in Odoo already is not made again; what fails is counted and left for the audit.
    """

    _inherit = "stripe.job"

    dry_run = fields.Boolean(readonly=True)
    book_from = fields.Date(
        string="Book Invoices From",
        help="Invoices finalized before this day are never booked here, now or later.",
        readonly=True,
    )

    # === BUSINESS METHODS === #

    def _step_import(self):
        """Take one page of a list."""
        cursor = self.cursor or {}
        if "phase_index" not in cursor:
            account = self.provider_id._stripe_client().call("accounts", "retrieve_current")
            if not self.dry_run:
                self.provider_id.stripe_billing_book_from = self.book_from
            self._advance(0, phase_index=0, after=None, opened_at=account.get("created") or 0)
            return False
        if cursor["phase_index"] == len(PHASES):
            return True
        name = PHASES[cursor["phase_index"]]
        objects, after = getattr(self, f"_import_{name}")(cursor["after"])
        labels = {
            "catalogue": self.env._("Plans, tax rates, coupons"),
            "customers": self.env._("Customers"),
            "subscriptions": self.env._("Subscriptions"),
            "invoices": self.env._("Invoices"),
            "refunds": self.env._("Refunds"),
        }
        share = self._get_share(objects, cursor["opened_at"]) if after else 1
        self._advance(
            (cursor["phase_index"] + share) / len(PHASES),
            phase=labels[name],
            after=after,
            phase_index=cursor["phase_index"] + (not after),
        )
        return False

    def _get_share(self, objects, opened_at):
        """Estimate how much of a list is done: by how far it has gone back to the account's opening."""
        if not objects or not objects[-1].get("created"):
            return 0.0
        since = opened_at
        if self.book_from and objects[-1]["object"] in ("invoice", "refund"):
            since = utils.to_timestamp(fields.Datetime.to_datetime(self.book_from))
        now = time.time()
        return min(max((now - objects[-1]["created"]) / max(now - since, 1), 0.0), 0.99)

    def _fetch_page(self, service, params, after):
        """Fetch a page; nothing is locked meanwhile."""
        answer = self.provider_id._stripe_client().page(service, params=params, after=after)
        self.env.cr.commit()
        return answer

    # === BUSINESS METHODS - PHASES === #

    def _import_catalogue(self, after):
        """Mirror one page of the catalogue. `after` is the number of the list and an id."""
        number, object_id = after or (0, None)
        model, service, params = CATALOGUE[number]
        objects, next_id = self._fetch_page(service, params, object_id)
        known = self.env[model]._stripe_find(self.provider_id, [obj["id"] for obj in objects])
        self._count(catalogue=len(objects) - len(known), known=len(known))
        if not self.dry_run:
            self.env[model]._stripe_apply(self.provider_id, objects)
        if next_id:
            return objects, (number, next_id)
        return objects, (number + 1, None) if number + 1 < len(CATALOGUE) else None

    def _import_customers(self, after):
        """Match one page of customers with contacts; link them unless this is a dry run."""
        objects, after = self._fetch_page("customers", {"expand": ["data.tax_ids"]}, after)
        lines = self.env["stripe.import.line"]._plan(self.provider_id, objects)
        numbers = {}
        for line in lines:
            name = "matched" if line.partner_id and line.outcome != "linked" else line.outcome
            numbers[f"customers_{name}"] = numbers.get(f"customers_{name}", 0) + 1
        self._count(**numbers)
        if not self.dry_run:
            lines._link(objects)
        return objects, after

    def _import_subscriptions(self, after):
        """Mirror one page of subscriptions, ended ones too."""
        params = {"status": "all", "expand": ["data.discounts", "data.schedule"]}
        objects, after = self._fetch_page("subscriptions", params, after)
        self._take("subscription", objects, "subscriptions")
        return objects, after

    def _import_invoices(self, after):
        """Book one page of the invoices from the day on that was chosen."""
        params = {"limit": INVOICE_PAGE, "expand": ["data.payments", "data.discounts"]}
        if self.book_from:
            since = utils.to_timestamp(fields.Datetime.to_datetime(self.book_from))
            params["created"] = {"gte": since - DRAFT_SECONDS}
        objects, after = self._fetch_page("invoices", params, after)
        wanted = [
            obj
            for obj in objects
            if obj["status"] not in (None, "draft", "void") and not self._is_too_old(obj)
        ]
        self._take("invoice", self._with_all_lines(wanted), "invoices")
        return objects, after

    def _is_too_old(self, obj):
        tz = self.provider_id.company_id.partner_id.tz
        return bool(self.book_from) and utils.invoice_date(obj, tz) < self.book_from

    def _with_all_lines(self, invoices):
        """Return invoices with all their lines: a list carries only the first of each."""
        if self.dry_run:
            return invoices
        long = [("invoice", obj["id"]) for obj in invoices if obj["lines"]["has_more"]]
        fetched = self._fetch_all(long)
        return [fetched.get(("invoice", obj["id"]), obj) for obj in invoices]

    def _import_refunds(self, after):
        """Book one page of refunds; those of payments that are not booked are left out."""
        params = {"limit": INVOICE_PAGE}
        if self.book_from:
            since = utils.to_timestamp(fields.Datetime.to_datetime(self.book_from))
            # A day more: the books begin at midnight where the company is.
            params["created"] = {"gte": since - 86400}
        objects, after = self._fetch_page("refunds", params, after)
        self._take("refund", objects, "refunds")
        return objects, after

    # === BUSINESS METHODS - WRITING === #

    def _fetch_all(self, requests):
        """Fetch objects by their ids.

        :raise StripeGatewayError: When one cannot be fetched.
        """
        fetched = self.provider_id._stripe_client().retrieve_many(requests)
        for answer in fetched.values():
            if isinstance(answer, Exception):
                raise answer
        self.env.cr.commit()
        return fetched

    def _take(self, kind, objects, name):
        """Give objects to their writer, and count what was new, known, left out and failed.

        :param str kind: See `const.FETCH_SPECS`.
        :param list[dict] objects: Of that kind.
        :param str name: Beginning of the counts' names.
        """
        # What has happened before Odoo was there is no news to the customers.
        provider = self.provider_id.with_context(stripe_no_mails=True)
        model = self.env[WRITERS[kind]]
        found = model._stripe_find(provider, [obj["id"] for obj in objects])
        known = {(kind, stripe_id) for stripe_id in found._get_stripe_ids()}
        new = {(kind, obj["id"]) for obj in objects} - known
        self._count(**{f"{name}_known": len(known)})
        if self.dry_run:
            self._count(**{f"{name}_new": len(new)})
            return
        fetched = provider._stripe_complete({(kind, obj["id"]): obj for obj in objects})
        self.env.cr.commit()
        applied, failed = provider._stripe_write_apart(
            fetched,
            [(kind, obj["id"]) for obj in objects],
            lambda key: provider._stripe_complete({key: fetched[key]}),
        )
        self._count(
            **{
                f"{name}_new": len(new & applied),
                f"{name}_failed": len(failed),
                f"{name}_left": len(new - applied - set(failed)),
            }
        )
        missing = "stripe_invoice_id" if kind == "invoice" else "stripe_id"
        self.env["stripe.difference"]._report(
            self, {key: [(missing, reason, key[1])] for key, reason in failed.items()}
        )

    # === BUSINESS METHODS - RESULT === #

    def _finish_import(self):
        """Have a person decide on the customers that are not clear."""
        undecided = (self.counts or {}).get("customers_ambiguous")
        if undecided:
            self._call_person(
                self.env._("%s customers to decide on", undecided),
                self.env._("Choose their contacts, then import again: nothing is made twice."),
            )

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind != "import":
            return labels
        labels |= {
            "catalogue": self.env._("Plans, tax rates and coupons, new"),
            "known": self.env._("Plans, tax rates and coupons, here already"),
            "customers_new": self.env._("Customers that become new contacts"),
            "customers_matched": self.env._("Customers matched with contacts"),
            "customers_linked": self.env._("Customers linked already"),
            "customers_ambiguous": self.env._("Customers to decide on"),
            "customers_skip": self.env._("Customers left out"),
        }
        names = {
            "subscriptions": self.env._("Subscriptions"),
            "invoices": self.env._("Invoices"),
            "refunds": self.env._("Refunds"),
        }
        for name, label in names.items():
            labels |= {
                f"{name}_new": self.env._("%s, new", label),
                f"{name}_known": self.env._("%s, here already", label),
                f"{name}_left": self.env._("%s of customers that are not linked", label),
                f"{name}_failed": self.env._("%s that failed, see the differences", label),
            }
        return labels
