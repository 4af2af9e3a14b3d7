from odoo import api, models
from odoo.addons.stripe_subscriptions import const, stripe_mails, utils


class StripeSubscription(models.Model):
    """What follows from a change of a subscription: mails that are due, a line in the chatter, people."""

    _inherit = "stripe.subscription"

    # === BUSINESS METHODS - WRITER === #

    @api.model
    def _stripe_apply(self, provider, objects):
        """Override: what was known before and what is known now are compared."""
        self = self._with_stripe_sync(provider)
        stripe_ids = [obj["id"] for obj in objects]
        drafts = {self._get_metadata_record_id(provider, obj) for obj in objects} - {0}
        known = self._stripe_find(provider, stripe_ids) | self.browse(drafts).exists()
        before = {record.id: record._stripe_get_state() for record in known}
        records = super()._stripe_apply(provider, objects)
        records._stripe_follow_changes(provider, objects, before)
        return records

    def _stripe_get_state(self):
        """Return what the mails follow from; see `stripe_mails.SubscriptionState`."""
        self.ensure_one()
        return stripe_mails.SubscriptionState(
            status=self.status,
            cancel_at=self.cancel_at,
            items=tuple((item.price_id.id, item.quantity) for item in self.item_ids),
            texts=tuple(self._stripe_mail_items()),
        )

    def _stripe_follow_changes(self, provider, objects, before):
        """Note the mails that changes call for, say in the chatter what has become of it, call people.

        :param payment.provider provider: The Stripe account.
        :param list[dict] objects: Stripe subscriptions.
        :param dict[int, stripe_mails.SubscriptionState] before: What was known, by id of the record.
        """
        happened = self.env.context.get("stripe_happened") or {}
        by_id = {obj["id"]: obj for obj in objects}
        mails, statuses = [], {}
        for record in self:
            obj, known, now = (
                by_id[record.stripe_id],
                before.get(record.id),
                record._stripe_get_state(),
            )
            if known == now:
                continue
            at = None if obj.get("test_clock") else happened.get(obj["id"])
            if not obj.get("deleted"):
                stamp = str(record.stripe_fetched_at)
                due = stripe_mails.of_subscription(known, now, obj, stamp, at)
                mails += [(record, mail) for mail in due]
            if known and known.status != now.status:
                statuses[record.id] = known.status
                record._stripe_follow_status(obj)
        if statuses:
            self.browse(statuses)._stripe_log_statuses(statuses)
        self.env["stripe.mail"]._note(provider, mails)

    def _stripe_log_statuses(self, before):
        """Say in the chatter which status it was and which it is; writers do not track.

        :param dict[int, str] before: The statuses by id of the record.
        """
        labels = dict(self._fields["status"]._description_selection(self.env))
        self._message_log_batch(
            {
                record.id: self.env._(
                    "Status: %(before)s → %(after)s",
                    before=labels[before[record.id]],
                    after=labels[record.status],
                )
                for record in self
            }
        )

    def _stripe_follow_status(self, obj):
        """Call a person when a subscription is unpaid or has ended for want of payment.

        :param dict obj: The Stripe subscription.
        """
        self.ensure_one()
        reason = utils.path(obj, "cancellation_details.reason")
        if self.status == "unpaid":
            self._stripe_call_person(self.env._("Unpaid: Stripe tries no more"))
        elif self.status == "canceled" and reason == "payment_failed":
            self._stripe_call_person(self.env._("Canceled because the payment failed"))
        elif self.status == "canceled" and reason == "payment_disputed":
            self._stripe_call_person(self.env._("Canceled because a payment was disputed"))

    # === BUSINESS METHODS - ANNOUNCEMENTS === #

    def _stripe_note_renewal(self, happened_at):
        """Note the mail that the next charge is ahead, when Stripe announces its invoice.

        The end of a trial has a mail of its own.

        :param int|None happened_at: Unix seconds of the announcement.
        """
        mails = [
            (
                record,
                stripe_mails.Mail(
                    "renewal", str(record.next_charge_at), record._get_happened_at(happened_at)
                ),
            )
            for record in self
            if record.next_charge_at and record.status != "trialing"
        ]
        self._note_mails(mails)

    def _stripe_note_trial_end(self, happened_at):
        """Note the mail that a trial ends; of one that has just begun the welcome says so.

        :param int|None happened_at: Unix seconds of the announcement.
        """
        mails = []
        for record in self.filtered(lambda s: s.status == "trialing" and s.trial_end):
            length = record.stripe_data["trial_end"] - record.stripe_data["trial_start"]
            if not record.cancel_at and length > stripe_mails.MAX_AGE:
                at = record._get_happened_at(happened_at)
                mails.append((record, stripe_mails.Mail("trial_ending", str(record.trial_end), at)))
        self._note_mails(mails)

    def _get_happened_at(self, happened_at):
        """Return the time of an event, None when a test clock has made it."""
        return None if self.stripe_customer_id.test_clock else happened_at

    def _note_mails(self, mails):
        for provider in self.provider_id:
            own = [(record, mail) for record, mail in mails if record.provider_id == provider]
            self.env["stripe.mail"]._note(provider, own)

    def _stripe_charged_live(self):
        """Return those of the subscriptions whose card will be charged again."""
        return self.filtered(
            lambda s: s.status in const.LIVE_STATUSES and s.next_charge_at and not s.cancel_at
        )
