"""Tables of people, their roles, institutions and the ways in; what a role may do stands in permissions.py."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.rules import (
    BADGE_ENDS,
    BROKER_ASKED,
    BROKER_STATES,
    CODE_PURPOSES,
    INSTITUTION_STATUSES,
    ROLES,
    ROLES_OF_AN_INSTITUTION,
    ROLES_OF_THE_PLATFORM,
    ROLES_WITH_SECOND_FACTOR,
)
from matchmaker.db import Base, JsonList, Observation, Versioned
from matchmaker.keeping import PUBLIC, Kept, Now, work


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Person(Versioned, Base):
    """A human being who signs in; a closed account keeps the row and loses name, addresses and secrets."""

    kept = Kept(
        "account",
        of="id",
        closing="erase",
        erase={
            "phone": None, "email": None, "name": "", "password_hash": "", "totp_secret": None, "totp_since_at": None,
            "phone_verified_at": None, "email_verified_at": None, "closed_at": Now(),
        },
        why="figures",
        hidden=("password_hash", "totp_secret"),
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint("phone IS NOT NULL OR email IS NOT NULL OR closed_at IS NOT NULL", name="has_an_address"),
        CheckConstraint("language IN ('zh', 'en')", name="language_known"),
        Index("ix_person_name", "name"),
    )

    phone: Mapped[str | None] = mapped_column(Text, unique=True)
    email: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    language: Mapped[str] = mapped_column(default="zh")
    totp_secret: Mapped[str | None]
    totp_since_at: Mapped[datetime | None]
    phone_verified_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None]
    no_learned_order_since_at: Mapped[datetime | None]
    """Since when this person does not want lists ordered by what the model learned (PIPL art. 24: objection)."""
    created_at: Mapped[datetime]
    closing_at: Mapped[datetime | None]
    """When an account that its person wants closed is closed; until then one tap keeps it."""
    closed_at: Mapped[datetime | None]

    assignments: Mapped[list[Assignment]] = relationship(
        back_populates="person", lazy="selectin", foreign_keys="Assignment.person_id", order_by="Assignment.id"
    )
    profile: Mapped[ManagerProfile | None] = relationship(back_populates="person")

    # Set by the session, never stored: True while the second factor that this person's work demands is missing.
    second_factor_missing = False

    @property
    def live_assignments(self) -> list[Assignment]:
        """The assignments that are in force, oldest first, whether they can be used in this session or not."""
        if self.closed_at is not None:
            return []
        return [assignment for assignment in self.assignments if assignment.until_at is None]

    @property
    def roles(self) -> list[Assignment]:
        """The assignments that count now: without the demanded second factor, those of an owner and a manager."""
        if self.second_factor_missing:
            return [a for a in self.live_assignments if a.role not in ROLES_WITH_SECOND_FACTOR]
        return self.live_assignments

    def has_role(self, role: str) -> bool:
        """Whether one live assignment gives this role."""
        return any(assignment.role == role for assignment in self.roles)

    @property
    def is_owner(self) -> bool:
        """Whether this person acts for businesses."""
        return self.has_role("owner")

    @property
    def is_operator(self) -> bool:
        """Whether this person runs the platform."""
        return self.has_role("operator")

    @property
    def is_supervisor(self) -> bool:
        """Whether this person reads everything masked, for the regulator."""
        return self.has_role("supervisor")

    @property
    def is_channel(self) -> bool:
        """Whether this person works for a park, an association or a local department."""
        return self.has_role("channel")

    @property
    def desk_institution_ids(self) -> set[int]:
        """Institutions at whose desk this person sits."""
        return {a.institution_id for a in self.roles if a.role == "desk" and a.institution_id is not None}

    @property
    def manager_institution_ids(self) -> set[int]:
        """Institutions for which this person goes to customers."""
        return {a.institution_id for a in self.roles if a.role == "manager" and a.institution_id is not None}

    @property
    def institution_ids(self) -> set[int]:
        """Institutions this person works for, at the desk or as a manager."""
        return self.desk_institution_ids | self.manager_institution_ids

    @property
    def desk_kinds(self) -> set[str]:
        """The kinds of institution at whose desks this person sits: what a desk may do follows from the kind."""
        return {a.institution.kind for a in self.roles if a.role == "desk" and a.institution is not None}

    @property
    def institution_kinds(self) -> set[str]:
        """The kinds of institution this person works for, at the desk or as a manager."""
        return self.desk_kinds | {
            a.institution.kind for a in self.roles if a.role == "manager" and a.institution is not None
        }

    @property
    def branch_ids(self) -> set[int]:
        """Branches that a live assignment names."""
        return {a.branch_id for a in self.roles if a.branch_id is not None}

    @property
    def has_totp(self) -> bool:
        """Whether a one-time password of an app is asked for at sign-in."""
        return self.totp_since_at is not None


class Institution(Versioned, Base):
    """A bank, insurer, guarantee company, fund or department that offers something, as the operator admitted it."""

    kept = work("name", "short_name", "status_note", "contact_address")

    __table_args__ = (
        CheckConstraint(_one_of("status", INSTITUTION_STATUSES), name="status_known"),
        CheckConstraint(
            "status != 'admitted' OR (licence_checked_by_id IS NOT NULL AND licence_checked_at IS NOT NULL)",
            name="admitted_has_checked_licence",
        ),
        CheckConstraint("NOT is_sample OR status != 'admitted'", name="sample_is_never_admitted"),
        UniqueConstraint("kind", "licence_number"),
        Index("ix_institution_status_short_name", "status", "short_name"),
    )

    name: Mapped[str] = mapped_column(Text, unique=True)
    short_name: Mapped[str]
    kind: Mapped[str]
    licence_number: Mapped[str]
    licence_checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    licence_checked_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default="applied")
    status_note: Mapped[str | None]
    region_code: Mapped[str]
    website: Mapped[str | None]
    about: Mapped[str] = mapped_column(Text, default="")
    contact_address: Mapped[str | None]
    applied_at: Mapped[datetime]
    # A shelf of imported samples, no real institution: never admitted, so nothing on it is published or matched.
    is_sample: Mapped[bool] = mapped_column(default=False)

    branches: Mapped[list[Branch]] = relationship(back_populates="institution", order_by="Branch.id")


class Branch(Versioned, Base):
    """One place of an institution: whom it may serve (radius or regions) and how much it may decide on."""

    kept = PUBLIC

    __table_args__ = (
        UniqueConstraint("institution_id", "name"),
        CheckConstraint(
            "service_radius_km IS NULL OR (service_radius_km > 0 AND service_radius_km <= 1000)",
            name="radius_within_reason",
        ),
        CheckConstraint("decision_limit_yuan IS NULL OR decision_limit_yuan > 0", name="limit_above_zero"),
        CheckConstraint("latitude IS NULL OR (latitude >= -90 AND latitude <= 90)", name="latitude_on_earth"),
        CheckConstraint("longitude IS NULL OR (longitude >= -180 AND longitude <= 180)", name="longitude_on_earth"),
        CheckConstraint(
            "service_radius_km IS NULL OR (latitude IS NOT NULL AND longitude IS NOT NULL)",
            name="radius_has_a_centre",
        ),
    )

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    name: Mapped[str]
    region_code: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    service_radius_km: Mapped[int | None]
    service_regions: Mapped[list[str]] = mapped_column(JsonList, default=list)
    decision_limit_yuan: Mapped[Decimal | None]
    closed_at: Mapped[datetime | None]

    institution: Mapped[Institution] = relationship(back_populates="branches")


class Assignment(Base):
    """A role a person holds, for an institution or for the platform, since and until when."""

    kept = Kept("work", of="person_id", why="evidence")

    __table_args__ = (
        CheckConstraint(_one_of("role", ROLES), name="role_known"),
        CheckConstraint(
            f"NOT ({_one_of('role', ROLES_OF_AN_INSTITUTION)}) OR institution_id IS NOT NULL",
            name="staff_has_institution",
        ),
        CheckConstraint(
            f"NOT ({_one_of('role', ROLES_OF_THE_PLATFORM)}) OR institution_id IS NULL",
            name="others_have_none",
        ),
        CheckConstraint("branch_id IS NULL OR institution_id IS NOT NULL", name="branch_has_institution"),
        CheckConstraint("until_at IS NULL OR until_at >= since_at", name="ends_after_start"),
        Index(
            "uq_assignment_live_staff",
            "person_id",
            "role",
            "institution_id",
            unique=True,
            sqlite_where=text("until_at IS NULL AND institution_id IS NOT NULL"),
            postgresql_where=text("until_at IS NULL AND institution_id IS NOT NULL"),
        ),
        Index(
            "uq_assignment_live_platform",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("until_at IS NULL AND institution_id IS NULL"),
            postgresql_where=text("until_at IS NULL AND institution_id IS NULL"),
        ),
        Index("ix_assignment_institution_id_role", "institution_id", "role"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    since_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    person: Mapped[Person] = relationship(back_populates="assignments", foreign_keys=[person_id])
    institution: Mapped[Institution | None] = relationship()
    branch: Mapped[Branch | None] = relationship()


class ManagerProfile(Versioned, Base):
    """Where a manager goes, what trades they know and how many live leads they can carry."""

    kept = Kept("work", of="person_id", closing="delete")

    __table_args__ = (CheckConstraint("capacity_leads >= 0 AND capacity_leads <= 500", name="capacity_within_reason"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), index=True)
    patch_regions: Mapped[list[str]] = mapped_column(JsonList, default=list)
    skills: Mapped[list[str]] = mapped_column(JsonList, default=list)
    capacity_leads: Mapped[int] = mapped_column(default=30)

    person: Mapped[Person] = relationship(back_populates="profile")
    branch: Mapped[Branch] = relationship()


class Workload(Base):
    """How many live leads a manager carries: counted and written by `leads`, read by everyone."""

    kept = Kept("work", of="person_id", closing="delete")

    __table_args__ = (CheckConstraint("live_leads >= 0", name="never_negative"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    live_leads: Mapped[int] = mapped_column(default=0)
    as_of_at: Mapped[datetime | None]


class BranchLoad(Base):
    """What the managers of a branch can still carry, and how many leads wait there for one of them; no names.

    Counted and written by `leads` and by whoever changes a manager's profile, read at the match. No row: nobody counts.
    """

    kept = PUBLIC

    __table_args__ = (
        CheckConstraint("open_slots >= 0 AND free_managers >= 0 AND waiting >= 0", name="never_negative"),
    )

    branch_id: Mapped[int] = mapped_column(ForeignKey("branch.id"), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    managers: Mapped[int] = mapped_column(default=0)
    open_slots: Mapped[int] = mapped_column(default=0)
    free_managers: Mapped[int] = mapped_column(default=0)
    waiting: Mapped[int] = mapped_column(default=0)


class Invitation(Base):
    """A single-use link that lets a colleague in; only its hash is kept."""

    kept = Kept(
        "work", days=90, since="expires_at", erase={"address": "", "name": ""}, why="evidence", hidden=("token_hash",)
    )

    __table_args__ = (
        CheckConstraint(_one_of("role", tuple(r for r in ROLES if r != "owner")), name="role_known"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("ix_invitation_institution_id_created_at", "institution_id", "created_at"),
    )

    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    role: Mapped[str]
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("branch.id"))
    address: Mapped[str]
    name: Mapped[str] = mapped_column(Text, default="")
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    institution: Mapped[Institution | None] = relationship()
    branch: Mapped[Branch | None] = relationship()


class InvitationUse(Base):
    """One row per accepted invitation: its unique key lets exactly one person in, however many click at once."""

    kept = Kept("work", of="person_id", why="evidence")

    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitation.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    used_at: Mapped[datetime]


class Badge(Base):
    """A manager's badge: whoever holds its token, by the QR code, sees whether it is real and in force."""

    kept = Kept("work", of="person_id", days=365, since="expires_at", closing="delete", hidden=("token",))

    __table_args__ = (
        CheckConstraint("expires_at > issued_at", name="expires_later"),
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="end_has_a_reason"),
        CheckConstraint(f"ended_because IS NULL OR {_one_of('ended_because', BADGE_ENDS)}", name="ended_because_known"),
        Index(
            "uq_badge_in_force",
            "assignment_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    token: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]

    person: Mapped[Person] = relationship()
    assignment: Mapped[Assignment] = relationship()


class BrokerReport(Versioned, Base):
    """Somebody who wanted money, passwords or codes for a loan, as a visitor reported it; looked at by an operator."""

    kept = Kept("security", of="reporter_id", days=730, since="reported_at", why="security")

    __table_args__ = (
        CheckConstraint(_one_of("asked", BROKER_ASKED), name="asked_known"),
        CheckConstraint(_one_of("state", BROKER_STATES), name="state_known"),
        CheckConstraint("state = 'new' OR operator_id IS NOT NULL", name="looked_at_by_somebody"),
        CheckConstraint("state != 'settled' OR outcome != ''", name="settled_says_how"),
        Index("ix_broker_report_state_reported_at", "state", "reported_at"),
        Index("ix_broker_report_institution_id_reported_at", "institution_id", "reported_at"),
    )

    who: Mapped[str]
    phone: Mapped[str] = mapped_column(Text, default="")
    asked: Mapped[str]
    words: Mapped[str] = mapped_column(Text, default="")
    lead_number: Mapped[int | None]
    """As typed by the reporter; nothing is looked up by it."""
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    badge_of_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Whose badge page the report came from."""
    reporter_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    contact: Mapped[str] = mapped_column(Text, default="")
    """Where the reporter wants to be asked; only operators see it."""
    reported_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text, default="new")
    state_at: Mapped[datetime]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str] = mapped_column(Text, default="")

    institution: Mapped[Institution | None] = relationship()
    badge_of: Mapped[Person | None] = relationship(foreign_keys=[badge_of_id])


class UserSession(Base):
    """One signed-in browser; the cookie holds the token, the row only its hash."""

    kept = Kept(
        "security", of="person_id", days=180, since="expires_at", why="security", job="accounts.forget",
        hidden=("token_hash",),
    )  # fmt: skip

    __table_args__ = (Index("ix_user_session_person_id_ended_at", "person_id", "ended_at"),)

    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str]
    agent: Mapped[str]
    with_totp: Mapped[bool] = mapped_column(default=False)
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None]

    person: Mapped[Person] = relationship()


class OneTimeCode(Base):
    """Six digits sent to an address for one purpose; of both only keyed hashes are kept.

    Where nothing may be sent (the address is unknown, or taken), the row is there all the same and nothing
    matches its hash: pages answer alike, in words and in time.
    """

    kept = Kept(
        "security", days=1, since="expires_at", job="accounts.forget", harmless=("address_key",), hidden=("code_hash",),
        no_copy="hashed",
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint(_one_of("purpose", CODE_PURPOSES), name="purpose_known"),
        CheckConstraint("expires_at > created_at", name="expires_later"),
        Index("ix_one_time_code_address_key_purpose", "address_key", "purpose", "created_at"),
    )

    address_key: Mapped[str]
    purpose: Mapped[str]
    code_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    asked_from: Mapped[str] = mapped_column(Text, default="")


class CodeUse(Base):
    """One row per used code, written in the transaction of the deed it allows: the second one is refused."""

    kept = Kept("security", days=1, since="used_at", job="accounts.forget", no_copy="hashed")

    code_id: Mapped[int] = mapped_column(ForeignKey("one_time_code.id"), unique=True)
    used_at: Mapped[datetime]


class TotpUse(Base):
    """One row per person and time step that let someone in: the same six digits never work twice."""

    kept = Kept("security", of="person_id", days=1, since="used_at", closing="delete", job="accounts.forget")

    __table_args__ = (UniqueConstraint("person_id", "step"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    step: Mapped[int]
    used_at: Mapped[datetime]


class RecoveryCode(Base):
    """One of the codes a person wrote down for the day the phone is lost; only a keyed hash is kept."""

    kept = Kept("security", of="person_id", closing="delete", hidden=("code_hash",))

    __table_args__ = (UniqueConstraint("person_id", "code_hash"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str]
    created_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]


class RecoveryUse(Base):
    """One row per used recovery code: its unique key lets it in once."""

    kept = Kept("security", of="recovery_code_id", closing="delete")

    recovery_code_id: Mapped[int] = mapped_column(ForeignKey("recovery_code.id"), unique=True)
    used_at: Mapped[datetime]


class SignInAttempt(Observation, Base):
    """Observation: somebody tried to sign in. `account_key` is a keyed hash, so unknown accounts look alike."""

    kept = Kept("security", days=180, since="at", why="security", job="accounts.forget", no_copy="hashed")

    __table_args__ = (
        Index("ix_sign_in_attempt_account_key_at", "account_key", "at"),
        Index("ix_sign_in_attempt_address_at", "address", "at"),
    )

    account_key: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]
    succeeded: Mapped[bool]


class CodeTry(Observation, Base):
    """Observation: a one-time code was tried in vain."""

    kept = Kept("security", days=1, since="at", why="security", job="accounts.forget", no_copy="hashed")

    __table_args__ = (Index("ix_code_try_address_key_at", "address_key", "at"),)

    code_id: Mapped[int | None] = mapped_column(ForeignKey("one_time_code.id"), index=True)
    address_key: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


class SessionSeen(Observation, Base):
    """Observation: a session was used (at most once in some minutes), from where."""

    kept = Kept("security", of="session_id", days=180, since="at", why="security", job="accounts.forget")

    __table_args__ = (Index("ix_session_seen_session_id_at", "session_id", "at"),)

    session_id: Mapped[int] = mapped_column(ForeignKey("user_session.id"))
    at: Mapped[datetime]
    address: Mapped[str]
