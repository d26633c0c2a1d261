"""What the lists of sealed cards hold, column by column: what at least five businesses share, and no more."""

from dataclasses import replace
from functools import partial
from typing import Any

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded
from matchmaker.matching.listings import REACH
from matchmaker.matching.telling import industry_name, region_name

CARD: tuple[Column, ...] = (
    Column(_l("在哪里"), _l("同样的店至少 5 家才写到这一级"), lambda one: region_name(one.shown.region_code)),
    Column(_l("哪一行"), _l("行业；同样的店至少 5 家才写到这一级"), lambda one: industry_name(one.shown.industry_code)),
    Column(_l("多大"), _l("按划型办法"), worded("size", lambda one: one.shown.size)),
    Column(_l("最少"), _l("要的金额在哪一档：不低于"), lambda one: one.shown.amount_yuan[0], _l("元")),
    Column(_l("最多"), _l("要的金额在哪一档：不高于"), lambda one: one.shown.amount_yuan[1], _l("元")),
    Column(_l("最短"), _l("要用的时间在哪一档：不短于"), lambda one: one.shown.term_months[0], _l("个月")),
    Column(_l("最长"), _l("要用的时间在哪一档：不长于"), lambda one: one.shown.term_months[1], _l("个月")),
    Column(_l("开了至少"), _l("开业多久在哪一档：不短于"), lambda one: one.shown.age_months[0], _l("个月")),
    Column(_l("开了至多"), _l("开业多久在哪一档：不长于"), lambda one: one.shown.age_months[1], _l("个月")),
)


def _products(one: Any) -> str:
    return "、".join(product.current_version.name for product in one.products if product.current_version)


def _of_shown(read: Any, row: Any) -> Any:
    return read(row.shown)


CARDS = Listing(
    "sealed-cards",
    _l("等着有人接的"),
    (
        *CARD,
        Column(_l("合得上"), _l("您单位在架的产品"), _products),
        Column(_l("到哪天"), _l("过了这天就收起来"), lambda one: one.until_on),
        Column(_l("举着手"), _l("您单位现在举着没有"), lambda one: one.hand is not None),
    ),
    ("q", "product"),
    about=About.PEOPLE,
)

BOARD = Listing(
    "cards-out",
    _l("放出来的卡片"),
    (
        *CARD,
        Column(_l("到哪天"), _l("过了这天就收起来"), lambda one: one.ends_at),
        Column(
            _l("举着的手"),
            _l("现在举着的机构"),
            lambda one: sum(hand.standing == "raised" for hand in one.hands),
            _l("家"),
        ),
    ),
    ("size", "q"),
    about=About.PEOPLE,
)

TO_INVITE = Listing(
    "to-invite",
    _l("合得上的"),
    (
        *(replace(column, of=partial(_of_shown, column.of)) for column in REACH.columns),
        Column(_l("邀请过"), _l("您单位请平台邀请的日子；空着就是没有"), lambda row: row.invited_on),
    ),
    ("size", "q"),
    about=About.PEOPLE,
)

INVITED = Listing(
    "invitations",
    _l("谁请平台邀请过我"),
    (
        Column(_l("什么时候"), _l("平台告诉您的时间，北京时间"), lambda row: row.sent_at),
        Column(_l("机构"), _l("哪一家请的"), lambda row: row.institution.short_name),
        Column(
            _l("产品"),
            _l("现在这一版的名字"),
            lambda row: row.product.current_version.name if row.product.current_version else None,
        ),
        Column(_l("需求"), _l("为了哪个需求，编号"), lambda row: row.need_id),
    ),
    ("q",),
    about=About.SELF,
)
