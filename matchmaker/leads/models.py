"""Tables of consents, leads, their steps and clocks, papers, checks, offers and reported pay-outs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship
from sqlalchemy.schema import SchemaItem

from matchmaker.accounts.models import Branch, Institution, Person
from matchmaker.businesses.models import Business
from matchmaker.db import Base, JsonDict, JsonList, Percent, Versioned
from matchmaker.documents.models import Document
from matchmaker.keeping import Kept, Without, work
from matchmaker.leads.rules.agreements import AgreementOver
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.consents import PURPOSES, UNDO_FOR, Because
from matchmaker.leads.rules.papers import Mark
from matchmaker.leads.rules.reasons import CODES
from matchmaker.leads.rules.reserves import Over, Standing
from matchmaker.leads.rules.states import ENDED, LIVE, State, Step
from matchmaker.needs.models import Need
from matchmaker.papers.models import Given
from matchmaker.products.models import Product, ProductVersion


def _one_of(column: str, values: type[StrEnum] | tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


LIVE_STATES = _one_of("state", tuple(str(state) for state in LIVE))
ENDED_STATES = _one_of("state", tuple(str(state) for state in ENDED))


class Receipt(Base):
    """What one institution gets of one business, until when: written down, never changed, only ended."""

    __abstract__ = True

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    fields: Mapped[list[str]] = mapped_column(JsonList)
    hours: Mapped[list[str]] = mapped_column(JsonList, default=list)
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    given_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]
    withdrawing_at: Mapped[datetime | None]
    """Since when its giver takes it back: sealed from that instant, undone within `rules.consents.UNDO_FOR`."""
    withdrawing_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @declared_attr
    def given_by(cls) -> Mapped[Person]:
        return relationship(foreign_keys=[cls.given_by_id])  # type: ignore[list-item]

    @declared_attr
    def withdrawing_by(cls) -> Mapped[Person | None]:
        return relationship(foreign_keys=[cls.withdrawing_by_id])  # type: ignore[list-item]

    @declared_attr
    def business(cls) -> Mapped[Business]:
        return relationship()

    @declared_attr
    def institution(cls) -> Mapped[Institution]:
        return relationship()

    @property
    def stopped_at(self) -> datetime | None:
        """Since when it opens nothing any more, whether that can still be undone or not."""
        return self.ended_at or self.withdrawing_at

    @property
    def can_be_undone_until(self) -> datetime | None:
        """Until when the withdrawal under way can be undone; None when none is."""
        return self.withdrawing_at + UNDO_FOR if self.withdrawing_at is not None and self.ended_at is None else None


def receipt_rules(table: str, causes: type[StrEnum] | tuple[str, ...]) -> tuple[SchemaItem, ...]:
    """What holds in every table of receipts; `causes`: why one may end."""
    withdrawing = text("withdrawing_at IS NOT NULL AND ended_at IS NULL")
    return (
        CheckConstraint("ends_at > given_at", name="ends_later"),
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ended_has_cause"),
        CheckConstraint(f"ended_because IS NULL OR {_one_of('ended_because', causes)}", name="cause_known"),
        CheckConstraint("(withdrawing_at IS NULL) = (withdrawing_by_id IS NULL)", name="withdrawn_by_somebody"),
        Index(f"ix_{table}_withdrawing_at", "withdrawing_at", sqlite_where=withdrawing, postgresql_where=withdrawing),
        Index(f"ix_{table}_business_id_given_at", "business_id", "given_at"),
    )


class Consent(Receipt):
    """A receipt for one need."""

    kept = Kept("consents", of="business_id", why="evidence", harmless=("fields",))

    __table_args__ = (CheckConstraint(_one_of("purpose", PURPOSES), name="purpose_known"),
                      *receipt_rules("consent", Because))

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    purpose: Mapped[str] = mapped_column(default="decide_on_need")


class Lead(Versioned, Base):
    """A match that the owner chose for one institution: where it stands, who carries it."""

    kept = Kept("leads", of="business_id", closing="erase", erase={"draft": None}, why="figures")

    __table_args__ = (
        CheckConstraint(_one_of("state", State), name="state_known"),
        CheckConstraint("state = 'draft' OR consent_id IS NOT NULL OR sent_at IS NULL", name="sent_has_consent"),
        CheckConstraint(
            f"NOT ({LIVE_STATES}) OR (consent_id IS NOT NULL AND sent_at IS NOT NULL)", name="live_was_sent"
        ),
        CheckConstraint(f"({ENDED_STATES}) = (ended_at IS NOT NULL)", name="ended_has_time"),
        CheckConstraint("state != 'declined' OR decline_codes IS NOT NULL", name="declined_has_code"),
        CheckConstraint(
            "state IN ('draft', 'waiting', 'declined', 'released', 'withdrawn', 'expired', 'given_up') "
            "OR accepted_at IS NOT NULL",
            name="worked_on_was_accepted",
        ),
        CheckConstraint("(call_from_at IS NULL) = (call_until_at IS NULL)", name="hours_have_an_end"),
        CheckConstraint("pause_used_at IS NULL OR accepted_at IS NOT NULL", name="pause_after_acceptance"),
        Index(
            "uq_lead_live_need_institution",
            "need_id",
            "institution_id",
            unique=True,
            sqlite_where=text(LIVE_STATES),
            postgresql_where=text(LIVE_STATES),
        ),
        Index(
            "uq_lead_draft_need_institution",
            "need_id",
            "institution_id",
            unique=True,
            sqlite_where=text("state = 'draft'"),
            postgresql_where=text("state = 'draft'"),
        ),
        Index("ix_lead_institution_id_state", "institution_id", "state"),
        Index("ix_lead_manager_id_state", "manager_id", "state"),
        Index("ix_lead_business_id", "business_id"),
        Index("ix_lead_need_id_state", "need_id", "state"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    need_number: Mapped[int]
    """The version of the need that was sent: what is edited later stays as it was here."""
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
    product_version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"), index=True)
    consent_id: Mapped[int | None] = mapped_column(ForeignKey("consent.id"), unique=True)
    state: Mapped[str] = mapped_column(default=str(State.DRAFT))
    draft: Mapped[dict[str, Any] | None] = mapped_column(JsonDict)
    """What the owner had ticked on the consent page of a draft; no consent yet."""
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    chosen_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    contacted_at: Mapped[datetime | None]
    visit_at: Mapped[datetime | None]
    """When the visit was agreed for."""
    visit_agreed: Mapped[bool] = mapped_column(default=False)
    pause_used_at: Mapped[datetime | None]
    """The one pause "waiting for papers": asked once, never again."""
    decline_codes: Mapped[list[str] | None] = mapped_column(JsonList)
    declined_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    second_looks: Mapped[int] = mapped_column(default=0)
    second_look_not_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who decided, or was silent, the first time: the second look is somebody else's."""
    call_from_at: Mapped[datetime | None]
    call_until_at: Mapped[datetime | None]
    """When the owner who was not reached wants to be called."""
    end_code: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    shown_list_id: Mapped[int | None]
    """The stored list (ranking.ShownList) and the place in it from which the owner chose; no foreign key."""
    shown_place: Mapped[int | None]

    need: Mapped[Need] = relationship()
    business: Mapped[Business] = relationship()
    institution: Mapped[Institution] = relationship()
    branch: Mapped[Branch | None] = relationship()
    product_version: Mapped[ProductVersion] = relationship()
    consent: Mapped[Consent | None] = relationship(foreign_keys=[consent_id])
    manager: Mapped[Person | None] = relationship(foreign_keys=[manager_id])
    steps: Mapped[list[LeadStep]] = relationship(order_by="LeadStep.number", back_populates="lead")
    clocks: Mapped[list[LeadClock]] = relationship(order_by="LeadClock.id", back_populates="lead")
    paper_requests: Mapped[list[PaperRequest]] = relationship(order_by="PaperRequest.id", back_populates="lead")
    checks: Mapped[list[LeadCheck]] = relationship(order_by="LeadCheck.id", back_populates="lead")
    offers: Mapped[list[Offer]] = relationship(order_by="Offer.number", back_populates="lead")
    payouts: Mapped[list[Payout]] = relationship(order_by="Payout.id", back_populates="lead")

    @property
    def is_live(self) -> bool:
        """Whether it takes one of the three places of its need."""
        return self.state in LIVE

    @property
    def offer(self) -> Offer | None:
        """The offer that stands: the newest."""
        return self.offers[-1] if self.offers else None

    @property
    def payout(self) -> Payout | None:
        """The newest reported pay-out."""
        return self.payouts[-1] if self.payouts else None

    @property
    def paper_request(self) -> PaperRequest | None:
        """The one list of missing papers, where it was asked for."""
        return self.paper_requests[-1] if self.paper_requests else None


