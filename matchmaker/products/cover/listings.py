"""What the desk's list of cover holds, column by column."""

from typing import Any

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded


def _version(cover: Any) -> Any:
    return cover.current_version or cover.open_version or cover.versions[-1]


MINE = Listing(
    "our-cover",
    _l("我们的保险产品"),
    (
        Column(_l("名字"), _l("保险产品的名字"), lambda cover: cover.name),
        Column(_l("险种"), _l("哪一个险种"), worded("cover.line", lambda cover: cover.line)),
        Column(
            _l("现在"), _l("草稿、等核、在架、停售中，还是停了"), worded("product.state", lambda cover: cover.state)
        ),
        Column(_l("第几版"), _l("在架的，没有就是正在写的"), lambda cover: _version(cover).number),
        Column(_l("保额从"), _l("最少保多少"), lambda cover: _version(cover).sum_min_yuan, _l("元")),
        Column(_l("保额到"), _l("最多保多少"), lambda cover: _version(cover).sum_max_yuan, _l("元")),
        Column(_l("有效到"), _l("这一版到哪天为止"), lambda cover: _version(cover).valid_until_on),
    ),
    ("show", "q"),
    {"show": "all"},
    about=About.NOBODY,
)
