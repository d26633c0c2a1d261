"""The market with its people: what is assumed of owners, institutions, capacity and time, and one run of it.

A run takes the needs of a stage one after another, lets a method order what fits, lets the owner choose, and the
institution answer. All dice are drawn before, for every need and lender: two methods meet the same owners with the
same luck, and differ by their order alone.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from benchmarks.market_stage import OWN_SHARPNESS, Array, Asked, Stage
from matchmaker.ranking import exposure
from matchmaker.ranking.rules import Record, counted_chance

LOOKED_AT = 10
"""Places that an owner chooses from."""
MOST_SENT = 4
"""Applications of one need, where owners try on."""


@dataclass(frozen=True)
class Assumptions:
    """All that is assumed beyond the demo town. Days are working days; odds are on the scale of the town's hidden z."""

    towns: int = 3
    """How many towns' lenders share the platform, thirteen each."""
    grace: float = -1.1
    """Added to the odds of every approval, so that three applications in ten end in money, as in the demo town."""
    sharpness: float = OWN_SHARPNESS
    appetite: float = 0.4
    liking_section: float = 0.7
    liking_county: float = 0.25
    liking_size: float = 0.5
    """Spreads of what nobody sees of a lender: its appetite in all, for a section of industry, a county, a size."""
    pressure: float = 0.8
    """Applications over what all managers together can take up; 0.8: enough for all if they were spread evenly."""
    answered_within: float = 1.0
    """After so many days without anybody who takes it up a lead is taken back (first clock of `leads`)."""
    first_answer: float = 0.3
    """Median days from being taken up to the first answer."""
    decision: float = 0.75
    """Decision after so much of the promised days, in the median."""
    spread_of_days: float = 0.5
    money_after: float = 4.0
    """Days from an accepted offer to money; until then nothing is known."""
    place_effect: float = 0.4
    """How much each further place takes off an owner's liking; with the taste below the second is chosen three times
    for every five of the first, as positions are known to work on lists of offers."""
    taste: float = 0.8
    """Spread of what an owner likes for no reason that anybody sees (scale of a Gumbel draw)."""
    sends: tuple[float, float, float] = (0.72, 0.22, 0.06)
    """Shares of owners who send one, two, three at once (the demo town's own)."""
    tries_on: float = 0.0
    """Share of owners who send another one after each no; 0 keeps the number of applications equal for all methods."""
    takes: float = 2.5
    takes_less: float = 0.33
    """Log-odds of taking an offer, and how much each percentage point above the cheapest takes off."""
    patience: float = 0.0
    """How much each further day until a decision takes off these log-odds."""
    later_shift: float = 0.0
    """Added to all odds of approval after the history: what was learned is then out of date."""
    history: float = 0.7
    """Part of the needs that is history: ordered by the rules alone, learned from, not measured."""


class Method(Protocol):
    """Something that orders."""

    name: str

    def scores(self, at: int, need: Asked, now: Live) -> Array:
        """A number for each loan that fits [k]; the higher the better."""

    def chances(self, at: int, need: Asked, now: Live) -> Array | None:
        """What the method says of each loan's chance [k], or None where it says nothing of chances."""


@dataclass
class Live:
    """What the platform sees at an instant: what managers can still take and what has been counted so far."""

    left: Array
    """Free places with each lender's managers, less what waits for one [lenders]."""
    counted: Array
    """The counted chance of each product [products] (``ranking.rules.counted_chance``)."""
    funded: Array
    """How often each product was funded so far [products]."""
    told: Array
    """Funded share of each lender's decided cases, as cards tell it [lenders]."""


@dataclass(frozen=True)
class Sent:
    """One application and what became of it, as the platform's tables would know it."""

    need: int
    choice: int
    """Which of the need's loans."""
    lender: int
    place: int
    sent_at: float
    known_at: float
    funded: bool
    lapsed: bool
    """Nobody took it up in time."""
    offered: bool
    said: float | None
    taken_at: float | None = None
    """When a manager took it up; None where nobody did."""
    freed_at: float = 0.0
    """When it was decided, and its manager free for another one."""


