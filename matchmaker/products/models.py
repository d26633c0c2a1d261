"""Tables of products, their versions and fee schedules, and the counted record of what became of applications."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, event, inspect
from sqlalchemy.orm import Mapped, Mapper, declared_attr, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from matchmaker.accounts.models import Branch, Institution
from matchmaker.db import Base, JsonDict, JsonList, Percent, Versioned
from matchmaker.keeping import PUBLIC, work
from matchmaker.products.rules.capacity import LEADS_PER_WEEK_MOST, Intake
from matchmaker.products.rules.concessions import from_json
from matchmaker.products.rules.fees import FEE_CODES, Basis, FeeLine, Payer, Timing
from matchmaker.products.rules.promises import Promise, tenths
from matchmaker.products.rules.states import FROZEN_VERSION, Kind, ProductState, VersionState
from matchmaker.products.rules.terms import Paper, RateBase, RenewalKind, Terms
from matchmaker.refusal import Reason

if TYPE_CHECKING:
    from matchmaker.products.cover.models import Cover


def _one_of(column: str, values: Any) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


_COMPLETE = " AND ".join(
    f"{column} IS NOT NULL"
    for column in (
        "amount_min_yuan",
        "amount_max_yuan",
        "term_min_months",
        "term_max_months",
        "rate_base",
        "renewal_kind",
        "promised_days",
        "valid_from_on",
        "valid_until_on",
        "submitted_by_id",
        "submitted_at",
    )
)


class Listed(Versioned, Base):
    """What an institution lists, a product or a cover: with versions, of which one is in force."""

    if TYPE_CHECKING:  # each has tables of its own, so that no list can ever hold both
        current_version_id: Mapped[int | None]
        current_version: Mapped[Any]
        versions: Mapped[Any]

    __abstract__ = True

    desk_folder: ClassVar[str]
    """Under which its desk has its pages."""

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    state: Mapped[str] = mapped_column(default=ProductState.DRAFT.value)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    standing_at: Mapped[datetime | None]
    standing_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    standing_note: Mapped[str] = mapped_column(default="")

    @declared_attr
    def institution(cls) -> Mapped[Institution]:
        return relationship(foreign_keys=[cls.institution_id])  # type: ignore[list-item]

    @property
    def word(self) -> str:
        """What the trail, messages and permissions call it."""
        return str(self.__tablename__)

    @property
    def desk_page(self) -> str:
        """Where its desk looks after it."""
        return f"/desk/{self.desk_folder}/{self.id}"

    def put_in_force(self, version: ListedVersion) -> None:
        """Make `version` (already stored) the one that is listed."""
        self.current_version_id = version.id
        set_committed_value(self, "current_version", version)

    @property
    def open_version(self) -> Any:
        """The version that is being written or waits for the second person, if any."""
        return next((v for v in self.versions if v.state not in FROZEN_VERSION), None)

    @property
    def name(self) -> str:
        """The published name, else that of the draft."""
        version = self.current_version or (self.versions[-1] if self.versions else None)
        return version.name if version is not None else ""


class ListedVersion(Versioned, Base):
    """One text of a listing: who wrote, submitted and reviewed it, and what was typed."""

    if TYPE_CHECKING:
        name: Mapped[str]
        valid_until_on: Mapped[date | None]

        @property
        def listing(self) -> Any:
            """The product or cover whose version this is; each names its own."""

    __abstract__ = True

    number: Mapped[int]
    state: Mapped[str] = mapped_column(default=VersionState.DRAFT.value)
    # As typed, field -> values; the columns of each hold what could be read of it.
    typed: Mapped[dict[str, Any]] = mapped_column(JsonDict, default=dict)
    steps_saved: Mapped[list[str]] = mapped_column(JsonList, default=list)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    submitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None]
    review_note: Mapped[str] = mapped_column(default="")
    superseded_at: Mapped[datetime | None]

    @property
    def institution_id(self) -> int:
        """The institution whose listing this is (permissions ask for it)."""
        return int(self.listing.institution_id)


# The only columns of a frozen version that still move: it may be superseded, nothing else.
_MOVES_WHEN_FROZEN = {"state", "superseded_at", "row_version"}


@event.listens_for(ListedVersion, "before_update", propagate=True)
def _keep_published_text(_mapper: Mapper[Any], _connection: Any, version: ListedVersion) -> None:
    """What was applied for stays what it was: no code path may change a version that was ever published."""
    state = inspect(version).attrs["state"].history
    before = state.deleted[0] if state.deleted else version.state
    if before not in FROZEN_VERSION:
        return
    for column in inspect(version).mapper.column_attrs:
        if column.key not in _MOVES_WHEN_FROZEN and inspect(version).attrs[column.key].history.has_changes():
            which = f"{column.key} of {type(version).__name__} {version.id}"
            raise RuntimeError(f"a published version never changes: {which}")


class Product(Listed):
    """What an institution (or one branch of it) offers; what it says stands in its versions."""

    kept = work("standing_note")
    desk_folder = "products"

    __table_args__ = (
        CheckConstraint(_one_of("kind", Kind), name="kind_known"),
        CheckConstraint(_one_of("state", ProductState), name="state_known"),
        CheckConstraint(
            "state IN ('draft', 'submitted') OR current_version_id IS NOT NULL", name="published_has_a_version"
        ),
        CheckConstraint(
            "commission_percent IS NULL OR (commission_percent >= 0 AND commission_percent <= 100000000)",
            name="commission_within_reason",
        ),
        CheckConstraint("state != 'published' OR confirmed_until_on IS NOT NULL", name="published_is_confirmed"),
        CheckConstraint(
            "(confirmed_until_on IS NULL) = (confirmed_at IS NULL) AND "
            "(confirmed_at IS NULL) = (confirmed_by_id IS NULL)",
            name="confirmed_whole",
        ),
        Index("ix_product_institution_id_state", "institution_id", "state"),
    )

    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"), index=True)
    kind: Mapped[str]
    current_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("product_version.id", use_alter=True, name="fk_product_current_version_id_product_version"),
        index=True,
    )
    # What the institution pays the platform's operator, if anything. No rule, price or order ever reads it.
    commission_percent: Mapped[Decimal | None] = mapped_column(Percent)
    # Who said last that all of it still holds, and until which day that is believed (rules.freshness).
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_until_on: Mapped[date | None]
    # Since when a decline says that it is stopped; hidden until the desk confirms it again.
    doubted_at: Mapped[datetime | None]

    branch: Mapped[Branch | None] = relationship(foreign_keys=[branch_id])
    current_version: Mapped[ProductVersion | None] = relationship(
        foreign_keys=[current_version_id],
        viewonly=True,  # written by `put_in_force`, after the version has its number
    )
    versions: Mapped[list[ProductVersion]] = relationship(
        back_populates="product", foreign_keys="ProductVersion.product_id", order_by="ProductVersion.number"
    )

class ProductVersion(ListedVersion):
    """One text of a product. A published or superseded version never changes; drafts also keep what was typed."""

    kept = work("name", "summary", "typed", "review_note", "renewal_statement")

    __table_args__ = (
        UniqueConstraint("product_id", "number"),
        CheckConstraint("number > 0", name="number_above_zero"),
        CheckConstraint(_one_of("state", VersionState), name="state_known"),
        CheckConstraint(f"state IN ('draft', 'sent_back') OR ({_COMPLETE})", name="complete_unless_draft"),
        CheckConstraint(
            "state NOT IN ('published', 'superseded', 'sent_back') OR "
            "(reviewed_by_id IS NOT NULL AND reviewed_at IS NOT NULL AND reviewed_by_id != submitted_by_id)",
            name="reviewed_by_a_second_person",
        ),
        CheckConstraint("state != 'sent_back' OR review_note != ''", name="sent_back_says_why"),
        CheckConstraint(
            "state IN ('draft', 'sent_back') OR rate_base = 'FIXED' OR "
            "(spread_min_bp IS NOT NULL AND spread_max_bp IS NOT NULL AND spread_min_bp <= spread_max_bp)",
            name="floating_rate_has_spread",
        ),
        CheckConstraint(
            "state IN ('draft', 'sent_back') OR rate_base != 'FIXED' OR fixed_rate_percent IS NOT NULL",
            name="fixed_rate_has_percent",
        ),
        CheckConstraint(
            "state IN ('draft', 'sent_back') OR (0 < amount_min_yuan AND amount_min_yuan <= amount_max_yuan)",
            name="amounts_in_order",
        ),
        CheckConstraint(
            "state IN ('draft', 'sent_back') OR (0 < term_min_months AND term_min_months <= term_max_months)",
            name="terms_in_order",
        ),
        CheckConstraint(
            "state IN ('draft', 'sent_back') OR (valid_from_on <= valid_until_on AND promised_days > 0)",
            name="validity_in_order",
        ),
        CheckConstraint(
            "state IN ('draft', 'sent_back') OR (renewal_statement != '' AND name != '')", name="says_how_renewed"
        ),
        CheckConstraint(f"rate_base IS NULL OR {_one_of('rate_base', RateBase)}", name="rate_base_known"),
        CheckConstraint(f"renewal_kind IS NULL OR {_one_of('renewal_kind', RenewalKind)}", name="renewal_kind_known"),
        Index("ix_product_version_state_valid", "state", "valid_until_on"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    name: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")
    applicant_kinds: Mapped[list[str]] = mapped_column(JsonList, default=list)
    purposes: Mapped[list[str]] = mapped_column(JsonList, default=list)
    first_time_friendly: Mapped[bool] = mapped_column(default=False)
    first_time_only: Mapped[bool] = mapped_column(default=False)
    amount_min_yuan: Mapped[Decimal | None]
    amount_max_yuan: Mapped[Decimal | None]
    term_min_months: Mapped[int | None]
    term_max_months: Mapped[int | None]
    rate_base: Mapped[str | None]
    spread_min_bp: Mapped[int | None]
    spread_max_bp: Mapped[int | None]
    fixed_rate_percent: Mapped[Decimal | None] = mapped_column(Percent)
    repayments: Mapped[list[str]] = mapped_column(JsonList, default=list)
    securities: Mapped[list[str]] = mapped_column(JsonList, default=list)
    revolving: Mapped[bool] = mapped_column(default=False)
    regions: Mapped[list[str]] = mapped_column(JsonList, default=list)
    industries_allow: Mapped[list[str]] = mapped_column(JsonList, default=list)
    industries_deny: Mapped[list[str]] = mapped_column(JsonList, default=list)
    min_months_in_business: Mapped[int | None]
    min_turnover_yuan: Mapped[Decimal | None]
    tax_grades: Mapped[list[str]] = mapped_column(JsonList, default=list)
    max_debt_ratio_percent: Mapped[Decimal | None] = mapped_column(Percent)
    renewable: Mapped[bool] = mapped_column(default=False)
    renewal_kind: Mapped[str | None]
    renewal_statement: Mapped[str] = mapped_column(default="")
    documents: Mapped[list[dict[str, str]]] = mapped_column(JsonList, default=list)
    concessions: Mapped[list[dict[str, Any]]] = mapped_column(JsonList, default=list, server_default="[]")
    promised_days: Mapped[int | None]
    valid_from_on: Mapped[date | None]
    valid_until_on: Mapped[date | None]

    product: Mapped[Product] = relationship(back_populates="versions", foreign_keys=[product_id])
    fees: Mapped[list[ProductFee]] = relationship(
        back_populates="version", cascade="all, delete-orphan", order_by="ProductFee.id"
    )

    @property
    def listing(self) -> Product:
        """The product whose version this is."""
        return self.product

    @property
    def unsecured(self) -> bool:
        """Whether it can be had without any security."""
        return "CREDIT" in self.securities

    @property
    def charged_fees(self) -> list[ProductFee]:
        """The lines of the schedule that exist, without those that say "none"."""
        return [fee for fee in self.fees if fee.charged]

    @property
    def terms(self) -> Terms:
        """This version as the rules see it."""
        return Terms(
            kind=Kind(self.product.kind),
            name=self.name,
            summary=self.summary,
            applicant_kinds=tuple(self.applicant_kinds),
            purposes=tuple(self.purposes),
            first_time_friendly=self.first_time_friendly,
            first_time_only=self.first_time_only,
            amount_min_yuan=self.amount_min_yuan,
            amount_max_yuan=self.amount_max_yuan,
            term_min_months=self.term_min_months,
            term_max_months=self.term_max_months,
            rate_base=RateBase(self.rate_base) if self.rate_base else None,
            spread_min_bp=self.spread_min_bp,
            spread_max_bp=self.spread_max_bp,
            fixed_rate_percent=self.fixed_rate_percent,
            repayments=tuple(self.repayments),
            securities=tuple(self.securities),
            revolving=self.revolving,
            regions=tuple(self.regions),
            industries_allow=tuple(self.industries_allow),
            industries_deny=tuple(self.industries_deny),
            min_months_in_business=self.min_months_in_business,
            min_turnover_yuan=self.min_turnover_yuan,
            tax_grades=tuple(self.tax_grades),
            max_debt_ratio_percent=self.max_debt_ratio_percent,
            renewal_kind=RenewalKind(self.renewal_kind) if self.renewal_kind else None,
            renewal_statement=self.renewal_statement,
            documents=tuple(Paper(paper["code"], paper["reason"]) for paper in self.documents),
            promised_days=self.promised_days,
            valid_from_on=self.valid_from_on,
            valid_until_on=self.valid_until_on,
            concessions=tuple(from_json(one) for one in self.concessions),
            fees=tuple(fee.line for fee in sorted(self.fees, key=lambda fee: FEE_CODES.index(fee.code))),
        )


class ProductFee(Base):
    """One line of a fee schedule: what is charged by whom, from whom, when; or, `charged` false, that it is not."""

    kept = PUBLIC

    __table_args__ = (
        UniqueConstraint("version_id", "code"),
        CheckConstraint(_one_of("code", FEE_CODES), name="code_known"),
        CheckConstraint(f"payer IS NULL OR {_one_of('payer', Payer)}", name="payer_known"),
        CheckConstraint(f"basis IS NULL OR {_one_of('basis', Basis)}", name="basis_known"),
        CheckConstraint(f"timing IS NULL OR {_one_of('timing', Timing)}", name="timing_known"),
        CheckConstraint(
            "charged OR (payer IS NULL AND basis IS NULL AND value IS NULL AND timing IS NULL AND payee = '')",
            name="none_is_empty",
        ),
        CheckConstraint("value IS NULL OR value >= 0", name="value_not_negative"),
    )

    version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"), index=True)
    code: Mapped[str]
    charged: Mapped[bool]
    payer: Mapped[str | None]
    payee: Mapped[str] = mapped_column(default="")
    basis: Mapped[str | None]
    value: Mapped[Decimal | None] = mapped_column(Percent)  # percent or yuan, as `basis` says
    timing: Mapped[str | None]
    optional: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(default="")

    version: Mapped[ProductVersion] = relationship(back_populates="fees")

    @property
    def line(self) -> FeeLine:
        """This row as the rules see it."""
        return FeeLine(
            code=self.code,
            charged=self.charged,
            payer=Payer(self.payer) if self.payer else None,
            payee=self.payee,
            basis=Basis(self.basis) if self.basis else None,
            value=self.value,
            timing=Timing(self.timing) if self.timing else None,
            optional=self.optional,
            note=self.note,
        )


class TrackRecord(Base):
    """What became of the leads of an institution, or of one product: counted and written by `leads`, read here."""

    kept = PUBLIC

    __table_args__ = (
        UniqueConstraint("institution_id", "product_id"),
        CheckConstraint(
            "leads >= 0 AND answered_in_time >= 0 AND decided >= 0 AND funded >= 0 AND funded <= leads "
            "AND stale_declines >= 0 AND stale_declines <= leads",
            name="counts_within_leads",
        ),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    as_of_at: Mapped[datetime]
    leads: Mapped[int] = mapped_column(default=0)
    answered_in_time: Mapped[int] = mapped_column(default=0)
    decided: Mapped[int] = mapped_column(default=0)
    funded: Mapped[int] = mapped_column(default=0)
    median_days_to_money: Mapped[int | None]
    stale_declines: Mapped[int] = mapped_column(default=0)  # leads declined because the listing was out of date (X01)


class ProductIntake(Base):
    """What a product can take: said by its desk, what came since counted by `leads`. No row: nothing was said."""

    kept = work()

    __table_args__ = (
        CheckConstraint(
            f"leads_per_week IS NULL OR leads_per_week BETWEEN 1 AND {LEADS_PER_WEEK_MOST}",
            name="leads_per_week_within_reason",
        ),
        CheckConstraint("funds_said_yuan IS NULL OR funds_said_yuan >= 0", name="funds_not_negative"),
        CheckConstraint("funds_taken_yuan >= 0 AND week_leads >= 0", name="counts_not_negative"),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), unique=True)
    leads_per_week: Mapped[int | None]
    funds_said_yuan: Mapped[Decimal | None]
    full_until_on: Mapped[date | None]
    said_number: Mapped[int]  # how often it was said: who says it anew has seen the last one
    said_at: Mapped[datetime]
    said_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    week_on: Mapped[date | None]
    week_leads: Mapped[int] = mapped_column(default=0)
    funds_taken_yuan: Mapped[Decimal] = mapped_column(default=Decimal(0))  # by offers accepted since `said_at`

    product: Mapped[Product] = relationship()

    @property
    def intake(self) -> Intake:
        """This row as the rules see it."""
        left = None if self.funds_said_yuan is None else max(Decimal(0), self.funds_said_yuan - self.funds_taken_yuan)
        return Intake(self.leads_per_week, self.week_on, self.week_leads, left, self.full_until_on)


class PromiseRecord(Base):
    """How an institution kept one of its promises over twelve months; counted by `leads` at night, shown at the match.

    No order reads it, so a list is derived again without it.
    """

    kept = PUBLIC

    __table_args__ = (
        UniqueConstraint("institution_id", "promise"),
        CheckConstraint(_one_of("promise", Promise), name="promise_known"),
        CheckConstraint("n >= 0 AND fulfilled >= 0 AND fulfilled <= n", name="fulfilled_within_n"),
        CheckConstraint("from_on < until_on", name="period_in_order"),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    promise: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date]
    as_of_at: Mapped[datetime]
    n: Mapped[int]
    fulfilled: Mapped[int]
    share_percent: Mapped[Decimal] = mapped_column(Percent)  # drawn towards its peers (rules.promises)
    peers_percent: Mapped[Decimal] = mapped_column(Percent)
    strength: Mapped[Decimal] = mapped_column(Percent)  # so many cases do the peers count as
    promised: Mapped[Decimal | None] = mapped_column(Percent)  # the middle case: working days
    actual: Mapped[Decimal | None] = mapped_column(Percent)  # the middle case: working days, points above the lowest

    @property
    def tenths(self) -> int | None:
        """How many of ten; None under the smallest number of cases."""
        return tenths(float(self.share_percent), self.n)


@event.listens_for(ProductFee, "before_update")
@event.listens_for(ProductFee, "before_delete")
def _keep_published_fees(_mapper: Mapper[Any], _connection: Any, fee: ProductFee) -> None:
    version = fee.version
    state = version.state if version is not None else None
    if state in FROZEN_VERSION:
        raise RuntimeError(f"a published fee schedule never changes: fee {fee.code} of version {fee.version_id}")


class ProductImport(Base):
    """One table that somebody read in: which file, by whom, which of its columns were used."""

    kept = work("filename", "used", "unused", "sheet", "other_sheets")

    __table_args__ = (UniqueConstraint("institution_id", "sha256"),)

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    filename: Mapped[str]
    sha256: Mapped[str]
    used: Mapped[list[str]] = mapped_column(JsonList, default=list)
    unused: Mapped[list[str]] = mapped_column(JsonList, default=list)
    sheet: Mapped[str] = mapped_column(default="", server_default="")
    """Which sheet of a workbook was read; empty for a CSV file."""
    other_sheets: Mapped[list[str]] = mapped_column(JsonList, default=list, server_default="[]")
    imported_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    imported_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship()
    lines: Mapped[list[ImportLine]] = relationship(back_populates="source", order_by="ImportLine.number")


class ImportLine(Base):
    """One line of a read table: what was found in its cells, and the draft begun from it, while there is one."""

    kept = work("name", "institution_said", "found")

    __table_args__ = (
        UniqueConstraint("import_id", "number"),
        CheckConstraint("product_id IS NULL OR cover_id IS NULL", name="one_draft"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("product_import.id"))
    number: Mapped[int]
    name: Mapped[str]
    institution_said: Mapped[str] = mapped_column(default="")
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"), index=True)
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("cover.id"), index=True)
    found: Mapped[list[dict[str, Any]]] = mapped_column(JsonList, default=list)

    source: Mapped[ProductImport] = relationship(back_populates="lines")
    product: Mapped[Product | None] = relationship()
    if TYPE_CHECKING:  # set where covers are declared, which stand on these tables
        cover: Mapped[Cover | None]

    @property
    def draft(self) -> Listed | None:
        """The draft begun from it, a product or a cover, while there is one."""
        return self.product or self.cover

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The cells from which a field of the draft was filled."""
        return [found for found in self.found if found["code"] == "import_taken"]

    @property
    def left(self) -> list[tuple[str, str, Reason]]:
        """What stays with the person: heading, field of the form (or ""), why."""
        return [
            (found["column"], found["field"], Reason(found["code"], found["facts"]))
            for found in self.found
            if found["code"] != "import_taken"
        ]
