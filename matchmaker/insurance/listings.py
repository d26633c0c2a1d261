"""What the lists of cover and of requests hold, column by column: never a price, whatever the mode."""

from typing import Any

from flask_babel import lazy_gettext as _l

from matchmaker.insurance.queries import requests
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.matching.telling import industry_name, region_name
from matchmaker.products.cover.rules import split

ON_LINE = Listing(
    "cover-on-line",
    _l("这个险种谁列了"),
    (
        Column(_l("产品"), _l("现在这一版的名字"), lambda version: version.name),
        Column(_l("保险公司"), _l("谁的产品"), lambda version: version.cover.institution.name),
        Column(_l("保额从"), _l("最少保多少"), lambda version: version.sum_min_yuan, _l("元")),
        Column(_l("保额到"), _l("最多保多少"), lambda version: version.sum_max_yuan, _l("元")),
        Column(_l("不保什么"), _l("保险公司写的除外，一条一条"), lambda version: "；".join(split(version.exclusions))),
        Column(_l("几天定损定责"), _l("材料齐了以后"), lambda version: version.decide_days, _l("天")),
    ),
    ("q",),
    about=About.NOBODY,
)

MINE = Listing(
    "my-quotes",
    _l("我问过的价"),
    (
        Column(_l("店"), _l("替哪家店问的"), lambda found: found.business.name),
        Column(_l("产品"), _l("问的那一版的名字"), lambda found: found.cover_version.name),
        Column(_l("保险公司"), _l("问的哪一家"), lambda found: found.institution.short_name),
        Column(_l("现在"), _l("问到哪一步"), worded("cover.request_state", lambda found: found.state)),
        Column(_l("问的时间"), _l("北京时间"), lambda found: found.asked_at),
        Column(_l("到什么时候"), _l("这一步的期限，北京时间"), lambda found: found.due_at),
        Column(_l("授权到哪天"), _l("到期的时间，北京时间"), lambda found: found.consent.ends_at),
    ),
    ("show", "q"),
    {"show": "all"},
    about=About.SELF,
)


def _city(found: Any) -> str:
    return region_name(requests.card(found).city_code)


QUEUE = Listing(
    "cover-requests",
    _l("来问价的"),
    (
        Column(_l("编号"), _l("这一件的编号，没有店名"), lambda found: requests.card(found).number),
        Column(_l("产品"), _l("问的那一版的名字"), lambda found: found.cover_version.name),
        Column(
            _l("哪一行"), _l("行业门类，到两位代码"), lambda found: industry_name(requests.card(found).division_code)
        ),
        Column(_l("哪里"), _l("到地级市"), _city),
        Column(_l("现在"), _l("办到哪一步"), worded("cover.request_state", lambda found: found.state)),
        Column(_l("谁在办"), _l("接了的同事"), lambda found: found.handler.name if found.handler else None),
        Column(_l("到什么时候"), _l("这一步的期限，北京时间"), lambda found: found.due_at),
    ),
    ("show", "q"),
    {"show": "open"},
    about=About.PEOPLE,
)
