"""The businesses subject's labels and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flask_babel import lazy_gettext as _l

from matchmaker.formatting import language
from matchmaker.reference import terms


class TermLabels(Mapping[str, str]):
    """The names of a domain of the reference list, in the language of the page that is being written."""

    def __init__(self, domain: str) -> None:
        self.domain = domain

    def __getitem__(self, code: str) -> str:
        if terms.get(self.domain, code) is None:
            raise KeyError(code)
        return terms.label(self.domain, code, language())

    def __iter__(self) -> Iterator[str]:
        return iter(terms.codes(self.domain))

    def __len__(self) -> int:
        return len(terms.codes(self.domain))


LABELS: dict[str, Mapping[str, object]] = {
    "business.title": TermLabels("quality"),
    "business.collateral": TermLabels("guarantee"),
    "business.kind": {
        "enterprise": _l("企业"),
        "sole_proprietor": _l("个体工商户"),
        "cooperative": _l("农民专业合作社"),
    },
    "business.capacity": {
        "legal_representative": _l("法定代表人"),
        "owner": _l("经营者本人"),
        "agent": _l("受委托的人"),
    },
    "business.standing": {
        "declared": _l("自己说的，还没核过"),
        "papers_sent": _l("材料已送，等平台核对"),
        "checked": _l("材料核对过"),
        "rejected": _l("材料不对，要重交"),
        "confirmed_outside": _l("外部服务核实过"),
    },
    "business.scope": {
        "look": _l("只看店的资料"),
        "prepare": _l("填资料、说需求、看匹配"),
        "act": _l("送机构、问保险价、接受报价，看得到贷款和保险"),
    },
    "business.paper": {"licence": _l("营业执照"), "letter": _l("委托书")},
    "business.tax_grade": {
        "A": _l("A 级"),
        "B": _l("B 级"),
        "M": _l("M 级（新办）"),
        "C": _l("C 级"),
        "D": _l("D 级"),
        "unknown": _l("说不清"),
    },
    "business.line_kind": {"loan": _l("贷款"), "guarantee": _l("担保额度")},
    "business.line_source": {"declared": _l("您填的"), "paid_out": _l("机构报的放款")},
    "business.title_standing": {
        "typed": _l("没有人核实过"),
        "asked": _l("等平台核实"),
        "verified": _l("核实了"),
        "refuted": _l("没核实上"),
    },
    "business.title_remark": {
        "not_listed": _l("公开名单里查不到"),
        "other_name": _l("名单上是别的单位"),
        "other_number": _l("证书编号对不上"),
        "withdrawn": _l("已经取消或过了有效期"),
    },
    "business.remark": {
        "unreadable": _l("看不清字"),
        "cut_off": _l("没拍全，四个角要都在"),
        "wrong_code": _l("执照上的代码和填的不一样"),
        "name_differs": _l("执照上的名称和填的不一样"),
        "person_differs": _l("执照上的人不是您，又没有委托书"),
        "licence_old": _l("不是现在有效的执照"),
        "letter_missing": _l("缺委托书"),
        "letter_unsigned": _l("委托书没有签字或盖章"),
        "letter_scope": _l("委托书没写可以办融资"),
        "other": _l("别的"),
    },
    "business.case": {"claim": _l("两个人说自己代表同一家店"), "papers": _l("两位核对的人看法不一样")},
    "business.outcome": {
        "both": _l("两边都代表这家店，后来的再交材料"),
        "claimant": _l("后来的代表这家店，原来的要重新证明"),
        "holder": _l("还是原来的代表这家店"),
        "right": _l("材料对"),
        "wrong": _l("材料不对，请店主重交"),
    },
}

SENTENCES = {
    # helpers
    "mandate_needs_limit": _l("让他送机构、接受报价，要写最多到多少钱。"),
    "mandate_end_past": _l("这一天已经过了。"),
    "mandate_too_long": _l("最长一年，到 %(latest_on)s 为止。以后可以再续。"),
    "mandate_needs_proof": _l("没有做：您自己的材料核对过，才能请别人帮忙。"),
    "mandate_for_yourself": _l("这个人已经能代表这家店，不用再请。"),
    "mandate_known_already": _l("已经请过他了。要改限度，在下面的名单里改。"),
    "mandate_address": _l("写手机号（11 位）或者邮箱。"),
    "mandate_is_anothers": _l("没有做：这个链接是发给别人的，您登录的不是那个账号。"),
    "mandate_link_over": _l("没有做：这个链接用过了、过期了，或者停了。请他再发一个。"),
    "mandate_over": _l("没有做：这一份已经停了。"),
    "mandate_none": _l("没有做：您没有这家店的委托，或者委托已经到期。"),
    "mandate_only_looks": _l("没有做：您的委托不包括送机构、接受报价。"),
    "mandate_limit": _l("没有做：这一笔是 %(amount_yuan)s，您的委托最多到 %(limit_yuan)s。请店主自己来，或者改委托。"),
    "mandate_invitation": _l(
        "有人请您帮“%(business)s”：%(scope)s。打开链接看清楚再答应，%(expires_at)s 前有效，只有您能用。"
    ),
    "mandate_accepted": _l("%(name)s 答应帮“%(business)s”了。"),
    "mandate_changed": _l("“%(business)s”改了您的委托：%(scope)s，到 %(until_on)s。"),
    "mandate_ended": _l("“%(business)s”停了您的委托。"),
    # what was typed
    "text_missing": _l("请填写"),
    "text_placeholder": _l("“%(typed)s”不算填写，请写真实的内容"),
    "text_too_long": _l("最多 %(longest)s 个字，现在有 %(n)s 个"),
    "number_missing": _l("请写一个数"),
    "not_a_number": _l("请写成数字，比如 30 或 30.5"),
    "not_a_whole_number": _l("请写成整数，比如 8"),
    "too_large": _l("数太大了，最多 %(most_yuan)s"),
    "too_fine": _l("最多写到分"),
    "too_many": _l("人数太大了，请再看一眼"),
    "day_missing": _l("请填写日期"),
    "not_a_day": _l("请写成日期，比如 2024-05-06"),
    "choice_missing": _l("请选一项"),
    "choice_unknown": _l("没有这一项，请重新选"),
    "industry_missing": _l("请选一个行业：先写做什么生意，再从列出来的里面选"),
    "region_missing": _l("请选到区县：先写区县的名字，再从列出来的里面选"),
    "founded_later": _l("成立日期不能在今天以后"),
    "founded_too_early": _l("成立日期不能早于 %(earliest_on)s"),
    "change_later": _l("变更日期不能在今天以后"),
    "change_before_founding": _l("变更日期不能早于成立日期 %(founded_on)s"),
    "year_not_possible": _l("%(year)s 年还没有开业，不用填这一年"),
    "liabilities_without_assets": _l("填了负债，也请填资产总额，才能算负债率"),
    "business_exists": _l("这个代码已经有人登记过。如果您也代表这家店，在下面提出来，平台来定"),
    "claim_not_needed": _l("这个代码还没有人登记，您直接登记就行"),
    "claim_open_already": _l("您已经提过了，在等平台定"),
    "words_missing": _l("请写清楚，别人才好判断"),
    "case_decided": _l("没有做：这件事已经定了"),
    "case_needs_a_third": _l("没有定：您看过这份材料了，要由第三位同事来定"),
    "case_other_side_waits": _l("没有定：对方还没说话，等到 %(due_at)s"),
    "finding_given_already": _l("没有记：您已经给过意见，要由另一位同事再看一遍"),
    "finding_case_open": _l("没有记：两位的看法不一样，已经转给第三位同事"),
    "claim_told_holder": _l("有人说也代表“%(business)s”。请在 %(due_at)s 以前说说您这边的情况，平台来定"),
    "claim_decided": _l("谁代表这家店，平台定了：%(outcome)s。原因：%(reason)s"),
    "case_is_due": _l("有一件“谁代表这家店”的事，两边说话的时间到了，等您来定"),
    "business_yours_already": _l("您已经登记过这家店了，在“我的店”里"),
    "title_exists": _l("这张证书已经填过了"),
    "balance_above_amount": _l("欠的不能比批的 %(amount_yuan)s 还多"),
    "started_later": _l("开始日期不能在今天以后"),
    "matures_before_start": _l("到期日要在开始日以后"),
    "line_reported_by_institution": _l("这一笔是机构报的放款，不能在这里改"),
    # who may act
    "standing_step_not_possible": _l("现在是“%(standing)s”，不能这样做。可能别人刚处理过"),
    "standing_proven_already": _l("已经核实过了，不用再交"),
    "paper_not_needed": _l("不需要这种材料"),
    "papers_too_many": _l("已经交过 %(n)s 份材料，请联系平台"),
    "own_papers": _l("不能核对自己的材料，请让另一位同事来"),
    "remark_missing": _l("选了“别的”，请写清楚哪里不对"),
    "outside_not_confirmed": _l("外部服务没有核到您和这家店的关系，请改为上传材料"),
    "outside_only_simulated": _l("现在接的是模拟核验，结果不能当真，请改为上传材料"),
    "title_over": _l("%(expires_on)s已经过期，换成新的证书再送"),
    "title_asked_already": _l("已经送去核实了"),
    "title_not_asked": _l("这一个现在不等核实，可能同事刚处理过"),
    # messages
    "title_verified": _l("“%(business)s”的资质“%(title)s”核实了"),
    "title_refuted": _l("“%(business)s”的资质“%(title)s”没核实上：%(remark)s"),
    "papers_checked": _l("“%(business)s”的材料核对过了，现在可以把需求送给机构"),
    "papers_rejected": _l("“%(business)s”的材料要重交：%(remark)s"),
    # warnings
    "warn_young": _l(
        "开业 %(now_months)s，不到 %(need_months)s。机构会多看一眼，有的产品办不了，%(until_on)s以后就没有这一条。"
    ),
    "warn_acquired": _l(
        "%(changed_on)s换过股东，不到 12 个月。机构会多看一眼，%(until_on)s以后就没有这一条。"
    ),
    "warn_no_evidence": _l("纳税记录和流水都还没有。没有这两样，机构难以相信生意在做，请至少准备一样。"),
    "warn_over_lending": _l(
        "现有贷款额度 %(lines_yuan)s，是 %(year)s 年营业收入 %(turnover_yuan)s 的 %(share_percent)s，"
        "超过 %(bound_percent)s。机构会担心借得太多。"
    ),
    "warn_lines_without_turnover": _l(
        "填了现有贷款 %(lines_yuan)s，但没有营业收入，看不出借得多不多。请补上一年的数。"
    ),
    "warn_tax_grade_d": _l("纳税信用是 D 级，多数产品办不了。可以向税务局申请复评或修复。"),
    # what is missing and why it matters
    "missing_proof": _l("还没核实您能代表这家店。可以先看匹配；要送给机构，就得先核实。"),
    "missing_figures": _l("还没填 %(year)s 年的数。有了它，才知道够不够营业收入的要求，划型才准。"),
    "missing_assets": _l("还没填 %(year)s 年的资产总额。划型和负债率都要用。"),
    "missing_liabilities": _l("还没填 %(year)s 年的负债总额。有的产品看负债率。"),
    "missing_tax_grade": _l("还没填纳税信用等级。A、B、M 级能办的产品更多。"),
    "missing_evidence": _l("还没说能拿出什么证明。有纳税记录或流水，信用贷款的门就开了。"),
    "missing_equity_change": _l("还没填最近一次股东变更。没变过就不用管。"),
    "collateral_contradicts": _l("勾了“没有”，就不要再勾别的。"),
    "missing_collateral": _l("还没说有什么能抵押或担保的。没有也没关系，有的话额度和价格会更好。"),
}

DEEDS = {
    "business.invite_helper": _l("请人帮忙"),
    "business.accept_mandate": _l("答应帮忙"),
    "business.change_mandate": _l("改帮忙的限度"),
    "business.end_mandate": _l("停了帮忙"),
    "business.create": _l("登记了一家店"),
    "business.change": _l("改资料"),
    "business.change_strengths": _l("改能拿出来的东西"),
    "business.declare_capacity": _l("说明自己是谁"),
    "business.add_paper": _l("交证明"),
    "business.send_papers": _l("把证明送去核对"),
    "business.find": _l("给核对意见"),
    "business.open_case": _l("开一件身份的事"),
    "business.answer_claim": _l("说自己这边的情况"),
    "business.decide_case": _l("定谁代表这家店"),
    "business.prove_anew": _l("要重新证明身份"),
    "business.check": _l("核对证明"),
    "business.reject": _l("退回证明"),
    "business.confirm_outside": _l("外部核实"),
    "business.save_figures": _l("填年度数据"),
    "business.remove_figures": _l("删年度数据"),
    "business.add_title": _l("加称号"),
    "business.ask_title": _l("请平台核实称号"),
    "business.verify_title": _l("核实称号"),
    "business.refute_title": _l("没核实上称号"),
    "business.remove_title": _l("删称号"),
    "business.add_credit_line": _l("加已有贷款"),
    "business.change_credit_line": _l("改已有贷款"),
    "business.remove_credit_line": _l("删已有贷款"),
}
