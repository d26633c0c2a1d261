"""What the lists of LPR publications and of changes of divisions hold, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing
from matchmaker.reference import regions
from matchmaker.web import label

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

REGION_CHANGES = Listing(
    "region-changes",
    _l("区划变更"),
    (
        Column(_l("从哪天起"), _l("从这一天起按新的算"), lambda row: row.in_force_on),
        Column(_l("变了什么"), _l("哪一种变更"), lambda row: label("reference.region_kind", row.kind)),
        Column(_l("原来的代码"), _l("变更以前的六位代码"), lambda row: row.code),
        Column(_l("原来的"), _l("变更以前的全名"), lambda row: row.was),
        Column(_l("新的代码"), _l("变更以后的六位代码；没有换就空着"), lambda row: row.new_code),
        Column(_l("新的名称"), _l("变更以后的名称；没有改就空着"), lambda row: row.name),
        Column(
            _l("去了哪里，或者从哪里分出来"), _l("并入、分成的代码；新设的，是从哪里分出来"),
            lambda row: "、".join(f"{code} {regions.full_name(code)}" for code in row.related),
        ),
        Column(_l("批准的文号"), _l("批准变更的文件"), lambda row: row.document),
        Column(_l("哪天公布的"), _l("公告上的日子"), lambda row: row.announced_on),
        Column(_l("出处"), _l("公告在哪里"), lambda row: row.source),
        Column(_l("核过没有"), _l("第二个人核过才生效"), lambda row: label("reference.region_standing", row.standing)),
    ),
    ("q", "kind", "state"),
    about=About.NOBODY,
)
