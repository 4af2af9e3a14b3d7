import logging

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
}


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
        gateway = self._stripe_client()
        fetched = {}
        missing = list(dict.fromkeys(requests))
        while missing:
            fetched.update(gateway.retrieve_many(missing))
            missing = [key for key in self._stripe_get_references(fetched) if key not in fetched]
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