class Reserve(Base):
    """An institution that gets the need when another lets its clock run out: the owner's receipt for it.

    It opens nothing. When its turn comes a consent is written from it, with a lead.
    """

    kept = Kept("consents", of="business_id", why="evidence", harmless=("fields",))

    __table_args__ = (
        CheckConstraint(_one_of("standing", Standing), name="standing_known"),
        CheckConstraint(f"closed_because IS NULL OR {_one_of('closed_because', Over)}", name="cause_known"),
        CheckConstraint("(standing = 'waiting') = (closed_at IS NULL)", name="closed_has_time"),
        CheckConstraint("(standing = 'over') = (closed_because IS NOT NULL)", name="over_has_cause"),
        CheckConstraint("(standing = 'sent') = (lead_id IS NOT NULL)", name="sent_has_lead"),
        CheckConstraint("ends_at > named_at", name="ends_later"),
        Index(
            "uq_reserve_waiting_need_institution",
            "need_id",
            "institution_id",
            unique=True,
            sqlite_where=text("standing = 'waiting'"),
            postgresql_where=text("standing = 'waiting'"),
        ),
        Index("ix_reserve_need_id_standing", "need_id", "standing"),
        Index("ix_reserve_business_id", "business_id"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    fields: Mapped[list[str]] = mapped_column(JsonList)
    hours: Mapped[list[str]] = mapped_column(JsonList, default=list)
    ends_at: Mapped[datetime]
    """The end of the consent that its turn would write."""
    named_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    named_at: Mapped[datetime]
    standing: Mapped[str] = mapped_column(default=str(Standing.WAITING))
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None]
    why_code: Mapped[str | None]
    """The reason of `choosing.why_not_sent` for which its turn passed by."""
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), unique=True)
    after_lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)
    """The late lead after which its turn came."""

    need: Mapped[Need] = relationship()
    business: Mapped[Business] = relationship()
    institution: Mapped[Institution] = relationship()
    product: Mapped[Product] = relationship()
    named_by: Mapped[Person] = relationship()


