# A job fetches without holding locks: pylint: disable=invalid-commit
import time

from odoo import api, fields, models
from odoo.addons.stripe_subscriptions import stripe_mails, utils

# What Stripe charges by itself; those that are unpaid or paused it does not.
STATUSES = ("active", "trialing", "past_due")
EXPAND = (
    "data.default_payment_method",
    "data.customer.invoice_settings.default_payment_method",
)


class StripeJob(models.Model):
    """Cards: who has to be told that the card expires which their subscription is charged to.

    Each day Stripe's list of subscriptions is read, a hundred to a request, with the card of each. No
    card is kept: what is written down is that a mail is due, and a fingerprint so that it is due once.
    """

    _inherit = "stripe.job"

    kind = fields.Selection(
        selection_add=[("cards", "Look for cards that expire")], ondelete={"cards": "cascade"}
    )

    # === BUSINESS METHODS === #

    @api.model
    def _cron_cards(self):
        """Start the job for every account that sends the mail; see to payments that wait for long."""
        self.env["stripe.subscription"]._cron_payments()
        for provider in self.env["payment.provider"].search(
            [("code", "=", "stripe"), ("state", "!=", "disabled")]
        ):
            if "card_expiring" in provider._stripe_get_mail_kinds() and provider.stripe_secret_key:
                self._start(provider, "cards")

    def _step_cards(self):
        """Look at one page of subscriptions: those on no test clock first, then those of each clock."""
        cursor = self.cursor or {}
        if "clocks" not in cursor:
            clocks = [] if self.provider_id._stripe_livemode() else self._fetch_clocks()
            self._advance(0, phase=self.env._("Cards"), clocks=[None, *clocks], clock=0, after=None)
            return False
        if cursor["clock"] == len(cursor["clocks"]):
            return True
        clock = cursor["clocks"][cursor["clock"]]
        params = {"collection_method": "charge_automatically", "expand": list(EXPAND)}
        if clock:
            params["test_clock"] = clock["id"]
        objects, after = self.provider_id._stripe_client().page(
            "subscriptions", params=params, after=cursor["after"]
        )
        self.env.cr.commit()
        self._count(subscriptions=len(objects))
        self._note_cards(objects, clock["now"] if clock else int(time.time()))
        done = (cursor["clock"] + (0.5 if after else 1)) / len(cursor["clocks"])
        self._advance(done, after=after, clock=cursor["clock"] + (not after))
        return False

    def _fetch_clocks(self):
        """Return the test clocks of the account with their time; Stripe lists what is on them apart."""
        clocks = self.provider_id._stripe_client().list("test_helpers.test_clocks")
        return [{"id": clock["id"], "now": clock["frozen_time"]} for clock in clocks]

    def _note_cards(self, objects, now):
        """Note the mails about the cards of subscriptions; one for each card.

        :param list[dict] objects: Stripe subscriptions with their cards.
        :param int now: Unix seconds.
        """
        objects.sort(key=lambda obj: utils.subscription_period(obj)[1] or 0)
        due = {}
        for obj in objects:
            method = obj.get("default_payment_method") or utils.path(
                obj, "customer.invoice_settings.default_payment_method"
            )
            _start, renews_at = utils.subscription_period(obj)
            ends_at = obj.get("cancel_at") or (obj["cancel_at_period_end"] and renews_at)
            card = method and method.get("card")
            if not card or obj["status"] not in STATUSES or not renews_at or ends_at:
                continue
            if stripe_mails.card_expires(card, renews_at, now):
                parts = [method["id"], card["exp_month"], card["exp_year"]]
                due.setdefault(utils.fingerprint(parts), obj["id"])
        mail_model = self.env["stripe.mail"]
        told = mail_model.search([("kind", "=", "card_expiring"), ("key", "in", list(due))])
        for key in told.mapped("key"):
            del due[key]
        records = {
            record.stripe_id: record
            for record in self.env["stripe.subscription"]._stripe_find(
                self.provider_id, list(due.values())
            )
        }
        mails = [
            (records[stripe_id], stripe_mails.Mail("card_expiring", key))
            for key, stripe_id in due.items()
            if stripe_id in records
        ]
        mail_model._note(self.provider_id, mails)
        self._count(expiring=len(mails))

    def _get_count_labels(self):
        """Override of `stripe.job`."""
        labels = super()._get_count_labels()
        if self.kind == "cards":
            labels |= {
                "subscriptions": self.env._("Subscriptions looked at"),
                "expiring": self.env._("Cards whose owners are told"),
            }
        return labels
