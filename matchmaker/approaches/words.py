"""Words of sealed cards and raised hands: refusals, messages, deeds."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

SENTENCES = {
    "approach_card_over": _l("没有做：这张卡片已经结束了。什么都没变。"),
    "approach_hand_over": _l("没有做：这只手已经放下了。什么都没变。"),
    "approach_hand_twice": _l("没有举：这张卡片上，您这一家的手已经举着。要换产品，先放下再举。"),
    "approach_hands_used_up": _l("没有举：您这一家今天已经举了 %(most)s 次，明天再来。"),
    "approach_no_room": _l("没有举：这个产品或者您这一家的客户经理现在接不下，接了也办不动。有空了再举。"),
    "approach_not_fitting": _l("没有举：这个产品现在办不了这笔需求，或者已经下架。"),
    "approach_product_missing": _l("请选一个合得上的产品。"),
    "approach_words_missing": _l("请写一句话，让店主知道您能做什么。"),
    "approach_words_too_long": _l("太长了，最多 %(most)s 个字。"),
    "approach_told_card": _l(
        "照您同意的，放出了一张不写名字的卡片，到 %(ends_at)s。有机构举手，会告诉您；送不送由您定。"
    ),
    "approach_told_no_card": _l("没有放卡片：跟您相像的店不到 5 家，放了就认得出是您。可以自己选下一家。"),
    "approach_told_hand": _l("%(institution)s举了手：“%(product)s”。它不知道您是谁；要送，点一下。"),
    "approach_row_gone": _l("没有邀请：这一行已经不在了，名单刚变过。再看一遍。"),
    "approach_invited_already": _l("没有邀请：30 天内用这个产品邀请过这一家。"),
    "approach_invitations_used_up": _l("没有邀请：您这一家今天已经邀请了 %(most)s 次，明天再来。"),
    "approach_full": _l("没有邀请：这个产品现在接不下。有空了再邀请，免得让店主白等。"),
    "approach_told_invited": _l(
        "%(institution)s的“%(product)s”合得上您的需求，请您看一看。它不知道您是谁；看不看、送不送，都由您定。"
    ),
    # --- to an institution: over, without whom and why
    "approach_staff_over": _l("您用“%(product)s”举手的那张卡片结束了，手放下了。"),
}

DEEDS = {
    "card.open": _l("放出一张不写名字的卡片"),
    "card.none": _l("相像的不到 5 家，没有放卡片"),
    "card.close": _l("卡片结束"),
    "hand.raise": _l("机构举了手"),
    "hand.take_back": _l("机构放下了手"),
    "hand.choose": _l("店主选了举手的一家"),
    "approach.send": _l("机构请平台邀请一家"),
    "approach.switch_off": _l("店主关了邀请"),
    "approach.switch_on": _l("店主又开了邀请"),
}
