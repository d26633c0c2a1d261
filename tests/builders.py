"""People and institutions for tests, in one line each; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

import itertools
from typing import Any

from flask.testing import FlaskClient

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Branch, Institution, ManagerProfile, Person
from matchmaker.accounts.sessions import start_session
from matchmaker.db import db, unit_of_work

_number = itertools.count(1)

PASSWORD = "ten lanterns 十盏灯"
# Hash of PASSWORD with the weakest settings argon2 takes: tests that really sign in should not wait.
PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$OkpjiItc6OJRaUbLDse1NA$AyXKp1MPk2IToXeRBeDPMjxEvCB2EzRN61ujw9xNOe0"


def _next() -> int:
    return next(_number)


def a_person(name: str = "林小满", *, role: str | None = None, **values: Any) -> Person:
    """A person with a phone of their own, verified, who can sign in with PASSWORD; `role` adds an assignment."""
    number = _next()
    values.setdefault("phone", f"139{number:08d}")
    person = Person(
        name=name,
        password_hash=values.pop("password_hash", PASSWORD_HASH),
        created_at=values.pop("created_at", clock.now()),
        phone_verified_at=values.pop("phone_verified_at", clock.now()),
        **values,
    )
    db.session.add(person)
    db.session.flush()
    if role is not None:
        assign(person, role)
    return person


def assign(
    person: Person, role: str, institution: Institution | None = None, branch: Branch | None = None, **values: Any
) -> Assignment:
    """Give a role; `until_at` makes it a past one."""
    assignment = Assignment(
        person=person,
        role=role,
        institution_id=institution.id if institution else None,
        branch_id=branch.id if branch else None,
        since_at=values.pop("since_at", clock.now()),
        **values,
    )
    db.session.add(assignment)
    db.session.flush()
    return assignment


def an_owner(name: str = "周老板", **values: Any) -> Person:
    """A business owner who may sign in."""
    return a_person(name, role="owner", **values)


def an_operator(name: str = "平台值班", **values: Any) -> Person:
    """Someone who runs the platform."""
    return a_person(name, role="operator", **values)


def a_supervisor(name: str = "监管员", **values: Any) -> Person:
    """Someone who supervises."""
    return a_person(name, role="supervisor", **values)


def an_institution(short_name: str | None = None, *, kind: str = "CITY", **values: Any) -> Institution:
    """An admitted institution of Hangzhou (330100), its licence checked by an operator of its own."""
    number = _next()
    short_name = short_name or f"望山银行{number}"
    status = values.pop("status", "admitted")
    if status != "applied" and "licence_checked_by_id" not in values:
        values["licence_checked_by_id"] = an_operator().id
        values.setdefault("licence_checked_at", clock.now())
    institution = Institution(
        name=values.pop("name", f"{short_name}股份有限公司"),
        short_name=short_name,
        kind=kind,
        licence_number=values.pop("licence_number", f"B{number:04d}H233010001"),
        status=status,
        region_code=values.pop("region_code", "330100"),
        applied_at=values.pop("applied_at", clock.now()),
        **values,
    )
    db.session.add(institution)
    db.session.flush()
    return institution


def a_branch(institution: Institution | None = None, name: str | None = None, **values: Any) -> Branch:
    """A branch in Xihu district of Hangzhou (330106) that serves all of Hangzhou."""
    institution = institution or an_institution()
    values.setdefault("service_regions", ["3301"])
    values.setdefault("latitude", 30.2594)
    values.setdefault("longitude", 120.1302)
    branch = Branch(
        institution_id=institution.id,
        name=name or f"西湖支行{_next()}",
        region_code=values.pop("region_code", "330106"),
        **values,
    )
    db.session.add(branch)
    db.session.flush()
    return branch


def a_desk(institution: Institution | None = None, name: str = "陈柜台", **values: Any) -> Person:
    """Someone at the desk of an institution (of a new one, if none is given)."""
    institution = institution or an_institution()
    person = a_person(name, **values)
    assign(person, "desk", institution)
    return person


def a_manager(
    branch: Branch | None = None,
    name: str = "吴经理",
    *,
    patch_regions: list[str] | None = None,
    skills: list[str] | None = None,
    capacity_leads: int = 30,
    **values: Any,
) -> Person:
    """An account manager at a branch (of a new institution, if none is given), with a patch and skills."""
    branch = branch or a_branch()
    person = a_person(name, **values)
    institution = db.session.get_one(Institution, branch.institution_id)
    assign(person, "manager", institution, branch)
    person.profile = ManagerProfile(
        branch_id=branch.id,
        patch_regions=patch_regions if patch_regions is not None else ["330106"],
        skills=skills if skills is not None else ["62"],
        capacity_leads=capacity_leads,
    )
    db.session.flush()
    return person


def sign_in(client: FlaskClient, person: Person) -> str:
    """Sign a person in as the sign-in page would, without hashing a password; answers the session's token."""
    with client.application.app_context(), unit_of_work():
        token = start_session(db.session.get_one(Person, person.id), address="127.0.0.1", agent="tests", with_totp=True)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return token
