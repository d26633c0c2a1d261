"""Whatever happens to cards, hands and invitations among the steps of leads: no sequence shows a sealed field."""

from __future__ import annotations

import contextlib
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
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from matchmaker import clock
from matchmaker.approaches import inviting, queries, services
from matchmaker.approaches.models import Approach, Hand, SealedCard
from matchmaker.db import db
from matchmaker.leads import jobs
from matchmaker.leads.models import CardAgreement, Consent, Lead
from matchmaker.leads.queries import finding, presenting
from matchmaker.leads.services import agreeing
from matchmaker.needs.services import change_need
from matchmaker.refusal import Refused
from tests.approaches.builders import a_street
from tests.leads.builders import send

EXAMPLES, STEPS = 8, 12
START = datetime.fromisoformat("2026-09-23T10:00:00+08:00")
TALLY: Counter[str] = Counter()


class Cards(RuleBasedStateMachine):
    """A need among neighbours who look alike, its owner, three institutions, the clocks."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.frozen: Any = clock.frozen(self.now)
        self.frozen.__enter__()
        street = a_street()
        self.case = street.case
        self.products = [street.case.product, *street.products]
        self.secrets = [
            self.case.business.name, self.case.business.address, self.case.business.uscc, self.case.owner.name,
            self.case.owner.phone,
        ]  # fmt: skip
        self.time_passes()

    def teardown(self) -> None:
        TALLY["cards"] += len(db.session.scalars(sa.select(SealedCard)).all())
        TALLY["hands"] += len(db.session.scalars(sa.select(Hand)).all())
        TALLY["chosen"] += len(db.session.scalars(sa.select(Hand).where(Hand.standing == "chosen")).all())
        TALLY["invited"] += len(db.session.scalars(sa.select(Approach)).all())
        db.session.rollback()  # each run begins with nothing
        db.session.expunge_all()
        self.frozen.__exit__(None, None, None)

    def attempt(self, deed: Any) -> None:
        """A deed in a savepoint: a refusal undoes it, as the request would."""
        try:
            with db.session.begin_nested():
                deed()
        except Refused as no:
            TALLY[no.code] += 1
            db.session.expire_all()

    @rule(days=st.sampled_from([1, 3, 15]))
    def time_passes(self, days: int = 3) -> None:
        self.frozen.__exit__(None, None, None)
        self.now += timedelta(days=days)
        self.frozen = clock.frozen(self.now)
        self.frozen.__enter__()
        jobs.release_overdue_leads(self.now)

    @rule(data=st.data())
    def the_owner_sends(self, data: Any) -> None:
        product = data.draw(st.sampled_from(self.products), label="product")
        self.attempt(lambda: send(self.case, product))

    @rule(again=st.booleans())
    def the_owner_agrees_or_takes_it_back(self, again: bool) -> None:
        deed = agreeing.agree_to_card if again else agreeing.withdraw_agreement
        self.attempt(lambda: deed(self.case.need, by=self.case.owner))

    @rule(data=st.data(), what=st.sampled_from(["raise", "choose", "raise", "down", "invite"]))
    def they_come_near(self, data: Any, what: str) -> None:
        product = data.draw(st.sampled_from(self.products), label="product")
        desk = finding.carriers_of(product.institution_id)[0]
        card, owner = queries.open_card_of(self.case.need.id), self.case.owner
        up = [hand for hand in card.hands if hand.standing == "raised"] if card is not None else []
        if what == "invite":
            self.attempt(lambda: inviting.invite(product, self.case.need.id, by=desk))
        elif what == "raise" and card is not None:
            self.attempt(lambda: services.raise_hand(card.id, product, words="三天内上门", by=desk))
        elif up:
            hand = data.draw(st.sampled_from(up), label="hand")
            deed = services.choose_hand if what == "choose" else services.take_back
            self.attempt(lambda: deed(hand, by=owner))

    @rule(off=st.booleans())
    def the_owner_turns_the_switch(self, off: bool) -> None:
        turn = inviting.switch_off if off else inviting.switch_on
        turn(self.case.business, self.case.need, by=self.case.owner)

    @rule(amount=st.sampled_from([200_000, 250_000, 290_000]))
    def the_owner_changes_the_need(self, amount: int) -> None:
        need = self.case.need
        wanted = replace(need.current.wanted, amount_yuan=Decimal(amount))
        self.attempt(lambda: change_need(need, wanted, seen_number=need.current_number, days=60, by=self.case.owner))

    @invariant()
    def a_card_is_seen_by_agreement_alone_and_by_nobody_who_knows_the_need(self) -> None:
        need = self.case.need
        agreement = finding.card_agreement_of(need.id)
        stands = agreement is not None and agreement.ends_at > clock.now() and need.is_live
        for product in self.products:
            seen = queries.cards_for([product.institution_id])
            TALLY["seen"] += len(seen)
            assert not seen or (stands and not queries.was_tried(need.id, product.institution_id))
            told = repr([(one.shown, one.until_on, one.number) for one in seen])
            assert not any(secret and str(secret) in told for secret in self.secrets)

    @invariant()
    def leads_are_sealed_but_for_a_consent_in_force(self) -> None:
        for lead in db.session.scalars(sa.select(Lead)):
            consent = lead.consent
            stands = consent is not None and consent.stopped_at is None and consent.ends_at > clock.now()
            for product in self.products:
                person = finding.carriers_of(product.institution_id)[0]
                here = stands and lead.institution_id == product.institution_id
                assert presenting.present(lead, person).is_sealed == (not here)

    @invariant()
    def hands_and_invitations_open_nothing(self) -> None:
        sent = set(db.session.scalars(sa.select(Lead.consent_id)))
        assert set(db.session.scalars(sa.select(Consent.id).where(Consent.ended_at.is_(None)))) <= sent
        up = db.session.scalars(sa.select(Hand).where(Hand.standing == "raised")).all()
        assert all(hand.card.closed_at is None for hand in up), "no hand outlives its card"
        assert len(db.session.scalars(sa.select(CardAgreement).where(CardAgreement.ended_at.is_(None))).all()) <= 1


@pytest.mark.article("B.1", "B.4")
def test_no_sequence_of_approaches_shows_a_sealed_field(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def in_the_same_transaction() -> Iterator[Any]:
        with db.session.begin_nested():
            yield db.session

    monkeypatch.setattr(jobs, "unit_of_work", in_the_same_transaction)
    monkeypatch.setattr(presenting, "looked_at", lambda *args, **kwargs: None)
    with app.app_context():
        run_state_machine_as_test(
            Cards,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True, database=None,
                phases=[Phase.generate], suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    assert TALLY["cards"] and TALLY["hands"] and TALLY["seen"] and TALLY["chosen"], TALLY
    assert TALLY["invited"], TALLY
