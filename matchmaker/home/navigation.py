"""The way around: which pages stand in the header, by role; addresses by name, never by import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BuildError


@dataclass(frozen=True)
class Entry:
    """One link of the header; ``current`` when the page shown belongs to it."""

    label: Any
    endpoint: str
    url: str
    current: bool


Line = tuple[Any, str, dict[str, Any]]

SIGNED_OUT: list[Line] = [
    (_l("先看看"), "home.check", {}),
    (_l("有哪些产品"), "products.browse", {}),
    (_l("算成本"), "tools.index", {}),
    (_l("怎么排的"), "home.how_ranked", {}),
]
OWNER: list[Line] = [
    (_l("首页"), "home.start", {}),
    (_l("需求"), "needs.mine", {}),
    (_l("进度"), "leads.mine", {}),
    (_l("我的店"), "businesses.mine", {}),
    (_l("算成本"), "tools.index", {}),
]
MANAGER: list[Line] = [
    (_l("首页"), "home.start", {}),
    (_l("先做什么"), "leads.queue", {}),
    (_l("产品"), "products.mine", {}),
]
DESK: list[Line] = [
    (_l("首页"), "home.start", {}),
    (_l("产品"), "products.mine", {}),
    (_l("件"), "leads.desk", {}),
    (_l("我们单位"), "accounts.institution", {}),
]
CHANNEL: list[Line] = [(_l("首页"), "home.start", {})]
OPERATOR: list[Line] = [
    (_l("首页"), "home.start", {}),
    (_l("核材料"), "businesses.papers_to_check", {}),
    (_l("机构"), "accounts.institutions", {}),
]
SUPERVISOR: list[Line] = [
    (_l("首页"), "home.start", {}),
]


def lines_for(person: Any) -> list[Line]:
    """The header lines of this person's roles, each once, in order; those of a visitor for None."""
    if person is None:
        return SIGNED_OUT
    lines: list[Line] = []
    for role, own in (
        ("manager", MANAGER),
        ("desk", DESK),
        ("operator", OPERATOR),
        ("supervisor", SUPERVISOR),
        ("channel", CHANNEL),
        ("owner", OWNER),
    ):
        if role in roles_of(person):
            lines += [line for line in own if line not in lines]
    return lines or OWNER


def roles_of(person: Any) -> set[str]:
    """The names of the roles that a person holds now; who holds none is an owner to be."""
    return {str(assignment.role) for assignment in person.roles} or {"owner"}


def address(endpoint: str, **args: Any) -> str | None:
    """The address of a page by its name, or None where no such page is built in."""
    if endpoint not in current_app.view_functions:
        return None
    try:
        return url_for(endpoint, **args)
    except BuildError:
        return None


def entries(person: Any) -> list[Entry]:
    """The header of a person (or of a visitor), without the pages that are not there."""
    here = request.endpoint or ""
    found = []
    for label, endpoint, args in lines_for(person):
        url = address(endpoint, **args)
        if url is not None:
            found.append(Entry(label, endpoint, url, endpoint != "home.start" and here.split(".")[0] == endpoint.split(".")[0]))
    return found


def here_again() -> str:
    """Where a choice of language or letters leads back to: this page, or where a posted form was opened."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return request.path
