"""Figures of ``make bench``: each beside a baseline that was measured in the same run, in turns with it.

A row has the medians of both, the median of their ratio over the rounds, and the spread of that ratio.
"""

import statistics
import time
from collections.abc import Callable, Sequence

Pair = tuple[float, float]


def timed(work: Callable[[], object]) -> float:
    """Seconds that work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def row(
    name: str,
    unit: str,
    rounds: Sequence[Pair],
    factor: float = 1000,
    *,
    target: float | None = None,
    per_second: Pair | None = None,
) -> dict:
    """A figure from pairs of ours and baseline; ``factor`` turns both into the unit.

    ``target`` is the highest ratio that we want, ``per_second`` what both manage in a second.
    """
    ours, baseline = (statistics.median(values) for values in zip(*rounds, strict=True))
    ratios = [one / other for one, other in rounds]
    figures = ours * factor, baseline * factor
    return _row(name, unit, figures, statistics.median(ratios), ratios, target, per_second)


def percentile_row(
    name: str,
    percent: int,
    rounds: Sequence[tuple[list[float], list[float]]],
    *,
    target: float | None = None,
    per_second: Pair | None = None,
) -> dict:
    """A percentile of all seconds of ours beside that of the baseline's, in ms.

    The spread is that of the rounds, whose percentiles rest on fewer measurements.
    """

    def pick(seconds: Sequence[float]) -> float:
        return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]

    ours, baseline = (
        pick([second for part in side for second in part]) for side in zip(*rounds, strict=True)
    )
    ratios = [pick(one) / pick(other) for one, other in rounds]
    figures = ours * 1000, baseline * 1000
    return _row(name, "ms", figures, ours / baseline, ratios, target, per_second)


def _row(
    name: str,
    unit: str,
    figures: Pair,
    ratio: float,
    ratios: Sequence[float],
    target: float | None,
    per_second: Pair | None,
) -> dict:
    value, baseline = figures
    result = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "baseline": round(baseline, 3),
        "ratio": round(ratio, 3),
        "spread": [round(min(ratios), 3), round(max(ratios), 3)],
    }
    if target:
        result["target"] = target
    if per_second:
        result["per_second"] = [round(number, 1) for number in per_second]
    return result


def table(rows: Sequence[dict]) -> str:
    """Rows for people."""
    wide = max(len(r["name"]) for r in rows)
    lines = [
        f"{'figure':<{wide}} {'value':>12} {'baseline':>12} {'ratio':>6}  {'spread':<14} "
        f"{'target':<7} {'per second':>16}"
    ]
    for r in rows:
        value, baseline = (f"{r[key]:.1f} {r['unit']}" for key in ("value", "baseline"))
        spread = f"{r['spread'][0]:.2f} to {r['spread'][1]:.2f}"
        target = f"<= {r['target']:g}" if "target" in r else ""
        if "target" in r and r["ratio"] > r["target"]:
            target += " ✗"
        rate = " / ".join(f"{number:.0f}" for number in r.get("per_second", ()))
        lines.append(
            f"{r['name']:<{wide}} {value:>12} {baseline:>12} {r['ratio']:>6.2f}  {spread:<14} "
            f"{target:<7} {rate:>16}".rstrip()
        )
    return "\n".join(lines)
