"""Words of the trail for the deeds of people and institutions; later subjects declare DEEDS of their own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

DEEDS = {
    "account.sign_in": _l("登录"),
    "account.register": _l("登记"),
    "account.add_operator": _l("在终端加平台运营"),
    "account.become_owner": _l("成为店主"),
    "account.change_password": _l("改密码"),
    "account.reset_password": _l("重设密码"),
    "account.confirm_address": _l("换手机号或邮箱"),
    "account.totp_on": _l("打开动态口令"),
    "account.totp_off": _l("关掉动态口令"),
    "account.recovery_code": _l("用备用码登录"),
    "account.ask_to_close": _l("要关掉账号"),
    "account.keep": _l("账号不关了"),
    "account.close": _l("关掉账号"),
    "account.choose_order": _l("选匹配怎么排"),
    "institution.apply": _l("机构申请接入"),
    "institution.admit": _l("接入机构"),
    "institution.suspend": _l("暂停机构"),
    "institution.turn_down": _l("不接入机构"),
    "institution.describe": _l("改机构介绍"),
    "branch.open": _l("加网点"),
    "branch.change": _l("改网点"),
    "badge.issue": _l("做工作牌"),
    "broker.report": _l("举报中介"),
    "broker.look": _l("开始查举报"),
    "broker.settle": _l("办结举报"),
    "staff.invite": _l("邀请同事"),
    "staff.withdraw_invitation": _l("撤回邀请"),
    "staff.join": _l("接受邀请"),
    "staff.change_profile": _l("改片区和容量"),
    "staff.reset_factor": _l("重设同事的动态口令"),
    "staff.end": _l("让同事离开"),
}
