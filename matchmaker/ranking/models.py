"""Tables of ranking: every list as it was shown, what it can be derived from again, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Institution
from matchmaker.db import Base, JsonDict, JsonList, Observation, Percent, Yuan
from matchmaker.keeping import PUBLIC, Kept
from matchmaker.needs.models import Need
from matchmaker.products.models import Product, ProductVersion


class ModelVersion(Base):
    """A trained ranker: its file by hash, its window, its card."""

    kept = PUBLIC

    __table_args__ = (CheckConstraint("state IN ('candidate', 'active', 'retired', 'withdrawn')", name="state_known"),)

    name: Mapped[str] = mapped_column(unique=True)
    file: Mapped[str]
    sha256: Mapped[str]
    trained_at: Mapped[datetime]
    window_from_on: Mapped[date]
    window_until_on: Mapped[date]
    card: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    state: Mapped[str] = mapped_column(default="candidate")
    """candidate: kept out by the gate; retired: a better one came; withdrawn: an operator took it back, for good."""


class Exposure(Base):
    """How much an institution was seen in the four weeks before a day, beside what its chances deserve."""

    kept = PUBLIC

    __table_args__ = (UniqueConstraint("counted_on", "institution_id"),)

    counted_on: Mapped[date]
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    size: Mapped[str]
    lists: Mapped[int]
    exposure: Mapped[float] = mapped_column(Float)
    merit: Mapped[float] = mapped_column(Float)

    institution: Mapped[Institution] = relationship()


class Drift(Base):
    """How far each feature of what was sent in the four weeks before a day lies from what a version learned from."""

    kept = PUBLIC

    __table_args__ = (UniqueConstraint("counted_on"),)

    counted_on: Mapped[date]
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"))
    n: Mapped[int]
    moved: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    """Feature → population stability index (``drift.moved``)."""

    model_version: Mapped[ModelVersion] = relationship()


class ShownList(Base):
    """One list made for one version of a need, with everything that it can be derived from again."""

    kept = Kept("matches", of="need_id", days=1095, since="made_at", erase={"facts": {}}, why="figures",
                job="ranking.forget")  # fmt: skip

    __table_args__ = (
        Index("ix_shown_list_need_id_made_at", "need_id", "made_at"),
        UniqueConstraint("natural_key"),
        CheckConstraint("(forgotten_at IS NULL) = (forgotten_by IS NULL)", name="forgotten_says_by_what"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    need_number: Mapped[int]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_version.id"))
    rules_version: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    lpr_on: Mapped[date]
    rule_only: Mapped[bool] = mapped_column(default=False)
    counts: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    natural_key: Mapped[str | None]
    """need:number:day of a list that a job made, so that it is made once."""
    forgotten_at: Mapped[datetime | None]
    forgotten_by: Mapped[str | None]
    """Since when only the skeleton is left, and by which rule (``forgetting.RULES``)."""

    need: Mapped[Need] = relationship()
    shown: Mapped[list[Shown]] = relationship(back_populates="list", order_by="Shown.place")
    turned_down: Mapped[list[TurnedDown]] = relationship(back_populates="list", order_by="TurnedDown.product_id")


class Shown(Base):
    """One product on a list, at its place, with the features, score and quote of that moment."""

    kept = Kept("matches", of="list_id", why="figures")

    __table_args__ = (UniqueConstraint("list_id", "place"), UniqueConstraint("list_id", "product_id"))

    list_id: Mapped[int] = mapped_column(ForeignKey("shown_list.id"))
    place: Mapped[int]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    product_version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"), index=True)
    score: Mapped[float] = mapped_column(Float)
    chance: Mapped[float | None] = mapped_column(Float)
    chance_n: Mapped[int] = mapped_column(default=0)
    cost_percent: Mapped[Decimal | None] = mapped_column(Percent)
    propensity: Mapped[float] = mapped_column(Float, default=1.0)
    features: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    reasons: Mapped[list[Any]] = mapped_column(JsonList)
    cautions: Mapped[list[Any]] = mapped_column(JsonList)
    quote: Mapped[dict[str, Any]] = mapped_column(JsonDict)

    list: Mapped[ShownList] = relationship(back_populates="shown")
    product: Mapped[Product] = relationship()
    product_version: Mapped[ProductVersion] = relationship()


class TurnedDown(Base):
    """One published product that did not fit, with only the rules that failed."""

    kept = Kept("matches", of="list_id", why="figures")

    __table_args__ = (UniqueConstraint("list_id", "product_id"),)

    list_id: Mapped[int] = mapped_column(ForeignKey("shown_list.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    product_version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"))
    failed: Mapped[list[Any]] = mapped_column(JsonList)

    list: Mapped[ShownList] = relationship(back_populates="turned_down")
    product: Mapped[Product] = relationship()
    product_version: Mapped[ProductVersion] = relationship()


class InView(Base, Observation):
    """Which places of a list somebody was shown."""

    kept = Kept("matches", of="person_id", days=1095, since="at", closing="delete")

    list_id: Mapped[int] = mapped_column(ForeignKey("shown_list.id"), index=True)
    place_from: Mapped[int]
    place_to: Mapped[int]
    at: Mapped[datetime]
    person_id: Mapped[int | None]


class Outcome(Base):
    """What became of one sending: the label that the ranker learns from. Open cases have ``funded`` NULL."""

    kept = Kept("matches", of="need_id", why="figures")

    __table_args__ = (
        UniqueConstraint("lead_id"),
        Index("ix_outcome_product_version_id", "product_version_id"),
        Index("ix_outcome_institution_id_sent_at", "institution_id", "sent_at"),
        CheckConstraint("funded IS NULL OR decided_at IS NOT NULL", name="decided_when"),
        CheckConstraint("(funded IS NULL) = (known_at IS NULL)", name="known_when"),
    )

    lead_id: Mapped[int | None]
    """The lead's number, without a key: leads are a later subject."""
    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"), index=True)
    product_version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    shown_list_id: Mapped[int | None] = mapped_column(ForeignKey("shown_list.id"))
    place: Mapped[int | None]
    sent_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    """When the institution decided."""
    offered_at: Mapped[datetime | None]
    """When it first made an offer; None where it has made none: what its owner did then is another stage."""
    known_at: Mapped[datetime | None]
    """When it was known here whether money came: what is learned as of an earlier moment does not know it."""
    funded: Mapped[bool | None]
    amount_yuan: Mapped[Decimal | None] = mapped_column(Yuan)
    reason_code: Mapped[str | None]
    source: Mapped[str] = mapped_column(default="lead")
