"""Tables of cover and its versions. Apart from loans by table, so that no list can ever hold both."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.db import JsonList, Percent
from matchmaker.keeping import work
from matchmaker.products.cover.rules import Filing, Terms, counted_in_money
from matchmaker.products.models import ImportLine, Listed, ListedVersion
from matchmaker.products.rules.states import ProductState, VersionState
from matchmaker.products.rules.terms import Paper


def _one_of(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


_OPEN = "state IN ('draft', 'sent_back')"
_COMPLETE = " AND ".join(
    f"{column} IS NOT NULL"
    for column in (
        "sum_min_yuan", "sum_max_yuan", "answer_days", "acknowledge_days", "decide_days", "pay_days", "filing",
        "filed_on", "valid_from_on", "valid_until_on", "submitted_by_id", "submitted_at",
    )
)  # fmt: skip


class Cover(Listed):
    """A cover of one line that an insurer lists; what it says stands in its versions."""

    kept = work("standing_note")
    desk_folder = "cover"

    __table_args__ = (
        CheckConstraint(_one_of("state", ProductState), name="state_known"),
        CheckConstraint(
            "state IN ('draft', 'submitted') OR current_version_id IS NOT NULL", name="published_has_a_version"
        ),
        Index("ix_cover_institution_id_state", "institution_id", "state"),
        Index("ix_cover_line_state", "line", "state"),
    )

    line: Mapped[str]
    """A code of insurance_lines.csv; a cover never changes its line."""
    current_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("cover_version.id", use_alter=True, name="fk_cover_current_version_id_cover_version"), index=True
    )

    current_version: Mapped[CoverVersion | None] = relationship(foreign_keys=[current_version_id], viewonly=True)
    versions: Mapped[list[CoverVersion]] = relationship(
        back_populates="cover", foreign_keys="CoverVersion.cover_id", order_by="CoverVersion.number"
    )

    @property
    def in_money(self) -> bool:
        """Whether its rate is per mille of a sum, or yuan for each of a number of things."""
        return counted_in_money(self.line)


class CoverVersion(ListedVersion):
    """One text of a cover. A published or superseded version never changes; drafts also keep what was typed."""

    kept = work(
        "name",
        "summary",
        "covers",
        "exclusions",
        "deductible",
        "typed",
        "review_note",
        "terms_url",
        "filing_number",
        "text_fingerprint",
    )

    __table_args__ = (
        UniqueConstraint("cover_id", "number"),
        CheckConstraint("number > 0", name="number_above_zero"),
        CheckConstraint(_one_of("state", VersionState), name="state_known"),
        CheckConstraint(f"{_OPEN} OR ({_COMPLETE})", name="complete_unless_draft"),
        CheckConstraint(
            "state NOT IN ('published', 'superseded', 'sent_back') OR "
            "(reviewed_by_id IS NOT NULL AND reviewed_at IS NOT NULL AND reviewed_by_id != submitted_by_id)",
            name="reviewed_by_a_second_person",
        ),
        CheckConstraint("state != 'sent_back' OR review_note != ''", name="sent_back_says_why"),
        CheckConstraint(
            f"{_OPEN} OR (name != '' AND covers != '' AND exclusions != '' AND filing_number != '')",
            name="says_what_is_covered",
        ),
        CheckConstraint(f"{_OPEN} OR (0 < sum_min_yuan AND sum_min_yuan <= sum_max_yuan)", name="sums_in_order"),
        CheckConstraint(
            f"{_OPEN} OR (valid_from_on <= valid_until_on AND decide_days BETWEEN 1 AND 30 "
            "AND pay_days BETWEEN 1 AND 10)",
            name="limits_within_law",
        ),
        CheckConstraint(f"filing IS NULL OR {_one_of('filing', Filing)}", name="filing_known"),
        CheckConstraint(
            "state NOT IN ('published', 'superseded') OR text_fingerprint != ''", name="published_text_is_fixed"
        ),
        Index("ix_cover_version_state_valid", "state", "valid_until_on"),
    )

    cover_id: Mapped[int] = mapped_column(ForeignKey("cover.id"))
    name: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")
    covers: Mapped[str] = mapped_column(default="")
    exclusions: Mapped[str] = mapped_column(default="")
    deductible: Mapped[str] = mapped_column(default="")
    applicant_kinds: Mapped[list[str]] = mapped_column(JsonList, default=list)
    regions: Mapped[list[str]] = mapped_column(JsonList, default=list)
    industries_allow: Mapped[list[str]] = mapped_column(JsonList, default=list)
    industries_deny: Mapped[list[str]] = mapped_column(JsonList, default=list)
    min_months_in_business: Mapped[int | None]
    min_turnover_yuan: Mapped[Decimal | None]
    sum_min_yuan: Mapped[Decimal | None]
    sum_max_yuan: Mapped[Decimal | None]
    periods: Mapped[list[str]] = mapped_column(JsonList, default=list)
    plans: Mapped[list[str]] = mapped_column(JsonList, default=list)
    documents: Mapped[list[dict[str, str]]] = mapped_column(JsonList, default=list)
    answer_days: Mapped[int | None]
    acknowledge_days: Mapped[int | None]
    decide_days: Mapped[int | None]
    pay_days: Mapped[int | None]
    small_claim_yuan: Mapped[Decimal | None]
    small_claim_days: Mapped[int | None]
    filing: Mapped[str | None]
    filing_number: Mapped[str] = mapped_column(default="")
    filed_on: Mapped[date | None]
    terms_url: Mapped[str] = mapped_column(default="")
    valid_from_on: Mapped[date | None]
    valid_until_on: Mapped[date | None]
    # Taken and shown only where the operator's licence is on file.
    rate_min: Mapped[Decimal | None] = mapped_column(Percent)
    rate_max: Mapped[Decimal | None] = mapped_column(Percent)
    least_premium_yuan: Mapped[Decimal | None]

    text_fingerprint: Mapped[str] = mapped_column(default="")
    """SHA-256 of what two persons of the insurer approved; set on publishing."""

    cover: Mapped[Cover] = relationship(back_populates="versions", foreign_keys=[cover_id])

    @property
    def listing(self) -> Cover:
        """The cover whose version this is."""
        return self.cover

    @property
    def terms(self) -> Terms:
        """This version as the rules see it."""
        columns: dict[str, Any] = {column: getattr(self, column) for column in PLAIN_COLUMNS}
        columns |= {column: tuple(getattr(self, column)) for column in LIST_COLUMNS}
        return Terms(
            line=self.cover.line,
            documents=tuple(Paper(paper["code"], paper["reason"]) for paper in self.documents),
            filing=Filing(self.filing) if self.filing else None,
            **columns,
        )


PLAIN_COLUMNS = (
    "name", "summary", "covers", "exclusions", "deductible", "min_months_in_business", "min_turnover_yuan",
    "sum_min_yuan", "sum_max_yuan", "answer_days", "acknowledge_days", "decide_days", "pay_days", "small_claim_yuan",
    "small_claim_days", "filing_number", "filed_on", "terms_url", "valid_from_on", "valid_until_on", "rate_min",
    "rate_max", "least_premium_yuan",
)  # fmt: skip
LIST_COLUMNS = ("applicant_kinds", "regions", "industries_allow", "industries_deny", "periods", "plans")

# Declared here and not with the table: covers stand on the tables of products.
ImportLine.cover = relationship(Cover)
