"""Generating plans with hypothesis, and shrinking those that fail.

Plans are checked many at a time, because that is how the ledger is fast. So they are generated first;
only when a batch shows a difference does hypothesis go through the same plans once more, one by one, and
shrink the first that differs alone.
"""

import os
import random

from hypothesis import HealthCheck, Phase, given, seed, settings

# How many times the ordinary number of plans. `ci` has the same plans in each run, `thorough` others.
PROFILES = {"ci": 1, "thorough": 6}
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")

COMMON = {
    "deadline": None,
    "database": None,
    # A plan is as large as a subscription has settings; while shrinking, each takes a while.
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def choose_seed(option):
    """Return what plans are generated from.

    :param str|None option: What was given as `--hypothesis-seed`.
    :rtype: int
    """
    if option not in (None, "random"):
        return int(option)
    return random.getrandbits(32) if PROFILE == "thorough" or option else 0


def generate(strategy, number, from_seed):
    """Return plans.

    :param SearchStrategy strategy: Of plans.
    :param int number: How many in the profile `ci`.
    :param int from_seed: See `choose_seed`.
    """
    plans = []

    @seed(from_seed)
    @settings(**COMMON, max_examples=number * PROFILES[PROFILE], phases=[Phase.generate])
    @given(plan=strategy)
    def collect(plan):
        plans.append(plan)

    collect()
    return plans


def shrink(strategy, number, from_seed, failing, find_wrong):
    """Fail with the smallest plan with which something is wrong; return when all are well alone.

    :param SearchStrategy strategy: As for `generate`, like the next two.
    :param int number: As for `generate`.
    :param int from_seed: As for `generate`.
    :param set failing: Plans of which some may be wrong alone, among those that were generated.
    :param Callable find_wrong: Says in words what is wrong with a plan, if anything.
    """
    found = []

    @seed(from_seed)
    @settings(
        **COMMON,
        max_examples=number * PROFILES[PROFILE],
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @given(plan=strategy)
    def is_well(plan):
        if not found and plan not in failing:
            return
        if wrong := find_wrong(plan):
            found.append(plan)
            raise AssertionError(wrong)

    is_well()
