"""Words of people, institutions and signing in: labels of codes, one sentence for each reason and message."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

KINDS_OF_OUR_OWN = {"FUND": _l("政府性基金（担保、转贷）"), "DEPARTMENT": _l("政府部门")}

LABELS = {
    "accounts.role": {
        "owner": _l("店主"),
        "manager": _l("客户经理"),
        "desk": _l("机构管理岗"),
        "channel": _l("园区、协会等渠道"),
        "operator": _l("平台运营"),
        "supervisor": _l("监管"),
    },
    "accounts.institution_status": {
        "applied": _l("等平台核许可证"),
        "admitted": _l("已接入"),
        "suspended": _l("暂停着"),
    },
    "accounts.broker_asked": {
        "fee": _l("先交钱：手续费、定金、渠道费、打点"),
        "password": _l("要密码、验证码、银行卡或网银"),
        "transfer": _l("要您转账“刷流水”，或放款后转给别人"),
        "papers": _l("帮您做假的材料、流水、合同"),
        "insurance": _l("不买保险、存款就不给办"),
        "other": _l("别的"),
    },
    "accounts.broker_state": {
        "new": _l("还没看"),
        "looked": _l("在查"),
        "settled": _l("办结了"),
    },
    "accounts.session_end": {
        "signed_out": _l("自己退出"),
        "ended_elsewhere": _l("在别处结束"),
        "password_changed": _l("改了密码"),
        "password_reset": _l("重设了密码"),
        "assignment_ended": _l("不再担任"),
        "factor_reset": _l("重设了动态口令"),
        "account_closed": _l("关掉了账号"),
    },
}

SENTENCES = {
    # Signing in
    "sign_in_wrong": _l("没有登录：账号和密码对不上。还可以试 %(left)s 次，再错就锁 15 分钟。"),
    "sign_in_locked": _l(
        "没有登录：错的次数多，先锁住了。%(opens_at)s 再试；密码是对的也要等到那时。用验证码登录不受影响。"
    ),
    "sign_in_locked_now": _l("没有登录：又错了一次，先锁 15 分钟。%(opens_at)s 再试。用验证码登录不受影响。"),
    "second_step_over": _l("没有登录：第一步过去太久了，请从头再来。"),
    "totp_wrong": _l("没有登录：口令不对。看一眼应用里现在的 6 位数字，手机的时间要准。还可以试 %(left)s 次。"),
    "totp_used": _l("没有登录：这个口令刚用过，一个口令只能进一次。等应用换下一个再试。还可以试 %(left)s 次。"),
    "totp_wrong_app": _l("没有打开：口令不对。看一眼应用里现在的 6 位数字，手机的时间要准。"),
    "totp_needed_for_work": _l("没有关：您的工作要求登录时再输一个动态口令。"),
    "code_wrong": _l("验证码不对。请看最新收到的那一条。"),
    "code_too_old": _l("这个验证码过时了。请再要一个。"),
    "code_tried_too_often": _l("错了 %(tries)s 次，这个验证码作废了。请再要一个。"),
    "code_used": _l("这个验证码用过了，一个只能用一次。请再要一个。"),
    "code_just_sent": _l("没有再发：刚发过一个。%(again_at)s 以后可以再要。"),
    "codes_asked_too_often": _l("没有发：一小时里要得太多。%(again_at)s 以后再试。"),
    "address_taken": _l("这个手机号或邮箱已经登记过了。"),
    # Passwords and names
    "password_too_short": _l("太短了，至少 %(shortest)s 位。几个词连起来最好记。"),
    "password_too_long": _l("太长了，最多 %(longest)s 位。"),
    "password_too_common": _l("这个密码太常见，别人一猜就中。换一个。"),
    "password_is_your_address": _l("密码里就是您的手机号、邮箱或姓名，别人知道。换一个。"),
    "old_password_wrong": _l("没有改：现在的密码不对。"),
    "name_missing": _l("请写您的姓名或称呼。"),
    # Institutions
    "field_missing": _l("这里要填实在的内容，不能写“无”或“/”。"),
    "licence_number_unlike": _l("这不像许可证号：6 到 40 位字母、数字和短横。"),
    "region_unknown": _l("没有这个地方。写区县、市或省的名字，或者六位代码。"),
    "institution_known": _l("没有收下：这个机构或这个许可证号已经在这里了。请让您单位的管理员邀请您。"),
    "institution_is_sample": _l("没有接入：这是放样例的架子，不是真机构。"),
    "institution_admitted_already": _l("它已经接入了。"),
    "institution_suspended_already": _l("它已经暂停了。"),
    "institution_not_admitted": _l("没有做：这家机构还没有接入，或者暂停了。"),
    "note_missing": _l("请写明原因，对方会看到。"),
    "branch_serves_nobody": _l("写上服务哪些地方，或者方圆多少公里，至少一样。"),
    "radius_needs_point": _l("按公里算要知道网点在哪里：写经纬度，或者把区县写准。"),
    "branch_name_taken": _l("这个名字的网点已经有了。"),
    # Lists of places and trades
    "line_not_known": _l("“%(line)s”没有找到。写正式名称，或者代码。"),
    "line_means_several": _l("“%(line)s”有 %(count)s 个：%(examples)s。请写全，或者写代码。"),
    "too_many_lines": _l("最多 %(most)s 行。整个市、整个省写一行就行。"),
    # Staff
    "role_not_yours_to_give": _l("没有做：这个角色不能从这里给。"),
    "manager_needs_branch": _l("给客户经理选一个网点。"),
    "already_on_staff": _l("他已经有这个角色了。"),
    "already_invited": _l("已经邀请过，链接还有效。要重发，先撤回那一个。"),
    "invitation_used": _l("这个链接用过了，一个链接只能用一次。"),
    "invitation_withdrawn": _l("这个链接被撤回了。请让邀请您的人再发一个。"),
    "invitation_expired": _l("这个链接 %(expired_at)s 过期了。请让邀请您的人再发一个。"),
    "invitation_is_anothers": _l("没有做：这个链接是发给别人的，您登录的不是那个账号。"),
    "invited_address_has_account": _l("这个手机号或邮箱已经有账号。先登录，再打开链接。"),
    "not_a_manager": _l("没有做：他现在不是客户经理。"),
    "patch_missing": _l("至少写一个地方。"),
    "last_at_the_desk": _l("没有做：他是最后一个管理员。先邀请一位，再让他离开。"),
    "last_operator": _l("没有做：他是最后一个平台运营。"),
    "not_your_own_factor": _l("没有做：自己的动态口令在“我的账号”里关。"),
    "no_factor_to_reset": _l("他没有打开动态口令。"),
    "assignment_over": _l("他已经离开了。"),
    # Badges and brokers
    "broker_asked_missing": _l("选一样。都不像，选“别的”，再写一两句。"),
    "broker_words_missing": _l("选了“别的”，请写一两句经过。"),
    "broker_step_not_possible": _l("没有做：这一条已经往下走了，重新打开看看。"),
    # Messages
    "accounts.broker_reported": _l("有人举报：%(asked)s。"),
    "accounts.broker_settled": _l("您举报的“%(who)s”查过了。平台写的：%(outcome)s"),
    "accounts.code_to_register": _l("您的登记验证码是 %(code)s，%(minutes)s 分钟内有效。我们不会打电话要它。"),
    "accounts.code_to_sign_in": _l("您的登录验证码是 %(code)s，%(minutes)s 分钟内有效。我们不会打电话要它。"),
    "accounts.code_to_reset": _l(
        "您的重设密码验证码是 %(code)s，%(minutes)s 分钟内有效。不是您本人？不用管它，密码没有变。"
    ),
    "accounts.code_to_verify": _l("您的核实验证码是 %(code)s，%(minutes)s 分钟内有效。我们不会打电话要它。"),
    "accounts.already_registered": _l(
        "有人想用这个号码或邮箱登记，它已经登记过了。是您本人？请直接登录，忘了密码可以重设。"
    ),
    "accounts.nobody_registered": _l(
        "有人想用这个号码或邮箱登录，可是它还没有登记过。是您本人？也许登记时用的是另一个。"
    ),
    "accounts.invitation": _l(
        "%(institution)s 邀请您做%(role)s。打开链接就能开通，%(expires_at)s 前有效，只能用一次。"
    ),
    "accounts.invitation_platform": _l("邀请您做%(role)s。打开链接就能开通，%(expires_at)s 前有效，只能用一次。"),
    "accounts.invitation_accepted": _l("%(name)s 接受了邀请，现在是%(role)s。"),
    "accounts.assignment_ended": _l("您不再是%(institution)s的%(role)s。手上的事由同事接着办。"),
    "accounts.password_changed": _l("您的密码改过了，别处的登录都已结束。不是您本人？请马上重设密码。"),
    "accounts.address_changed": _l("您的手机号或邮箱改过了。不是您本人？请马上重设密码。"),
    "accounts.totp_on": _l("您打开了动态口令，以后登录要多一步。"),
    "accounts.totp_off": _l("您关掉了动态口令，以后登录只要密码。不是您本人？请马上重设密码。"),
    "accounts.recovery_code_used": _l("有人用您的一个备用码登录了。不是您本人？请马上重设密码，并换一套备用码。"),
    "accounts.institution_applied": _l("%(institution)s 申请接入，等您核许可证。"),
    "accounts.institution_turned_down": _l("%(institution)s 这次没有接入。平台写的原因：%(note)s"),
    "accounts.totp_reset": _l("同事替您重设了动态口令，以后登录只要密码，再设一次就好。不是您要的？请马上告诉管理员。"),
    "accounts.institution_suspended": _l("%(institution)s 被暂停了，原因在机构页上。"),
}
