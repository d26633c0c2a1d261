"""The year of the town: who needs money when, whom they choose, what institutions do with it, and why; all by chance.

Nothing of what decides here is a column: the quality of a business, the taste of an institution for a trade, a size
and a county, its moods by month, the patience of an owner. The ranker sees only what stands in the tables.
Assumptions and their numbers are told in docs/demo.md.
"""

from __future__ import annotations

import bisect
import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from matchmaker.clock import SHANGHAI, date_of
from matchmaker.demo.businesses import Businesses
from matchmaker.demo.drawing import (
    Draw,
    after_office_hours,
    after_working_days,
    as_stored,
    at_local,
    generator,
    percent_as_stored,
)
from matchmaker.demo.ledger import PIXEL, Books, LeadBook, Row
from matchmaker.demo.lists import Remembering
from matchmaker.demo.market import Market, places_of
from matchmaker.eligibility.facts import Facts, whole_months
from matchmaker.eligibility.rules import RULES_VERSION, TAX_GRADES
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.branches import branch_for
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.consents import HOURS, OPTIONAL, REQUIRED, days_to_call, may_call, slot_on
from matchmaker.leads.rules.offering import Offered, repayments_of
from matchmaker.leads.rules.seen import FIGURES_BEHIND, Figure, Seen
from matchmaker.leads.rules.states import MOST_LIVE_LEADS, State
from matchmaker.leads.rules.working import CHECKS_AT, CHECKS_BEFORE
from matchmaker.matching import queries as matching_queries
from matchmaker.matching import services as matching
from matchmaker.matching.rules import Lpr
from matchmaker.matching.rules import Offered as Listed
from matchmaker.needs.rules import NeedState, NeedStep
from matchmaker.ranking.rules import seed_of
from matchmaker.reference import industries, regions
from matchmaker.refusal import Reason

LADDER_WAN = (
    0.5,
    1,
    2,
    3,
    5,
    8,
    10,
    15,
    20,
    30,
    40,
    50,
    60,
    80,
    100,
    150,
    200,
    300,
    400,
    500,
    800,
    1000,
    1500,
    2000,
    3000,
)
TERMS = (3, 6, 12, 18, 24, 36, 60)
_GRADE_HELPS = {"A": 0.45, "B": 0.15, "C": -0.55, "D": -1.0}
LONG_PURPOSES = frozenset({"EQUIP", "TECHUP", "GREEN", "PLANT", "DIGITAL", "RND"})
VISIT_NOTES = (
    "店在开，人手和货都对得上",
    "看了货和账本，生意和说的差不多",
    "厂房机器都在，正在出货",
    "店面整洁，客人不少",
)
CALL_NOTES = ("说了要看哪些材料", "问了用途和还款来源", "约好了先看流水", "说清了利率和要多少天")
DOUBTS = ("流水比申报的少一些", "有两笔往来要再问", "租约快到期")
PAPER_LABELS = {
    "LICENCE": "营业执照照片", "OWNER_ID": "身份证", "BANK_FLOW": "近 12 个月银行流水", "POS_FLOW": "近 12 个月收款码流水",
    "TAX_RETURNS": "近一年纳税申报表", "INVOICES": "近一年开票汇总", "STATEMENTS": "上年财务报表", "LEASE": "店面租约",
    "PURPOSE_CONTRACT": "进货合同", "ORDERS": "订单或中标通知", "EQUIPMENT_QUOTE": "设备报价单", "PROPERTY_TITLE": "不动产权证",
    "IP_TITLE": "专利证书", "RECEIVABLE_PROOF": "应收账款确认", "STOCK_LIST": "存货清单", "CUSTOMS": "报关单",
    "TITLE_CERTIFICATE": "认定证书", "GUARANTOR_ID": "保证人身份证明", "MEMBER_LIST": "社员名册",
}  # fmt: skip


@dataclass(order=True)
class _Event:
    at: datetime
    number: int
    process: Iterator[datetime] = field(compare=False)


