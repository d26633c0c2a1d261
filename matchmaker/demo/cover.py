"""What the insurers of the town list, written by their desks through the services of the subject, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.demo.drawing import at_local
from matchmaker.demo.market import Market
from matchmaker.notifications.models import Message
from matchmaker.products.cover import services
from matchmaker.products.cover.models import Cover
from matchmaker.products.cover.rules import FIELDS, STEPS

ALL = ("enterprise", "sole_proprietor", "cooperative")
FIRM = ("enterprise", "cooperative")
SHOP = ("enterprise", "sole_proprietor")


@dataclass(frozen=True)
class Listing:
    """One cover in short. Sums in 万元; `papers`: code and why; `state`: where it stands on the anchor."""

    of: str
    line: str
    name: str
    summary: str
    covers: str
    exclusions: str
    deductible: str
    sums: tuple[float, float]
    kinds: tuple[str, ...] = ALL
    allow: str = ""
    deny: str = ""
    months: int | None = None
    periods: tuple[str, ...] = ("year",)
    plans: tuple[str, ...] = ("once", "quarterly")
    papers: tuple[tuple[str, str], ...] = (("LICENCE", "核对投保的是谁"),)
    answer: int = 3
    claim: tuple[int, int, int] = (1, 20, 7)  # acknowledge, decide, pay
    small: tuple[int, int] | None = (3000, 3)
    filing: str = "filed"
    state: str = "published"


_LEASE = ("LEASE", "核对店在哪里、租到什么时候")
_ASSETS = ("ASSET_LIST", "定保额要用")
_STOCK = ("STOCK_LIST", "看存的是什么、值多少")
_STAFF = ("STAFF_LIST", "按工种定保额")
_LAST = ("LAST_POLICY", "看以前保的是什么、出过几次险")
_WHO = ("LICENCE", "核对投保的是谁")
_ID = ("OWNER_ID", "核对被保的是谁")

COVERS: tuple[Listing, ...] = (
    Listing("pinglan", "PROP_SHOP", "平岚小店综合险", "街边小店的装修、设备、存货和房东的墙",
            "火灾、爆炸、雷击烧坏的装修和设备\n水管爆裂泡坏的存货\n台风暴雨进水\n砸坏的橱窗玻璃\n因为火灾要赔房东和邻居的",
            "自己故意弄坏的\n地震、海啸\n正常磨损、生锈、发霉\n露天堆放的货\n现金、有价证券",
            "每次 500 元，或损失的 10%，取高的", (5, 200), SHOP, "51、52、61、62、80", papers=(_WHO, _LEASE), answer=2, small=(5000, 3)),
    Listing("yunxiu", "PROP_SHOP", "云岫店铺安", "装修、设备、存货，带三天停业补贴",
            "火灾、爆炸\n水渍、暴雨、台风\n盗抢（有撬痕）\n停业三天以内的固定开支",
            "没有撬痕的丢失\n地震\n店里自己的人偷的\n停电造成的冷柜化冻", "每次 300 元", (3, 100), SHOP, months=3,
            plans=("once", "monthly"), papers=(_WHO, _LEASE, _STOCK), claim=(1, 15, 5)),
    Listing("pinglan", "PROP_COMP", "平岚企业财产综合险", "厂房、设备、存货，银行抵押常要的那一种",
            "火灾、爆炸\n暴雨、洪水、台风、雷击\n飞行物坠落\n自有的水管、锅炉破裂", "地震及次生灾害\n行政拆除\n机器自己坏了\n盗窃\n贬值",
            "每次 2000 元，或损失的 10%，取高的", (50, 5000), FIRM, deny="19", papers=(_WHO, _ASSETS, ("FIRE_CERT", "看消防过没过"), _LAST),
            answer=4, claim=(2, 30, 10), small=None),
    Listing("yunxiu", "PROP_COMP", "云岫财产综合险", "厂房、设备和存货", "火灾、爆炸\n暴雨、洪水、台风\n冰雹、暴雪\n碰撞、倒塌",
            "地震\n盗窃\n账上没有的资产\n慢慢变形、开裂", "损失的 5%，最少 1000 元", (30, 3000), ALL, deny="19、26",
            papers=(_WHO, _ASSETS), claim=(1, 25, 10)),
    Listing("pinglan", "EL_STD", "平岚雇主责任险", "员工上班受伤，店里该赔的由保险赔",
            "上班时受伤、致残、身故\n上下班路上的交通意外\n职业病\n打官司的费用", "员工故意自伤\n喝酒、吸毒、打架受的伤\n没签合同的临时工，除非事先报过\n罚款",
            "医疗每次 100 元，伤残没有免赔", (10, 1000), ALL, plans=("once", "quarterly", "monthly"), papers=(_WHO, _STAFF),
            answer=2, claim=(1, 20, 7), small=(3000, 3)),
    Listing("yunxiu", "EL_STD", "云岫用工保", "按人头保，进出人随时改", "上班时受伤、身故\n误工费\n律师费",
            "名单上没有的人\n高空作业，除非单独约定\n故意犯罪", "医疗每次 200 元", (5, 600), ALL, deny="06、07、08、09、10",
            plans=("monthly", "once"), papers=(_WHO, _STAFF), claim=(1, 20, 10)),
    Listing("pinglan", "PL_FOOD", "平岚食品安全责任险", "客人吃坏了肚子，该赔的由保险赔",
            "在店里吃或外卖吃出的食物中毒\n食物里有异物伤了人\n看病、误工、赔偿\n打官司的费用",
            "过期食品\n没有许可证的时候卖的\n故意掺假\n罚款", "每次 200 元", (10, 300), SHOP, "14、52、62",
            papers=(_WHO, ("QUALIFICATION", "看食品经营许可证")), answer=2),
    Listing("yunxiu", "PL_FOOD", "云岫餐安保", "小饭馆和外卖店的食品责任", "食物中毒\n异物\n过敏（菜单上写明的除外）", "过期\n没有许可证\n客人自带的食物",
            "没有免赔", (5, 100), SHOP, "62", months=6, plans=("once",), papers=(_WHO, ("QUALIFICATION", "看食品经营许可证")),
            claim=(1, 15, 5), small=(2000, 2)),
    Listing("pinglan", "LIAB_PUB", "平岚公众责任险", "客人在店里滑倒、被砸，该赔的由保险赔", "店里地滑摔伤\n招牌、货架掉下来砸伤\n看病、误工、赔偿",
            "店外的地方\n自己的员工\n合同里另外答应赔的\n罚款", "每次 300 元", (10, 500), ALL, papers=(_WHO, _LEASE)),
    Listing("pinglan", "BI_STD", "平岚停业损失险", "火灾水淹以后停业，停的这些天少赚的", "财产险赔得到的灾害造成的停业\n停业期间的房租、工资\n加急搬家的费用",
            "没有同时买财产险的\n装修、换证停业\n行政停业\n疫情", "头 3 天自己承担", (10, 500), ALL, months=12, plans=("once",),
            papers=(_WHO, ("SALES_RECORD", "算一天少赚多少"), _LAST), answer=5, claim=(2, 30, 10), small=None),
    Listing("pinglan", "EQP_MB", "平岚机器损坏险", "机床、冷库、锅炉自己坏了也赔", "设计、安装、操作失误造成的损坏\n电气短路、过电压\n离心、断裂",
            "易损件、刀具\n保修期内厂家该管的\n明知有毛病还在用", "损失的 10%，最少 1000 元", (10, 2000), FIRM, "C",
            papers=(_WHO, _ASSETS), answer=4, claim=(2, 30, 10)),
    Listing("pinglan", "ENG_CAR", "平岚建工一切险", "小工程的材料、机具和旁边的人", "火灾、坍塌\n暴雨、洪水\n伤到旁边的人和房子", "设计错误\n正常损耗\n罚款和违约金",
            "每次 5000 元", (50, 3000), FIRM, "E", periods=("project",), plans=("once",), papers=(_WHO, ("CONTRACT", "看工程多大、多久")),
            answer=5, claim=(2, 30, 10), small=None, state="draft"),
    Listing("yunxiu", "LOG_DOM", "云岫国内货运险", "发一票保一票，路上坏了丢了的货", "火灾、翻车、碰撞\n装卸摔坏\n整件丢失", "包装不好\n自然腐坏\n晚到的损失\n危险品",
            "每票 300 元", (1, 500), ALL, periods=("trip", "year"), plans=("per_shipment", "once"), papers=(_WHO, ("CONTRACT", "看运什么、运多远")),
            answer=1, claim=(1, 15, 7)),
    Listing("yunxiu", "LOG_CARRIER", "云岫承运人责任险", "自己有车拉货，货坏了该赔货主的", "翻车、碰撞、火灾\n雨淋\n丢失", "超载超限\n没有从业资格证的司机\n危险品",
            "每次 500 元，或损失的 5%", (5, 300), ALL, "54", plans=("once", "quarterly"), papers=(_WHO, ("VEHICLE_LICENCE", "看车和年检")), claim=(1, 20, 10)),
    Listing("yunxiu", "CYB_STD", "云岫网店安全险", "网店被盗号、中病毒，停业和恢复的费用", "恢复数据的费用\n停业的固定开支\n通知客户的费用", "自己人干的\n没装补丁半年以上\n赎金",
            "每次 1000 元", (5, 100), ALL, "52、64、65", papers=(_WHO,), answer=5, state="suspended"),
    Listing("pinglan", "IPR_ENF", "平岚专利维权险", "别人仿冒，打官司取证的费用", "取证、公证费\n律师费\n行政投诉的费用", "已经知道的侵权\n专利已经失效\n赢了官司拿到的钱之外的损失",
            "费用的 10%", (5, 200), FIRM, papers=(_WHO, ("IP_TITLE", "看专利还有没有效")), answer=5, claim=(2, 30, 10), small=None, state="submitted"),
    Listing("qingchuan", "KP_PA", "晴川店主意外险", "店主自己摔伤、撞伤，看病和误工", "意外身故、伤残\n意外看病\n住院每天的补贴", "生病\n喝酒、无证驾驶\n潜水、攀岩这类运动",
            "看病每次 100 元", (10, 100), SHOP, plans=("once", "monthly"), papers=(_ID, ("HEALTH_STATEMENT", "如实写，影响赔不赔")), answer=1, claim=(1, 15, 5)),
    Listing("qingchuan", "EMP_PA", "晴川团体意外险", "三个人起保，员工和店主一起保", "意外身故、伤残\n意外看病\n猝死", "生病\n打架\n高危工种，除非单独约定",
            "看病每次 100 元", (10, 500), ALL, plans=("once", "monthly"), papers=(_WHO, _STAFF), answer=2, claim=(1, 15, 5)),
    Listing("qingchuan", "EMP_MED", "晴川团体补充医疗", "社保报完剩下的再报一部分", "住院和门诊，社保范围内\n住院每天的补贴", "社保不报的药\n投保前就有的病\n美容、牙齿",
            "门诊每年 300 元", (1, 50), ALL, months=6, plans=("once", "half_yearly"), papers=(_WHO, _STAFF), answer=3, claim=(1, 15, 7)),
    Listing("qingchuan", "KP_PENSION", "晴川店主养老", "赚得多多交、赚得少少交的养老", "到年龄按月领\n没领完的给家里人", "提前退会有损失\n利率不是保证的，看条款",
            "没有免赔", (1, 100), SHOP, periods=("long",), plans=("monthly", "half_yearly", "once"), papers=(_ID,), answer=3, claim=(2, 20, 10), small=None,
            filing="registered"),
    Listing("yuanfan", "CR_EXP_SME", "远帆小微出口信保", "国外买家不付钱，按比例赔", "买家破产\n买家拖欠\n买家国家打仗、不让汇款", "货不对版的纠纷\n没按合同发货\n关联公司",
            "损失的 10% 自己承担", (10, 2000), FIRM, papers=(_WHO, ("EXPORT_RECORD", "看卖到哪里、卖多少")), answer=5, claim=(2, 30, 10), small=None),
    Listing("yuanfan", "CR_DOM", "远帆国内贸易信用险", "国内赊账收不回来，按比例赔", "买方破产\n买方拖欠超过约定天数", "有争议的货款\n现款交易\n关联公司", "损失的 20% 自己承担",
            (50, 3000), FIRM, "C、51", months=12, papers=(_WHO, ("SALES_RECORD", "看赊给谁、账期多长")), answer=5, claim=(2, 30, 10), small=None),
)  # fmt: skip


def typed_from(listing: Listing, *, number: int, valid: tuple[date, date], filed_on: date) -> dict[str, list[str]]:
    """What a desk types for this listing."""
    acknowledge, decide, pay = listing.claim
    typed = {
        "name": [listing.name], "summary": [listing.summary], "covers": [listing.covers],
        "exclusions": [listing.exclusions], "deductible": [listing.deductible], "applicant_kinds": list(listing.kinds),
        "industries_allow": [listing.allow], "industries_deny": [listing.deny],
        "min_months_in_business": [str(listing.months)] if listing.months else [],
        "sum_min_wan": [str(listing.sums[0])], "sum_max_wan": [str(listing.sums[1])],
        "periods": list(listing.periods), "plans": list(listing.plans),
        "documents": [code for code, _ in listing.papers], **{f"reason-{code}": [why] for code, why in listing.papers},
        "answer_days": [str(listing.answer)], "acknowledge_days": [str(acknowledge)], "decide_days": [str(decide)],
        "pay_days": [str(pay)], "filing": [listing.filing], "filing_number": [f"C0000{number:03d}{filed_on:%Y%m%d}0{number:04d}"],
        "filed_on": [filed_on.isoformat()], "valid_from_on": [valid[0].isoformat()], "valid_until_on": [valid[1].isoformat()],
    }  # fmt: skip
    if listing.small:
        typed |= {"small_claim_yuan": [str(listing.small[0])], "small_claim_days": [str(listing.small[1])]}
    return typed


@contextmanager
def day(on: date, hour: float) -> Iterator[datetime]:
    """Business time stands at an hour of a day of the town."""
    at = at_local(on, hour)
    with clock.frozen(at):
        yield at


def list_cover(market: Market, anchor_on: date) -> dict[str, Cover]:
    """Every listing, written, handed in and approved by two colleagues weeks before the anchor; by name."""
    ids = {one.key: number for number, one in market.of.items()}
    found = {}
    for place, listing in enumerate(COVERS, start=1):
        writer, reviewer = (db.session.get_one(Person, number) for number in market.desks[ids[listing.of]])
        written_on = anchor_on - timedelta(days=40 + place)
        valid = (written_on + timedelta(days=1), written_on + timedelta(days=330))
        typed = typed_from(listing, number=place, valid=valid, filed_on=written_on - timedelta(days=60))
        with day(written_on, 15):
            cover = services.start_cover(
                institution_id=ids[listing.of], line=listing.line, name=listing.name, by=writer
            )
            version = cover.versions[0]
            for step in STEPS if listing.state != "draft" else STEPS[:2]:
                part = {field: typed[field] for field in FIELDS[step] if typed.get(field)}
                services.save_step(version, step, part, seen=version.row_version, licensed=False, by=writer)
            if listing.state != "draft":
                services.submit_version(version, seen=version.row_version, licensed=False, by=writer)
        if listing.state in ("published", "suspended"):
            with day(written_on + timedelta(days=1), 9.6):
                services.publish_version(version, seen=version.row_version, licensed=False, by=reviewer)
        if listing.line == "EQP_MB":  # it pays more quickly since last week
            _second_version(cover, writer, reviewer, anchor_on)
        if listing.state == "suspended":
            with day(anchor_on - timedelta(days=6), 11):
                services.suspend_cover(cover, note="条款在修订，先停一停", seen=cover.row_version, by=reviewer)
        found[listing.name] = cover
    return found


def _second_version(cover: Cover, writer: Person, reviewer: Person, anchor_on: date) -> None:
    with day(anchor_on - timedelta(days=8), 10):
        version = services.start_version(cover, licensed=False, by=writer)
        typed = dict(version.typed) | {"pay_days": ["5"]}
        part = {field: typed[field] for field in FIELDS["promises"] if typed.get(field)}
        services.save_step(version, "promises", part, seen=version.row_version, licensed=False, by=writer)
        services.submit_version(version, seen=version.row_version, licensed=False, by=writer)
    with day(anchor_on - timedelta(days=7), 9.6):
        services.publish_version(version, seen=version.row_version, licensed=False, by=reviewer)


def messages_have_left() -> None:
    """What was told on the way here was delivered long ago: nothing of it is sent once more."""
    db.session.flush()
    db.session.execute(
        sa.update(Message).where(Message.state == "waiting").values(state="sent", sent_at=Message.created_at)
    )
