"""What the supervisor's list of masked businesses holds, column by column: masked as on the page."""

from flask_babel import lazy_gettext as _l

from matchmaker.formatting import language
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.privacy.rules import masked_code, masked_name
from matchmaker.reference import industries, regions

MASKED = Listing(
    "masked-businesses",
    _l("企业，遮住名字"),
    (
        Column(_l("编号"), _l("平台里的编号"), lambda one: one.id),
        Column(_l("店"), _l("名称，遮住中间"), lambda one: masked_name(one.name)),
        Column(_l("代码"), _l("统一社会信用代码，遮住中间"), lambda one: masked_code(one.uscc)),
        Column(_l("地区"), _l("登记的地区"), lambda one: regions.full_name(one.region_code)),
        Column(_l("行业"), _l("国民经济行业分类"), lambda one: industries.name(one.industry_code, language())),
        Column(_l("类型"), _l("企业还是个体户"), worded("business.kind", lambda one: one.kind)),
    ),
    ("region", "q"),
    about=About.PEOPLE,
)
