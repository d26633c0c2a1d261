"""Whatever happens to leads, consents and reserves in whatever order: no sealed field is shown, no rule is broken.

A machine takes steps at random, as the people and the clocks might; after each, everybody of every institution looks.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.conversations import services as conversations
from matchmaker.conversations.rules import Side
from matchmaker.db import db
from matchmaker.leads import jobs
from matchmaker.leads.models import Consent, Lead, RelayNumber, Reserve
from matchmaker.leads.queries import finding, presenting, queueing
from matchmaker.leads.queries import talking as talks
from matchmaker.leads.rules.consents import OPTIONAL, Field, in_force
from matchmaker.leads.rules.seen import NOTHING_SEEN, Seen
from matchmaker.leads.rules.states import ENDED, LIVE, MOST_LIVE_LEADS, State
from matchmaker.leads.services import (
    answering,
    choosing,
    moving,
    offering,
    relaying,
    repairing,
    reserving,
    talking,
    withdrawing,
    working,
)
from matchmaker.needs.services import change_need
from matchmaker.notifications.models import Message
from matchmaker.privacy import services as closing
from matchmaker.products.models import Product
from matchmaker.refusal import Refused
from tests.leads.builders import FIELDS, HOURS, Case, a_bank, a_case, a_document, match, offered, to_state

START = datetime.fromisoformat("2026-09-23T10:00:00+08:00")
BANKS = 4
EXAMPLES, STEPS = 11, 20
REASONS: tuple[tuple[list[str], Seen], ...] = (
    (["C01"], NOTHING_SEEN),
    (["T01", "B04"], Seen({"tax_owed_yuan": Decimal("214.60")})),
    (["B02"], Seen({"turnover_yuan": Decimal(300_000)}, enough_yuan=Decimal(50_000))),
)
"""Reasons of a decline, with the figures that some of them must have."""
SAID = "我是桂兰，店在柳桥街"
TALLY: Counter[str] = Counter()
"""What the runs met, so that a machine that does nothing fails."""


class Leads(RuleBasedStateMachine):
    """One need, four institutions, their people, the clocks."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.frozen: Any = clock.frozen(self.now)
        self.frozen.__enter__()
        self.case: Case = a_case()
        self.products: list[Product] = [self.case.product, *[a_bank(number)[3] for number in range(2, 1 + BANKS)]]
        match(self.case.need, *self.products)
        self.staff: list[Person] = [
            person for product in self.products for person in [*finding.carriers_of(product.institution_id)]
        ]
        self.secrets = {
            Field.NAME: self.case.business.name,
            Field.ADDRESS: self.case.business.address,
            Field.CODE: self.case.business.uscc,
            Field.CONTACT_NAME: self.case.owner.name,
            Field.CONTACT_PHONE: self.case.owner.phone,
        }

    def teardown(self) -> None:
        TALLY["ended"] += sum(lead.state in ENDED for lead in self.leads())
        TALLY["decline"] += sum(bool(lead.decline_codes) for lead in self.leads())
        TALLY["second looks"] += sum(lead.second_looks for lead in self.leads())
        TALLY["turns"] += len(db.session.scalars(sa.select(Reserve).where(Reserve.standing == "sent")).all())
        db.session.rollback()  # each run begins with nothing
        db.session.expunge_all()
        self.frozen.__exit__(None, None, None)

    # What happens --------------------------------------------------------------------------------------------------

    def leads(self) -> list[Lead]:
        return list(db.session.scalars(sa.select(Lead).order_by(Lead.id)))

    def attempt(self, deed: Any) -> None:
        """A deed in a savepoint: a refusal undoes it, as the request would."""
        try:
            with db.session.begin_nested():
                deed()
        except Refused as no:
            TALLY[no.code] += 1
            db.session.expire_all()

    def on_a_lead(self, data: Any, deed: Any) -> None:
        leads = self.leads()
        if leads:
            lead = data.draw(st.sampled_from(leads), label="lead")
            self.attempt(lambda: deed(lead))

    def until(self) -> datetime:
        return clock.now() + timedelta(days=40)

    @initialize(begun=st.sampled_from(["accepted", "contacted", "declined", "second_look", "late", "nothing"]))
    def something_has_begun(self, begun: str) -> None:
        """Runs that begin further on come to what happens late in the life of a lead."""
        if begun == "nothing":
            return
        lead = to_state(self.case, "waiting" if begun == "late" else begun)
        reserving.name_reserve(
            self.case.need, self.products[1], fields=FIELDS, hours=HOURS, ends_at=self.until(), by=self.case.owner
        )
        if begun in ("accepted", "contacted"):
            talking.give_paper(lead, a_document(self.case.owner, "桂兰租约.pdf"), by=self.case.owner)
            jobs.keep_numbers(self.now)
        if begun == "late":
            self.time_passes_and_the_jobs_run(hours=72.0)

    def send(self, product: Product, more: list[str], hours: list[str]) -> None:
        self.attempt(
            lambda: choosing.send_lead(
                self.case.need, product, fields=[*FIELDS, *more], hours=hours, ends_at=self.until(), by=self.case.owner
            )
        )

    def name_a_reserve(self, product: Product) -> None:
        self.attempt(
            lambda: reserving.name_reserve(
                self.case.need, product, fields=FIELDS, hours=HOURS, ends_at=self.until(), by=self.case.owner
            )
        )

    @rule(data=st.data(), more=st.lists(st.sampled_from([str(field) for field in OPTIONAL]), max_size=2, unique=True))
    def the_owner_sends(self, data: Any, more: list[str]) -> None:
        product = data.draw(st.sampled_from(self.products), label="product")
        self.send(product, more, data.draw(st.sampled_from([[], HOURS]), label="hours"))

    @rule(data=st.data())
    def the_owner_names_a_reserve(self, data: Any) -> None:
        self.name_a_reserve(data.draw(st.sampled_from(self.products), label="product"))

    @rule(data=st.data())
    def the_owner_moves(self, data: Any) -> None:
        product = data.draw(st.sampled_from(self.products), label="product")
        self.on_a_lead(data, lambda lead: moving.send_elsewhere(lead, product, by=self.case.owner))

    @rule(
        data=st.data(),
        deed=st.sampled_from(["withdraw", "undo", "give_up", "again", "accept_offer", "hours", "nobody"]),
    )
    def the_owner_answers(self, data: Any, deed: str) -> None:
        owner = self.case.owner
        deeds: dict[str, Any] = {
            "withdraw": lambda lead: withdrawing.start_withdrawal(lead, by=owner),
            "undo": lambda lead: withdrawing.undo_withdrawal(lead, by=owner),
            "give_up": lambda lead: answering.give_up(lead, code="E05", by=owner),
            "again": lambda lead: answering.ask_at_once(lead, by=owner) if lead.consent else None,
            "accept_offer": lambda lead: offering.accept_offer(lead, number=1, by=owner),
            "hours": lambda lead: answering.choose_hours(
                lead, on=clock.today() + timedelta(days=1), slot="evening", by=owner
            ) if lead.consent else None,
            "nobody": lambda lead: answering.nobody_called(lead, by=owner),
        }  # fmt: skip
        self.on_a_lead(data, deeds[deed])

    @rule(
        data=st.data(),
        deed=st.sampled_from(
            ["accept", "contact", "try", "review", "papers", "offer", "decline", "hand_over", "write"]
        ),
    )
    def the_institution_works(self, data: Any, deed: str) -> None:
        def act(lead: Lead) -> None:
            mine = [person for person in self.staff if lead.institution_id in person.institution_ids]
            person = data.draw(st.sampled_from(mine), label="person")
            codes, seen = ([], NOTHING_SEEN)
            if deed == "decline":
                codes, seen = data.draw(st.sampled_from(REASONS), label="reasons")
            deeds: dict[str, Any] = {
                "accept": lambda: working.accept_lead(lead, by=person),
                "contact": lambda: working.contact(lead, channel="in_person", by=person),
                "try": lambda: working.try_contact(lead, channel="in_person", by=person),
                "review": lambda: working.start_review(lead, by=person),
                "papers": lambda: working.ask_papers(lead, items=[{"what": "租约", "why": ""}], by=person),
                "offer": lambda: offering.make_offer(lead, offered=offered(self.case), by=person),
                "decline": lambda: working.decline(lead, codes=codes, seen=seen, by=person),
                "write": lambda: working.write(lead, "您好，在吗", by=person),
                "hand_over": lambda: working.hand_over(lead, to=person, by=person),
            }
            deeds[deed]()
            TALLY[deed] += 1

        self.on_a_lead(data, act)

    @rule(data=st.data(), deed=st.sampled_from(["repair", "look_again", "second_look", "look_again", "repair"]))
    def the_owner_does_not_give_up(self, data: Any, deed: str) -> None:
        owner = self.case.owner
        deeds: dict[str, Any] = {
            "repair": lambda lead: repairing.mark_done(
                lead, code="T01", proof=a_document(owner, "桂兰无欠税.pdf"), by=owner
            ),
            "look_again": lambda lead: repairing.look_again(lead, by=owner),
            "second_look": lambda lead: answering.ask_second_look(
                lead, repaired=False, fields=FIELDS, hours=HOURS, ends_at=self.until(), by=owner
            ),
        }
        self.on_a_lead(data, deeds[deed])

    @rule(data=st.data(), deed=st.sampled_from(["give", "say", "block", "unblock"]))
    def the_owner_talks(self, data: Any, deed: str) -> None:
        owner = self.case.owner
        deeds: dict[str, Any] = {
            "give": lambda lead: talking.give_paper(lead, a_document(owner, "桂兰租约.pdf"), by=owner),
            "say": lambda lead: talking.write(lead, SAID, side=Side.OWNER, by=owner),
            "block": lambda lead: conversations.block(lead.business_id, lead.institution_id, by=owner),
            "unblock": lambda lead: conversations.unblock(lead.business_id, lead.institution_id, by=owner),
        }
        self.on_a_lead(data, deeds[deed])

    @rule(data=st.data(), deed=st.sampled_from(["take_back", "send_now"]))
    def the_owner_does_not_wait_for_a_reserve(self, data: Any, deed: str) -> None:
        waiting = finding.waiting_reserves(self.case.need.id)
        if waiting:
            reserve = data.draw(st.sampled_from(waiting), label="reserve")
            do = reserving.take_back if deed == "take_back" else reserving.send_now
            self.attempt(lambda: do(reserve, by=self.case.owner))

    @rule(amount=st.sampled_from([200_000, 250_000]))
    def the_owner_changes_the_need(self, amount: int) -> None:
        need = self.case.need
        wanted = replace(need.current.wanted, amount_yuan=Decimal(amount))
        self.attempt(lambda: change_need(need, wanted, seen_number=need.current_number, days=60, by=self.case.owner))

    @precondition(lambda self: len(self.leads()) > 3)
    @rule()
    def the_owner_wants_to_go(self) -> None:
        self.attempt(lambda: closing.ask_to_close(self.case.owner))
        TALLY["gone"] += 1

    @rule(hours=st.sampled_from([0.1, 1.0, 5.0, 24.0, 72.0, 240.0]))
    def time_passes_and_the_jobs_run(self, hours: float) -> None:
        self.frozen.__exit__(None, None, None)
        self.now += timedelta(hours=hours)
        self.frozen = clock.frozen(self.now)
        self.frozen.__enter__()
        jobs.finish_withdrawals(self.now)
        jobs.release_overdue_leads(self.now)
        jobs.expire_offers(self.now)
        jobs.keep_numbers(self.now)

    # What must hold ------------------------------------------------------------------------------------------------

    @invariant()
    def nobody_reads_more_than_a_consent_in_force_opens(self) -> None:
        now = clock.now()
        for lead in self.leads():
            consent = lead.consent
            stands = (
                consent is not None and consent.institution_id == lead.institution_id
                and consent.stopped_at is None and consent.ends_at > now and lead.sent_at is not None
            )  # fmt: skip
            for person in self.staff:
                shown = presenting.present(lead, person)
                TALLY["sealed" if shown.is_sealed else "opened"] += 1
                here = lead.institution_id in person.institution_ids
                allowed = {Field(name) for name in consent.fields} if stands and here and consent else set()
                if lead.manager_id != person.id or (consent is not None and not consent.hours):
                    allowed.discard(Field.CONTACT_PHONE)
                assert shown.opened <= allowed, (lead.state, person.name, shown.opened - allowed)
                assert shown.is_sealed == (not (stands and here))
                told = repr(shown.__dict__)
                for name, secret in self.secrets.items():
                    assert name in allowed or not secret or secret not in told, (lead.state, name)
                assert allowed or not shown.papers, "a paper is read under its consent alone"
                TALLY["papers"] += bool(shown.papers)

    @rule(data=st.data())
    def somebody_looks_through_the_lists(self, data: Any) -> None:
        """What is found there, also by searching for what is sealed, says no more than each row opens."""
        person = data.draw(st.sampled_from(self.staff), label="reader")
        stands = {
            lead.id for lead in self.leads()
            if lead.consent and in_force(lead.consent.ends_at, lead.consent.stopped_at, clock.now())
        }  # fmt: skip
        for words in ("", self.case.business.name, str(self.case.owner.phone)):
            queue = queueing.queue_of(person, words=words)
            rows = queueing.rows_of(queue, queue.rows, person)
            ended = db.session.scalars(queueing.ended_of(person, words=words)).unique().all()
            rows += queueing.done_rows(list(ended), person)
            threads = list(db.session.execute(talks.talks_of(person, words=words)))
            assert not words or (not rows and not threads), "nobody is found by what is sealed"
            assert {row.id for row in threads} <= stands
            for row in rows:
                TALLY["rows"] += 1
                told = repr(row.shown.__dict__)
                for name, secret in self.secrets.items():
                    assert name in row.shown.opened or not secret or secret not in told, name
                assert Field.CONTACT_PHONE not in row.shown.opened, "a row opens no number"

    @invariant()
    def a_lent_number_is_shown_while_its_holder_may_call(self) -> None:
        for row in db.session.scalars(sa.select(RelayNumber).where(RelayNumber.released_at.is_(None))):
            lead = finding.lead_by_id(row.lead_id)
            assert lead is not None and row.number != self.case.owner.phone
            holder = db.session.get_one(Person, row.manager_id)
            if presenting.present(lead, holder).relay == "lent":
                assert lead.manager_id == row.manager_id and relaying.may_have_number(lead, clock.now())
            TALLY["lent"] += 1

    @invariant()
    def at_most_three_live_each_with_a_receipt_of_its_institution(self) -> None:
        live = [lead for lead in self.leads() if lead.state in LIVE]
        assert len(live) <= MOST_LIVE_LEADS
        assert len({lead.institution_id for lead in live}) == len(live)
        for lead in live:
            assert lead.consent is not None and lead.consent.institution_id == lead.institution_id
            assert lead.consent.ended_at is None or lead.state == State.SIGNED
        for lead in self.leads():
            if lead.state not in LIVE and lead.consent is not None:
                assert lead.consent.ended_at is not None, lead.state

    @invariant()
    def reserves_open_nothing(self) -> None:
        waiting = db.session.scalars(sa.select(Reserve).where(Reserve.standing == "waiting")).all()
        assert len(waiting) <= 2
        sent = {lead.consent_id for lead in self.leads()}
        open_ = db.session.scalars(sa.select(Consent.id).where(Consent.ended_at.is_(None)))
        assert set(open_) <= sent, "no consent stands without a lead"

    @precondition(lambda self: bool(self.staff))
    @invariant()
    def no_message_to_an_institution_names_the_customer(self) -> None:
        people = {person.id for person in self.staff}
        for message in db.session.scalars(sa.select(Message).where(Message.person_id.in_(people))):
            words = json.dumps(message.facts, ensure_ascii=False)
            assert not any(secret and secret in words for secret in self.secrets.values()), message.kind


@pytest.mark.article("B.1", "B.4")
def test_no_sequence_of_steps_shows_a_sealed_field(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def in_the_same_transaction() -> Iterator[Any]:
        with db.session.begin_nested():
            yield db.session

    monkeypatch.setattr(jobs, "unit_of_work", in_the_same_transaction)
    monkeypatch.setattr(presenting, "looked_at", lambda *args, **kwargs: None)
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], phone_relay="simulated"))
    with app.app_context():
        run_state_machine_as_test(
            Leads,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
                phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    assert TALLY["opened"] and TALLY["sealed"] and TALLY["ended"] and TALLY["turns"] and TALLY["decline"], TALLY
    assert TALLY["papers"] and TALLY["rows"] and TALLY["lent"] and TALLY["gone"] and TALLY["second looks"], TALLY
