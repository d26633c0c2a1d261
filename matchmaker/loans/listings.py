"""What the list of loans holds, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded

MINE = Listing(
    "my-loans",
    _l("已经放款的"),
    (
        Column(_l("店"), _l("哪家店的"), lambda loan: loan.business.name),
        Column(_l("机构"), _l("谁放的款"), lambda loan: loan.institution.short_name),
        Column(_l("产品"), _l("当时那一版的名字"), lambda loan: loan.product_version.name),
        Column(_l("金额"), _l("机构报告、您确认过的放款金额"), lambda loan: loan.amount_yuan, _l("元")),
        Column(_l("利率"), _l("合同的年利率，单利口径，不含别的费用"), lambda loan: loan.rate_percent, _l("% 一年")),
        Column(_l("放款日期"), _l("钱到账的日子"), lambda loan: loan.paid_on),
        Column(_l("到期"), _l("最后一期该还的日子"), lambda loan: loan.matures_on),
        Column(_l("依据"), _l("您确认的，还是 10 个工作日没有异议"), worded("loan.source", lambda loan: loan.source)),
    ),
    ("q",),
    about=About.SELF,
)
