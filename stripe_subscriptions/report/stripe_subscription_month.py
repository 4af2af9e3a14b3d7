from odoo import fields, models
from odoo.tools import SQL


class StripeSubscriptionMonth(models.Model):
    """A month since a subscription began, whether it still ran then or not: who stays, and who leaves.

    There is a row for each month up to now, also after the end of the subscription, so that the averages of
    `retention` and `churn` are shares of all that began together. Months are those of the company's time
    zone. Subscriptions that have not begun, or whose first payment never came, are left out.
    """

    _name = "stripe.subscription.month"
    _description = "Retention and Churn"
    _auto = False
    _order = "month desc, subscription_id"
    _rec_name = "subscription_id"
    # What has to be in the database before the rows are read.
    _depends = {
        "stripe.subscription": [
            *("partner_id", "user_id", "provider_id", "company_id", "currency_id"),
            *("status", "first_billing_date", "ended_at"),
        ],
        "stripe.subscription.item": ["subscription_id", "price_id", "sequence"],
        "payment.provider": ["company_id"],
        "res.company": ["partner_id"],
        "res.partner": ["tz"],
    }

    # === FIELDS === #

    subscription_id = fields.Many2one("stripe.subscription", readonly=True)
    partner_id = fields.Many2one(string="Customer", comodel_name="res.partner", readonly=True)
    price_id = fields.Many2one(
        string="Plan",
        help="That of the first line, as it is now.",
        comodel_name="stripe.price",
        readonly=True,
    )
    user_id = fields.Many2one(string="Salesperson", comodel_name="res.users", readonly=True)
    provider_id = fields.Many2one(
        string="Stripe Account", comodel_name="payment.provider", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    cohort = fields.Date(string="Began In", readonly=True)
    month = fields.Date(readonly=True)
    age = fields.Integer(
        string="Months Later",
        help="Months between that in which the subscription began and this one.",
        readonly=True,
        aggregator=None,
    )
    began = fields.Integer(help="Subscriptions that began in the month.", readonly=True)
    running = fields.Integer(
        help="Subscriptions that ran at the end of the month; of this month, those that run now.",
        readonly=True,
    )
    ended = fields.Integer(help="Subscriptions that ended in the month.", readonly=True)
    retention = fields.Float(
        help="Share of those that began together and still ran at the end of the month.",
        readonly=True,
        aggregator="avg",
    )
    churn = fields.Float(
        help="Share of those that ran at the beginning of the month and ended in it.",
        readonly=True,
        aggregator="avg",
    )

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        """The rows. PostgreSQL works out only the columns that somebody asks for."""
        return SQL(
            """
            SELECT s.id::bigint * 10000 + a.age AS id,
                   s.id AS subscription_id,
                   s.partner_id, s.user_id, s.provider_id, s.company_id, s.currency_id,
                   (SELECT i.price_id
                      FROM stripe_subscription_item i
                     WHERE i.subscription_id = s.id
                     ORDER BY i.sequence, i.id
                     LIMIT 1) AS price_id,
                   s.cohort,
                   a.month::date AS month,
                   a.age,
                   (a.age = 0)::int AS began,
                   (s.last_month IS NULL OR s.last_month > a.month)::int AS running,
                   COALESCE((s.last_month = a.month)::int, 0) AS ended,
                   (s.last_month IS NULL OR s.last_month > a.month)::int::float AS retention,
                   CASE WHEN a.age > 0 AND (s.last_month IS NULL OR s.last_month >= a.month)
                        THEN COALESCE((s.last_month = a.month)::int, 0)::float
                         END AS churn
              FROM (
                   SELECT sub.*,
                          date_trunc('month', sub.first_billing_date::timestamp)::date AS cohort,
                          date_trunc('month', timezone(zone.tz, now())) AS this_month,
                          CASE WHEN sub.ended_at IS NOT NULL THEN date_trunc('month', GREATEST(
                              sub.first_billing_date::timestamp,
                              timezone(zone.tz, timezone('UTC', sub.ended_at))
                          )) END AS last_month
                     FROM stripe_subscription sub
                     JOIN (
                          SELECT provider.id, COALESCE(partner.tz, 'UTC') AS tz
                            FROM payment_provider provider
                            JOIN res_company company ON company.id = provider.company_id
                            JOIN res_partner partner ON partner.id = company.partner_id
                          ) zone ON zone.id = sub.provider_id
                    WHERE sub.status NOT IN ('draft', 'incomplete', 'incomplete_expired')
                   ) s
             CROSS JOIN LATERAL (
                   SELECT month, ordinality::int - 1 AS age
                     FROM generate_series(s.cohort::timestamp, s.this_month, interval '1 month')
                          WITH ORDINALITY AS months (month, ordinality)
                   ) a
            """
        )