@dataclass
class Run:
    """One method in one world."""

    method: str
    sent: list[Sent] = field(default_factory=list)
    places: list[exposure.Stood] = field(default_factory=list)
    funded_at: dict[int, int] = field(default_factory=dict)
    """Need → the place of the loan that funded it."""
    cost_of: dict[int, float] = field(default_factory=dict)
    """Need → percentage points above the cheapest that fitted."""
    answered_after: dict[int, float] = field(default_factory=dict)
    needs: list[int] = field(default_factory=list)


class World:
    """A stage under assumptions: hidden truth and dice for every need, capacity for every lender."""

    def __init__(self, stage: Stage, assumed: Assumptions, seed: int) -> None:
        self.stage, self.assumed = stage, assumed
        n, m = len(stage.needs), len(stage.lenders)
        self.split = int(n * assumed.history)
        draw = np.random.default_rng(seed)
        section = draw.normal(0, assumed.liking_section, (m, 27))
        county = draw.normal(0, assumed.liking_county, (m, 100))
        size = draw.normal(0, assumed.liking_size, (m, 6))
        appetite = draw.normal(0, assumed.appetite, m)
        counties: dict[str, int] = {}
        self.approved = []
        for at, need in enumerate(stage.needs):
            case = need.cases[0]
            place = counties.setdefault(case.county, len(counties)) % 100
            letter = ord(case.section) - ord("A") if case.section else 26
            hidden = appetite + section[:, letter] + county[:, place] + size[:, case.amount_band]
            shift = assumed.grace + (assumed.later_shift if at >= self.split else 0.0)
            odds = assumed.sharpness * (need.z + hidden[need.lender] + shift)
            self.approved.append(1 / (1 + np.exp(-odds)))
        self.taken = []
        for need in stage.needs:
            dear = need.cost - need.cost.min()
            odds = assumed.takes - assumed.takes_less * dear - assumed.patience * need.days
            self.taken.append(1 / (1 + np.exp(-odds)))
        self.u_approved, self.u_taken, self.u_again = draw.random((n, m)), draw.random((n, m)), draw.random((n, 8))
        self.liking = draw.gumbel(size=(n, 64))
        self.sends = draw.choice(3, n, p=assumed.sends) + 1
        self.answer_days = assumed.first_answer * np.exp(assumed.spread_of_days * draw.normal(size=(n, m)))
        self.decision_days = assumed.decision * np.exp(assumed.spread_of_days * draw.normal(size=(n, m)))
        self.slots = self._slots()
        self.past: _Running | None = None

    def _slots(self) -> Array:
        """Slots of each lender, so that all together take up what is sent, over the pressure; by its managers."""
        needs, people = self.stage.needs, np.array([one.managers for one in self.stage.lenders], float)
        a_day = float(np.sum(self.sends)) / (needs[-1].day - needs[0].day)
        busy = np.mean([need.days.mean() for need in needs]) * self.assumed.decision
        # Who fits few needs has few slots: people are hired where there is work.
        fits = np.bincount(np.concatenate([np.unique(need.lender) for need in needs]), minlength=len(people))
        worth = np.sqrt(people * np.maximum(fits, 1))
        wanted = a_day * (busy + self.assumed.first_answer) / self.assumed.pressure
        return np.maximum(2, np.round(wanted * worth / worth.sum())).astype(int)

    def run(self, method: Method, *, part: str = "later") -> Run:
        """All needs of the history ("history") or after it ("later"), in order of time."""
        return _Running(self, method, part).through()


