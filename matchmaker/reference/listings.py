"""What the list of LPR publications holds, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing

LPR = Listing(
    "lpr",
    _l("每次公布的 LPR"),
    (
        Column(_l("公布的日子"), _l("全国银行间同业拆借中心公布的那天"), lambda row: row.published_on),
        Column(_l("一年期"), _l("1 年期贷款市场报价利率"), lambda row: row.lpr_1y_percent, _l("% 一年")),
        Column(_l("五年期以上"), _l("5 年期以上贷款市场报价利率"), lambda row: row.lpr_5y_percent, _l("% 一年")),
        Column(_l("出处"), _l("这一行从哪里来"), lambda row: row.source),
    ),
    ("year",),
    about=About.NOBODY,
)