class CardAgreement(Base):
    """That a sealed card of a need may be shown when an institution is late and no reserve takes it: off by default.

    A consent of its own kind: it names no institution and opens no field. Withdrawn at once.
    """

    kept = Kept("consents", of="business_id", why="evidence")

    __table_args__ = (
        CheckConstraint("purpose = 'sealed_card'", name="purpose_known"),
        CheckConstraint("ends_at > given_at", name="ends_later"),
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="ended_has_cause"),
        CheckConstraint(f"ended_because IS NULL OR {_one_of('ended_because', AgreementOver)}", name="cause_known"),
        Index(
            "uq_card_agreement_standing_need",
            "need_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_card_agreement_business_id", "business_id"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    purpose: Mapped[str] = mapped_column(default="sealed_card")
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    given_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]

    need: Mapped[Need] = relationship()
    business: Mapped[Business] = relationship()


class Repair(Base):
    """A reason of a decline that its owner repaired; `look` numbers the decline (0 first, 1 after a second look)."""

    kept = Kept("leads", of="lead_id", why="evidence")

    __table_args__ = (UniqueConstraint("lead_id", "code", "look"),)

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    code: Mapped[str]
    look: Mapped[int]
    done_at: Mapped[datetime]
    done_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    proofs: Mapped[list[RepairProof]] = relationship(order_by="RepairProof.id", back_populates="repair")


