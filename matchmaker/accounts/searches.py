"""What can be found of institutions and people."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker.accounts import queries
from matchmaker.accounts.forms import kind_label
from matchmaker.accounts.models import Assignment, Branch, BrokerReport, Institution, Invitation
from matchmaker.accounts.rules import masked
from matchmaker.permissions import may
from matchmaker.reference import regions
from matchmaker.searching import Findable, Hit
from matchmaker.web import actor, label


def _admitted(person: Any, words: str) -> Any:
    """Who sees all institutions finds them below, those that wait included."""
    all_of_them = person is not None and may(person, "institutions.list")
    return None if all_of_them else queries.institutions(text=words, status="admitted")


def _public_hits(found: Sequence[Institution]) -> list[Hit]:
    return [
        Hit(one.short_name, url_for("accounts.directory", text=one.short_name), str(kind_label(one.kind)))
        for one in found
    ]


def _hits_of_institutions(found: Sequence[Institution]) -> list[Hit]:
    return [
        Hit(
            one.short_name, url_for("accounts.show_institution", institution_id=one.id), str(kind_label(one.kind)),
            label("accounts.institution_status", one.status),
        )
        for one in found
    ]  # fmt: skip


def _one_institution(person: Any) -> int | None:
    """The institution of somebody who works for one alone."""
    ids = sorted(person.institution_ids)
    return ids[0] if len(ids) == 1 else None


def _colleagues(person: Any, words: str) -> Any:
    return queries.staff_of(*person.institution_ids, text=words)


def _hits_of_staff(found: Sequence[Assignment]) -> list[Hit]:
    return [
        Hit(
            one.person.name,
            url_for("accounts.people", institution_id=one.institution_id, text=one.person.name)
            if one.institution_id
            else url_for("accounts.platform_people", text=one.person.name),
            one.branch.name if one.branch else "",
            label("accounts.role", one.role),
        )
        for one in found
    ]


def _narrowed_staff(person: Any, words: str) -> str | None:
    one = _one_institution(person)
    return url_for("accounts.people", institution_id=one, text=words) if one else None


def _hits_of_branches(found: Sequence[Branch]) -> list[Hit]:
    return [
        Hit(
            one.name,
            url_for("accounts.change_branch", branch_id=one.id)
            if may(actor(), "branch.change", one)
            else url_for("accounts.show_institution", institution_id=one.institution_id),
            regions.full_name(one.region_code),
        )
        for one in found
    ]


def _invited(person: Any, words: str) -> Any:
    return queries.open_invitations(person.institution_ids, text=words)


def _hits_of_invitations(found: Sequence[Invitation]) -> list[Hit]:
    return [
        Hit(
            one.name or masked(one.address),
            url_for("accounts.invitations", institution_id=one.institution_id, text=one.name or None)
            if one.institution_id
            else url_for("accounts.platform_invitations", text=one.name or None),
            masked(one.address) if one.name else "",
            label("accounts.role", one.role),
        )
        for one in found
    ]


def _narrowed_invitations(person: Any, words: str) -> str | None:
    one = _one_institution(person)
    return url_for("accounts.invitations", institution_id=one, text=words) if one else None


def _reports(person: Any, words: str) -> Any:
    mine = None if person.is_operator else person.desk_institution_ids
    return queries.broker_reports(institution_ids=mine, text=words)


def _hits_of_reports(found: Sequence[BrokerReport]) -> list[Hit]:
    return [
        Hit(
            one.who,
            url_for("accounts.broker_report", broker_report_id=one.id),
            label("accounts.broker_asked", one.asked),
            label("accounts.broker_state", one.state),
        )
        for one in found
    ]


FINDABLE = (
    Findable("institutions", _l("机构"), None, _admitted, _public_hits,
             lambda person, words: url_for("accounts.directory", text=words)),
    Findable("all-institutions", _l("所有机构"), "institutions.list",
             lambda person, words: queries.institutions(text=words), _hits_of_institutions,
             lambda person, words: url_for("accounts.institutions", text=words)),
    Findable("branches", _l("网点"), "institution.own",
             lambda person, words: queries.branches_named(person.institution_ids, words), _hits_of_branches),
    Findable("colleagues", _l("同事"), "institution.own", _colleagues, _hits_of_staff, _narrowed_staff),
    Findable("invitations-of-staff", _l("还没接受的邀请"), "institution.own", _invited, _hits_of_invitations,
             _narrowed_invitations),
    Findable("platform-people", _l("平台的人"), "people.list",
             lambda person, words: queries.people_of_the_platform(text=words), _hits_of_staff,
             lambda person, words: url_for("accounts.platform_people", text=words)),
    Findable("platform-invitations", _l("平台发出的邀请"), "people.list",
             lambda person, words: queries.open_invitations(None, text=words), _hits_of_invitations,
             lambda person, words: url_for("accounts.platform_invitations", text=words)),
    Findable("broker-reports", _l("举报的中介"), "broker.list", _reports, _hits_of_reports,
             lambda person, words: url_for("accounts.broker_reports", text=words)),
)  # fmt: skip