class Story:
    """One run of the year. `run` fills the books up to the anchor."""

    def __init__(self, market: Market, town: Businesses, books: Books, *, seed: int, anchor_at: datetime,
                 lprs: list[Lpr]) -> None:  # fmt: skip
        self.market, self.town, self.books, self.anchor_at, self.lprs = market, town, books, anchor_at, lprs
        self.memory = Remembering()
        self.draw = Draw(generator(seed, "story"))
        taste = Draw(generator(seed, "taste"))
        self.places = places_of(market)
        self.events: list[_Event] = []
        self.number = 0
        self._clock = anchor_at  # the instant of the event that is being carried out
        self.prices: dict[Any, Any] = {}
        self.oracle: dict[int, float] = {}  # outcome id -> chance
        self.listed = {
            version.id: one
            for version, one in zip(
                market.objects, matching_queries.offered_of(market.objects, self.places), strict=True
            )
        }
        ids = sorted(market.of)
        self.by_county = {(i, c["region_code"]): 0.2 * taste.normal() for i in ids for c in _counties(town)}
        self.by_size = {(i, band): 0.55 * taste.normal() for i in ids for band in range(6)}
        self.by_month = {(i, month): 0.2 * taste.normal() for i in ids for month in range(14)}
        self.lists_of: dict[int, list[Row]] = {}
        self.used: set[int] = set()  # businesses that a scene has taken
        self._figures: dict[int, list[Any]] = {}
        for row in town.figures:
            exact = {name: as_stored(value) for name, value in row.items()}
            self._figures.setdefault(row["business_id"], []).append(SimpleNamespace(**exact))
        for row in town.credit_lines:
            books.lines_of.setdefault(row["business_id"], []).append(row)

    # The loop --------------------------------------------------------------------------------------------------------

    def start(self, process: Iterator[datetime]) -> None:
        """Let a process begin: it yields the instants at which it goes on."""
        at = next(process, None)
        if at is not None:
            self.number += 1
            heapq.heappush(self.events, _Event(at, self.number, process))

    def run(self) -> None:
        """Go through all events up to the anchor, in order of time."""
        while self.events and self.events[0].at < self.anchor_at:
            event = heapq.heappop(self.events)
            self._clock = event.at.astimezone(UTC)
            following = next(event.process, None)
            if following is not None:
                self.number += 1
                heapq.heappush(self.events, _Event(max(following, event.at), self.number, event.process))
        for leads in self.books.of_need.values():
            for lead in leads:
                lead.pass_time(self.anchor_at)

    @property
    def now(self) -> datetime:
        """The instant of the event that is being carried out."""
        return self._clock

    # Needs -----------------------------------------------------------------------------------------------------------

    def needs_of_the_year(self, n: int) -> None:
        """Choose who needs money when: `n` needs, more of them towards the end of the year and before festivals."""
        draw, town = self.draw, self.town
        weights = [
            thirst * (1.35 if member["standing"] == "checked" else 0.35)
            for thirst, member in zip(town.thirst, town.members, strict=True)
        ]
        cumulated, total = [], 0.0
        for weight in weights:
            total += weight
            cumulated.append(total)
        for _ in range(n):
            at = bisect.bisect_left(cumulated, draw.uniform() * total)
            back = 365 * (1 - draw.uniform() ** 0.8)
            day = date_of(self.anchor_at) - timedelta(days=int(back) + 1)
            business = town.businesses[at]
            posted_at = at_local(day, 8 + 13.5 * draw.uniform())
            if posted_at <= business["created_at"] + timedelta(hours=1):
                posted_at = business["created_at"] + timedelta(hours=1 + 200 * draw.uniform())
            if posted_at < self.anchor_at:
                self.start(self.need_process(at, posted_at.replace(second=0, microsecond=0)))

    def wanted(self, at: int, on: date) -> Row:
        """What a business asks for: amount by its turnover, term by purpose, security by what it has."""
        draw, business, trade = self.draw, self.town.businesses[at], self.town.trades[at]
        turnover = self._turnover(business["id"], on) or Decimal(200_000)
        purpose = trade.purposes[0] if draw.happens(0.45) else draw.choice(trade.purposes)
        share = math.exp(-1.75 + 0.62 * draw.normal()) * (1.6 if purpose in LONG_PURPOSES else 1.0)
        amount = _rung(float(turnover) * share / 10_000)
        term = draw.weighted(TERMS, (1, 2, 3, 3, 6, 6, 4) if purpose in LONG_PURPOSES else (5, 22, 46, 9, 11, 7, 0))
        has_loan = any(row["kind"] == "loan" for row in self._lines(business["id"], on))
        unsure = draw.happens(0.14)
        named = [] if draw.happens(0.4) else list(business["collateral"])
        return {
            "amount_yuan": as_stored(Decimal(str(amount)) * 10_000),
            "term_months": term,
            "purpose": purpose,
            "securities": None if unsure else named,
            "repayment": draw.choice(("EQ_INST", "INT_M_BULLET", "REVOLVE")) if draw.happens(0.12) else None,
            "wanted_by_on": on + timedelta(days=7 + draw.below(50)) if draw.happens(0.5) else None,
            "first_loan": "no" if has_loan else "unknown" if draw.happens(0.12) else "yes",
            "max_rate_percent": percent_as_stored(Decimal(draw.choice(("5", "6", "8", "12"))))
            if draw.happens(0.12)
            else None,
            "note": "",
        }

    def _turnover(self, business_id: int, on: date) -> Decimal | None:
        rows = self._known_figures(business_id, on)
        return max(rows, key=lambda row: row.year).turnover_yuan if rows else None

    def _debt_ratio(self, business_id: int, on: date) -> float:
        rows = self._known_figures(business_id, on)
        last = max(rows, key=lambda row: row.year) if rows else None
        return float(last.liabilities_yuan / last.assets_yuan * 100) if last is not None else 45.0

    def _known_figures(self, business_id: int, on: date) -> list[Any]:
        """A year's figures are typed in after it has ended."""
        return [row for row in self._figures.get(business_id, ()) if row.year < on.year]

    def _lines(self, business_id: int, on: date) -> list[Row]:
        return [row for row in self.books.lines_of.get(business_id, ()) if row["started_on"] <= on]

    def post(self, at: int, posted_at: datetime, wanted: Row, *, days: int = 60) -> Row:
        """As `needs.services.post_need`: a need with its first version and its first list."""
        business = self.town.businesses[at]
        need = {
            "id": len(self.books.needs) + 1, "business_id": business["id"], "posted_by_id": business["created_by_id"],
            "state": NeedState.OPEN.value, "current_number": 1, "posted_at": posted_at,
            "expires_on": date_of(posted_at) + timedelta(days=days), "withdrawn_at": None,
        }  # fmt: skip
        if wanted["securities"] is not None:
            business["collateral_said"] = True
        self.books.needs.append(need)
        self.books.of_need[need["id"]] = []
        self.books.need_versions.append(
            {
                "need_id": need["id"],
                "number": 1,
                **wanted,
                "made_at": posted_at,
                "made_by_id": business["created_by_id"],
            }
        )
        self.lists_of[need["id"]] = self.show(need, at, wanted, posted_at)
        return need

    def facts_of(self, at: int, wanted: Row, on: date) -> Facts:
        """What matching knows of a need on a day, read by matching itself."""
        row = self.town.businesses[at]
        business = SimpleNamespace(
            **{name: row[name] for name in (
                "kind", "entity_code", "industry_code", "region_code", "latitude", "longitude", "founded_on", "tax_grade",
                "has_tax_evidence", "has_flow_evidence", "last_equity_change_on", "collateral",
            )},
            figures=self._known_figures(row["id"], on),
            credit_lines=[SimpleNamespace(**{name: as_stored(value) for name, value in line.items()}) for line in self._lines(row["id"], on)],
        )  # fmt: skip
        return matching_queries.facts_of(SimpleNamespace(business=business), SimpleNamespace(**wanted), on)  # type: ignore[arg-type]

    def show(self, need: Row, at: int, wanted: Row, made_at: datetime) -> list[Row]:
        """As `matching.services.make_list`: judged, priced and ordered by matching, stored with what it rests on."""
        today = date_of(made_at)
        facts = self.facts_of(at, wanted, today)
        lpr = self.lpr_on(today)
        seed = seed_of(need["id"], need["current_number"], today)
        derived = matching.derive(self.offered_at(made_at), facts, today, lpr, seed=seed, by=self.memory)
        list_id = len(self.books.lists) + 1
        self.books.lists.append(
            {
                "id": list_id, "need_id": need["id"], "need_number": need["current_number"], "made_at": made_at,
                "made_by_id": need["posted_by_id"], "model_version_id": None, "rules_version": RULES_VERSION,
                "facts": facts.as_json(), "lpr_on": lpr.published_on, "rule_only": True,
                "counts": derived.counts | {"today_on": today.isoformat(), "places": self.fingerprint}, "natural_key": None,
            }
        )  # fmt: skip
        rows = [{"list_id": list_id, **row} for row in derived.shown]
        self.books.shown += rows
        self.books.turned_down += [{"list_id": list_id, **row} for row in derived.turned_down]
        if rows:
            self.books.in_view.append(
                {"list_id": list_id, "place_from": 1, "place_to": min(len(rows), 4 + self.draw.below(12)),
                 "at": made_at + timedelta(seconds=5), "person_id": need["posted_by_id"]}
            )  # fmt: skip
        return rows

    def would_show(self, at: int, wanted: Row, made_at: datetime, institution: str, branch_id: int) -> int | None:
        """The first product of an institution that a list would show and that would go to this branch; None without."""
        institution_id = self.market.institution_ids[institution]
        if self._branch(self.town.businesses[at], institution_id, wanted["amount_yuan"]) != branch_id:
            return None
        today = date_of(made_at)
        facts = self.facts_of(at, wanted, today)
        mine = [one for one in self.offered_at(made_at) if one.institution_id == institution_id]
        if not matching.derive(mine, facts, today, self.lpr_on(today), by=self.memory).shown:
            return None
        derived = matching.derive(self.offered_at(made_at), facts, today, self.lpr_on(today), by=self.memory)
        for row in derived.shown[:10]:
            if self.market.products[row["product_id"] - 1]["institution_id"] == institution_id:
                return int(row["product_id"])
        return None

    @property
    def fingerprint(self) -> str:
        """The name of the only state that the branches of the town ever had."""
        if not hasattr(self, "_fingerprint"):
            self._fingerprint = matching_queries.fingerprint_of(self.places)
        return self._fingerprint

    def offered_at(self, at: datetime) -> list[Listed]:
        """The market at an instant, with the records as last counted."""
        found = []
        for version_id in self.market.versions_at(at):
            one = self.listed[version_id]
            own, whole = (
                self.books.tracks(one.institution_id, one.product_id),
                self.books.tracks(one.institution_id, None),
            )
            if own != one.own_track or whole != one.institution_track:
                one = self.listed[version_id] = replace(one, own_track=own, institution_track=whole)
            found.append(one)
        return found

    def lpr_on(self, day: date) -> Lpr:
        """The LPR in force on a day."""
        return max((lpr for lpr in self.lprs if lpr.published_on <= day), key=lambda lpr: lpr.published_on)

    def need_process(self, at: int, posted_at: datetime) -> Iterator[datetime]:
        """A need from posting to money, or to the end of the owner's patience."""
        draw = self.draw
        yield posted_at
        need = self.post(at, posted_at, self.wanted(at, date_of(posted_at)), days=draw.choice((30, 60, 60, 90)))
        self.start(self._expiry(need))
        shown = self.lists_of[need["id"]]
        may_send = self.town.members[at]["standing"] == "checked"
        if not shown or not may_send or draw.happens(0.12):
            if draw.happens(0.08):
                yield posted_at + timedelta(days=1 + 12 * draw.uniform())
                self._withdraw_need(need)
            return
        yield posted_at + timedelta(hours=0.1 + 30 * draw.uniform() ** 2.5)
        picked = draw.weighted((1, 2, 3), (0.72, 0.22, 0.06))
        for _ in range(picked):
            sent_at = self._clock + timedelta(minutes=4)
            yield sent_at
            self.send_next(need, at, sent_at)

    def _expiry(self, need: Row) -> Iterator[datetime]:
        night = at_local(need["expires_on"] + timedelta(days=1), 1)
        while True:
            yield night
            if need["state"] == NeedState.OPEN:
                self.books.move_need(need, NeedStep.EXPIRE)
                self.books.need_ends.append((night, need["id"], "expire"))
            if need["state"] != NeedState.IN_PROGRESS:
                return
            night += timedelta(days=1)

    def _withdraw_need(self, need: Row) -> None:
        if need["state"] == NeedState.OPEN:
            need["withdrawn_at"] = self._clock
            self.books.move_need(need, NeedStep.WITHDRAW)
            self.books.need_ends.append((self._clock, need["id"], "withdraw"))

    # Choosing --------------------------------------------------------------------------------------------------------

    def send_next(self, need: Row, at: int, sent_at: datetime, *, product_id: int | None = None) -> LeadBook | None:
        """The owner chooses one more product of the list and sends it; None where nothing is left to choose."""
        if need["state"] not in (NeedState.OPEN, NeedState.IN_PROGRESS):
            return None
        leads = self.books.of_need[need["id"]]
        if sum(lead.is_live for lead in leads) >= MOST_LIVE_LEADS:
            return None
        taken = {lead.institution_id for lead in leads}
        in_force = {self.listed[v].product_id: v for v in self.market.versions_at(sent_at)}
        options = [row for row in self.lists_of[need["id"]][:10]
                   if self.market.products[row["product_id"] - 1]["institution_id"] not in taken]  # fmt: skip
        if product_id is not None:
            options = [row for row in self.lists_of[need["id"]] if row["product_id"] == product_id]
        if not options:
            return None
        row = self._choose(options)
        business = self.town.businesses[at]
        product = self.market.products[row["product_id"] - 1]
        wanted = self.books.need_versions[need["id"] - 1]
        branch_id = self._branch(business, product["institution_id"], wanted["amount_yuan"])
        if isinstance(branch_id, Reason):
            return None
        version_id = in_force[row["product_id"]]
        lead = LeadBook(
            self.books, need, business=business, institution=(product["institution_id"], self._name(product["institution_id"])),
            product_id=row["product_id"], version_id=version_id, terms=self.market.terms[version_id], kind=product["kind"],
            branch_id=branch_id, chosen_by_id=business["created_by_id"], list_id=row["list_id"], place=row["place"],
        )  # fmt: skip
        draw = self.draw
        fields = [*REQUIRED, *(name for name in OPTIONAL if draw.happens(0.55))]
        hours = (
            []
            if draw.happens(0.08) and product_id is None
            else [slot for slot in HOURS if slot != "evening" or draw.happens(0.15)]
        )
        ends_at = min(
            clocks.longest_consent(sent_at),
            clocks.end_of_day(date_of(sent_at) + timedelta(days=draw.choice((60, 75, 90)))),
        )
        lead.send(sent_at, fields=[str(name) for name in fields], hours=hours, ends_at=ends_at)
        self.oracle[lead.outcome["id"]] = self.chance(lead, at, wanted)
        if product_id is None:
            self.start(self.lead_process(lead, at, wanted))
        return lead

    def _name(self, institution_id: int) -> str:
        return self.market.of[institution_id].name

    def _choose(self, options: list[Row]) -> Row:
        """By cost, told chance, days and place, with a taste of one's own."""
        draw = self.draw
        cheapest = min((float(row["cost_percent"]) for row in options if row["cost_percent"] is not None), default=0.0)

        def liking(row: Row) -> float:
            cost = float(row["cost_percent"]) - cheapest if row["cost_percent"] is not None else 3.0
            days = row["quote"].get("days") or 10
            guarantee = self.market.products[row["product_id"] - 1]["kind"] == "guarantee"
            gumbel = -math.log(-math.log(max(draw.uniform(), 1e-12)))
            return float(
                -0.28 * cost
                + 1.6 * (row["chance"] or 0.3)
                - 0.03 * days
                - 0.16 * row["place"]
                - 1.4 * guarantee
                + 0.8 * gumbel
            )

        return max(options, key=liking)

    def _branch(self, business: Row, institution_id: int, amount: Decimal) -> int | Reason | None:
        latitude, longitude = business["latitude"], business["longitude"]
        if latitude is None or longitude is None:
            latitude, longitude = regions.point(business["region_code"]) or (None, None)
        return branch_for(
            self.market.branch_facts[institution_id], region_code=business["region_code"], latitude=latitude,
            longitude=longitude, amount_yuan=amount,
        )  # fmt: skip

    # What really decides ---------------------------------------------------------------------------------------------

    def traits(self, lead: LeadBook, at: int, wanted: Row) -> dict[str, float]:
        """The hidden odds of one sending: late, out of reach, approved, taken."""
        one = self.market.of[lead.institution_id]
        shape = self.market.shapes[lead.product_id]
        business, trade, quality = self.town.businesses[at], self.town.trades[at], self.town.quality[at]
        section = (industries.get(business["industry_code"]) or SimpleNamespace(section="")).section
        sent_at = lead.row["sent_at"]
        turnover = float(self._turnover(business["id"], date_of(sent_at)) or 150_000)
        amount = float(wanted["amount_yuan"])
        months = max(1.0, (date_of(sent_at) - business["founded_on"]).days / 30.44)
        heavy = max(0.0, math.log10(amount / turnover) + 0.8)
        secured = bool(wanted["securities"]) and "CREDIT" not in lead.terms.securities
        first = wanted["first_loan"] != "no"
        band = sum(amount >= bound for bound in (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000))
        month = (self.anchor_at - sent_at).days // 30
        z = (
            0.40
            + 0.85 * quality
            + _GRADE_HELPS.get(business["tax_grade"], 0.0)
            - 0.018 * (self._debt_ratio(business["id"], date_of(sent_at)) - 42)
            + 1.3 * one.appetite
            - 1.2 * one.strictness
            + 1.7 * one.likes.get(section, 0.0)
            + shape.laxity
            + 1.6 * trade.luck
            - 3.4 * heavy
            + 1.1 * math.log10(months / 24)
            + (0.55 if secured else 0.0)
            + (-0.7 if first and "f" not in shape.flags else 0.0)
            + (0.45 if business["has_flow_evidence"] else -0.1)
            + (0.35 if business["has_tax_evidence"] else -0.1)
            + self.by_county[lead.institution_id, business["region_code"]]
            + self.by_size[lead.institution_id, band]
            + self.by_month[lead.institution_id, min(month, 13)]
        )
        late = min(0.5, one.forgets * 1.1 + 0.02)
        away = 1 / (1 + math.exp(3.9 + 0.9 * self.town.answers[at]))
        return {
            "late": late,
            "away": away,
            "approved": 1 / (1 + math.exp(-2.1 * z)),
            "taken": self._taken(lead, wanted),
        }

    def _taken(self, lead: LeadBook, wanted: Row) -> float:
        dear = 0.0
        shown = self.lists_of[lead.need["id"]]
        costs = [float(row["cost_percent"]) for row in shown[:10] if row["cost_percent"] is not None]
        mine = next(
            (
                float(row["cost_percent"])
                for row in shown
                if row["product_id"] == lead.product_id and row["cost_percent"] is not None
            ),
            None,
        )
        if costs and mine is not None:
            dear = mine - min(costs)
        return 1 / (1 + math.exp(-(2.5 - 0.33 * dear)))

    def chance(self, lead: LeadBook, at: int, wanted: Row) -> float:
        """The true chance that this sending ends in money, as far as it does not hang on the need's other leads."""
        odds = self.traits(lead, at, wanted)
        return (1 - odds["late"]) * (1 - odds["away"]) * odds["approved"] * odds["taken"] * 0.97

    # A lead ----------------------------------------------------------------------------------------------------------

    def lead_process(self, lead: LeadBook, at: int, wanted: Row) -> Iterator[datetime]:
        """From sending to its end, step by step, as the dice and the hidden traits say."""
        yield from self._live(lead, at, wanted)
        if lead.is_live or lead.is_in(State.PAID_OUT):
            return
        self._after_end(lead, at)

    def _after_end(self, lead: LeadBook, at: int) -> None:
        """Whoever was turned down or kept waiting often tries the next one."""
        if lead.need["state"] in (NeedState.OPEN, NeedState.IN_PROGRESS) and self.draw.happens(0.6):
            self.start(self._try_next(lead.need, at))

    def _try_next(self, need: Row, at: int) -> Iterator[datetime]:
        yield self._clock + timedelta(hours=2 + 60 * self.draw.uniform() ** 1.5)
        self.send_next(need, at, self._clock)

    def until(self, lead: LeadBook, when: datetime) -> Iterator[datetime]:
        """Wait until `when`, unless a clock runs out before and ends the lead or its pause."""
        while True:
            deadline, row = lead.next_deadline()
            if deadline > when:
                break
            yield deadline
            if not lead.is_live:
                return
            again, row = lead.next_deadline()
            if again > deadline:
                continue
            lead.pass_time(deadline)
            state = lead.state
            lead.run_out(deadline, row)
            if not lead.is_live or state is State.PAPERS:
                return
        yield when
        if lead.is_live:
            lead.pass_time(when)

    def _live(self, lead: LeadBook, at: int, wanted: Row) -> Iterator[datetime]:
        draw, odds = self.draw, self.traits(lead, at, wanted)
        one = self.market.of[lead.institution_id]
        slow = 1.0 + 0.6 * one.slowness
        sent_at = lead.row["sent_at"]
        never = sent_at + timedelta(days=400)
        if draw.happens(odds["late"] * 0.75):
            yield from self.until(lead, never)
            return
        # accepted, or declined at first sight
        when = after_office_hours(sent_at, max(0.2, 2.6 * slow * math.exp(0.75 * draw.normal())))
        yield from self.until(lead, min(when, self._within(lead, Clock.ACCEPT)))
        if not lead.is_in(State.WAITING):
            return
        approved = draw.happens(odds["approved"])
        if not approved and draw.happens(0.12):
            codes = [draw.choice(("I01", "X01", "B01"))]
            lead.decline(self._clock, codes=codes, by=self._carrier(lead), seen=self._seen(lead, at, codes))
            return
        lead.accept(self._clock, by=self._carrier(lead))
        if draw.happens(odds["late"] * 0.25):
            yield from self.until(lead, never)
            return
        yield from self._reach(lead, draw.happens(odds["away"]))
        if not lead.is_in(State.CONTACTED):
            return
        yield from self._look(lead, slow)
        if not lead.is_live or not lead.is_in(State.CONTACTED, State.VISITED, State.REVIEW):
            return
        if draw.happens(0.02):
            lead.give_up(self._clock, code=draw.choice(("E03", "E05")))
            return
        promised = self.market.terms[lead.row["product_version_id"]].promised_days or 5
        when = after_working_days(self._clock, max(0.3, promised * 0.75 * slow * math.exp(0.35 * draw.normal())))
        if not lead.is_in(State.REVIEW) and draw.happens(0.8):
            yield from self.until(lead, after_office_hours(self._clock, 1 + 5 * draw.uniform()))
            if not lead.is_in(State.CONTACTED, State.VISITED):
                return
            lead.start_review(self._clock)
        if draw.happens(0.6):
            lead.record_checks(self._clock, phase="before", results=self._checked(CHECKS_BEFORE))
        decision = lead.open_clock(Clock.DECISION)
        latest = decision["due_at"] - timedelta(hours=1) if decision is not None and not draw.happens(0.006) else when
        yield from self.until(lead, max(self._clock, min(when, latest)))
        if not lead.is_live or not lead.is_in(State.CONTACTED, State.VISITED, State.REVIEW):
            return
        if not approved:
            codes = self._codes(lead, at, wanted)
            seen = self._seen(lead, at, codes)
            lead.decline(self._clock, codes=codes, by=lead.manager_id, seen=seen, note="见内部记录")
            return
        lead.make_offer(
            self._clock, offered=self._offer(lead, wanted), lpr=self.lpr_on(date_of(self._clock)), prices=self.prices
        )
        yield from self._answer(lead, odds["taken"])
        if lead.is_in(State.TAKEN):
            yield from self._pay(lead)

    def _within(self, lead: LeadBook, kind: Clock) -> datetime:
        """The last moment before a clock runs out."""
        row = lead.open_clock(kind)
        assert row is not None
        due_at: datetime = row["due_at"]
        return due_at - timedelta(minutes=1 + self.draw.below(50))

    def _carrier(self, lead: LeadBook) -> int:
        """Who takes it up: the manager of the branch with the fewest live leads, else somebody of the house."""
        people = self.market.managers.get(lead.row["branch_id"]) or self.market.carriers[lead.institution_id]
        return min(people, key=lambda person: (len(self.books.live.get(person, ())), person))

    def _reach(self, lead: LeadBook, away: bool) -> Iterator[datetime]:
        draw = self.draw
        channel = "call" if lead.consent["hours"] else "message"
        when = after_office_hours(self._clock, max(0.15, 2.8 * math.exp(0.7 * draw.normal())))
        yield from self.until(lead, min(self._in_slot(lead, when), self._within(lead, Clock.CONTACT)))
        if not lead.is_in(State.ACCEPTED):
            return
        if away and channel == "call":
            lead.try_contact(self._clock, note="没有人接")
            for hours in (1.2, 1.4):
                yield from self.until(
                    lead,
                    min(self._in_slot(lead, self._clock + timedelta(hours=hours)), self._within(lead, Clock.CONTACT)),
                )
                if not lead.is_in(State.ACCEPTED):
                    return
                lead.try_contact(self._clock, note="还是没有人接")
            if lead.is_in(State.UNREACHED) and draw.happens(0.6):
                yield from self._call_back(lead)
            elif lead.is_live:
                yield from self.until(lead, self._clock + timedelta(days=30))
                return
            if not lead.is_in(State.ACCEPTED):
                return
        visit_at = self._visit_day(self._clock) if draw.happens(0.55) and lead.row["branch_id"] else None
        message = "您好，材料看过了，想约个时间说说用途" if channel == "message" else ""
        lead.contact(self._clock, channel=channel, note=draw.choice(CALL_NOTES), message=message, visit_at=visit_at)

    def _call_back(self, lead: LeadBook) -> Iterator[datetime]:
        """The owner finds the message, chooses an hour of those they agreed to, and is called then."""
        yield from self.until(lead, after_office_hours(self._clock, 3 + 20 * self.draw.uniform()))
        if not lead.is_in(State.UNREACHED):
            return
        on = next(day for day in days_to_call(self._clock) if day > date_of(self._clock))
        slot = lead.consent["hours"][0]
        start, _ = slot_on(on, slot)
        if start >= lead.consent["ends_at"]:
            return
        lead.choose_hours(self._clock, on=on, slot=slot)
        yield from self.until(lead, start + timedelta(minutes=5 + self.draw.below(40)))

    def _in_slot(self, lead: LeadBook, when: datetime) -> datetime:
        """A call is moved into the next hour that the owner ticked, where that is the same day."""
        if not lead.consent["hours"] or may_call(lead.consent["hours"], when):
            return when
        later = when
        for _ in range(16):
            later += timedelta(minutes=30)
            if may_call(lead.consent["hours"], later):
                return later
        return when

    def _visit_day(self, now: datetime) -> datetime:
        when = after_working_days(now, 1 + 2.2 * self.draw.uniform())
        local = when.astimezone(SHANGHAI)
        return local.replace(minute=0 if local.minute < 30 else 30, second=0).astimezone(now.tzinfo)

    def _look(self, lead: LeadBook, slow: float) -> Iterator[datetime]:
        """The visit, where one was agreed, and the one list of missing papers."""
        draw = self.draw
        if lead.row["visit_at"] is not None:
            if draw.happens(0.015):
                yield from self.until(lead, self._clock + timedelta(days=60))
                return
            visited_at = max(lead.row["visit_at"], self._clock + timedelta(minutes=20))
            when = visited_at + timedelta(minutes=40 + draw.below(50))
            yield from self.until(lead, min(when, self._within(lead, Clock.VISIT)))
            if not lead.is_in(State.CONTACTED):
                return
            lead.visit(self._clock, visited_at=min(visited_at, self._clock), note=draw.choice(VISIT_NOTES))
        if not draw.happens(0.34):
            return
        yield from self.until(lead, after_office_hours(self._clock, 0.5 + 6 * draw.uniform() * slow))
        if not lead.is_in(State.CONTACTED, State.VISITED):
            return
        papers = list(lead.terms.documents)
        count = min(len(papers), 1 + draw.below(3))
        items = [{"what": PAPER_LABELS.get(paper.code, paper.code), "why": paper.reason} for paper in papers[-count:]]
        lead.ask_papers(self._clock, items=items)
        answers = self.town.answers[lead.row["business_id"] - 1]
        wait = timedelta(hours=5 + 70 * math.exp(0.7 * draw.normal() - 0.35 * answers))
        yield from self.until(lead, self._clock + wait)
        if lead.is_in(State.PAPERS):
            keep = self._clock + timedelta(days=60) >= self.anchor_at
            lead.send_papers(self._clock, content=PIXEL, keep=keep)

    def _checked(self, items: tuple[str, ...]) -> dict[str, tuple[str, str]]:
        draw = self.draw
        return {item: ("doubt", draw.choice(DOUBTS)) if draw.happens(0.08) else ("fine", "") for item in items}

    def _codes(self, lead: LeadBook, at: int, wanted: Row) -> list[str]:
        """Why not: what weighed most, as far as a code tells it."""
        draw, business, quality = self.draw, self.town.businesses[at], self.town.quality[at]
        turnover = float(self._turnover(business["id"], date_of(self._clock)) or 150_000)
        months = (date_of(self._clock) - business["founded_on"]).days / 30.44
        weights = {
            "C01": 0.5 - 0.4 * quality, "C02": 0.6 - 0.5 * quality, "C03": 0.5, "C04": 0.15,
            "T01": 0.35 if business["tax_grade"] in ("C", "D") else 0.12,
            "T02": 0.9 if business["tax_grade"] in ("C", "D") else 0.0,
            "G01": 0.12, "G02": 0.1, "G03": 0.05,
            "B01": 1.1 if months < 18 else 0.0,
            "B02": 1.6 if float(wanted["amount_yuan"]) > 0.25 * turnover else 0.25,
            "B03": 0.9 if self._lines(business["id"], date_of(self._clock)) else 0.1,
            "B04": 0.2, "D01": 0.7 if "CREDIT" not in lead.terms.securities else 0.2,
            "I01": 0.15, "P01": 0.3, "M01": 0.35 if lead.request and lead.request["lapsed_at"] else 0.15, "X01": 0.06,
        }  # fmt: skip
        first = draw.weighted(list(weights), [max(0.0, weight) for weight in weights.values()])
        rest = [code for code in weights if code != first and weights[code] > 0.5]
        return [first, draw.choice(rest)] if rest and draw.happens(0.3) else [first]

    def _seen(self, lead: LeadBook, at: int, codes: Sequence[str]) -> Seen:
        """What the house saw: its own figure, short of what its product wrote, as what was typed was not. Nothing is drawn
        for it."""
        business, on = self.town.businesses[at], date_of(self._clock)
        turnover = (self._turnover(business["id"], on) or Decimal(150_000)) * (60 + lead.id % 35) / 100
        known: dict[str, Figure] = {
            "tax_owed_yuan": Decimal(86 + lead.id * 37 % 900),
            "tax_grade": _worse(business["tax_grade"] or "M", lead.terms.tax_grades),
            "open_months": min(
                max(0, whole_months(business["founded_on"], on)),
                max(0, (lead.terms.min_months_in_business or 999) - 1 - lead.id % 4),
            ),
            "turnover_yuan": below(lead.terms.min_turnover_yuan, turnover.quantize(Decimal(1)) // 1000 * 1000),
            "debts_yuan": sum((row["balance_yuan"] for row in self._lines(business["id"], on)), Decimal(0)),
        }
        figures = {
            name: known[name] for code in codes for name in FIGURES_BEHIND.get(code, ()) if known.get(name) is not None
        }
        named = Seen(figures)
        silent = any(FIGURES_BEHIND.get(code) and not named.of(code) for code in codes)
        return replace(named, unseen="not_one_figure") if silent else named

    def _offer(self, lead: LeadBook, wanted: Row) -> Offered:
        """What the institution writes: the amount asked for or less of it, inside what its product promised."""
        draw, terms = self.draw, lead.terms
        asked = float(wanted["amount_yuan"])
        if draw.happens(0.3):
            asked *= 0.55 + 0.4 * draw.uniform()
        low, high = float(terms.amount_min_yuan or 0), float(terms.amount_max_yuan or 0)
        amount = Decimal(round(min(max(asked, low), high) / 1000)) * 1000
        amount = min(max(amount, terms.amount_min_yuan or amount), terms.amount_max_yuan or amount)
        months = min(max(wanted["term_months"], terms.term_min_months or 1), terms.term_max_months or 360)
        ways = repayments_of(terms)
        spread = None
        if terms.spread_min_bp is not None and terms.spread_max_bp is not None:
            spread = terms.spread_min_bp + 5 * round((terms.spread_max_bp - terms.spread_min_bp) * draw.uniform() / 5)
            spread = min(spread, terms.spread_max_bp)
        return Offered(
            amount_yuan=amount.quantize(Decimal("0.01")),
            term_months=months,
            repayment=wanted["repayment"] if wanted["repayment"] in ways else ways[0],
            spread_bp=spread,
            rate_percent=terms.fixed_rate_percent,
            fee_values={},
            valid_until_on=date_of(self._clock) + timedelta(days=draw.choice((7, 10, 14, 20))),
        )

    def _answer(self, lead: LeadBook, taken: float) -> Iterator[datetime]:
        draw = self.draw
        if draw.happens(0.03):
            yield from self.until(lead, self._clock + timedelta(days=60))
            return
        owner = lead.open_clock(Clock.OWNER)
        assert owner is not None
        when = self._clock + timedelta(hours=1.5 + 40 * math.exp(0.8 * draw.normal()))
        yield from self.until(lead, min(when, owner["due_at"] - timedelta(minutes=5)))
        if not lead.is_in(State.OFFERED):
            return
        if not lead.may_accept_offer():
            lead.refuse_offer(self._clock, code="E04")
            return
        if not draw.happens(taken):
            lead.refuse_offer(self._clock, code=draw.choice(("E01", "E01", "E02", "E03", "E04")))
            return
        lead.accept_offer(self._clock)
        for other in self.books.of_need[lead.need["id"]]:
            if (
                other is not lead
                and other.is_live
                and not other.is_in(State.TAKEN, State.SIGNED)
                and draw.happens(0.85)
            ):
                other.pass_time(self._clock)
                other.give_up(self._clock, code="E04")

    def _pay(self, lead: LeadBook) -> Iterator[datetime]:
        draw = self.draw
        yield after_working_days(self._clock, 0.4 + 2.2 * draw.uniform())
        if not lead.is_in(State.TAKEN):
            return
        if draw.happens(0.02):
            lead.decline(self._clock, codes=["C03"], by=lead.manager_id, note="签约前又查到新的")
            return
        if draw.happens(0.5):
            lead.record_checks(self._clock, phase="at", results=dict.fromkeys(CHECKS_AT, ("fine", "")))
        lead.report_contract(self._clock, contract_number=f"QT{self._clock.year}{lead.id:06d}")
        yield after_working_days(self._clock, 0.1 + 1.6 * draw.uniform())
        if not lead.is_in(State.SIGNED):
            return
        amount = lead.offer["amount_yuan"]
        wrong = draw.happens(0.015)
        lead.report_payout(self._clock, amount_yuan=amount / 2 if wrong else amount, reference=f"FK{lead.id:06d}")
        if wrong:
            yield self._clock + timedelta(hours=3 + 40 * draw.uniform())
            lead.dispute_payout(self._clock, words="到账的数和这里写的不一样")
            yield after_working_days(self._clock, 0.5 + draw.uniform())
            lead.report_payout(self._clock, amount_yuan=amount, reference=f"FK{lead.id:06d}-2")
        if draw.happens(0.8):
            yield min(
                self._clock + timedelta(hours=2 + 90 * draw.uniform() ** 2),
                lead.payout["due_at"] - timedelta(minutes=5),
            )
            lead.confirm_payout(self._clock)
        else:
            yield lead.payout["due_at"]
            lead.settle_payout(self._clock)


def below(least: Decimal | None, typed: Decimal) -> Decimal:
    """A turnover that was not enough: what was typed where that is too little, else 14 % less than what was required."""
    if least is None or typed < least:
        return typed
    return least * 86 // 100 // 1000 * 1000


def _worse(grade: str, accepted: Sequence[str]) -> str:
    """A tax grade that was not enough: what was typed where that is no accepted one, else the best one that is not."""
    return grade if grade not in accepted else next((one for one in TAX_GRADES if one not in accepted), grade)


def _counties(town: Businesses) -> list[Row]:
    seen: dict[str, Row] = {}
    for row in town.businesses:
        seen.setdefault(row["region_code"], row)
    return [seen[code] for code in sorted(seen)]


def _rung(wan: float) -> float:
    """The amount that people say: the nearest of the usual round ones."""
    return min(LADDER_WAN, key=lambda rung: abs(math.log(rung / max(wan, 0.3))))