class _Running:
    """The clockwork of one run."""

    def __init__(self, world: World, method: Method, part: str) -> None:
        self.world, self.method, self.part = world, method, part
        self.run = Run(method.name)
        stage = world.stage
        self.free_at = [[0.0] * int(slots) for slots in world.slots]
        self.starts: list[list[float]] = [[] for _ in stage.lenders]
        self.events: list[tuple[float, int, Any]] = []
        self.number = 0
        self.own = [[0, 0] for _ in stage.products]
        self.whole = [[0, 0] for _ in stage.lenders]
        offers = {need.offers[k].product_id: need.offers[k] for need in stage.needs for k in range(len(need.offers))}
        self.offer = [offers.get(product) for product in stage.products]
        self.of_lender: list[list[int]] = [[] for _ in stage.lenders]
        ids = {one.id: at for at, one in enumerate(stage.lenders)}
        for at, offer in enumerate(self.offer):
            if offer is not None:
                self.of_lender[ids[offer.institution_id]].append(at)
        self.counted = np.full(len(stage.products), 0.3)
        self.funded = np.zeros(len(stage.products))
        self.told = np.full(len(stage.lenders), 0.3)

    def through(self) -> Run:
        """Every need of the part, then all that is still open."""
        stage, split = self.world.stage, self.world.split
        before = range(split) if self.part == "history" else range(split, len(stage.needs))
        if self.part == "later":
            self._remember(self.world)
        for at in before:
            self._until(stage.needs[at].day)
            self.run.needs.append(at)
            self._send(at, stage.needs[at].day, int(self.world.sends[at]), [], 0)
        self._until(float("inf"))
        return self.run

    def _remember(self, world: World) -> None:
        """What was counted in the history, and what managers still carry of it."""
        history = world.past
        if history is None:
            return
        self.own, self.whole = [row[:] for row in history.own], [row[:] for row in history.whole]
        self.counted, self.funded, self.told = history.counted.copy(), history.funded.copy(), history.told.copy()
        self.free_at = [row[:] for row in history.free_at]

    def _until(self, now: float) -> None:
        while self.events and self.events[0][0] <= now:
            _, _, what = heapq.heappop(self.events)
            what()

    def _later(self, at: float, what: Any) -> None:
        self.number += 1
        heapq.heappush(self.events, (at, self.number, what))

    def live(self, now: float) -> Live:
        """As the platform sees it."""
        left = []
        for free_at, starts in zip(self.free_at, self.starts, strict=True):
            starts[:] = [start for start in starts if start > now]
            left.append(sum(at <= now for at in free_at) - len(starts))
        return Live(np.array(left), self.counted, self.funded, self.told)

    def _send(self, at: int, now: float, many: int, tried: list[int], no: int) -> None:
        world, need = self.world, self.world.stage.needs[at]
        live = self.live(now)
        scores = self.method.scores(at, need, live)
        order = np.lexsort((need.product, -scores))
        if not tried:
            for place, k in enumerate(order[:50], start=1):
                true = float(world.approved[at][k] * world.taken[at][k])
                self.run.places.append(exposure.Stood(at, place, int(need.lender[k]), true))
        said = self.method.chances(at, need, live)
        picked = self._choose(at, need, order, many, tried)
        results = []
        for place, k in picked:
            results.append(self._apply(at, need, k, place, now, None if said is None else float(said[k])))
        self._settle(at, need, results, now, [*tried, *(int(need.lender[k]) for _, k in picked)], no)

    def _choose(self, at: int, need: Asked, order: Array, many: int, tried: Sequence[int]) -> list[tuple[int, int]]:
        """The owner's choice among the first places: cost, told chance, days, place and a taste of one's own."""
        assumed = self.world.assumed
        seen = [(place, int(k)) for place, k in enumerate(order[:LOOKED_AT], start=1)]
        cheapest = min((need.cost[k] for _, k in seen), default=0.0)
        liked = sorted(
            (
                -(
                    -0.28 * (need.cost[k] - cheapest)
                    + 1.6 * self.told[need.lender[k]]
                    - 0.03 * need.days[k]
                    - assumed.place_effect * place
                    + assumed.taste * self.world.liking[at, need.product[k] % 64]
                ),
                place,
                k,
            )
            for place, k in seen
        )
        picked: list[tuple[int, int]] = []
        houses = set(tried)
        for _, place, k in liked:
            if len(picked) == many:
                break
            if int(need.lender[k]) not in houses:
                houses.add(int(need.lender[k]))
                picked.append((place, k))
        return picked

    def _apply(self, at: int, need: Asked, k: int, place: int, now: float, said: float | None) -> dict[str, Any]:
        """One application: taken up or not, answered, decided."""
        world, lender = self.world, int(need.lender[k])
        slots = self.free_at[lender]
        start = max(now, slots[0])
        row: dict[str, Any] = {"k": k, "lender": lender, "place": place, "said": said, "sent_at": now}
        if start - now > world.assumed.answered_within:
            lapsed_at = now + world.assumed.answered_within
            return row | {"lapsed": True, "answer_at": None, "decided_at": lapsed_at, "yes": False}
        answer_at = start + float(world.answer_days[at, lender])
        decided_at = answer_at + float(need.days[k] * world.decision_days[at, lender])
        heapq.heapreplace(slots, decided_at)
        if start > now:
            self.starts[lender].append(start)
        yes = bool(world.u_approved[at, lender] < world.approved[at][k])
        return row | {"lapsed": False, "start": start, "answer_at": answer_at, "decided_at": decided_at, "yes": yes}

    def _settle(self, at: int, need: Asked, rows: list[dict[str, Any]], now: float, tried: list[int], no: int) -> None:
        """The owner takes the first offer they want; the rest is given up. Who has a no may try the next."""
        world, money = self.world, None
        for row in sorted(rows, key=lambda row: float(row["decided_at"])):
            wanted = row["yes"] and world.u_taken[at, row["lender"]] < world.taken[at][row["k"]]
            funded = bool(wanted and money is None and at not in self.run.funded_at)
            if funded:
                money = row["decided_at"] + world.assumed.money_after
                self.run.funded_at[at] = row["place"]
                self.run.cost_of[at] = float(need.cost[row["k"]] - need.cost.min())
            known_at = money if funded and money is not None else row["decided_at"] + (1.0 if row["yes"] else 0.0)
            self.run.sent.append(
                Sent(at, row["k"], row["lender"], row["place"], row["sent_at"], known_at, funded, row["lapsed"],
                     row["yes"], row["said"], row.get("start"), row["decided_at"])
            )  # fmt: skip
            self._later(known_at, self._counting(row["lender"], int(need.product[row["k"]]), funded))
        answers = [row["answer_at"] for row in rows if row["answer_at"] is not None]
        if answers:
            first = min(answers) - need.day
            self.run.answered_after[at] = min(first, self.run.answered_after.get(at, first))
        may = money is None and bool(rows) and len(tried) < MOST_SENT
        if may and world.u_again[at, no] < world.assumed.tries_on:
            again_at = max(float(row["decided_at"]) for row in rows) + 0.5
            self._later(again_at, lambda: self._send(at, again_at, 1, tried, no + 1))

    def _counting(self, lender: int, product: int, funded: bool) -> Any:
        def count() -> None:
            for cell in (self.own[product], self.whole[lender]):
                cell[0] += 1
                cell[1] += funded
            self.funded[product] += funded
            whole = Record(*self.whole[lender])
            for one in self.of_lender[lender]:
                offer = self.offer[one]
                assert offer is not None
                self.counted[one] = counted_chance(replace(offer, own=Record(*self.own[one]), institution=whole))
            self.told[lender] = (whole.funded + 3) / (whole.decided + 10)

        return count


def with_history(world: World, method: Method) -> Run:
    """Run the history under a method; what was counted and carried then is where every later run begins."""
    running = _Running(world, method, "history")
    found = running.through()
    # Cases that were still open at the end become known only later: count again up to the split.
    end = world.stage.needs[world.split].day
    again = _Running(world, method, "history")
    for row in sorted(found.sent, key=lambda row: row.known_at):
        if row.known_at <= end:
            again._counting(row.lender, int(world.stage.needs[row.need].product[row.choice]), row.funded)()
    again.free_at = running.free_at
    world.past = again
    return found
