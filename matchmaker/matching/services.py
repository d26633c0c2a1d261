"""Writes of matching: make the list of a need and store it with all that it can be derived from again.

``check`` answers the same questions without a need and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any, Protocol

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.db import db, observe
from matchmaker.eligibility.changes import opening_days, what_helps
from matchmaker.eligibility.facts import Facts
from matchmaker.eligibility.rules import CRITERIA, RULES_VERSION, Verdict, near_misses, verdicts
from matchmaker.happened import announce
from matchmaker.matching import helping, queries
from matchmaker.matching.announcements import MoreFit
from matchmaker.matching.comparing import Difference, compare
from matchmaker.matching.concerning import Concerned
from matchmaker.matching.following import Judge, market_seen
from matchmaker.matching.helping import TurnedOver
from matchmaker.matching.models import MarketPlaces, OpenedTold
from matchmaker.matching.ordering import (
    SCORE_VERSION,
    Ordering,
    Placed,
    Ranker,
    active_ranker,
    in_order,
    ranker_of,
    seed_of,
    stored_cost,
    told,
)
from matchmaker.matching.rules import (
    REASONS_VERSION,
    TOP_STORED,
    WORKED_OUT_ANEW,
    Best,
    Candidate,
    CheckResult,
    ListEvaluator,
    Lpr,
    Offered,
    Track,
    best_of,
    cautions_of,
    count_kinds,
    full_for,
    judge,
    judge_known,
    kept_capacity,
    loads_for,
    middle_half,
    obstacles_of,
    plain_capacity,
    price_of,
    reasons_for,
    stored_quote,
    unsure_rules,
)
from matchmaker.needs.models import Need
from matchmaker.notifications.services import tell
from matchmaker.pricing.costsheet import CostSheet, cost_sheet
from matchmaker.products.rules.capacity import Earliest, Full, earliest
from matchmaker.products.rules.concessions import holding, next_change
from matchmaker.queue import insert_for
from matchmaker.ranking.models import InView, Shown, ShownList, TurnedDown
from matchmaker.reference import regions
from matchmaker.refusal import Reason, Refused

STALE_AFTER_DAYS = 7
"""Even in a market without news a list is looked at again after a week: records and figures move."""


class Actor(Protocol):
    """Whoever asks for a list."""

    @property
    def id(self) -> int: ...


# Making a list ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MarketNow:
    """What every list of one moment is worked out from: read once, used for many needs."""

    at: datetime
    lpr: Lpr
    places: Mapping[str, Any]
    offered: Sequence[Offered]
    ranker: Ranker | None
    judge: Judge
    """The market index over ``offered``, or the loop."""

    @property
    def today(self) -> date:
        return clock.date_of(self.at)

    @property
    def model_id(self) -> int | None:
        """The version of the model that orders, or None where the rule score does."""
        return self.ranker.version_id if self.ranker is not None else None

    @cached_property
    def places_print(self) -> str:
        """The fingerprint of the branches."""
        return queries.fingerprint_of(self.places)

    @cached_property
    def by_version(self) -> Mapping[int, Offered]:
        """What is offered, by version."""
        return {one.version_id: one for one in self.offered}


def market_at(at: datetime) -> MarketNow:
    """The market as it stands for lists made at this instant. Raises Refused("no_lpr_known")."""
    today = clock.date_of(at)
    lpr = queries.lpr_of(today)
    seen = market_seen(today)
    return MarketNow(at, lpr, seen.places, seen.offered, active_ranker(), seen.judge)


@dataclass(frozen=True)
class WorkedOut:
    """A list for one version of a need, not yet stored."""

    need_number: int
    market: MarketNow
    facts: Facts
    derived: Derived


def work_out(need: Need, market: MarketNow) -> WorkedOut:
    """Judge, price and order for a need; only reads, so that it can be done while no lock is held."""
    facts = queries.facts_of(need, on=market.today)
    objected = not queries.wants_learned(need)
    seed = seed_of(need.id, need.current_number, market.today)
    derived = derive(
        market.offered, facts, market.today, market.lpr, market.ranker, seed=seed, objected=objected, index=market.judge
    )
    return WorkedOut(need.current_number, market, facts, derived)


def store_list(need: Need, worked: WorkedOut, *, by: Actor | None, natural_key: str | None = None) -> ShownList:
    """Keep what was worked out, with everything that it can be derived from again."""
    derived, market = worked.derived, worked.market
    stored = ShownList(
        need_id=need.id,
        need_number=worked.need_number,
        made_at=market.at,
        made_by_id=by.id if by else None,
        model_version_id=derived.ordering.model_version_id,
        rules_version=RULES_VERSION,
        facts=worked.facts.as_json(),
        lpr_on=market.lpr.published_on,
        rule_only=derived.ordering.rule_only,
        counts=derived.counts
        | {"today_on": market.today.isoformat(), "places": _note_places(market.places, market.at)},
        natural_key=natural_key,
        shown=[Shown(**row) for row in derived.shown],
        turned_down=[TurnedDown(**row) for row in derived.turned_down],
    )
    db.session.add(stored)
    db.session.flush()
    record(
        "need.match", need, by=by, list_id=stored.id, fitting=derived.counts["fitting"], of=derived.counts["products"]
    )
    return stored


def tell_what_opened(need: Need, stored: ShownList, before: ShownList | None) -> list[int]:
    """Tell who acts for the business, once, of the products that fit now and did not in the list before.

    Answers their ids. A need's first list is no news of this kind: it is looked at anyway.
    """
    if before is None:
        return []
    opened = sorted(queries.ids_fitting(stored) - queries.ids_fitting(before) - queries.ids_told_of(need.id))
    if not opened:
        return []
    db.session.add_all(
        OpenedTold(need_id=need.id, product_id=product_id, list_id=stored.id, told_at=stored.made_at)
        for product_id in opened
    )
    for member in need.business.members:
        if member.standing != "rejected":
            tell(
                member.person_id,
                "need_told_opened",
                key=f"need:{need.id}:opened:{stored.id}:{member.person_id}",
                link=f"/needs/{need.id}/matches",
                amount_yuan=need.current.amount_yuan,
                more=len(opened),
            )
    announce(MoreFit(need.id, stored.id, tuple(opened)))
    return opened


def make_list(
    need: Need, *, by: Actor | None, at: datetime | None = None, natural_key: str | None = None
) -> ShownList:
    """Judge every published product for a need, price and order the eligible ones, and store the list.

    ``by`` is None for a job, ``at`` the business instant (now). Raises Refused("need_not_live") for a need that
    is over and Refused("no_lpr_known") without a published LPR.
    """
    if not need.is_live:
        raise Refused("need_not_live")
    worked = work_out(need, market_at(at or clock.now()))
    return store_list(need, worked, by=by, natural_key=natural_key)


def _note_places(places: Mapping[str, Any], at: datetime) -> str:
    """Keep the branches as they stand, once for each different state; answers their fingerprint."""
    fingerprint = queries.fingerprint_of(places)
    if queries.noted_places(fingerprint) is None:
        db.session.execute(
            insert_for(db.session, MarketPlaces)
            .values(fingerprint=fingerprint, places=dict(places), noted_at=at)
            .on_conflict_do_nothing()
        )
    return fingerprint


@dataclass(frozen=True)
class Derived:
    """A list as plain rows: what is stored, and what comes out when it is derived again."""

    ordering: Ordering
    shown: list[dict[str, Any]]
    turned_down: list[dict[str, Any]]
    counts: dict[str, Any]


def derive(
    offered: Sequence[Offered],
    facts: Facts,
    today: date,
    lpr: Lpr,
    ranker: Ranker | None = None,
    *,
    seed: str | None = None,
    objected: bool = False,
    by: ListEvaluator = WORKED_OUT_ANEW,
    index: Judge | None = None,
) -> Derived:
    """Verdicts, prices, order, reasons and counts for one need; pure, the same input gives the same rows.

    With a seed (``seed_of``) a few neighbours of nearly the same score are exchanged, each with its probability.
    ``objected``: the owner wants no learned order; cost, fit and speed alone decide, and nothing is exchanged.
    ``index`` knows which rules these products fail; without it every rule is run here, with the same result.
    """
    if objected:
        ranker = seed = None
    judged = _judged(offered, facts, today, lpr, by, index)
    fitting = [one for one in judged if one.eligible]
    ordering = in_order(fitting, facts, on=today, ranker=ranker, seed=seed, objected=objected)
    best = best_of(fitting)
    turned = helping.turn_over(fitting, ordering, facts, today, ranker, seed)
    kept = ordering.placed[:TOP_STORED]
    return Derived(
        ordering=ordering,
        shown=[_shown_row(place, at, facts, today, best, turned) for place, at in enumerate(kept, start=1)],
        turned_down=[_turned_down_row(one, by) for one in judged if not one.eligible],
        counts=_counts(judged, fitting, ordering, facts, today, turned, by, index) | {"objected": objected},
    )


def _judged(
    offered: Sequence[Offered], facts: Facts, today: date, lpr: Lpr, by: ListEvaluator, index: Judge | None
) -> list[Candidate]:
    if index is None:
        return [judge(one, facts, today, lpr, by) for one in offered]
    failing = index.failures(facts, today)
    return [judge_known(one, failing[one.product_id], facts, today, lpr, by) for one in offered]


def _shown_row(
    place: int, at: Placed, facts: Facts, today: date, best: Best, turned: TurnedOver
) -> dict[str, Any]:
    one = at.candidate
    soft = turned.supports(one.offered.product_id)
    reasons, cautions = told(at, [*soft, *reasons_for(one, facts, best)], cautions_of(one, facts, today))
    return {
        "place": place,
        "product_id": one.offered.product_id,
        "product_version_id": one.offered.version_id,
        "score": at.score,
        "chance": at.chance,
        "chance_n": at.chance_n,
        "cost_percent": stored_cost(one),
        "propensity": at.propensity,
        "features": {
            **at.features,
            "tracks": [_plain_track(one.offered.own_track), _plain_track(one.offered.institution_track)],
            **plain_capacity(one.offered),
        },
        "reasons": [reason.as_json() for reason in reasons],
        "cautions": [caution.as_json() for caution in cautions],
        "quote": _quote_row(one, facts, today),
    }


def _quote_row(one: Candidate, facts: Facts, today: date) -> dict[str, Any]:
    row = stored_quote(one.quote) if one.quote is not None else {}
    counted = holding(one.offered.concessions, facts, today) if one.offered.concessions and one.quote else ()
    if counted:
        row["concessions"] = [concession.as_json() for concession in counted]
    if one.unpriced is not None:
        row["unpriced"] = one.unpriced.as_json()
    return row | {"days": one.offered.days_to_money, "days_are_median": one.offered.median_days is not None}


def _turned_down_row(one: Candidate, by: ListEvaluator) -> dict[str, Any]:
    return {
        "product_id": one.offered.product_id,
        "product_version_id": one.offered.version_id,
        "failed": [
            {
                "rule": verdict.rule,
                "required": by.plain(verdict.required),
                "mine": by.plain(verdict.mine),
                "changeable": verdict.change.as_json() if verdict.change else {"kind": "no"},
            }
            for verdict in one.verdicts
            if verdict.failed
        ],
    }


def _counts(
    judged: Sequence[Candidate],
    fitting: Sequence[Candidate],
    ordering: Ordering,
    facts: Facts,
    today: date,
    turned: TurnedOver,
    by: ListEvaluator,
    index: Judge | None,
) -> dict[str, Any]:
    terms = [one.offered.terms for one in judged]
    failures = {one.offered.product_id: tuple(v.rule for v in one.verdicts if v.failed) for one in judged}
    helps = what_helps(terms, facts, today, failures, by=by, fitting=index.fitting if index else None)
    full = sorted(one.offered.product_id for one in fitting if full_for(one.offered, facts, today))
    running = [concession for one in fitting for concession in one.offered.concessions]
    changes_on = next_change(running, today)
    opens_on = min(opening_days(terms, facts, today, failures, by).values(), default=None)
    return {
        "reasons_version": REASONS_VERSION,
        "products": len(judged),
        "fitting": len(fitting),
        "loans": sum(one.offered.kind == "credit" for one in fitting),
        "near": [{"rule": miss.rule, "product_ids": list(miss.keys)} for miss in near_misses(failures)],
        "helps": helping.stored_helps(helps, turned),
        "opens_on": opens_on.isoformat() if opens_on else None,
        **({"full": full} if full else {}),
        **({"concessions_on": changes_on.isoformat()} if changes_on else {}),
        "rest": [
            {
                "product_id": at.candidate.offered.product_id,
                "version_id": at.candidate.offered.version_id,
                "institution_kind": at.candidate.offered.institution_kind,
                "tracks": [
                    _plain_track(at.candidate.offered.own_track),
                    _plain_track(at.candidate.offered.institution_track),
                ],
                **plain_capacity(at.candidate.offered),
            }
            for at in ordering.placed[TOP_STORED:]
        ],
    }


def _plain_track(track: Track) -> list[int | None]:
    return [track.leads, track.answered_in_time, track.decided, track.funded, track.median_days_to_money]


# Deriving it again (B.2) --------------------------------------------------------------------------------------------


def derive_again(stored: ShownList) -> Derived:
    """The list as it comes out today from what was stored with it: facts, versions, branches, records, LPR, rules.

    Raises Refused("list_by_other_rules") when the rules have changed since: they are kept in the history of the code.
    """
    if stored.forgotten_at is not None:
        raise Refused("list_forgotten", since_at=stored.forgotten_at)
    if stored.rules_version != RULES_VERSION:
        raise Refused("list_by_other_rules", made_with=stored.rules_version, now=RULES_VERSION)
    if stored.counts.get("reasons_version") != REASONS_VERSION:
        raise Refused("list_by_other_reasons")
    noted = queries.noted_places(stored.counts["places"])
    if noted is None:
        raise Refused("list_without_places")
    shown = queries.shown_rows(stored.id)
    if any(row.features.get("score_version") != SCORE_VERSION for row in shown):
        raise Refused("list_by_other_score")
    ranker = None
    if stored.model_version_id is not None:
        ranker = ranker_of(stored.model_version_id)
        if ranker is None:
            raise Refused("list_ranker_gone")
    was: dict[int, Mapping[str, Any]] = {row.product_id: row.features for row in shown}
    was |= {rest["product_id"]: rest for rest in stored.counts["rest"]}
    ids = [row.product_version_id for row in shown]
    ids += [row.product_version_id for row in queries.turned_down_rows(stored.id)]
    ids += [rest["version_id"] for rest in stored.counts["rest"]]
    offered = [
        _as_it_was(one, was.get(one.product_id))
        for one in queries.offered_of(queries.versions_by_id(ids), noted.places)
    ]
    today = date.fromisoformat(stored.counts["today_on"])
    seed = seed_of(stored.need_id, stored.need_number, today)
    return derive(
        offered,
        Facts.from_json(stored.facts),
        today,
        queries.lpr_of(stored.lpr_on),
        ranker,
        seed=seed,
        objected=bool(stored.counts.get("objected")),
    )


def _as_it_was(one: Offered, noted: Mapping[str, Any] | None) -> Offered:
    """A product with the record and the kind of institution that stood when the list was made."""
    if noted is None:
        return one
    own, whole = (Track(*track) for track in noted["tracks"])
    intake, loads = kept_capacity(noted)
    return replace(
        one, own_track=own, institution_track=whole, institution_kind=noted["institution_kind"],
        intake=intake, loads=loads,
    )  # fmt: skip


def differences(stored: ShownList) -> list[Difference]:
    """Where a stored list and its derivation differ; empty when they are equal to the bit."""
    again = derive_again(stored)
    shown = queries.shown_rows(stored.id)
    names = list(again.shown[0]) if again.shown else ["place", "product_id"]
    return compare(
        [{name: getattr(row, name) for name in names} for row in shown],
        again.shown,
        {row.product_id: row.failed for row in queries.turned_down_rows(stored.id)},
        {row["product_id"]: row["failed"] for row in again.turned_down},
        stored.counts,
        again.counts,
    )


def _one_again(stored: ShownList, row: Shown) -> Offered:
    """One product of a list as it was when the list was made."""
    noted = queries.noted_places(stored.counts["places"])
    [offered] = queries.offered_of(queries.versions_by_id([row.product_version_id]), noted.places if noted else {})
    return _as_it_was(offered, row.features)


def sheet_of(stored: ShownList, row: Shown) -> CostSheet | None:
    """The cost sheet (明白纸) of one product of a list: each item, who charges it, when; None without a price."""
    today = date.fromisoformat(stored.counts["today_on"])
    price = price_of(_one_again(stored, row), Facts.from_json(stored.facts), today, queries.lpr_of(stored.lpr_on))
    return None if isinstance(price, Reason) else cost_sheet(price, lender=row.product.institution.short_name)


def verdicts_of(stored: ShownList, row: Shown) -> list[Verdict]:
    """What every rule said about one product of a list."""
    today = date.fromisoformat(stored.counts["today_on"])
    return verdicts(_one_again(stored, row).terms, Facts.from_json(stored.facts), today)


def verdicts_when_listed(list_id: int | None, product_id: int) -> list[Verdict]:
    """What every rule said about a product on the list it was chosen from; nothing when that list is forgotten."""
    stored = db.session.get(ShownList, list_id) if list_id is not None else None
    row = queries.shown_product(stored.id, product_id) if stored is not None and stored.facts else None
    return verdicts_of(stored, row) if stored is not None and row is not None else []


def note_in_view(stored: ShownList, rows: Sequence[Shown], *, by: Actor) -> None:
    """Observe which places somebody was shown, one row a run of neighbouring places: the ranker learns from it."""
    runs: list[list[int]] = []
    for place in sorted(row.place for row in rows):
        if runs and place == runs[-1][1] + 1:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    for first, last in runs:
        observe(InView(list_id=stored.id, place_from=first, place_to=last, at=clock.now(), person_id=by.id))


# Is it still right? -------------------------------------------------------------------------------------------------


def why_stale(
    need: Need, stored: ShownList | None, at: datetime, market: MarketNow | None = None
) -> Reason | None:
    """Why a list should be made anew, or None while it stands. What changes on the market and concerns nothing that
    the list tells of is no reason (``concerning``).

    ``market``: as read once for many needs; then a list ordered by another model than the present is stale, too.
    """
    if stored is None:
        return Reason("list_never_made", {})
    if stored.need_number != need.current_number:
        return Reason("list_need_changed", {})
    if stored.rules_version != RULES_VERSION or stored.counts.get("reasons_version") != REASONS_VERSION:
        return Reason("list_rules_changed", {})
    today = clock.date_of(at)
    if bool(stored.counts.get("objected")) == queries.wants_learned(need):
        return Reason("list_order_objected", {})
    if market is not None and not stored.counts.get("objected") and market.model_id != stored.model_version_id:
        return Reason("list_model_changed", {})
    lpr = market.lpr if market is not None else queries.lpr_of(today)
    if lpr.published_on != stored.lpr_on:
        return Reason("list_lpr_changed", {})
    facts = Facts.from_json(stored.facts)
    known = queries.facts_of(need, on=today)
    if facts != known:
        moved = facts.region_code is not None and regions.standing(facts.region_code) == known.region_code
        only = moved and replace(facts, region_code=known.region_code) == known
        return Reason("list_region_changed" if only else "list_business_changed", {})
    opens_on = stored.counts.get("opens_on")
    if opens_on is not None and date.fromisoformat(opens_on) <= today:
        return Reason("list_day_came", {"opens_on": date.fromisoformat(opens_on)})
    changes_on = stored.counts.get("concessions_on")
    if changes_on is not None and date.fromisoformat(changes_on) <= today:
        return Reason("list_concessions_changed", {})
    concerned = Concerned(stored, facts, market if market is not None else market_seen(today), today)
    if concerned.by_products():
        changed = queries.market_changed_at(today)
        if changed is not None and changed > stored.made_at:
            return Reason("list_market_changed", {"changed_at": changed})
        return Reason("list_products_changed", {})
    if concerned.by_branches():
        return Reason("list_branches_changed", {})
    full = {key for key, standing in standings(stored, today).items() if standing.full}
    if full != set(stored.counts.get("full", ())):
        return Reason("list_capacity_changed", {})
    if (today - clock.date_of(stored.made_at)).days >= STALE_AFTER_DAYS:
        return Reason("list_old", {"made_at": stored.made_at})
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a product can take now of a need: why nothing, or by when somebody answers and can come."""

    full: Full | None
    earliest: Earliest


