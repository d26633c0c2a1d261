"""What an order of loans does to a whole market: funded needs, wasted applications, overload, exposure, waiting.

    python -m benchmarks.market --json

Lending records tell which lender took a need. They cannot tell what had become of it elsewhere, nor what happens when
everybody is sent to the same desk. This simulator can, under assumptions that are all written down (docs/simulator.md,
``benchmarks.market_world.Assumptions``) and varied one by one. One core, some minutes; peers need
``requirements/bench.txt``, those that are not installed are left out and named.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import numpy as np

from benchmarks.market_methods import learned_from, learning_methods, oracle, plain_methods, rules_only
from benchmarks.market_stage import Stage, build
from benchmarks.market_world import Assumptions, Run, World, with_history
from matchmaker.leads.rules.sharing import Carrier, in_turn
from matchmaker.ranking import evaluation, exposure

NEEDS, DAYS = 7_000, 260.0
"""Needs in all and working days over which they come: a year; those that nothing fits fall away."""
EXPECTED = (
    "random", "cheapest first", "popularity", "rules only", "logistic", "LightGBM lambdarank", "LightFM-next",
    "ours, one-sided", "ours, two-sided",
)  # fmt: skip
VARIATIONS: dict[str, dict[str, Any]] = {
    "as assumed": {},
    "room for all": {"pressure": 0.4},
    "short of people": {"pressure": 1.2},
    "place tells nothing": {"place_effect": 0.0},
    "first place takes most": {"place_effect": 0.8},
    "lenders alike": {"liking_section": 0.1, "liking_county": 0.05, "liking_size": 0.1, "appetite": 0.1},
    "lenders specialised": {"liking_section": 1.2, "liking_county": 0.5, "liking_size": 0.8, "appetite": 0.8},
    "lenders easy": {"grace": -0.4},
    "owners try on": {"tries_on": 0.6},
    "slow decisions": {"decision": 1.5},
    "owners impatient": {"patience": 0.08},
    "odds fall after training": {"later_shift": -0.3},
    "one town's lenders": {"towns": 1},
}
"""One assumption changed at a time."""


def measured(world: World, run: Run) -> dict[str, Any]:
    """The figures of one run over the later needs."""
    needs, sent = len(run.needs), run.sent
    funded, lapsed = len(run.funded_at), sum(row.lapsed for row in sent)
    found: dict[str, Any] = {
        "needs": needs,
        "applications": len(sent),
        "funded_share": round(funded / needs, 4),
        "funded_in_first_5": round(sum(place <= 5 for place in run.funded_at.values()) / needs, 4),
        "wasted_per_funded": round((len(sent) - funded) / max(1, funded), 3),
        "not_taken_up": round(lapsed / max(1, len(sent)), 4),
        "unevenness": _unevenness(world, run),
        **_managers(world, run),
        "days_to_first_answer": round(float(np.median(list(run.answered_after.values()))), 2),
        "never_answered": round(1 - len(run.answered_after) / needs, 4),
        "dearer_by": round(float(np.mean(list(run.cost_of.values()))), 3) if run.cost_of else None,
        "exposure": _exposure(world, run),
    }
    said = [(row.funded, row.said) for row in sent if row.said is not None]
    if said:
        labels, chances = [one for one, _ in said], [float(one) for _, one in said if one is not None]
        found["calibration_error"] = evaluation.calibration_error(labels, chances)
        found["calibration_floor"] = evaluation.calibration_floor(chances)
        found["calibration_excess"] = evaluation.calibration_excess(labels, chances)
    return found


def _unevenness(world: World, run: Run) -> float:
    """Standard deviation over mean of what each slot got, over lenders."""
    counted = Counter(row.lender for row in run.sent)
    each = np.array([counted[at] / world.slots[at] for at in range(len(world.slots))])
    return round(float(each.std() / each.mean()), 3)


def _managers(world: World, run: Run) -> dict[str, float]:
    """Leads per manager within a lender, standard deviation over mean: given by turn as the product does it
    (``leads.rules.sharing``), or to whoever happens to be there; and how many were given to somebody who was full.

    A lender's slots are dealt to its managers one by one; each of them holds a lead until it is decided.
    """
    found = {}
    taken = sorted((row for row in run.sent if row.taken_at is not None), key=lambda row: (row.taken_at, row.need))
    for name in ("by_turn", "by_chance"):
        dice = np.random.default_rng(3)
        held: dict[tuple[int, int], list[float]] = {}
        got: Counter[tuple[int, int]] = Counter()
        last: dict[tuple[int, int], datetime] = {}
        overloaded = 0
        for row in taken:
            people = max(1, min(world.stage.lenders[row.lender].managers, int(world.slots[row.lender])))
            carriers = []
            for person in range(people):
                mine = held.setdefault((row.lender, person), [])
                mine[:] = [until for until in mine if until > (row.taken_at or 0.0)]
                most = int(world.slots[row.lender]) // people + (person < int(world.slots[row.lender]) % people)
                carriers.append(Carrier(person, "", len(mine), most, last.get((row.lender, person))))
            able = in_turn(carriers)
            overloaded += not able
            chosen = able[0] if name == "by_turn" and able else (able or carriers)[dice.integers(len(able or carriers))]
            at = (row.lender, chosen.person_id)
            held[at].append(row.freed_at)
            got[at] += 1
            last[at] = world.stage.at(row.taken_at or 0.0)
        spreads = []
        for lender, one in enumerate(world.stage.lenders):
            people = max(1, min(one.managers, int(world.slots[lender])))
            each = np.array([got[lender, person] for person in range(people)], float)
            if people > 1 and each.sum() >= 5 * people:
                spreads.append(float(each.std() / each.mean()))
        found[f"managers_{name}"] = round(float(np.mean(spreads)), 3) if spreads else 0.0
        found[f"overloaded_{name}"] = overloaded
    return found


def _exposure(world: World, run: Run) -> dict[str, float | None]:
    """Exposure over merit by size of institution, as the platform's own ledger weighs it; merit is the true chance."""
    sums = exposure.weigh(run.places)
    found = {}
    for size in exposure.SIZES:
        mine = [one for at, one in sums.items() if exposure.size_of(world.stage.lenders[at].kind) == size]
        found[size] = exposure.ratio(sum(one.exposure for one in mine), sum(one.merit for one in mine))
    return found


