"""Tables of sealed cards, of the hands raised for them, of invitations and of the switch that keeps them away."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Institution, Person
from matchmaker.approaches.rules import Closed, HandStanding, Silent
from matchmaker.businesses.models import Business
from matchmaker.db import Base
from matchmaker.keeping import Kept
from matchmaker.leads.models import CardAgreement, Lead
from matchmaker.matching.sealing import Sealed
from matchmaker.needs.models import Need
from matchmaker.products.models import Product


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class SealedCard(Base):
    """What fitting desks see of a need that a late institution lost: as much as five businesses share, and no more."""

    kept = Kept("consents", of="business_id", why="evidence")

    __table_args__ = (
        CheckConstraint("(closed_at IS NULL) = (closed_because IS NULL)", name="closed_has_cause"),
        CheckConstraint(f"closed_because IS NULL OR {_one_of('closed_because', Closed)}", name="cause_known"),
        CheckConstraint("ends_at > opened_at", name="ends_later"),
        Index(
            "uq_sealed_card_open_need",
            "need_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_sealed_card_closed_at_ends_at", "closed_at", "ends_at"),
        Index("ix_sealed_card_business_id", "business_id"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), index=True)
    """The late lead; a tap on a hand repeats its consent."""
    agreement_id: Mapped[int] = mapped_column(ForeignKey("card_agreement.id"), index=True)
    region_code: Mapped[str]
    industry_code: Mapped[str]
    size: Mapped[str]
    amount_above_yuan: Mapped[int | None]
    amount_up_to_yuan: Mapped[int | None]
    term_above_months: Mapped[int | None]
    term_up_to_months: Mapped[int | None]
    age_above_months: Mapped[int | None]
    age_up_to_months: Mapped[int | None]
    opened_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None]

    need: Mapped[Need] = relationship()
    business: Mapped[Business] = relationship()
    lead: Mapped[Lead] = relationship()
    agreement: Mapped[CardAgreement] = relationship()
    hands: Mapped[list[Hand]] = relationship(order_by="Hand.id", back_populates="card")

    @property
    def shown(self) -> Sealed:
        """All that anybody but its owner is told."""
        return Sealed(
            region_code=self.region_code,
            industry_code=self.industry_code,
            size=self.size,
            amount_yuan=(self.amount_above_yuan, self.amount_up_to_yuan),
            term_months=(self.term_above_months, self.term_up_to_months),
            age_months=(self.age_above_months, self.age_up_to_months),
        )


class Hand(Base):
    """One institution's offer to look at a sealed card: one product, one sentence; it sees nothing for it."""

    kept = Kept("consents", of="card_id", why="evidence", harmless=("words",))

    __table_args__ = (
        CheckConstraint(_one_of("standing", HandStanding), name="standing_known"),
        CheckConstraint("(standing = 'raised') = (closed_at IS NULL)", name="closed_has_time"),
        CheckConstraint("(standing = 'chosen') = (lead_id IS NOT NULL)", name="chosen_has_lead"),
        Index(
            "uq_hand_raised_card_institution",
            "card_id",
            "institution_id",
            unique=True,
            sqlite_where=text("standing = 'raised'"),
            postgresql_where=text("standing = 'raised'"),
        ),
        Index("ix_hand_institution_id_raised_at", "institution_id", "raised_at"),
        Index("ix_hand_card_id", "card_id"),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("sealed_card.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    words: Mapped[str]
    raised_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    raised_at: Mapped[datetime]
    standing: Mapped[str] = mapped_column(default=str(HandStanding.RAISED))
    closed_at: Mapped[datetime | None]
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("lead.id"), index=True)

    card: Mapped[SealedCard] = relationship(back_populates="hands")
    institution: Mapped[Institution] = relationship()
    product: Mapped[Product] = relationship()
    raised_by: Mapped[Person] = relationship()

    @property
    def business(self) -> Business:
        """Whose need it is: asked when permissions are, shown to nobody of the institution."""
        return self.card.business


class Approach(Base):
    """An invitation: the platform's own words to an owner, on behalf of one institution and product; no free text.

    Delivered or not, the institution is shown the same: who wants none is not found out by asking.
    """

    kept = Kept("matches", of="business_id", days=365, since="sent_at", closing="delete")

    __table_args__ = (
        CheckConstraint(f"silent_because IS NULL OR {_one_of('silent_because', Silent)}", name="silence_known"),
        Index("ix_approach_need_id_institution_id", "need_id", "institution_id"),
        Index("ix_approach_institution_id_sent_at", "institution_id", "sent_at"),
        Index("ix_approach_business_id", "business_id"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    sent_at: Mapped[datetime]
    silent_because: Mapped[str | None]
    """Why it was never delivered; for the owner's download and nobody at the institution."""

    need: Mapped[Need] = relationship()
    institution: Mapped[Institution] = relationship()
    product: Mapped[Product] = relationship()


class ApproachSwitch(Base):
    """That an owner wants no invitations, for one need or (without one) for all of a business."""

    kept = Kept("consents", of="business_id", closing="delete")

    __table_args__ = (
        CheckConstraint("on_again_at IS NULL OR on_again_at >= off_at", name="on_after_off"),
        Index(
            "uq_approach_switch_off_need",
            "need_id",
            unique=True,
            sqlite_where=text("need_id IS NOT NULL AND on_again_at IS NULL"),
            postgresql_where=text("need_id IS NOT NULL AND on_again_at IS NULL"),
        ),
        Index(
            "uq_approach_switch_off_business",
            "business_id",
            unique=True,
            sqlite_where=text("need_id IS NULL AND on_again_at IS NULL"),
            postgresql_where=text("need_id IS NULL AND on_again_at IS NULL"),
        ),
        Index("ix_approach_switch_business_id", "business_id"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"))
    off_at: Mapped[datetime]
    off_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    on_again_at: Mapped[datetime | None]
