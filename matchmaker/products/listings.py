"""What the lists of products and of tables read in hold, column by column."""

from typing import Any

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded
from matchmaker.products import queries


def _terms(version_of: Any) -> tuple[Column, ...]:
    """Amount and term of the version that ``version_of(row)`` gives."""
    return (
        Column(_l("金额从"), _l("最少贷多少"), lambda row: version_of(row).amount_min_yuan, _l("元")),
        Column(_l("金额到"), _l("最多贷多少"), lambda row: version_of(row).amount_max_yuan, _l("元")),
        Column(_l("期限从"), _l("最短多久"), lambda row: version_of(row).term_min_months, _l("个月")),
        Column(_l("期限到"), _l("最长多久"), lambda row: version_of(row).term_max_months, _l("个月")),
        Column(
            _l("几个工作日内答复"),
            _l("机构承诺的，从受理算起"),
            lambda row: version_of(row).promised_days,
            _l("个工作日"),
        ),
    )


BROWSE = Listing(
    "products",
    _l("有哪些产品"),
    (
        Column(_l("产品"), _l("现在这一版的名字"), lambda version: version.name),
        Column(_l("机构"), _l("谁的产品"), lambda version: version.product.institution.short_name),
        Column(_l("哪一类"), _l("贷款还是担保"), worded("product.kind", lambda version: version.product.kind)),
        *_terms(lambda version: version),
        Column(_l("不用抵押也能办"), _l("担保方式里有没有信用"), lambda version: version.unsecured),
        Column(_l("说明"), _l("机构写的一句话"), lambda version: version.summary),
    ),
    ("kind", "q", "unsecured"),
    about=About.NOBODY,
)


def _version(product: Any) -> Any:
    return product.current_version or product.open_version or product.versions[-1]


MINE = Listing(
    "our-products",
    _l("我们的产品"),
    (
        Column(_l("产品"), _l("产品的名字"), lambda product: product.name),
        Column(_l("哪一类"), _l("贷款还是担保"), worded("product.kind", lambda product: product.kind)),
        Column(
            _l("网点"),
            _l("只归哪个网点办；空着就是全机构"),
            lambda product: product.branch.name if product.branch else None,
        ),
        Column(
            _l("现在"), _l("草稿、等核、在架、停售中，还是停了"), worded("product.state", lambda product: product.state)
        ),
        Column(_l("第几版"), _l("在架的，没有就是正在写的"), lambda product: _version(product).number),
        *_terms(_version),
        Column(_l("有效到"), _l("这一版到哪天为止"), lambda product: _version(product).valid_until_on),
        Column(_l("确认管到"), _l("过了这天没有再确认，客户就看不到"), lambda product: product.confirmed_until_on),
    ),
    ("show", "q", "kind"),
    {"show": "all"},
    about=About.NOBODY,
)

IMPORTS = Listing(
    "tables-read",
    _l("以前读过的"),
    (
        Column(_l("文件"), _l("文件的名字"), lambda source: source.filename),
        Column(_l("什么时候"), _l("读的时间，北京时间"), lambda source: source.imported_at),
        Column(_l("现在的草稿"), _l("从它来、还没上架的"), queries.count_drafts, _l("份")),
    ),
    ("q",),
    about=About.NOBODY,
)

IMPORTED = Listing(
    "lines-read",
    _l("读出了什么"),
    (
        Column(_l("第几行"), _l("表里的第几行"), lambda line: line.number),
        Column(_l("产品"), _l("表里写的名字"), lambda line: line.name),
        Column(_l("表里写的机构"), _l("照表里写的"), lambda line: line.institution_said),
        Column(_l("草稿"), _l("有没有写成草稿"), lambda line: line.draft is not None),
        Column(_l("填上了的"), _l("从表里填上几项"), lambda line: len(line.taken), _l("项")),
        Column(_l("要您看的"), _l("没看懂、没有用上的几项"), lambda line: len(line.left), _l("项")),
    ),
    ("draft", "q"),
    about=About.NOBODY,
)
