"""Training, promoting and using the ranker; deriving a stored order again."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.eligibility.facts import Facts
from matchmaker.ranking import evaluation, exposure, features, queries, store
from matchmaker.ranking.drift import Spread, moved, spread_of
from matchmaker.ranking.estimator import KINDS, FundingChance, levels_of
from matchmaker.ranking.evaluation import Measured, Segment, Slices
from matchmaker.ranking.features import Case
from matchmaker.ranking.models import Drift, Exposure, ModelVersion
from matchmaker.ranking.queries import HistoryRow
from matchmaker.ranking.rules import (
    OBJECTED_WEIGHTS,
    SCORE_VERSION,
    SMALLEST_SAMPLE,
    Offer,
    Ranked,
    Record,
    Similar,
    counted_chance,
    exchanged,
    explain,
    in_order,
    parts_of,
    score_of,
    seed_of,
    slot_price,
    weights_without,
)
from matchmaker.ranking.sides import STAGES, cases_of
from matchmaker.ranking.store import Levelled, NotThisModel, Trained
from matchmaker.refusal import Reason, Refused

log = logging.getLogger(__name__)


# Ordering -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ranker:
    """A version of the ranker, ready to be asked."""

    version_id: int
    name: str
    trained: Trained


def active_ranker() -> Ranker | None:
    """The ranker in use; None while there is none or its file is not the one on record (then the rule score orders)."""
    found = queries.active_version()
    return None if found is None else _ready(found)


def ranker_of(version_id: int) -> Ranker | None:
    """A certain version, for a list that it has ordered; None where its file is gone or changed."""
    found = queries.version(version_id)
    return None if found is None else _ready(found)


def _ready(found: ModelVersion) -> Ranker | None:
    try:
        return Ranker(found.id, found.name, store.load(found.file, found.sha256))
    except NotThisModel:
        log.exception("the ranker on record cannot be used; the rule score orders", extra={"ranker": found.name})
        return None


def order(
    facts: Facts,
    offers: Sequence[Offer],
    *,
    on: date,
    ranker: Ranker | None = None,
    switched_off: Iterable[str] = (),
    seed: str | None = None,
    objected: bool = False,
) -> list[Ranked]:
    """Eligible, priced offers for a need, best first, each with its score, features, reasons and cautions.

    Without a ranker the rule score orders: the same weights, with the counted record as the chance. The same input
    gives the same output to the bit; ties go by product id. `switched_off` names policy preferences to leave out. With
    a `seed` (`rules.seed_of`) a few neighbours of nearly the same score are exchanged (`rules.exchanged`). Whoever
    `objected` to the learned order gets cost, fit and speed alone: no ranker is asked, nothing is exchanged. An
    institution's last free places cost points (`rules.slot_price`), except where the owner objected.
    """
    wish = features.wish_of(facts)
    weights = OBJECTED_WEIGHTS if objected else weights_without(*switched_off)
    ranker, seed = (None, None) if objected else (ranker, seed)
    ranked = [
        Ranked(offer, _less_price(score_of(parts, weights), offer, objected), chance, similar, parts, read, sides=sides)
        for offer, chance, sides, similar, read in _chances(facts, offers, on, ranker)
        for parts in [parts_of(offer, wish, chance)]
    ]
    said = explain(ranked, wish, weights)
    ordered = in_order(
        replace(at, reasons=reasons, cautions=cautions) for at, (reasons, cautions) in zip(ranked, said, strict=True)
    )
    return exchanged(ordered, seed)


def _less_price(score: float, offer: Offer, objected: bool) -> float:
    return score if objected else round(score - slot_price(offer.slots_left), 6)


def _chances(
    facts: Facts, offers: Sequence[Offer], on: date, ranker: Ranker | None
) -> list[tuple[Offer, float, dict[str, float], Similar, dict[str, float]]]:
    if ranker is None:
        return [(offer, counted_chance(offer), {}, _similar_by_record(offer), {}) for offer in offers]
    counts = ranker.trained.counts
    cases = [features.case_of(facts, offer, on) for offer in offers]
    read = [features.read(case, counts) for case in cases]
    said = ranker.trained.both_sides([features.vector(one) for one in read], [one.institution_id for one in offers])
    similar = [counts.similar(case, SMALLEST_SAMPLE) for case in cases]
    return [
        (offer, chance, sides, alike, values)
        for offer, (chance, sides), alike, values in zip(offers, said, similar, read, strict=True)
    ]


def _similar_by_record(offer: Offer) -> Similar:
    """Without counts by kind of need, the product's own cases where they are enough, else its institution's."""
    found: list[tuple[Record, str]] = [(offer.own, "product"), (offer.institution, "institution")]
    for of, level in found:
        if of.decided >= SMALLEST_SAMPLE:
            return Similar(of.decided, of.funded, level)
    return Similar(offer.institution.decided, offer.institution.funded, "institution")


def stored_features(at: Ranked) -> dict[str, Any]:
    """What a list keeps of a place beside its score: all that is needed to explain it and to derive it again."""
    return {
        **at.features,
        "unsure": at.offer.unsure,
        "institution_kind": at.offer.institution_kind,
        "model_chance": at.chance,
        **({"sides": dict(at.sides)} if at.sides else {}),
        "parts": dict(at.parts),
        "similar": {"n": at.similar.n, "funded": at.similar.funded, "level": at.similar.level},
        "place_by_score": at.place_by_score,
        "score_version": SCORE_VERSION,
        **({"full": True} if at.offer.full else {}),
        **({"slots_left": at.offer.slots_left} if at.offer.slots_left is not None else {}),
    }


def rederive(list_id: int) -> list[str]:
    """Where the stored order of a list and its derivation from stored facts, terms, prices and records differ.

    Each difference reads "place 3: score"; an empty list means equal to the bit. Raises Refused for a list that does
    not exist (`list_unknown`), whose ranker cannot be read any more (`list_ranker_gone`), or that another
    version of the score has made (`list_by_other_score`).
    """
    found = queries.shown_places(list_id)
    if found is None:
        raise Refused("list_unknown", status=404)
    stored, places = found
    if any(place.row.features.get("score_version") != SCORE_VERSION for place in places):
        raise Refused("list_by_other_score")
    ranker = None
    if stored.model_version_id is not None:
        ranker = ranker_of(stored.model_version_id)
        if ranker is None:
            raise Refused("list_ranker_gone")
    again = order(
        Facts.from_json(stored.facts),
        [place.offer for place in places],
        on=queries.day_of(stored),
        ranker=ranker,
        seed=seed_of(stored.need_id, stored.need_number, queries.day_of(stored)),
        objected=bool(stored.counts.get("objected")),
    )
    differing = []
    for place, (was, fresh) in enumerate(zip(places, again, strict=True), 1):
        if was.row.product_id != fresh.offer.product_id:
            differing.append(f"place {place}: product")
        if was.row.score != fresh.score:
            differing.append(f"place {place}: score")
        if was.row.propensity != fresh.propensity:
            differing.append(f"place {place}: propensity")
        kept = stored_features(fresh)
        differing += [f"place {place}: {name}" for name in kept if was.row.features.get(name) != kept[name]]
    return differing


# Training -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fitted:
    """What came of a training, before anything is written."""

    trained: Trained
    card: dict[str, Any]
    window_from_on: date
    window_until_on: date
    stays_out: Reason | None
    """Why it may not order owners' lists; None when it may."""