def against(run: Run, other: Run, seed: int = 5) -> dict[str, float]:
    """How many times as many needs a run funds as another, with the 95 % interval by bootstrap over needs."""
    mine = np.array([at in run.funded_at for at in run.needs], float)
    its = np.array([at in other.funded_at for at in other.needs], float)
    picks = np.random.default_rng(seed).integers(0, len(mine), (1_000, len(mine)))
    ratios = mine[picks].mean(axis=1) / np.maximum(its[picks].mean(axis=1), 1e-9)
    low, high = np.quantile(ratios, [0.025, 0.975])
    times = float(mine.mean() / its.mean())
    return {"times": round(times, 3), "low": round(float(low), 3), "high": round(float(high), 3)}


def compare(stage: Stage, assumed: Assumptions, seed: int) -> dict[str, dict[str, Any]]:
    """Every method in one world, by name."""
    world = World(stage, assumed, seed)
    history = with_history(world, rules_only())
    learned = learned_from(world, history)
    methods = [*plain_methods(seed), *learning_methods(learned), oracle(world, live=False), oracle(world, live=True)]
    runs = {method.name: world.run(method) for method in methods}
    base = runs["rules only"]
    return {name: measured(world, run) | {"against_rules_only": against(run, base)} for name, run in runs.items()}


def flips(found: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Pairs of methods whose order by funded share is another one than as assumed, by more than a hundredth."""
    first = found["as assumed"]
    told = []
    for name, here in found.items():
        for one in EXPECTED:
            for other in EXPECTED:
                if one >= other or one not in first or other not in first or one not in here or other not in here:
                    continue
                was = first[one]["funded_share"] - first[other]["funded_share"]
                now = here[one]["funded_share"] - here[other]["funded_share"]
                if was * now < 0 and min(abs(was), abs(now)) > 0.01:
                    better, worse = (one, other) if now > 0 else (other, one)
                    told.append({"where": name, "now_better": better, "than": worse, "by": round(abs(now), 4)})
    return told


def measure(needs: int, seed: int, only: str | None = None) -> dict[str, Any]:
    """All variations; each world has the same needs, and the same dice."""
    began = time.perf_counter()
    stages: dict[int, Stage] = {}
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name, changed in VARIATIONS.items():
        if only is not None and only not in name:
            continue
        assumed = replace(Assumptions(), **changed)
        if assumed.towns not in stages:
            stages[assumed.towns] = build(needs, DAYS, seed, assumed.towns)
        found[name] = compare(stages[assumed.towns], assumed, seed)
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    first = next(iter(found.values()))
    return {
        "seed": seed,
        "assumptions": asdict(Assumptions()),
        "not_installed": [name for name in EXPECTED if name not in first],
        "seconds": round(time.perf_counter() - began, 1),
        "flips": flips(found) if "as assumed" in found else [],
        "worlds": found,
    }


COLUMNS = (
    "funded_share", "funded_in_first_5", "wasted_per_funded", "calibration_error", "calibration_floor",
    "calibration_excess", "not_taken_up", "unevenness", "managers_by_turn", "managers_by_chance", "overloaded_by_turn",
    "days_to_first_answer", "never_answered", "dearer_by",
)  # fmt: skip


def table(methods: dict[str, dict[str, Any]]) -> str:
    """One world as a table."""
    rows = ["| method | " + " | ".join([*COLUMNS, "exposure l/m/s", "times rules only"]) + " |"]
    rows.append("| --- " * (len(COLUMNS) + 3) + "|")
    for name, one in methods.items():
        times, seen = one["against_rules_only"], one["exposure"]
        cells = [str(one.get(column, "")) for column in COLUMNS]
        cells.append("/".join(str(seen[size]) for size in exposure.SIZES))
        cells.append(f"{times['times']} ({times['low']}–{times['high']})")
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(rows)


def main() -> int:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    asked.add_argument("--needs", type=int, default=NEEDS)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", help="worlds whose name has this in it")
    given = asked.parse_args()
    found = measure(given.needs, given.seed, given.only)
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, methods in found["worlds"].items():
            print(f"\n{name}\n\n{table(methods)}")
        print("\nflips:", *found["flips"], sep="\n")
        print(f"not installed: {found['not_installed']}; {found['seconds']} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
