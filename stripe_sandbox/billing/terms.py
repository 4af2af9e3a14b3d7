"""When a new subscription starts, is on trial, and renews."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from stripe_sandbox.billing import proration
from stripe_sandbox.core import errors

Wire = dict[str, Any]

#: Stripe's limit: a trial ends at most two years from now.
LONGEST_TRIAL = 2 * 365 * proration.DAY


@dataclass(frozen=True)
class Terms:
    """Start, anchor and trial of a new subscription, unix seconds.

    ``first_end`` is where a shortened first period ends, None when the first period is a whole one.
    """

    start: int
    anchor: int
    trial_end: int | None
    first_end: int | None

    def first_period(self, recurring: Mapping[str, Any]) -> tuple[int, int]:
        if self.trial_end or self.first_end:
            return self.start, self.trial_end or self.first_end
        return proration.period_at(
            self.anchor, recurring["interval"], recurring["interval_count"], self.start
        )

    def first_share(self, recurring: Mapping[str, Any]) -> Fraction:
        """Share of a whole period that the first one bills."""
        if self.first_end is None or self.first_end == self.start:
            return Fraction(1)
        whole_start = proration.occurrence(
            self.anchor, recurring["interval"], recurring["interval_count"], -1
        )
        return Fraction(self.first_end - self.start, self.first_end - whole_start)


def read(params: Mapping[str, Any], prices: Sequence[Wire], now: int) -> Terms:
    """Terms from the parameters of a create request."""
    trial_end = read_trial(params, now)
    anchors = [k for k in ("billing_cycle_anchor", "billing_cycle_anchor_config") if k in params]
    if not anchors:
        return Terms(now, trial_end or now, trial_end, None)
    if len(anchors) == 2:
        raise errors.invalid(
            "You may only specify one of billing_cycle_anchor and billing_cycle_anchor_config.",
            "billing_cycle_anchor_config",
        )
    if trial_end:
        raise errors.not_implemented(f"{anchors[0]} together with a trial", anchors[0])
    if anchors[0] == "billing_cycle_anchor_config":
        anchor = _from_config(params["billing_cycle_anchor_config"], prices, now)
    else:
        anchor = params["billing_cycle_anchor"]
    _check_anchor(anchor, prices, now, anchors[0])
    return Terms(now, anchor, None, anchor if anchor > now else None)


def read_trial(params: Mapping[str, Any], now: int) -> int | None:
    """The moment the trial ends; None without one."""
    given, days = params.get("trial_end"), params.get("trial_period_days")
    if given is not None and days is not None:
        raise errors.invalid(
            "You cannot specify both trial_end and trial_period_days.", "trial_period_days"
        )
    if days is not None:
        if not 0 <= days <= LONGEST_TRIAL // proration.DAY:
            raise errors.invalid("Invalid trial_period_days: 0 to 730.", "trial_period_days")
        return now + days * proration.DAY if days else None
    if given in (None, "now"):
        return None
    if given <= now:
        raise errors.invalid(
            "Invalid timestamp: must be an integer Unix timestamp in the future.", "trial_end"
        )
    if given > now + LONGEST_TRIAL:
        raise errors.invalid(
            "Invalid timestamp: can be no more than two years in the future.", "trial_end"
        )
    return given


def _check_anchor(anchor: int, prices: Sequence[Wire], now: int, param: str) -> None:
    natural = min(
        proration.occurrence(now, p["recurring"]["interval"], p["recurring"]["interval_count"], 1)
        for p in prices
    )
    if anchor < now:
        raise errors.invalid("billing_cycle_anchor cannot be in the past.", param)
    if anchor > natural:
        raise errors.invalid(
            "billing_cycle_anchor cannot be later than next natural billing date "
            f"({natural}) for plan.",
            param,
        )


def _from_config(config: Mapping[str, int], prices: Sequence[Wire], now: int) -> int:
    """First moment from now on that fits ``day_of_month`` (and hour, minute, second, month)."""
    if any(p["recurring"]["interval"] not in ("month", "year") for p in prices):
        raise errors.invalid(
            "billing_cycle_anchor_config needs monthly or yearly prices.",
            "billing_cycle_anchor_config",
        )
    moment = datetime.fromtimestamp(now, UTC)
    time = {part: config.get(part, getattr(moment, part)) for part in ("hour", "minute", "second")}
    year, month = moment.year, moment.month
    for _ in range(25):
        day = min(config["day_of_month"], monthrange(year, month)[1])
        found = int(datetime(year, month, day, **time, tzinfo=UTC).timestamp())
        if found >= now and config.get("month", month) == month:
            return found
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    raise errors.invalid("No such day in the next two years.", "billing_cycle_anchor_config")
