"""What the lists of leads, receipts and looks hold, column by column; an institution's as sealed as its page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker.leads.queries import looking, queueing, reading, talking
from matchmaker.leads.queries.presenting import present
from matchmaker.leads.rules.consents import Field
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.matching.telling import industry_name, region_name
from matchmaker.web import actor, label


def _lines(needs: Sequence[reading.NeedProgress]) -> Iterable[reading.Line]:
    return (line for one in needs for line in one.lines)


MINE = Listing(
    "my-leads",
    _l("进度"),
    (
        Column(_l("编号"), _l("这一件的编号"), lambda line: line.lead.id),
        Column(_l("店"), _l("哪家店的"), lambda line: line.lead.business.name),
        Column(_l("机构"), _l("送给哪一家"), lambda line: line.lead.institution.short_name),
        Column(_l("产品"), _l("选的产品，当时的名字"), lambda line: line.lead.product_version.name),
        Column(_l("要多少"), _l("送出去的那一版要的金额"), lambda line: line.asked.amount_yuan, _l("元")),
        Column(_l("送出"), _l("授权送出的时间，北京时间；空着就是还没送"), lambda line: line.lead.sent_at),
        Column(_l("现在怎样"), _l("办到哪一步"), worded("lead.state", lambda line: line.lead.state)),
        Column(_l("到什么时候"), _l("这一步的期限，北京时间"), lambda line: line.clock.due_at if line.clock else None),
    ),
    ("q",),
    rows=_lines,
    about=About.SELF,
)


def _cards(leads: Sequence[Any]) -> Iterable[queueing.Row]:
    """Each row is a look, and opens no more than the row of the page."""
    return queueing.done_rows(list(leads), actor())


QUEUE = Listing(
    "queue",
    _l("先做什么"),
    (
        Column(_l("编号"), _l("线索的编号"), lambda row: row.shown.number),
        Column(_l("客户"), _l("授权还有效才有名字；没有授权、收回了、办完了都空着"), lambda row: row.shown.name),
        Column(_l("产品"), _l("客户选的产品"), lambda row: row.shown.product_name),
        Column(_l("要多少"), _l("客户要的金额"), lambda row: row.shown.amount_yuan, _l("元")),
        Column(_l("用多久"), _l("客户想用的时间"), lambda row: row.shown.term_months, _l("个月")),
        Column(_l("做什么用"), _l("客户选的用途"), worded("need.purpose", lambda row: row.shown.purpose)),
        Column(_l("哪一行"), _l("行业门类，到两位代码"), lambda row: industry_name(row.shown.division_code)),
        Column(_l("哪里"), _l("到地级市"), lambda row: region_name(row.shown.city_code)),
        Column(_l("现在怎样"), _l("办到哪一步"), worded("lead.state", lambda row: row.shown.state)),
        Column(
            _l("谁在办"), _l("认领的同事"), lambda row: row.line.lead.manager.name if row.line.lead.manager else None
        ),
        Column(_l("送出"), _l("客户授权送出的时间，北京时间"), lambda row: row.shown.sent_at),
        Column(
            _l("到什么时候"),
            _l("这一步的期限，北京时间"),
            lambda row: row.line.clock.due_at if row.line.clock else None,
        ),
    ),
    ("show", "q"),
    {"show": "all"},
    rows=_cards,
    about=About.BUSINESSES,
)


def _looks(rows: Sequence[Any]) -> Iterable[tuple[looking.Look, str]]:
    names = {business.id: business.name for business in reading.businesses_of(actor().id)}
    return ((look, names.get(look.business_id, "")) for look in map(looking.look_of, rows))


FIELDS = frozenset(str(field) for field in Field)

LOOKS = Listing(
    "who-looked",
    _l("谁看过"),
    (
        Column(_l("什么时候"), _l("看的时间，北京时间"), lambda pair: pair[0].at),
        Column(_l("谁"), _l("看的人的名字"), lambda pair: pair[0].name),
        Column(_l("机构"), _l("他当时为哪一家看"), lambda pair: pair[0].institution or _("平台")),
        Column(_l("哪家店"), _l("看的是您哪家店"), lambda pair: pair[1]),
        Column(
            _l("看了什么"),
            _l("打开了哪几样"),
            lambda pair: label("lead.field", [name for name in pair[0].fields if name in FIELDS]),
        ),
        Column(_l("做什么时看的"), _l("为了办哪一步"), worded("lead.look", lambda pair: pair[0].purpose)),
    ),
    ("institution", "business", "purpose", "days"),
    rows=_looks,
    most=20_000,
    about=About.SELF,
)

RECEIPTS = Listing(
    "receipts",
    _l("授权回执"),
    (
        Column(_l("回执"), _l("回执的编号"), lambda one: f"{one.consent.id:06d}"),
        Column(_l("给谁"), _l("授权给哪一家"), lambda one: one.institution.short_name),
        Column(_l("产品"), _l("为了哪个产品"), lambda one: one.product_name),
        Column(_l("为了"), _l("授权的用途"), worded("lead.purpose", lambda one: one.consent.purpose)),
        Column(
            _l("哪几样"),
            _l("允许看的"),
            lambda one: label("lead.field", [name for name in one.consent.fields if name in FIELDS]),
        ),
        Column(_l("给的时候"), _l("授权的时间，北京时间"), lambda one: one.consent.given_at),
        Column(_l("到哪天"), _l("到期的时间，北京时间"), lambda one: one.consent.ends_at),
        Column(_l("还有效"), _l("现在还能不能看"), lambda one: one.in_force),
        Column(_l("什么时候停的"), _l("收回或结束的时间，北京时间"), lambda one: one.consent.ended_at),
    ),
    ("standing", "institution", "q"),
    rows=looking.receipts,
    about=About.SELF,
)


def _talks(rows: Sequence[Any]) -> Iterable[tuple[talking.Talk, str]]:
    """Threads with how the reader calls the other side: the institution, or the customer as far as consent goes."""
    for one in talking.talks(list(rows), actor()):
        if str(one.side) == "owner":
            yield one, one.lead.institution.short_name
        else:
            shown = present(one.lead, actor(), purpose="talk", only=queueing.ROW_FIELDS)
            yield one, shown.name or shown.number


TALKS = Listing(
    "conversations",
    _l("对话"),
    (
        Column(_l("编号"), _l("线索的编号"), lambda pair: pair[0].lead.id),
        Column(_l("和谁"), _l("机构；在机构这边是客户，授权还有效才有名字，不然是编号"), lambda pair: pair[1]),
        Column(_l("产品"), _l("为了哪个产品"), lambda pair: pair[0].lead.product_version.name),
        Column(_l("现在怎样"), _l("办到哪一步"), worded("lead.state", lambda pair: pair[0].lead.state)),
        Column(_l("最后一条"), _l("写的时间，北京时间"), lambda pair: pair[0].last_at),
        Column(_l("没看"), _l("等您看的留言"), lambda pair: pair[0].unread, _l("条")),
    ),
    ("unread", "q"),
    rows=_talks,
    about=About.BUSINESSES,
)
