"""Tables of cover and its versions. Apart from loans by table, so that no list can ever hold both."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, event, inspect
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from matchmaker.accounts.models import Institution
from matchmaker.db import Base, JsonDict, JsonList, Percent, Versioned
from matchmaker.keeping import work
from matchmaker.products.cover.rules import Filing, Terms
from matchmaker.products.rules.states import FROZEN_VERSION, ProductState, VersionState
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


class Cover(Versioned, Base):
    """A cover of one line that an insurer lists; what it says stands in its versions."""

    kept = work("standing_note")

    __table_args__ = (
        CheckConstraint(_one_of("state", ProductState), name="state_known"),
        CheckConstraint(
            "state IN ('draft', 'submitted') OR current_version_id IS NOT NULL", name="published_has_a_version"
        ),
        Index("ix_cover_institution_id_state", "institution_id", "state"),
        Index("ix_cover_line_state", "line", "state"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    line: Mapped[str]
    """A code of insurance_lines.csv; a cover never changes its line."""
    state: Mapped[str] = mapped_column(default=ProductState.DRAFT.value)
    current_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("cover_version.id", use_alter=True, name="fk_cover_current_version_id_cover_version"), index=True
    )
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    standing_at: Mapped[datetime | None]
    standing_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    standing_note: Mapped[str] = mapped_column(default="")

    institution: Mapped[Institution] = relationship(foreign_keys=[institution_id])
    current_version: Mapped[CoverVersion | None] = relationship(foreign_keys=[current_version_id], viewonly=True)
    versions: Mapped[list[CoverVersion]] = relationship(
        back_populates="cover", foreign_keys="CoverVersion.cover_id", order_by="CoverVersion.number"
    )

    def put_in_force(self, version: CoverVersion) -> None:
        """Make `version` (already stored) the one that is listed."""
        self.current_version_id = version.id
        set_committed_value(self, "current_version", version)

    @property
    def open_version(self) -> CoverVersion | None:
        """The version that is being written or waits for the second person, if any."""
        return next((v for v in self.versions if v.state not in FROZEN_VERSION), None)

    @property
    def name(self) -> str:
        """The published name, else that of the draft."""
        version = self.current_version or (self.versions[-1] if self.versions else None)
        return version.name if version is not None else ""


class CoverVersion(Versioned, Base):
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
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT.value)
    typed: Mapped[dict[str, Any]] = mapped_column(JsonDict, default=dict)
    steps_saved: Mapped[list[str]] = mapped_column(JsonList, default=list)

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

    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str] = mapped_column(default="")
    text_fingerprint: Mapped[str] = mapped_column(default="")
    """SHA-256 of what two persons of the insurer approved; set on publishing."""
    superseded_at: Mapped[datetime | None]

    cover: Mapped[Cover] = relationship(back_populates="versions", foreign_keys=[cover_id])

    @property
    def institution_id(self) -> int:
        """The insurer whose cover this is (permissions ask for it)."""
        return self.cover.institution_id

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

# The only columns of a frozen version that still move: it may be superseded, nothing else.
_MOVES_WHEN_FROZEN = {"state", "superseded_at", "row_version"}


@event.listens_for(CoverVersion, "before_update")
def _keep_published_text(_mapper: Mapper[Any], _connection: Any, version: CoverVersion) -> None:
    """What a quote was asked for stays what it was: no code path may change a version that was ever published."""
    state = inspect(version).attrs["state"].history
    before = state.deleted[0] if state.deleted else version.state
    if before not in FROZEN_VERSION:
        return
    for column in inspect(version).mapper.column_attrs:
        if column.key not in _MOVES_WHEN_FROZEN and inspect(version).attrs[column.key].history.has_changes():
            raise RuntimeError(f"a published version never changes: {column.key} of cover version {version.id}")
