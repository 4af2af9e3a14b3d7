from decimal import Decimal

from odoo import models
from odoo.addons.stripe_subscriptions import utils
from odoo.tools import get_lang


class StripePrice(models.Model):
    """What a plan costs and how often, as people read it, in the language of the reader."""

    _inherit = "stripe.price"

    # === BUSINESS METHODS === #

    def _get_price_text(self):
        """Return the price of a plan in words.

        Such as "$ 20.00 / month", "$ 20.00 per seat / 3 months", "$ 5.00 per 10 units / year", "$ 0.02 per
        call / month, metered", or "$ 20.00 per seat / month, 3 tiers", where the price is that of the first
        tier.

        :rtype: str
        """
        self.ensure_one()
        raw = self.sudo().stripe_data or {}
        parts = [self._get_rate_text(raw)]
        if self.billing_scheme == "tiered":
            count = len(raw.get("tiers") or [])
            if count == 1:
                parts.append(self.env._("1 tier"))
            elif count:
                parts.append(self.env._("%(count)s tiers", count=count))
        if self.usage_type == "metered":
            parts.append(self.env._("metered"))
        return ", ".join(parts)

    def _get_rate_text(self, raw):
        """Return amount, unit and period of a plan; of tiers, those of the first.

        :param dict raw: The Stripe price, with its product and tiers.
        :rtype: str
        """
        period = self._get_period_text()
        label = utils.path(raw, "product.unit_label")
        unit = label or self.env._("unit")
        if self.billing_scheme == "tiered":
            return self._get_first_tier_text((raw.get("tiers") or [{}])[0], unit, period)
        amount = self._format_exact(Decimal(str(self.unit_amount)))
        package = utils.path(raw, "transform_quantity.divide_by")
        if package and label:
            # The word is the merchant's own, in whatever language: it has no plural here.
            return self.env._(
                "%(amount)s per %(count)s × %(unit)s / %(period)s",
                amount=amount,
                count=package,
                unit=label,
                period=period,
            )
        if package:
            return self.env._(
                "%(amount)s per %(count)s units / %(period)s",
                amount=amount,
                count=package,
                period=period,
            )
        if label or self.usage_type == "metered":
            return self._get_unit_text(amount, unit, period)
        return self.env._("%(amount)s / %(period)s", amount=amount, period=period)

    def _get_first_tier_text(self, tier, unit, period):
        """Return the price of a tier: what each unit costs, a flat amount, or both.

        :param dict tier: Of a Stripe price; empty when it was not fetched.
        :param str unit: Name of the unit.
        :param str period: See `_get_period_text`.
        :rtype: str
        """
        if not tier:
            return self.env._("Price by quantity / %(period)s", period=period)
        each, flat = (
            utils.to_major_decimal(
                tier.get(f"{name}_decimal") or tier.get(name) or 0, self.currency_id.name
            )
            for name in ("unit_amount", "flat_amount")
        )
        if flat and not each:
            return self.env._(
                "%(amount)s / %(period)s", amount=self._format_exact(flat), period=period
            )
        text = self._get_unit_text(self._format_exact(each), unit, period)
        return f"{self._format_exact(flat)} + {text}" if flat else text

    def _get_unit_text(self, amount, unit, period):
        """Return what a unit costs in a period."""
        return self.env._(
            "%(amount)s per %(unit)s / %(period)s", amount=amount, unit=unit, period=period
        )

    def _format_exact(self, amount):
        """Return an amount in the reader's language, with digits below the smallest coin where it has any.

        :param Decimal amount: Major units of the plan's currency.
        :rtype: str
        """
        currency = self.currency_id
        digits = max(currency.decimal_places, -amount.normalize().as_tuple().exponent)
        lang = self.env["res.lang"].browse(get_lang(self.env).id)
        space = "\N{NO-BREAK SPACE}"
        number = lang.format(f"%.{digits}f", float(amount), grouping=True).replace(" ", space)
        if currency.position == "before":
            return f"{currency.symbol}{space}{number}"
        return f"{number}{space}{currency.symbol}"

    def _get_period_text(self):
        """Return the billing period as people read it, such as "month" or "3 months"."""
        self.ensure_one()
        count = self.interval_count
        singular = {
            "day": self.env._("day"),
            "week": self.env._("week"),
            "month": self.env._("month"),
            "year": self.env._("year"),
        }
        if count == 1:
            return singular[self.interval]
        plural = {
            "day": self.env._("%(count)s days", count=count),
            "week": self.env._("%(count)s weeks", count=count),
            "month": self.env._("%(count)s months", count=count),
            "year": self.env._("%(count)s years", count=count),
        }
        return plural[self.interval]
