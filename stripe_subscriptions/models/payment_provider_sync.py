# Locks of lanes outlast a transaction: pylint: disable=invalid-commit
import hashlib
import logging
from contextlib import contextmanager

import psycopg2
from odoo import models
from odoo.addons.stripe_subscriptions import const, utils
from odoo.addons.stripe_subscriptions.stripe_gateway import StripeGatewayError, StripeNotFound
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

# Object -> model with its writer. A product has none: what it says is part of its plans.
WRITERS = {
    "price": "stripe.price",
    "tax_rate": "stripe.tax.rate",
    "coupon": "stripe.coupon",
    "customer": "stripe.customer",
    "subscription": "stripe.subscription",
    "invoice": "account.move",
    "refund": "account.payment",
    "credit_note": "stripe.credit.note",
    "dispute": "stripe.dispute",
    "payout": "stripe.payout",
}


# Objects that become documents in journals.
BOOKED_KINDS = {"invoice", "refund", "credit_note", "charge", "dispute", "payout", "customer"}


class PaymentProvider(models.Model):
    """Fetching objects, with all that they refer to, and giving them to their writers.

    Webhook lanes, the return from Checkout and buttons all come through here.
    """

    _inherit = "payment.provider"

    # === BUSINESS METHODS - SYNC === #

    def _stripe_sync(self, requests):
        """Fetch objects and apply them, for a person who waits.

        An invoice that cannot be booked does not hold up the rest: its own event is tried again and
        says what is wrong to those who can mend it.

        :param list[tuple[str, str]] requests: Pairs of kind (see `const.FETCH_SPECS`) and id.
        :raise UserError: When a request fails or an object cannot be applied.
        """
        self.ensure_one()
        self = self.sudo()
        fetched_at = self.env["stripe.price"]._stripe_now()
        fetched = self._stripe_fetch(requests)
        for answer in fetched.values():
            if isinstance(answer, StripeGatewayError):
                raise self._stripe_user_error(answer) from answer
        provider = self.with_context(stripe_fetched_at=fetched_at)
        invoices = {key: obj for key, obj in fetched.items() if key[0] == "invoice"}
        provider._stripe_write({key: fetched[key] for key in fetched if key not in invoices})
        try:
            with self.env.cr.savepoint():
                provider._stripe_write(invoices)
        except UserError as error:
            _logger.warning(
                "Stripe invoices %s are not booked yet: %s",
                ", ".join(object_id for _kind, object_id in invoices),
                error,
            )

    def _stripe_fetch(self, requests):
        """Fetch objects and those they refer to that Odoo does not have yet.

        No row is locked meanwhile.

        :param list[tuple[str, str]] requests: Pairs of kind and id.
        :return: For each object asked for or referred to: the object, or the error of its request.
        :rtype: dict[tuple[str, str], dict|StripeGatewayError]
        """
        requests = list(dict.fromkeys(requests))
        return self._stripe_complete(self._stripe_client().retrieve_many(requests))

    def _stripe_complete(self, fetched):
        """Add to fetched objects those they refer to that Odoo does not have yet.

        :param dict fetched: See `_stripe_fetch`.
        :rtype: dict[tuple[str, str], dict|StripeGatewayError]
        """
        fetched = dict(fetched)
        while missing := [k for k in self._stripe_get_references(fetched) if k not in fetched]:
            fetched.update(self._stripe_client().retrieve_many(missing))
        return fetched

    def _stripe_get_references(self, fetched):
        """Return what fetched objects refer to and must be applied before or with them.

        :param dict fetched: See `_stripe_fetch`.
        :rtype: list[tuple[str, str]]
        """
        always, unless_known = [], []
        for (kind, _object_id), obj in fetched.items():
            if isinstance(obj, StripeGatewayError) or obj.get("deleted"):
                continue
            if kind == "checkout.session" and obj.get("status") == "complete":
                always.append(("subscription", utils.object_id(obj.get("subscription"))))
                always.append(("invoice", utils.object_id(obj.get("invoice"))))
            elif kind == "invoice_payment":
                always.append(("invoice", utils.object_id(obj["invoice"])))
            elif kind == "credit_note":
                always.append(("invoice", utils.object_id(obj["invoice"])))
                always += [
                    ("refund", utils.object_id(part.get("refund")))
                    for part in obj.get("refunds") or []
                ]
                unless_known += [
                    ("tax_rate", utils.path(tax, "tax_rate_details.tax_rate"))
                    for line in obj["lines"]["data"]
                    for tax in line.get("taxes") or []
                ]
            elif kind == "dispute":
                always.append(("charge", utils.object_id(obj["charge"])))
            elif kind in ("refund", "charge"):
                always += [
                    ("invoice", utils.object_id(part["invoice"]))
                    for part in obj.get("invoice_payments") or []
                ]
            elif kind == "subscription":
                unless_known.append(("customer", utils.object_id(obj["customer"])))
                unless_known += [
                    ("price", item["price"]["id"]) for item in utils.path(obj, "items.data", [])
                ]
                unless_known += [
                    ("tax_rate", rate["id"]) for rate in obj.get("default_tax_rates") or []
                ]
            elif kind == "invoice":
                unless_known.append(("customer", utils.object_id(obj.get("customer"))))
                unless_known.append(("subscription", utils.invoice_subscription_id(obj)))
                for line in obj["lines"]["data"]:
                    price = utils.path(line, "pricing.price_details.price")
                    unless_known.append(("price", utils.object_id(price)))
                    unless_known += [
                        ("tax_rate", utils.path(tax, "tax_rate_details.tax_rate"))
                        for tax in line.get("taxes") or []
                    ]
        references = [key for key in always if key[1]]
        for kind in dict.fromkeys(kind for kind, _object_id in unless_known):
            ids = dict.fromkeys(key[1] for key in unless_known if key[0] == kind and key[1])
            known = self.env[WRITERS[kind]].sudo()._stripe_find(self, list(ids))
            if kind == "customer":
                # The first subscription or invoice decides a customer's currency.
                known = known.filtered("currency_id")
            references += [(kind, i) for i in ids if i not in set(known.mapped("stripe_id"))]
        return references

    def _stripe_write(self, fetched):
        """Give fetched objects to their writers, those that others refer to first.

        :param dict fetched: See `_stripe_fetch`; errors are left out.
        :return: The keys of the objects that Odoo now has a record of.
        :rtype: set[tuple[str, str]]
        """
        by_kind = {}
        for (kind, object_id), obj in fetched.items():
            if isinstance(obj, StripeNotFound):
                obj = {"id": object_id, "deleted": True}
            if not isinstance(obj, StripeGatewayError):
                by_kind.setdefault(kind, []).append(obj)
        applied = set()
        for kind in const.APPLY_ORDER:
            objects = by_kind.get(kind)
            if not objects:
                continue
            if kind == "product":
                self.env["stripe.price"]._stripe_apply_products(self, objects)
                applied |= {(kind, obj["id"]) for obj in objects}
            elif kind == "checkout.session":
                applied |= {
                    (kind, session_id)
                    for session_id in self.env["stripe.subscription"]._stripe_apply_sessions(
                        self, objects
                    )
                }
            elif kind == "charge":
                transaction_model = self.env["stripe.balance.transaction"]
                charges = [obj for obj in objects if not obj.get("deleted")]
                applied |= {
                    (kind, charge_id)
                    for charge_id in transaction_model._stripe_apply_sources(self, charges)
                }
            else:
                records = self.env[WRITERS[kind]]._stripe_apply(self, objects)
                applied |= {(kind, stripe_id) for stripe_id in records._get_stripe_ids()}
        applied |= {
            (kind, object_id)
            for (kind, object_id), obj in fetched.items()
            if kind == "invoice_payment"
            and isinstance(obj, dict)
            and ("invoice", utils.object_id(obj["invoice"])) in applied
        }
        return applied

    def _stripe_write_apart(self, fetched, keys, fetch):
        """Give objects to their writers: all at once, and when that fails one by one.

        Whatever is wrong with one does not hold up the others; it is told and, unless it is for people,
        logged. Other work on the same records, and Stripe being out of reach, is nobody's fault.

        :param dict fetched: See `_stripe_fetch`.
        :param list[tuple[str, str]] keys: Kinds and ids of the objects that this is about.
        :param Callable fetch: Returns for a key what is to be written for it alone.
        :return: The keys of the objects that Odoo now has a record of, and why the others failed.
        :rtype: tuple[set[tuple[str, str]], dict[tuple[str, str], str]]
        :raise psycopg2.OperationalError: When other work was in the way.
        :raise StripeGatewayError: When Stripe cannot be reached.
        """
        passing = (psycopg2.OperationalError, StripeGatewayError)
        try:
            with self.env.cr.savepoint():
                return self._stripe_write(fetched), {}
        except passing:
            raise
        except Exception as error:
            _logger.info("Stripe objects are written one by one: %s", error)
        applied, failed = set(), {}
        for key in keys:
            part = fetch(key)
            try:
                with self.env.cr.savepoint():
                    applied |= self._stripe_write(part)
            except passing:
                raise
            except UserError as error:
                failed[key] = str(error)
            except Exception as error:
                _logger.exception("Stripe %s %s cannot be written", *key)
                failed[key] = f"{type(error).__name__}: {str(error).strip()}"
        return applied, failed

    def _stripe_get_record(self, kind, object_id):
        """Return the record of a Stripe object, empty when there is none.

        :param str|None kind: See `const.FETCH_SPECS`.
        :param str object_id: Its id.
        """
        self.ensure_one()
        if kind == "invoice_payment":
            return self.env["account.payment"].search(
                [
                    ("stripe_provider_id", "=", self.id),
                    ("stripe_invoice_payment_id", "=", object_id),
                ]
            )
        if kind == "checkout.session":
            return self.env["stripe.subscription"].search(
                [("provider_id", "=", self.id), ("checkout_session", "=", object_id)], limit=1
            )
        if kind == "charge":
            return (
                self.env["stripe.balance.transaction"]
                .search([("provider_id", "=", self.id), ("source", "=", object_id)], limit=1)
                .payment_id
            )
        if kind not in WRITERS:
            return self.env["stripe.price"]
        return self.env[WRITERS[kind]]._stripe_find(self, [object_id])

    # === BUSINESS METHODS - COMPARISON === #

    def _stripe_compare(self, fetched):
        """Compare fetched objects with what Odoo has of them.

        :param dict fetched: See `_stripe_fetch`.
        :return: For each object that differs the fields: name, here, there.
        :rtype: dict[tuple[str, str], list[tuple[str, str, str]]]
        :raise StripeGatewayError: When one of the answers is such an error.
        """
        self = self.sudo().with_company(self.company_id)
        by_kind = {}
        for (kind, object_id), obj in fetched.items():
            if isinstance(obj, StripeNotFound):
                obj = {"id": object_id, "deleted": True}
            if isinstance(obj, StripeGatewayError):
                raise obj
            by_kind.setdefault(kind, []).append(obj)
        found = {}
        for kind, objects in by_kind.items():
            model = self.env[WRITERS[kind]]
            records = model._stripe_find(self, [obj["id"] for obj in objects])
            by_id = {record._get_stripe_ids()[0]: record for record in records}
            lookup = model._prepare_stripe_lookup(self, objects)
            for obj in objects:
                record = by_id.get(obj["id"], model)
                if rows := record._stripe_get_differences(self, obj, lookup):
                    found[kind, obj["id"]] = rows
        return found

    def _stripe_without_pending(self, keys):
        """Leave out the objects that an event is about to change.

        :param list[tuple[str, str]] keys: Pairs of kind and id.
        :rtype: list[tuple[str, str]]
        """
        pending = self.env["stripe.event"].search(
            [
                ("provider_id", "=", self.id),
                ("state", "=", "pending"),
                ("object_id", "in", [object_id for _kind, object_id in keys]),
            ]
        )
        busy = set(pending.mapped("object_id"))
        return [key for key in keys if key[1] not in busy]

    def _stripe_is_before_booking(self, invoice):
        """Return whether an invoice is from before the date from which the account is booked here.

        :param dict invoice: A Stripe invoice.
        :rtype: bool
        """
        book_from = self.sudo().stripe_billing_book_from
        if not book_from:
            return False
        return utils.invoice_date(invoice, self.company_id.partner_id.tz) < book_from

    # === BUSINESS METHODS - LOCKS === #

    def _stripe_get_lock_key(self, name):
        """Return the number by which the database knows a lock of `_stripe_lock`.

        :param str name: Id of a customer at Stripe, or "journal".
        :rtype: int
        """
        digest = hashlib.blake2b(f"{self.id}/{name}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)

    def _stripe_keep_lanes_out(self, customer_id):
        """Let lanes wait with a customer until the transaction ends, for a person who changes something.

        The events of a change arrive before its request has ended. What a lane wrote then would let Odoo
        handle the request again, although Stripe has done already what it asks for.

        :param str customer_id: Of Stripe.
        :raise LockNotAvailable: When a lane is at it; Odoo handles the request again then.
        """
        self.env.cr.execute(
            """
            SET LOCAL lock_timeout = '200ms';
            SELECT pg_advisory_xact_lock(%s);
            SET LOCAL lock_timeout = 0
            """,
            [self._stripe_get_lock_key(customer_id)],
            log_exceptions=False,
        )

    @contextmanager
    def _stripe_lock(self, fetched):
        """Keep other lanes from the same customers, and from the journals while documents are booked.

        The locks are those of the database session and always taken in the same order, so that lanes
        wait for each other instead of failing. They end with the connection of a lane that dies. The
        transaction begins anew once they are held, so that it sees what the others have written.

        :param dict fetched: See `_stripe_fetch`.
        """
        names = set()
        for (kind, object_id), obj in fetched.items():
            if isinstance(obj, StripeGatewayError):
                continue
            names.add(object_id if kind == "customer" else utils.object_id(obj.get("customer")))
            if kind in BOOKED_KINDS:
                # Numbers of one journal are given one after the other in any case.
                names.add("journal")
        keys = sorted(self._stripe_get_lock_key(name) for name in names - {False, None})
        for key in keys:
            self.env.cr.execute("SELECT pg_advisory_lock(%s)", [key])
        self.env.cr.commit()
        try:
            yield
        finally:
            self.env.cr.rollback()
            for key in keys:
                self.env.cr.execute("SELECT pg_advisory_unlock(%s)", [key])
            self.env.cr.commit()
