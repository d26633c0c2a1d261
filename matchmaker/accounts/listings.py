"""What the lists of institutions and people hold, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.accounts.forms import kind_label
from matchmaker.accounts.rules import masked
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.reference import regions

INSTITUTION = (
    Column(_l("名称"), _l("机构的简称，照许可证"), lambda one: one.short_name),
    Column(_l("哪一类"), _l("按许可证分的类：银行、保险公司、担保公司等"), lambda one: kind_label(one.kind)),
    Column(_l("总部在哪里"), _l("登记的地区"), lambda one: regions.full_name(one.region_code)),
)
LICENCE = Column(_l("许可证号"), _l("金融许可证、保险许可证或经营许可证的编号"), lambda one: one.licence_number)

DIRECTORY = Listing("institutions", _l("准入的机构"), (*INSTITUTION, LICENCE), ("text", "kind"), about=About.NOBODY)
INSTITUTIONS = Listing(
    "all-institutions",
    _l("所有机构"),
    (
        *INSTITUTION,
        LICENCE,
        Column(
            _l("状态"),
            _l("申请了、准入了、停了，还是没有准入"),
            worded("accounts.institution_status", lambda one: one.status),
        ),
    ),
    ("text", "status", "kind"),
    about=About.NOBODY,
)

STAFF = Listing(
    "people",
    _l("名单"),
    (
        Column(_l("姓名"), _l("本人登记的名字"), lambda one: one.person.name),
        Column(_l("做什么"), _l("在这里的角色"), worded("accounts.role", lambda one: one.role)),
        Column(_l("网点"), _l("归哪个网点"), lambda one: one.branch.name if one.branch else None),
        Column(_l("手机号或邮箱"), _l("用来登录的那一个"), lambda one: one.person.phone or one.person.email),
        Column(
            _l("最多几件"),
            _l("客户经理手上最多同时几件"),
            lambda one: one.person.profile.capacity_leads if one.role == "manager" and one.person.profile else None,
            _l("件"),
        ),
        Column(_l("什么时候离开"), _l("离开的时间，北京时间；空着就是还在"), lambda one: one.until_at),
    ),
    ("text", "role", "gone"),
    about=About.PEOPLE,
)

INVITATIONS = Listing(
    "staff-invitations",
    _l("还没接受的邀请"),
    (
        Column(_l("给谁"), _l("手机号或邮箱，遮住一段"), lambda one: masked(one.address)),
        Column(_l("姓名"), _l("邀请时写的名字；没写就空着"), lambda one: one.name),
        Column(_l("做什么"), _l("接受以后的角色"), worded("accounts.role", lambda one: one.role)),
        Column(_l("什么时候"), _l("发出的时间，北京时间"), lambda one: one.created_at),
        Column(_l("有效到"), _l("过了这时链接就没用了，北京时间"), lambda one: one.expires_at),
    ),
    ("text", "role"),
    about=About.PEOPLE,
)

BROKER_REPORTS = Listing(
    "broker-reports",
    _l("举报的中介"),
    (
        Column(_l("自称"), _l("被举报的人怎么称呼自己，照举报的人写的"), lambda one: one.who),
        Column(
            _l("要了什么"), _l("要钱、要密码、要验证码或别的"), worded("accounts.broker_asked", lambda one: one.asked)
        ),
        Column(_l("哪一家"), _l("说到的机构"), lambda one: one.institution.short_name if one.institution else None),
        Column(_l("什么时候"), _l("举报的时间，北京时间"), lambda one: one.reported_at),
        Column(_l("到哪一步"), _l("平台处理到哪里"), worded("accounts.broker_state", lambda one: one.state)),
    ),
    ("text", "state"),
    about=About.PEOPLE,
)
