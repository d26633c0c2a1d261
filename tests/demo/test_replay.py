"""The books of the town against the services: the same steps at the same times leave the same rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, demo
from matchmaker.accounts.models import Person, Workload
from matchmaker.businesses.models import CreditLine
from matchmaker.db import Base, db, unit_of_work
from matchmaker.demo import writing
from matchmaker.demo.ledger import Books, LeadBook
from matchmaker.documents.models import Document
from matchmaker.leads.models import (
    Consent,
    Lead,
    LeadCheck,
    LeadClock,
    LeadPaper,
    LeadStep,
    Offer,
    PaperRequest,
    Payout,
)
from matchmaker.leads.rules.consents import HOURS
from matchmaker.leads.rules.offering import Offered
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.services import answering, choosing, ending, offering, working
from matchmaker.matching.rules import Lpr
from matchmaker.needs import services as needs
from matchmaker.needs.models import Need
from matchmaker.products.models import Product, TrackRecord
from matchmaker.ranking.models import Outcome
from matchmaker.reference.queries import lpr_history
from matchmaker.refusal import plain

ANCHOR_ON = date(2026, 9, 23)
SIZE = 330
LEADS_AT_LEAST = 200


def lprs() -> list[Lpr]:
    return [Lpr(row.published_on, row.lpr_1y_percent, row.lpr_5y_percent) for row in lpr_history()]


@pytest.mark.long
@pytest.mark.article("B.2")
@pytest.mark.article("16.4")
def test_two_hundred_leads_replayed_through_the_services_leave_the_same_rows(app: Any) -> None:
    with app.app_context():
        town = demo.simulate(size=SIZE, seed=5, anchor_on=ANCHOR_ON, lprs=lprs())
        books = town.books
        assert len(books.leads) >= LEADS_AT_LEAST
        before = replace(
            Books(), needs=[row | {"state": "open", "withdrawn_at": None} for row in books.needs],
            need_versions=books.need_versions, lists=books.lists, shown=books.shown,
        )  # fmt: skip
        with unit_of_work():
            writing.write(
                town.market, town.businesses, before, places=town.story.places, fingerprint=town.story.fingerprint,
                noted_at=town.anchor_at,
            )  # fmt: skip
        with unit_of_work():
            replay(town)
        differences = compare(books)
    assert differences == []


# Replaying -----------------------------------------------------------------------------------------------------------


def replay(town: demo.Town) -> None:
    """Take every step of the books through the services, at its time, in order of time."""
    leads = {lead.id: lead for of_need in town.books.of_need.values() for lead in of_need}
    events: list[tuple[Any, int, Callable[[], None]]] = []
    for place, step in enumerate(town.books.steps):
        events.append((step["at"], place, lambda step=step: take(leads[step["lead_id"]], step)))  # type: ignore[misc]
    for place, (at, need_id, how) in enumerate(town.books.need_ends):
        events.append((at, -place - 1, lambda need_id=need_id, how=how: end_need(need_id, how)))  # type: ignore[misc]
    for at, _, carry in sorted(events, key=lambda event: event[:2]):
        with clock.frozen(at):
            carry()
            db.session.flush()


def end_need(need_id: int, how: str) -> None:
    need = db.session.get_one(Need, need_id)
    if how == "expire":
        needs.expire_need(need)
    else:
        needs.withdraw_need(need, by=db.session.get_one(Person, need.posted_by_id))


def take(book: LeadBook, step: dict[str, Any]) -> None:
    """One step of the books as the call of a service."""
    if step["step"] == "send":
        send(book)
        return
    lead = db.session.get_one(Lead, book.id)
    who = db.session.get(Person, step["by_id"]) if step["by_id"] is not None else None
    facts, note, at = step["facts"], step["note"] or "", step["at"]
    by: Any = {"by": who}
    running = [row for row in lead.clocks if row.stopped_at is None]

    def clock_row() -> LeadClock:
        kind = facts.get("clock", "papers")
        return next(row for row in running if row.kind == kind)

    calls: dict[str, Callable[[], object]] = {
        "accept": lambda: working.accept_lead(lead, **by),
        "try_contact": lambda: working.try_contact(lead, channel=facts["channel"], note=note, **by),
        "tried_enough": lambda: True,  # the third try takes it
        "choose_hours": lambda: answering.choose_hours(
            lead, on=facts["call_from_at"].astimezone(clock.SHANGHAI).date(), slot=slot_from(facts["call_from_at"]), **by
        ),
        "lapse_hours": lambda: ending.lapse_hours(lead, next(r for r in running if r.kind == "call_back"), at=at),
        "contact": lambda: working.contact(
            lead, channel=facts["channel"], note=note, message=facts.get("message", ""),
            visit_agreed=facts["visit_agreed"], visit_at=facts["visit_at"], **by,
        ),
        "visit": lambda: working.visit(
            lead, visited_at=facts["visited_at"], place=facts["place"], premises=facts["premises"], note=note, **by
        ),
        "ask_papers": lambda: working.ask_papers(lead, items=(book.request or {})["items"], note=note, **by),
        "send_papers": lambda: send_papers(book, lead, note, by),
        "start_review": lambda: working.start_review(lead, note=note, **by),
        "record_checks": lambda: working.record_checks(lead, phase=facts["phase"], results=checked(book, step), **by),
        "offer": lambda: make_offer(book, lead, step, by),
        "decline": lambda: working.decline(lead, codes=facts["codes"], seen=Seen.from_json(facts), note=note, **by),
        "accept_offer": lambda: offering.accept_offer(lead, number=facts["number"], **by),
        "refuse_offer": lambda: offering.refuse_offer(lead, number=facts["number"], code=step["code"], note=note, **by),
        "report_contract": lambda: offering.report_contract(
            lead, contract_number=facts["contract_number"], signed_on=facts["signed_on"], note=note, **by
        ),
        "report_payout": lambda: offering.report_payout(
            lead, amount_yuan=facts["amount_yuan"], paid_on=facts["paid_on"],
            reference=next(row for row in book.payouts if row["reported_at"] == at)["reference"], note=note, **by,
        ),
        "confirm_payout": lambda: offering.confirm_payout(lead, **by),
        "dispute_payout": lambda: offering.dispute_payout(lead, words=note, **by),
        "settle_payout": lambda: offering.settle_payout(lead, lead.payouts[-1]),
        "give_up": lambda: answering.give_up(lead, code=step["code"], note=note, **by),
        "withdraw": lambda: answering.withdraw(lead, **by),
        "warn": lambda: ending.warn(lead, clock_row(), at=at),
        "release": lambda: ending.release(lead, clock_row(), at=at),
        "lapse_papers": lambda: ending.lapse_papers(lead, clock_row(), at=at),
        "overdue": lambda: ending.tell_overdue(lead, clock_row(), at=at),
        "expire": lambda: ending.expire(lead, at=at, because=facts["because"]),
    }  # fmt: skip
    assert calls[step["step"]]() is not False, (book.id, step)


def slot_from(at: Any) -> str:
    """The slot that begins at this time of the day."""
    local = at.astimezone(clock.SHANGHAI)
    return next(slot for slot, (start, _) in HOURS.items() if start == local.hour * 60 + local.minute)


def send(book: LeadBook) -> None:
    need = db.session.get_one(Need, book.need["id"])
    product = db.session.get_one(Product, book.product_id)
    # What was in force at that time; later versions came since. What a decline called stopped, its desk confirmed.
    db.session.execute(
        sa.update(Product).where(Product.id == product.id).values(
            current_version_id=book.row["product_version_id"], doubted_at=None
        )
    )
    db.session.refresh(product)
    lead = choosing.send_lead(
        need, product, fields=book.consent["fields"], hours=book.consent["hours"], ends_at=book.consent["ends_at"],
        by=db.session.get_one(Person, book.row["chosen_by_id"]),
    )  # fmt: skip
    assert lead.id == book.id


def send_papers(book: LeadBook, lead: Lead, note: str, by: Any) -> None:
    documents = {row["id"]: row for row in book.books.documents}
    for paper in book.papers:
        document = Document(**documents[paper["document_id"]] | {"deleted_at": None})
        db.session.add(document)
        answering.add_paper(lead, item_number=paper["item_number"], document=document, **by)
    answering.send_papers(lead, note=note, **by)
    for paper in book.papers:  # destroyed since, by the job that has no part in a replay
        db.session.get_one(Document, paper["document_id"]).deleted_at = documents[paper["document_id"]]["deleted_at"]


def checked(book: LeadBook, step: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        row["item"]: (row["result"], row["evidence"])
        for row in book.books.checks
        if row["lead_id"] == book.id and row["at"] == step["at"] and row["phase"] == step["facts"]["phase"]
    }


def make_offer(book: LeadBook, lead: Lead, step: dict[str, Any], by: Any) -> None:
    row = next(offer for offer in book.offers if offer["made_at"] == step["at"])
    offering.make_offer(
        lead,
        offered=Offered(
            amount_yuan=row["amount_yuan"], term_months=row["term_months"], repayment=row["repayment"],
            spread_bp=row["spread_bp"], rate_percent=row["rate_percent"] if row["rate_base"] == "FIXED" else None,
            fee_values={}, valid_until_on=row["valid_until_on"],
        ),
        conditions=row["conditions"],
        **by,
    )  # fmt: skip


# Comparing -----------------------------------------------------------------------------------------------------------

LEFT_OUT = {"id", "row_version", "document_id", "request_id"}


def compare(books: Books) -> list[str]:
    """Where the tables and the books differ: table, key, column."""
    found: list[str] = []
    for model, rows, key in (
        (Lead, books.leads, ("id",)),
        (Consent, books.consents, ("need_id", "institution_id", "given_at")),
        (LeadStep, books.steps, ("lead_id", "number")),
        (LeadClock, books.clocks, ("lead_id", "kind", "started_at")),
        (PaperRequest, books.paper_requests, ("lead_id",)),
        (LeadPaper, books.papers, ("lead_id", "item_number")),
        (LeadCheck, books.checks, ("lead_id", "phase", "item", "at")),
        (Offer, books.offers, ("lead_id", "number")),
        (Payout, books.payouts, ("lead_id", "reported_at")),
        (Outcome, books.outcomes, ("lead_id",)),
        (CreditLine, books.credit_lines, ("business_id", "started_on", "amount_yuan", "institution_id")),
        (Workload, writing.workloads(books), ("person_id",)),
        (TrackRecord, writing.records(books), ("institution_id", "product_id")),
        (Need, books.needs, ("id",)),
    ):
        found += compare_table(model, rows, key)
    return found[:40]


def compare_table(model: type[Base], rows: list[dict[str, Any]], key: tuple[str, ...]) -> list[str]:
    table = model.__table__
    query = sa.select(table)
    if model is CreditLine:
        query = query.where(table.c.source == "paid_out")
    stored = {tuple(plain(_exact(row[name])) for name in key): row for row in db.session.execute(query).mappings()}
    written = {tuple(plain(_exact(row[name])) for name in key): row for row in rows}
    found = [f"{table.name}: only in the tables {k}" for k in stored.keys() - written.keys()]
    found += [f"{table.name}: only in the books {k}" for k in written.keys() - stored.keys()]
    for k in stored.keys() & written.keys():
        for name, value in written[k].items():
            if name in LEFT_OUT and not (name == "id" and "id" in key):
                continue
            mine, theirs = plain(_exact(value)), plain(_exact(stored[k][name]))
            if mine != theirs:
                found.append(f"{table.name} {k} {name}: books {mine!r}, services {theirs!r}")
    return found


def _exact(value: Any) -> Any:
    """Money and rates compare by value, whatever their trailing zeros."""
    if isinstance(value, Decimal):
        return value.normalize() + 0
    if isinstance(value, dict):
        return {name: _exact(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_exact(one) for one in value]
    if isinstance(value, str):
        try:
            return str(Decimal(value).normalize() + 0) if value[:1].isdigit() and "." in value else value
        except ArithmeticError:
            return value
    return value