def standings(stored: ShownList, on: date) -> dict[int, Standing]:
    """Product → what it can take on ``on`` of the need of a list, for those that fit by it and are still offered.

    Read at display: the order and its "full" are those of the list's own day.
    """
    facts, fitting = Facts.from_json(stored.facts), queries.ids_fitting(stored)
    found = {}
    for one in market_seen(on).offered:
        if one.product_id in fitting:
            full = full_for(one, facts, on)
            begin_on = full.again_on if full is not None and full.again_on is not None else on
            found[one.product_id] = Standing(full, earliest(loads_for(one, facts), begin_on))
    return found


# Without a need, and after a no -------------------------------------------------------------------------------------


def check(facts: Facts, *, on: date | None = None) -> CheckResult:
    """What may fit, what it costs, how long it takes and what stops most, for facts that may be half known.

    Nothing is written and nobody is named; a product whose every rule passes or is to be checked counts as fitting.
    """
    today = on or clock.today()
    lpr = queries.lpr_of(today)
    seen = market_seen(today)
    judged = _judged(seen.offered, facts, today, lpr, WORKED_OUT_ANEW, seen.judge)
    fitting = [one for one in judged if one.eligible]
    loans = [one for one in fitting if one.offered.kind == "credit"]
    costs = [one.cost_percent for one in loans if one.cost_percent is not None]
    low_days, high_days = middle_half(day for one in loans if (day := one.offered.days_to_money) is not None)
    failures = {one.offered.product_id: tuple(v.rule for v in one.verdicts if v.failed) for one in judged}
    terms = [one.offered.terms for one in judged]
    helps = what_helps(terms, facts, today, failures, fitting=seen.judge.fitting)
    return CheckResult(
        checked=len(judged),
        fitting=len(fitting),
        by_kind=count_kinds(fitting),
        low_percent=min(costs, default=None),
        high_percent=max(costs, default=None),
        usual_low_days=low_days,
        usual_high_days=high_days,
        obstacles=obstacles_of(judged),
        unsure=unsure_rules(fitting),
        helps=tuple(help.reason for help in helps),
        lpr_on=lpr.published_on,
    )


def next_best(
    need: Need, *, excluding_institutions: Sequence[int] | set[int] | frozenset[int] = (), most: int = 3
) -> list[Shown]:
    """The best places of the need's newest list outside the given institutions: where to go after a no (B.4)."""
    stored = queries.latest_list(need.id)
    if stored is None:
        return []
    left_out = set(excluding_institutions)
    rows = [row for row in queries.shown_rows(stored.id) if row.product.institution_id not in left_out]
    return [row for row in rows if row.product.kind == "credit"][:most]


def order_of_rules() -> tuple[str, ...]:
    """Every rule by name, in the order in which pages tell them."""
    return tuple(criterion.name for criterion in CRITERIA)