def train_from_history(
    *, until: datetime | None = None, oracle: Mapping[int, float] | None = None, by: Any = None
) -> ModelVersion | Reason:
    """Train on everything decided so far, measure on the later slice, and promote if it is better.

    Needs an app context and a running write transaction (`unit_of_work`); flushes, does not commit. Answers the
    version (active or, if the gate kept it out, candidate), or the reason why there is too little to learn from.
    `oracle` (outcome id → true chance) stands beside the measures on a simulated town. Seconds for 10,000 cases.
    """
    fitted = fit(
        queries.history(until), still_open=queries.offers_still_open(until), active=active_ranker(), oracle=oracle
    )
    return fitted if isinstance(fitted, Reason) else keep(fitted, by=by)


def fit(
    rows: Sequence[HistoryRow],
    *,
    still_open: Sequence[HistoryRow] = (),
    active: Ranker | None = None,
    oracle: Mapping[int, float] | None = None,
) -> Fitted | Reason:
    """Train on decided rows in order of showing. Writes nothing: slow work needs no transaction.

    ``still_open``: offers whose money is open; of them the stages before the money are learned (``sides``).
    """
    labels = [row.funded for row in rows]
    slices = evaluation.split([row.shown_at for row in rows], [row.known_at for row in rows])
    if (why := evaluation.too_few(labels, slices)) is not None:
        return why
    matrix, counts = as_shown(rows)
    x, y = np.asarray(matrix, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    slices, weights = _ripe(slices, _delays(rows), labels)
    if (why := evaluation.too_few(labels, slices)) is not None:
        return why
    of = [row.case.offer.institution_id for row in rows]
    estimator, levels, tried = _learned(x, y, of, slices, weights)
    trained = Trained(estimator, counts, levels)
    stages, told = _both_sides(*_with_open(rows, x, still_open), slices)
    trained, compared = _better_of(trained, stages, labels, x, of, slices, weights)
    card = _measured(rows, x, slices, weights, trained, active, oracle) | {"stages": told, "compared": compared}
    stays_out = evaluation.why_not_better(
        Measured(**card["later"]["model"]),
        Measured(**card["later"]["rule_score"]),
        Measured(**card["later"]["rule_chance"]),
        Measured(**card["later"]["active"]) if card["later"].get("active") else None,
    ) or evaluation.why_off_in_a_segment(Segment(**one) for one in card["segments"])
    card |= {
        "estimator": estimator.kind,
        "tried": tried,
        "features": [
            {
                "name": one.name,
                "scope": one.scope,
                "source": one.source,
                "missing": one.missing,
                "sense": one.sense,
            }
            for one in features.FEATURES
        ],
        "stays_out": stays_out.as_json() if stays_out else None,
    }
    return Fitted(
        trained=trained,
        card=card,
        window_from_on=clock.date_of(rows[0].shown_at),
        window_until_on=clock.date_of(rows[-1].shown_at),
        stays_out=stays_out,
    )


def as_shown(rows: Sequence[HistoryRow]) -> tuple[list[list[float]], features.Counts]:
    """The feature rows, each with the counts of what was decided before it was shown; and the counts of all."""
    counts = features.Counts()
    waiting: list[tuple[datetime, int, HistoryRow]] = []
    matrix = []
    for row in rows:
        while waiting and waiting[0][0] <= row.shown_at:
            _, _, decided = heapq.heappop(waiting)
            counts.learn(decided.case, decided.funded)
        matrix.append(features.vector(features.read(row.case, counts)))
        if row.decided:
            heapq.heappush(waiting, (row.known_at, row.outcome_id, row))
    while waiting:
        _, _, decided = heapq.heappop(waiting)
        counts.learn(decided.case, decided.funded)
    return matrix, counts


@dataclass(frozen=True)
class _Weights:
    """How many cases each row of a slice stands for, in the order of the slice."""

    learn: Any
    calibrate: Any
    later: Any


Delays = tuple[Sequence[datetime], Sequence[datetime]]
"""When each row was shown, and since when its label is known."""


def _delays(rows: Sequence[HistoryRow]) -> Delays:
    return [row.shown_at for row in rows], [row.known_at for row in rows]


def _ripe(slices: Slices, delays: Delays, labels: Sequence[bool]) -> tuple[Slices, _Weights]:
    """Each slice as of its own end, without the cases of which too little can be known by then; and their weights."""
    assert slices.cuts is not None
    rows, weights = {}, {}
    for name, cut in zip(("learn", "calibrate", "later"), slices.cuts, strict=True):
        part = getattr(slices, name)
        stand_for = evaluation.delay_weights(*delays, labels, part, cut)
        rows[name] = [row for row, weight in zip(part, stand_for, strict=True) if weight > 0]
        weights[name] = np.asarray([weight for weight in stand_for if weight > 0])
    return Slices(**rows, cuts=slices.cuts), _Weights(**weights)


def _learned(
    x: Any, y: Any, of: Sequence[int], slices: Slices, weights: _Weights
) -> tuple[FundingChance, dict[int, float], dict[str, Any]]:
    """The estimator that is nearer to the truth, the common level from the second slice, and each institution's own,
    drawn towards it; and how each kind measured."""
    estimator, tried = _choose(x, y, slices, weights)
    estimator.calibrate(x[slices.calibrate], y[slices.calibrate], weights.calibrate)
    said = estimator.chances([list(row) for row in x[slices.calibrate]])
    mine = [of[place] for place in slices.calibrate]
    labels = [bool(y[place]) for place in slices.calibrate]
    return estimator, levels_of(mine, labels, said, list(weights.calibrate)), tried


def _with_open(rows: Sequence[HistoryRow], x: Any, still_open: Sequence[HistoryRow]) -> tuple[list[HistoryRow], Any]:
    """Decided rows and open offers in order of showing, and their features: the open ones as of their own showing."""
    if not still_open:
        return list(rows), x
    every = sorted([*rows, *still_open], key=lambda one: (one.shown_at, one.outcome_id))
    return every, np.asarray(as_shown(every)[0], dtype=np.float64)


def _both_sides(
    rows: Sequence[HistoryRow], x: Any, slices: Slices
) -> tuple[dict[str, Levelled] | None, list[dict[str, Any]]]:
    """Each stage learned from the cases that came to it, in the same three parts of time; and what its card tells.

    None where a stage has too few cases: then one estimator speaks for both sides.
    """
    assert slices.cuts is not None
    of = [row.case.offer.institution_id for row in rows]
    found: dict[str, Levelled] = {}
    told: list[dict[str, Any]] = []
    for stage in STAGES:
        cases = cases_of(stage, rows)
        at = np.asarray(cases.rows, dtype=np.int64)
        shown_at = [rows[row].shown_at for row in cases.rows]
        mine = evaluation.split_at(shown_at, cases.known_at, slices.cuts)
        mine, weights = _ripe(mine, (shown_at, cases.known_at), cases.labels)
        if evaluation.too_few(cases.labels, mine, least_of_each=LEAST_OF_EACH_IN_A_STAGE) is not None:
            return None, [{"name": stage.name, "side": stage.side, "n": len(at), "too_few": True}]
        mx, my = x[at], np.asarray(cases.labels, dtype=np.int64)
        estimator, levels, _ = _learned(mx, my, [of[row] for row in cases.rows], mine, weights)
        found[stage.name] = Levelled(estimator, levels)
        later = [cases.rows[row] for row in mine.later]
        labels, stand_for = [cases.labels[row] for row in mine.later], [float(one) for one in weights.later]
        chances = found[stage.name].chances([list(row) for row in x[later]], [of[row] for row in later])
        parts = _parts([rows[row] for row in later])
        told.append(
            {
                "name": stage.name,
                "side": stage.side,
                "estimator": estimator.kind,
                "slices": {name: len(getattr(mine, name)) for name in ("learn", "calibrate", "later")},
                "later": evaluation.measure(labels, chances, weights=stand_for).as_json(),
                **_calibration(labels, chances, stand_for),
                "segments": [one.as_json() for one in evaluation.segments(parts, labels, chances, stand_for)],
            }
        )
    return found, told


LEAST_OF_EACH_IN_A_STAGE = 8
"""Cases of each outcome a slice of a stage must have: owners who leave early are few, and the prior on level and slope
holds a stage of few cases near the share of its first slice (own choice; whether both sides are used at all is decided
on the later slice)."""


def _better_of(
    one: Trained,
    stages: Mapping[str, Levelled] | None,
    labels: Sequence[bool],
    x: Any,
    of: Sequence[int],
    slices: Slices,
    weights: _Weights,
) -> tuple[Trained, dict[str, Any]]:
    """Both sides apart where that orders and says no worse on the later slice; else the one estimator."""
    later = slices.later
    asked, mine, came = [list(row) for row in x[later]], [of[row] for row in later], [labels[row] for row in later]
    stand_for = [float(weight) for weight in weights.later]
    as_one = evaluation.measure(came, one.chances(asked, mine), weights=stand_for)
    if stages is None:
        return one, {"as_one": as_one.as_json(), "apart": None, "used": "as_one"}
    both = replace(one, stages=stages)
    apart = evaluation.measure(came, both.chances(asked, mine), weights=stand_for)
    better = apart.auc >= as_one.auc and (apart.log_loss or 0.0) <= (as_one.log_loss or 0.0)
    used = {"as_one": as_one.as_json(), "apart": apart.as_json(), "used": "apart" if better else "as_one"}
    return (both if better else one), used


def _calibration(labels: Sequence[bool], chances: Sequence[float], weights: Sequence[float]) -> dict[str, float]:
    return {
        "calibration_error": evaluation.calibration_error(labels, chances, weights),
        "calibration_floor": evaluation.calibration_floor(chances, weights),
        "calibration_excess": evaluation.calibration_excess(labels, chances, weights),
    }


def _choose(x: Any, y: Any, slices: Slices, weights: _Weights) -> tuple[FundingChance, dict[str, Any]]:
    """Each kind of estimator fitted on the first slice; the one that is nearer to the truth on the second.

    Trees must be nearer by more than a standard error of the difference: with few cases the simpler one holds.
    """
    tried: dict[str, Any] = {}
    fitted: dict[str, FundingChance] = {}
    losses: dict[str, Any] = {}
    labels = y[slices.calibrate]
    for kind in KINDS:
        fitted[kind] = FundingChance(kind).fit(
            x[slices.learn], y[slices.learn], senses=features.SENSES, weights=weights.learn
        )
        chances = fitted[kind].predict_proba(x[slices.calibrate])[:, 1]
        measured = evaluation.measure(list(labels), list(chances), weights=weights.calibrate)
        tried[kind] = measured.as_json()
        said = np.clip(np.where(labels == 1, chances, 1 - chances), evaluation.FLOOR, 1)
        losses[kind] = -np.log(said) * weights.calibrate / weights.calibrate.mean()
    nearer = losses["logistic"] - losses["gradient"]
    trees = nearer.mean() > nearer.std() / max(len(nearer), 1) ** 0.5
    return fitted["gradient" if trees else "logistic"], tried


def _measured(
    rows: Sequence[HistoryRow],
    x: Any,
    slices: Slices,
    weights: _Weights,
    trained: Trained,
    active: Ranker | None,
    oracle: Mapping[int, float] | None,
) -> dict[str, Any]:
    later = [rows[place] for place in slices.later]
    labels = [row.funded for row in later]
    stand_for = [float(weight) for weight in weights.later]
    asked = [list(row) for row in x[slices.later]]
    of = [row.case.offer.institution_id for row in later]
    chances = trained.chances(asked, of)
    by_record = [counted_chance(row.case.offer) for row in later]
    by_rule = [
        score_of(parts_of(row.case.offer, row.wish, chance)) for row, chance in zip(later, by_record, strict=True)
    ]
    measured: dict[str, Any] = {
        "model": evaluation.measure(labels, chances, weights=stand_for).as_json(),
        "rule_chance": evaluation.measure(labels, by_record, weights=stand_for).as_json(),
        "rule_score": evaluation.measure(labels, by_rule, are_chances=False, weights=stand_for).as_json(),
    }
    if active is not None:
        measured["active"] = evaluation.measure(labels, active.trained.chances(asked, of), weights=stand_for).as_json()
    if oracle is not None and all(row.outcome_id in oracle for row in later):
        true = [oracle[row.outcome_id] for row in later]
        measured["oracle"] = evaluation.measure(labels, true, weights=stand_for).as_json()
    return {
        "cases": len(rows),
        "funded": sum(row.funded for row in rows),
        "slices": {name: len(getattr(slices, name)) for name in ("learn", "calibrate", "later")},
        "later": measured,
        "reliability": evaluation.reliability(labels, chances, weights=stand_for),
        **_calibration(labels, chances, stand_for),
        "stand_for": round(sum(stand_for), 1),
        "drift": {
            name: moved(spread_of(x[slices.learn][:, column]), x[slices.later][:, column])
            for column, name in enumerate(features.NAMES)
        },
        "spread": {one.name: spread_of(x[:, features.NAMES.index(one.name)]).as_json() for one in features.FACTS},
        "segments": [one.as_json() for one in evaluation.segments(_parts(later), labels, chances, stand_for)],
    }


def _parts(later: Sequence[HistoryRow]) -> dict[str, list[str]]:
    """By what the later slice is looked at in parts: size of the amount, kinds of institution and of business."""
    return {
        "institution_kind": [row.case.offer.institution_kind for row in later],
        "amount_band": [str(row.case.amount_band) for row in later],
        "business_kind": [row.case.business_kind for row in later],
        "first_loan": [{True: "yes", False: "no", None: "unknown"}[row.case.first_loan] for row in later],
    }


def keep(fitted: Fitted, *, by: Any = None) -> ModelVersion:
    """Write a trained ranker: its file, its row; and put it in use when the gate lets it through."""
    file, sha256 = store.save(fitted.trained)
    known = db.session.scalar(sa.select(ModelVersion).where(ModelVersion.sha256 == sha256))
    if known is None:
        known = ModelVersion(
            name=file.removesuffix(".joblib"),
            file=file,
            sha256=sha256,
            trained_at=clock.now(),
            window_from_on=fitted.window_from_on,
            window_until_on=fitted.window_until_on,
            card=fitted.card,
            state="candidate",
        )
        db.session.add(known)
        db.session.flush()
    if fitted.stays_out is None and known.state not in ("active", "withdrawn"):
        _put_in_use(known, "retired")
    record("ranker.train", known, by=by, state=known.state, cases=fitted.card["cases"])
    return known


def _put_in_use(version: ModelVersion, before_is: str) -> None:
    for before in db.session.scalars(sa.select(ModelVersion).where(ModelVersion.state == "active")):
        before.state = before_is
    version.state = "active"
    db.session.flush()


# Rolling back -------------------------------------------------------------------------------------------------------


def use_again(version: ModelVersion, *, by: Any) -> None:
    """Put a retired version back in use; the one that is in use now is withdrawn and never comes back by itself.

    Raises Refused: ``model_not_retired`` where it never ordered lists or was withdrawn, ``model_file_gone`` where its
    file is missing or is not the one on record.
    """
    db.session.refresh(version, with_for_update=True)
    if version.state != "retired":
        raise Refused("model_not_retired")
    if _ready(version) is None:
        raise Refused("model_file_gone")
    instead_of = queries.active_version()
    _put_in_use(version, "withdrawn")
    record("ranker.use_again", version, by=by, instead_of=instead_of.name if instead_of else None)


def set_aside(version: ModelVersion, *, by: Any) -> None:
    """Withdraw the version in use; until another is promoted the published rule score orders.

    Raises Refused("model_not_in_use").
    """
    db.session.refresh(version, with_for_update=True)
    if version.state != "active":
        raise Refused("model_not_in_use")
    version.state = "withdrawn"
    db.session.flush()
    record("ranker.set_aside", version, by=by)


# Who is seen --------------------------------------------------------------------------------------------------------


def note_exposure(on: date, sums: Mapping[int, exposure.Sum], kinds: Mapping[int, str]) -> int:
    """Write the ledger of a day once; a second time nothing changes. Answers how many rows were written."""
    if db.session.scalar(sa.select(Exposure.id).where(Exposure.counted_on == on).limit(1)) is not None:
        return 0
    db.session.add_all(
        Exposure(
            counted_on=on,
            institution_id=key,
            size=exposure.size_of(kinds[key]),
            lists=one.lists,
            exposure=round(one.exposure, 6),
            merit=round(one.merit, 6),
        )
        for key, one in sorted(sums.items())
    )
    db.session.flush()
    return len(sums)


# What has changed since it was learned ------------------------------------------------------------------------------


def note_drift(on: date, version: ModelVersion, sent: Sequence[Case]) -> Drift | None:
    """Write once a day how far each feature of what was sent lies from what the version learned from.

    None where it is written already, or where nothing was sent.
    """
    if not sent or db.session.scalar(sa.select(Drift.id).where(Drift.counted_on == on)) is not None:
        return None
    learned = {name: Spread.from_json(kept) for name, kept in version.card.get("spread", {}).items()}
    read = [features.facts_read(case) for case in sent]
    row = Drift(
        counted_on=on,
        model_version_id=version.id,
        n=len(sent),
        moved={name: moved(spread, [one[name] for one in read]) for name, spread in learned.items() if name in read[0]},
    )
    db.session.add(row)
    db.session.flush()
    return row
