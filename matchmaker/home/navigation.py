"""The way around: which pages stand in the header, by role; addresses by name, never by import."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.routing import BuildError

from matchmaker.permissions import INSURERS


@dataclass(frozen=True)
class Entry:
    """One link of the header; ``current`` when the page shown belongs to it."""

    label: Any
    endpoint: str
    url: str
    current: bool


Line = tuple[Any, str, dict[str, Any]]
ROLES = ("manager", "insurer", "desk", "operator", "supervisor", "channel", "owner")
"""In this order a person with several roles meets them."""

START: Line = (_l("首页"), "home.start", {})
MESSAGES: Line = (_l("消息"), "notifications.inbox", {})
ACCOUNT: Line = (_l("我的账号"), "accounts.account", {})
SIGNED_OUT: list[Line] = [
    (_l("先看看"), "home.check", {}),
    (_l("有哪些产品"), "products.browse", {}),
    (_l("保险"), "insurance.zone", {}),
    (_l("算成本"), "tools.index", {}),
    (_l("怎么排的"), "home.how_ranked", {}),
]
BY_ROLE: dict[str, list[Line]] = {
    "owner": [
        (_l("需求"), "needs.mine", {}),
        (_l("进度"), "leads.mine", {}),
        (_l("我的店"), "businesses.mine", {}),
        (_l("对话"), "leads.talks", {}),
        (_l("谁看过"), "leads.who_sees", {}),
        (_l("保险"), "insurance.zone", {}),
        (_l("算成本"), "tools.index", {}),
    ],
    "manager": [
        (_l("先做什么"), "leads.queue", {}),
        (_l("等着有人接的"), "approaches.cards", {}),
        (_l("对话"), "leads.talks", {}),
        (_l("有哪些产品"), "products.browse", {}),
        (_l("我的工作牌"), "accounts.badges", {}),
    ],
    "desk": [
        (_l("线索"), "leads.queue", {}),
        (_l("等着有人接的"), "approaches.cards", {}),
        (_l("对话"), "leads.talks", {}),
        (_l("我们的产品"), "products.mine", {}),
        (_l("我们单位"), "accounts.institution", {}),
    ],
    # The desk of an insurer: cover and quotes in place of loans and leads.
    "insurer": [
        (_l("问价"), "insurance.queue", {}),
        (_l("我们的保险产品"), "cover.mine", {}),
        (_l("我们单位"), "accounts.institution", {}),
    ],
    "channel": [
        (_l("替客户写需求"), "needs.assisted", {}),
        (_l("先看看"), "home.check", {}),
        (_l("有哪些产品"), "products.browse", {}),
    ],
    "operator": [
        (_l("核材料"), "businesses.papers_to_check", {}),
        (_l("机构名单"), "accounts.institutions", {}),
        (_l("平台人员"), "accounts.platform_people", {}),
        (_l("举报的中介"), "accounts.broker_reports", {}),
        (_l("放出来的卡片"), "approaches.board", {}),
        (_l("举报的留言"), "conversations.reports", {}),
        (_l("要补的"), "oversight.tasks", {}),
        (_l("自动做的事"), "oversight.jobs", {}),
        (_l("排得好不好"), "oversight.quality", {}),
    ],
    "supervisor": [
        (_l("企业，遮住名字"), "privacy.masked", {}),
        (_l("操作记录"), "audit.trail", {}),
        (_l("重算名单"), "oversight.lists", {}),
        (_l("排得好不好"), "oversight.quality", {}),
        (_l("过期的"), "oversight.late", {}),
        (_l("没用的谢绝"), "oversight.declines", {}),
        (_l("放出来的卡片"), "approaches.board", {}),
        (_l("权限表"), "oversight.permissions", {}),
        (_l("机构名单"), "accounts.institutions", {}),
        (_l("有哪些产品"), "products.browse", {}),
    ],
}


def lines_for(person: Any) -> list[Line]:
    """The header lines of this person's roles, each once, in order; those of a visitor for None."""
    if person is None:
        return SIGNED_OUT
    lines = [START]
    mine = roles_of(person)
    for role in ROLES:
        if role in mine:
            lines += [line for line in BY_ROLE[role] if line not in lines]
    return [*lines, MESSAGES, ACCOUNT]


def roles_of(person: Any) -> set[str]:
    """The names of the roles that a person holds now; who holds none is an owner to be.

    A desk of an insurer is one of its own, and no desk besides unless it sits at a lender's too.
    """
    roles = {str(assignment.role) for assignment in person.roles} or {"owner"}
    if person.desk_kinds and INSURERS & person.desk_kinds:
        roles = roles - ({"desk"} if person.desk_kinds <= INSURERS else set()) | {"insurer"}
    return roles


def address(endpoint: str, **args: Any) -> str | None:
    """The address of a page by its name, or None where no such page is built in."""
    if endpoint not in current_app.view_functions:
        return None
    try:
        return url_for(endpoint, **args)
    except BuildError:
        return None


def entries(person: Any) -> list[Entry]:
    """The header of a person (or of a visitor), without the pages that are not there; at most one place is current."""
    here = request.endpoint or ""
    lines = [(line, url) for line in lines_for(person) if (url := address(line[1], **line[2])) is not None]
    belonging = [line[1] for line, _ in lines if _belongs(here, line[1])]
    current = here if here in belonging else next(iter(belonging), None)
    return [Entry(label, endpoint, url, endpoint == current) for (label, endpoint, _), url in lines]


HEADER_ROOM = {"zh": 662, "en": 564}
"""Pixels that the narrowest wide screen (1,280) leaves for the places and the reader's name in one line of the header,
measured: the brand and the English tools beside them are wider."""


def is_crowded(found: Iterable[Entry], name: str, language: str) -> bool:
    """Whether the places need a line of their own in the header, so that nothing wraps half-way through it."""
    labels = [str(entry.label) for entry in found]
    return sum(24 + _width(label) for label in labels) + _width(name) > HEADER_ROOM[language]


def _width(words: str) -> float:
    """About how many pixels words take in the header: 15 a Chinese sign, half of that any other."""
    return sum(15.0 if sign > "\u2e80" else 7.25 for sign in words)


def _belongs(here: str, endpoint: str) -> bool:
    """Whether the page shown lies under this entry: the same subject, but for pages that stand for themselves."""
    if endpoint in ALONE or here in ALONE:
        return here == endpoint
    subject = here.split(".")[0]
    return SHOWN_UNDER.get(subject, subject) == endpoint.split(".")[0]


SHOWN_UNDER = {"matching": "needs"}
"""Subjects without an entry of their own: matches are looked at from the need they are for."""

ALONE = frozenset({
    "home.start", "home.how_ranked", "home.help", "home.about", "home.search",
    "accounts.account", "accounts.institution",
    "accounts.institutions", "accounts.platform_people", "accounts.badges", "accounts.broker_reports",
    "approaches.board", "approaches.invited", "approaches.of_need", "approaches.to_invite",
    "businesses.papers_to_check", "leads.who_sees", "leads.talks", "oversight.declines", "oversight.jobs",
    "oversight.late", "oversight.lists", "oversight.permissions", "oversight.quality", "oversight.tasks",
    "products.browse", "products.mine",
})  # fmt: skip


def here_again() -> str:
    """Where a choice of language or letters leads back to: this page, or where a posted form was opened."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return request.path
