"""What the lists of products that do not fit and of whom a product reaches hold, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded
from matchmaker.matching.telling import industry_name, region_name
from matchmaker.web import label

OTHERS = Listing(
    "not-fitting",
    _l("为什么不是别的"),
    (
        Column(_l("产品"), _l("产品的名字"), lambda one: one.name),
        Column(_l("机构"), _l("谁的产品"), lambda one: one.institution),
        Column(
            _l("没过的条件"),
            _l("这个产品要、您现在没有达到的"),
            lambda one: label("match.rule", [failed.rule for failed in one.failed]),
        ),
    ),
    ("q", "rule"),
    about=About.SELF,
)

REACH = Listing(
    "reach",
    _l("合得上的"),
    (
        Column(
            _l("在哪里"),
            _l("到县；同一个县、同一行不到 5 家的，写得更粗或空着"),
            lambda row: region_name(row.region_code) if row.region_code else None,
        ),
        Column(
            _l("做什么"),
            _l("行业门类；不到 5 家的空着"),
            lambda row: industry_name(row.industry_code) if row.industry_code else None,
        ),
        Column(_l("多大"), _l("按划型办法"), worded("size", lambda row: row.size)),
        Column(_l("最少"), _l("要的金额在哪一档：不低于"), lambda row: row.low_yuan, _l("元")),
        Column(_l("最多"), _l("要的金额在哪一档：不高于"), lambda row: row.high_yuan, _l("元")),
    ),
    ("size", "q"),
    about=About.PEOPLE,
)