class RepairProof(Base):
    """A paper that proves a repair; the institution sees it only as a paper of the second look."""

    kept = Kept("leads", of="repair_id", why="evidence")

    __table_args__ = (UniqueConstraint("repair_id", "document_id"),)

    repair_id: Mapped[int] = mapped_column(ForeignKey("repair.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    added_at: Mapped[datetime]

    repair: Mapped[Repair] = relationship(back_populates="proofs")
    document: Mapped[Document] = relationship()


class RelayNumber(Base):
    """A telephone number lent to who carries a lead, in place of the owner's own, until the consent ends."""

    kept = Kept("leads", of="lead_id", closing="erase", erase={"number": "", "reference": ""}, why="evidence")

    __table_args__ = (
        Index(
            "uq_relay_number_lent",
            "lead_id",
            "manager_id",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_relay_number_number", "number"),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    manager_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[str]
    reference: Mapped[str]
    """By what the service that lends it knows it."""
    simulated: Mapped[bool]
    lent_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class RecordReply(Base):
    """What an institution says to its published figures. The newest stands, unless it was taken down."""

    kept = work("text")

    __table_args__ = (
        CheckConstraint("text != ''", name="says_something"),
        CheckConstraint("(taken_down_at IS NULL) = (taken_down_by_id IS NULL)", name="taken_down_by_somebody"),
        Index("ix_record_reply_institution_id_at", "institution_id", "at"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    text: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    taken_down_at: Mapped[datetime | None]
    taken_down_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    institution: Mapped[Institution] = relationship()


WORDS_OF_PEOPLE = ("message", "words", "contract_number", "reference", "seen", "unseen", "enough_yuan")
"""Facts of a step that say something of a business or were written by hand: what closing an account erases."""


class LeadStep(Base):
    """One step of a lead: who, when, from where to where, with which code and note. Never changed."""

    kept = Kept(
        "leads", of="lead_id", days=1095, since="at", closing="erase",
        erase={"note": None, "facts": Without(WORDS_OF_PEOPLE)}, why="figures",
        withheld=("note",), unless="note_for_both",
    )  # fmt: skip

    __table_args__ = (
        UniqueConstraint("lead_id", "number"),
        CheckConstraint(_one_of("step", Step), name="step_known"),
        CheckConstraint(_one_of("to_state", State), name="to_known"),
        CheckConstraint(f"code IS NULL OR {_one_of('code', tuple(CODES))}", name="code_known"),
        CheckConstraint(
            "step NOT IN ('decline', 'refuse_offer', 'lapse_hours') OR code IS NOT NULL", name="refusal_has_code"
        ),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    number: Mapped[int]
    step: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None: a clock did it."""
    at: Mapped[datetime]
    code: Mapped[str | None]
    note: Mapped[str | None]
    note_for_both: Mapped[bool] = mapped_column(default=False)
    """Whether the other side reads the note (rules.states.NOTE_READ_BY_BOTH)."""
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDict, default=dict)

    lead: Mapped[Lead] = relationship(back_populates="steps")
    by: Mapped[Person | None] = relationship()


class LeadClock(Base):
    """A wait of a lead: since when, until when, whether it was warned about, stood still, and how it ended."""

    kept = Kept("leads", of="lead_id", why="figures")

    __table_args__ = (
        CheckConstraint(_one_of("kind", Clock), name="kind_known"),
        CheckConstraint("outcome IS NULL OR outcome IN ('kept', 'late', 'void')", name="outcome_known"),
        CheckConstraint("(stopped_at IS NULL) = (outcome IS NULL)", name="stopped_has_outcome"),
        CheckConstraint("paused_seconds >= 0", name="pause_not_negative"),
        CheckConstraint("due_at > started_at", name="due_later"),
        Index(
            "ix_lead_clock_open",
            "due_at",
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
        Index(
            "uq_lead_clock_open_kind",
            "lead_id",
            "kind",
            unique=True,
            sqlite_where=text("stopped_at IS NULL"),
            postgresql_where=text("stopped_at IS NULL"),
        ),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    kind: Mapped[str]
    days: Mapped[int | None]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    paused_seconds: Mapped[int] = mapped_column(default=0)
    stopped_at: Mapped[datetime | None]
    outcome: Mapped[str | None]

    lead: Mapped[Lead] = relationship(back_populates="clocks")


class PaperRequest(Base):
    """The one list of missing papers of a lead, and until when the owner may send them."""

    kept = Kept("leads", of="lead_id", days=1095, since="asked_at", closing="erase", erase={"items": []}, why="figures")

    __table_args__ = (CheckConstraint("due_at > asked_at", name="due_later"),)

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), unique=True)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JsonList)
    """[{"number": 1, "what": "…", "why": "…"}], in the institution's words."""
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    lapsed_at: Mapped[datetime | None]

    lead: Mapped[Lead] = relationship(back_populates="paper_requests")
    papers: Mapped[list[LeadPaper]] = relationship(order_by="LeadPaper.id", back_populates="request")


class LeadPaper(Given, Base):
    """A document that the owner gave to this institution for this lead; read only while the consent is in force."""

    kept = Kept("leads", of="lead_id", closing="erase", erase={"status_note": None}, why="evidence")

    __table_args__ = (
        UniqueConstraint("lead_id", "document_id"),
        UniqueConstraint("request_id", "item_number"),
        CheckConstraint("(request_id IS NULL) = (item_number IS NULL)", name="item_of_a_request"),
        CheckConstraint(_one_of("status", Mark), name="status_known"),
        CheckConstraint("(status = 'replace') = (status_code IS NOT NULL)", name="replaced_because"),
        CheckConstraint("status = 'received' OR status_by_id IS NOT NULL", name="marked_by_somebody"),
        CheckConstraint("(taken_back_at IS NULL) = (taken_back_by_id IS NULL)", name="taken_back_by_somebody"),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("paper_request.id"), index=True)
    item_number: Mapped[int | None]
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)
    kind: Mapped[str | None]
    """Which kind of the folder it was given as (papers.rules.KINDS); None: it proves a repair."""
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    """Until it is sent, only the owner sees it."""
    status: Mapped[str] = mapped_column(default=str(Mark.RECEIVED), server_default=str(Mark.RECEIVED))
    status_code: Mapped[str | None]
    status_note: Mapped[str | None]
    status_at: Mapped[datetime | None]
    status_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("lead_paper.id"), unique=True)
    """The paper in whose place it was sent; that one stays as it was."""

    request: Mapped[PaperRequest | None] = relationship(back_populates="papers")
    document: Mapped[Document] = relationship()
    replaces: Mapped[LeadPaper | None] = relationship(
        foreign_keys=[replaces_id], remote_side="LeadPaper.id", back_populates="replaced_by"
    )
    replaced_by: Mapped[LeadPaper | None] = relationship(
        foreign_keys="LeadPaper.replaces_id", uselist=False, back_populates="replaces"
    )

    @property
    def wants_another(self) -> bool:
        """Whether the institution waits for another one in its place."""
        return self.status == Mark.REPLACE and self.replaced_by is None and not self.is_taken_back

    @property
    def was_sent(self) -> bool:
        return self.sent_at is not None


class LeadCheck(Base):
    """One thing looked into before or at lending, with who, when and evidence (articles 10.2, 16.4)."""

    kept = Kept(
        "leads", of="lead_id", days=1095, since="at", closing="erase", erase={"evidence": "（已删除）"}, why="evidence",
        withheld=("result", "evidence"),
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint("phase IN ('before', 'at')", name="phase_known"),
        CheckConstraint("result IN ('fine', 'doubt', 'not_needed')", name="result_known"),
        CheckConstraint("result != 'doubt' OR evidence != ''", name="doubt_is_explained"),
        Index("ix_lead_check_lead_id", "lead_id", "phase", "item"),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    phase: Mapped[str]
    item: Mapped[str]
    result: Mapped[str]
    evidence: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]

    lead: Mapped[Lead] = relationship(back_populates="checks")
    by: Mapped[Person] = relationship()


class Offer(Base):
    """What the institution offers, with its cost sheet as computed that day; an answer is given once."""

    kept = Kept(
        "leads", of="lead_id", days=1825, since="made_at", closing="erase",
        erase={"conditions": "", "contract_number": None}, why="figures",
    )  # fmt: skip

    __table_args__ = (
        UniqueConstraint("lead_id", "number"),
        CheckConstraint("amount_yuan > 0", name="amount_above_zero"),
        CheckConstraint("term_months BETWEEN 1 AND 600", name="term_within_reason"),
        CheckConstraint("rate_percent >= 0", name="rate_not_negative"),
        CheckConstraint("rate_base IN ('LPR1Y', 'LPR5Y', 'FIXED')", name="rate_base_known"),
        CheckConstraint("(rate_base = 'FIXED') = (spread_bp IS NULL)", name="spread_belongs_to_lpr"),
        CheckConstraint("answer IS NULL OR answer IN ('accepted', 'declined')", name="answer_known"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_has_time"),
        CheckConstraint("answer IS NULL OR answer != 'declined' OR answer_code IS NOT NULL", name="declined_has_code"),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"))
    number: Mapped[int]
    amount_yuan: Mapped[Decimal]
    term_months: Mapped[int]
    rate_base: Mapped[str]
    spread_bp: Mapped[int | None]
    lpr_percent: Mapped[Decimal | None] = mapped_column(Percent)
    lpr_on: Mapped[date | None]
    rate_percent: Mapped[Decimal] = mapped_column(Percent)
    repayment: Mapped[str]
    fees: Mapped[list[dict[str, Any]]] = mapped_column(JsonList, default=list)
    conditions: Mapped[str] = mapped_column(default="")
    cost_sheet: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    valid_until_on: Mapped[date]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str | None]
    answer_code: Mapped[str | None]
    contract_number: Mapped[str | None]
    contract_on: Mapped[date | None]

    lead: Mapped[Lead] = relationship(back_populates="offers")
    made_by: Mapped[Person] = relationship(foreign_keys=[made_by_id])


class Payout(Base):
    """A pay-out as the institution reports it; only confirmed or undisputed amounts feed any figure."""

    kept = Kept(
        "loans", of="lead_id", days=1825, since="reported_at", closing="erase",
        erase={"reference": "（已删除）", "dispute_note": "（已删除）"}, why="figures",
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint("amount_yuan > 0", name="amount_above_zero"),
        CheckConstraint("standing IN ('reported', 'confirmed', 'disputed', 'undisputed')", name="standing_known"),
        CheckConstraint("(standing = 'reported') = (answered_at IS NULL)", name="answer_has_time"),
        CheckConstraint("standing != 'disputed' OR dispute_note IS NOT NULL", name="dispute_is_explained"),
        CheckConstraint(
            "standing NOT IN ('confirmed', 'disputed') OR answered_by_id IS NOT NULL", name="answer_has_person"
        ),
        Index(
            "uq_payout_lead_id_stands",
            "lead_id",
            unique=True,
            sqlite_where=text("standing != 'disputed'"),
            postgresql_where=text("standing != 'disputed'"),
        ),
        Index("ix_payout_standing_due_at", "standing", "due_at"),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    amount_yuan: Mapped[Decimal]
    paid_on: Mapped[date]
    reference: Mapped[str]
    reported_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reported_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Unanswered until then it counts as undisputed."""
    standing: Mapped[str] = mapped_column(default="reported")
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    dispute_note: Mapped[str | None]

    lead: Mapped[Lead] = relationship(back_populates="payouts")

    @property
    def stands(self) -> bool:
        """Whether it feeds figures, the credit line and the ranker."""
        return self.standing in ("confirmed", "undisputed")
