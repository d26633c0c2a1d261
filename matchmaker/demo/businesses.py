"""The businesses of the town and their owners: what everybody may know of them, and the traits that nobody sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from matchmaker.demo.drawing import at_local, generator
from matchmaker.demo.places import COUNTIES, FIRST_WORDS, GIVEN, STREETS, SURNAMES
from matchmaker.reference import regions

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


@dataclass(frozen=True)
class Trade:
    """A line of business of the town: class, share, words for names, kind weights (firm, sole, coop), size, habits."""

    code: str
    share: float
    words: tuple[str, ...]
    kinds: tuple[float, float, float]
    turnover_wan: float
    staff: float
    purposes: tuple[str, ...]
    collateral: tuple[str, ...] = ()
    luck: float = 0.0  # how the trade fares this year


_SHOP, _FIRM, _FARM = (0.12, 0.88, 0.0), (0.85, 0.15, 0.0), (0.12, 0.38, 0.5)
_MIX = (0.45, 0.55, 0.0)
TRADES: tuple[Trade, ...] = (
    Trade("6210", 7.5, ("砂锅馆", "土菜馆", "饭庄", "火锅店"), _SHOP, 70, 6, ("PURCHASE", "WC", "DECOR", "RENT"), luck=-0.25),
    Trade("6291", 5.0, ("面馆", "小吃店", "粉店", "早点铺"), (0.03, 0.97, 0.0), 35, 3, ("PURCHASE", "RENT", "DECOR"), luck=-0.15),
    Trade("6110", 1.0, ("大酒店", "宾馆"), _MIX, 260, 18, ("DECOR", "WC", "EQUIP"), ("MORT_COM",), luck=-0.3),
    Trade("6130", 1.5, ("民宿", "山居"), (0.2, 0.8, 0.0), 45, 3, ("DECOR", "WC", "EQUIP"), luck=-0.1),
    Trade("5211", 1.5, ("百货商行", "超市"), _MIX, 220, 8, ("PURCHASE", "WC", "RENT")),
    Trade("5299", 4.0, ("杂货店", "日用品店", "小卖部"), (0.05, 0.95, 0.0), 40, 2, ("PURCHASE", "RENT")),
    Trade("5231", 3.5, ("童装店", "布行", "服饰店"), _SHOP, 60, 3, ("PURCHASE", "RENT", "DECOR"), luck=-0.15),
    Trade("5263", 1.6, ("汽配店", "汽车配件行"), _MIX, 130, 4, ("PURCHASE", "WC")),
    Trade("5272", 1.6, ("家电行", "电器店"), _MIX, 150, 5, ("PURCHASE", "WC")),
    Trade("5283", 1.4, ("家具行", "家居馆"), _MIX, 120, 4, ("PURCHASE", "DECOR"), luck=-0.25),
    Trade("5225", 1.2, ("药房", "营养品店"), _MIX, 110, 4, ("PURCHASE", "WC"), luck=0.15),
    Trade("5123", 3.0, ("果蔬批发部", "果业"), (0.4, 0.5, 0.1), 420, 8, ("PURCHASE", "WC", "EQUIP")),
    Trade("5137", 1.2, ("数码商贸", "电子批发"), _FIRM, 500, 7, ("PURCHASE", "WC")),
    Trade("5171", 0.8, ("农机销售", "农机行"), _MIX, 320, 6, ("PURCHASE", "WC")),
    Trade("5192", 0.5, ("宠物用品", "宠物粮"), _FIRM, 260, 5, ("PURCHASE", "WC"), luck=0.25),
    Trade("8111", 3.0, ("修车行", "汽修店", "洗车店"), (0.25, 0.75, 0.0), 65, 5, ("EQUIP", "PURCHASE", "RENT")),
    Trade("8030", 1.2, ("干洗店", "洗衣坊"), _SHOP, 35, 3, ("EQUIP", "RENT", "DECOR")),
    Trade("8060", 0.8, ("照相馆", "摄影工作室"), _SHOP, 38, 3, ("EQUIP", "RENT", "DECOR"), luck=-0.1),
    Trade("8053", 1.4, ("理疗馆", "推拿店"), _SHOP, 48, 5, ("DECOR", "RENT", "EQUIP")),
    Trade("8193", 0.8, ("家具维修", "安装服务"), _SHOP, 30, 3, ("WC", "PAYROLL")),
    Trade("8391", 1.4, ("职业培训学校", "技能培训中心"), _FIRM, 140, 12, ("RENT", "DECOR", "EQUIP", "PAYROLL"), luck=-0.1),
    Trade("8930", 1.0, ("健身房", "游泳馆"), _MIX, 120, 9, ("DECOR", "EQUIP", "RENT"), luck=-0.1),
    Trade("9051", 0.6, ("文化工作室", "剧社"), _FIRM, 80, 8, ("WC", "PAYROLL", "EQUIP"), luck=-0.1),
    Trade("5434", 3.2, ("物流", "货运队", "运输"), (0.6, 0.4, 0.0), 300, 10, ("EQUIP", "WC", "PAYROLL"), ("MORT_VEH",)),
    Trade("6020", 1.6, ("快递服务部", "快运"), _MIX, 180, 12, ("EQUIP", "PAYROLL", "WC"), luck=0.1),
    Trade("5821", 0.8, ("货代", "仓配"), _FIRM, 350, 9, ("WC", "PAYROLL", "EQUIP")),
    Trade("0141", 3.0, ("蔬菜", "果蔬种植"), _FARM, 60, 7, ("PURCHASE", "EQUIP", "PAYROLL"), ("MORT_LAND",)),
    Trade("0171", 1.6, ("药材种植", "百合种植"), _FARM, 70, 8, ("PURCHASE", "EQUIP", "PAYROLL"), ("MORT_LAND",), luck=0.15),
    Trade("0412", 2.2, ("水产养殖", "渔业"), _FARM, 110, 6, ("PURCHASE", "EQUIP", "WC")),
    Trade("0323", 1.4, ("鹅业", "家禽养殖"), _FARM, 90, 5, ("PURCHASE", "EQUIP")),
    Trade("0519", 1.0, ("农机服务", "植保服务"), _FARM, 80, 8, ("EQUIP", "PAYROLL")),
    Trade("1392", 1.4, ("豆腐坊", "豆制品"), (0.5, 0.45, 0.05), 130, 9, ("PURCHASE", "EQUIP", "WC"), luck=0.1),
    Trade("1353", 1.0, ("肉制品", "腊味坊"), _FIRM, 420, 20, ("PURCHASE", "EQUIP", "WC"), ("MORT_FACT",)),
    Trade("1432", 0.9, ("速冻食品", "米面食品"), _FIRM, 600, 30, ("EQUIP", "PURCHASE", "TECHUP"), ("MORT_FACT",), luck=0.2),
    Trade("2011", 1.2, ("木材加工", "板材"), _FIRM, 480, 18, ("PURCHASE", "EQUIP", "WC"), ("MORT_FACT", "PLEDGE_INV"), luck=-0.15),
    Trade("2110", 1.4, ("家具厂", "木器厂"), _FIRM, 520, 26, ("PURCHASE", "EQUIP", "WC"), ("MORT_FACT",), luck=-0.25),
    Trade("1811", 1.4, ("运动服饰厂", "制衣厂"), _FIRM, 650, 48, ("ORDER", "PAYROLL", "EXPORT", "EQUIP"), ("PLEDGE_AR",), luck=-0.1),
    Trade("1762", 0.6, ("针织", "染整"), _FIRM, 700, 40, ("ORDER", "GREEN", "EQUIP"), ("MORT_FACT",)),
    Trade("2231", 0.9, ("纸箱厂", "包装"), _FIRM, 480, 22, ("PURCHASE", "EQUIP", "WC"), ("MORT_EQP",)),
    Trade("2319", 0.9, ("印刷", "印务"), _FIRM, 320, 16, ("EQUIP", "WC", "DIGITAL"), ("MORT_EQP",), luck=-0.1),
    Trade("2922", 1.0, ("塑业", "管材"), _FIRM, 760, 30, ("PURCHASE", "EQUIP", "TECHUP"), ("MORT_FACT", "MORT_EQP")),
    Trade("3039", 0.9, ("建材", "石材"), _FIRM, 650, 24, ("EQUIP", "GREEN", "WC"), ("MORT_FACT",), luck=-0.35),
    Trade("3311", 1.4, ("钢构", "金属制品"), _FIRM, 900, 32, ("ORDER", "PURCHASE", "EQUIP"), ("MORT_FACT", "PLEDGE_AR"), luck=-0.1),
    Trade("3360", 0.8, ("金属表面处理", "电镀"), _FIRM, 520, 24, ("GREEN", "EQUIP", "WC"), ("MORT_FACT",)),
    Trade("3484", 1.8, ("机械加工", "精密机械"), _FIRM, 780, 28, ("EQUIP", "TECHUP", "ORDER"), ("MORT_EQP", "PLEDGE_AR"), luck=0.2),
    Trade("3525", 1.0, ("模具", "模塑"), _FIRM, 560, 22, ("EQUIP", "TECHUP", "ORDER"), ("MORT_EQP",), luck=0.15),
    Trade("3812", 0.7, ("电机", "电动机"), _FIRM, 1400, 55, ("TECHUP", "RND", "ORDER"), ("MORT_FACT", "PLEDGE_IP_PAT"), luck=0.25),
    Trade("3912", 0.6, ("电子元件", "计算机配件"), _FIRM, 1300, 60, ("ORDER", "RND", "EQUIP"), ("PLEDGE_AR", "PLEDGE_IP_PAT"), luck=0.3),
    Trade("3985", 0.5, ("电子材料", "新材料"), _FIRM, 1800, 50, ("RND", "TECHUP", "ORDER"), ("MORT_FACT", "PLEDGE_IP_PAT"), luck=0.35),
    Trade("4710", 1.4, ("建筑", "建设工程"), (0.95, 0.05, 0.0), 1100, 40, ("ORDER", "PAYROLL", "PURCHASE"), ("PLEDGE_ORDER",), luck=-0.35),
    Trade("5011", 1.6, ("装饰工程", "装修"), (0.75, 0.25, 0.0), 280, 12, ("ORDER", "PURCHASE", "PAYROLL"), luck=-0.3),
    Trade("6513", 1.4, ("软件", "信息科技"), (0.98, 0.02, 0.0), 260, 16, ("PAYROLL", "RND", "WC"), ("PLEDGE_IP_CR",), luck=0.25),
    Trade("6520", 0.3, ("芯片设计", "集成电路"), (1.0, 0.0, 0.0), 520, 20, ("RND", "PAYROLL"), ("PLEDGE_IP_PAT",), luck=0.3),
    Trade("7259", 1.0, ("广告", "图文"), _MIX, 110, 7, ("WC", "EQUIP", "RENT"), luck=-0.1),
    Trade("7481", 0.8, ("工程管理", "监理"), _FIRM, 280, 18, ("PAYROLL", "WC")),
    Trade("7271", 0.6, ("安保服务", "物业保安"), _FIRM, 320, 40, ("PAYROLL", "WC")),
)  # fmt: skip
KINDS = ("enterprise", "sole_proprietor", "cooperative")
PREFIX = {"enterprise": "91", "sole_proprietor": "92", "cooperative": "93"}


@dataclass
class Businesses:
    """The rows of the subject, and per business (by position) what only the story knows."""

    persons: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    businesses: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    figures: list[dict[str, Any]] = field(default_factory=list)
    titles: list[dict[str, Any]] = field(default_factory=list)
    credit_lines: list[dict[str, Any]] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    thirst: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)


def uscc(kind: str, region_code: str, number: int) -> str:
    """A code with a right check digit whose body, FAKE and five digits, says that nobody has it."""
    head = f"{PREFIX[kind]}{region_code}FAKE{number:05d}"
    total = sum(_ALPHABET.index(letter) * weight for letter, weight in zip(head, _WEIGHTS, strict=True))
    return head + _ALPHABET[(31 - total % 31) % 31]


def phone(number: int) -> str:
    """A number in a range that no operator has been given (154), so that no real person can be called."""
    return f"154{number:08d}"


def build(
    n: int,
    *,
    seed: int,
    anchor_on: date,
    first_person_id: int,
    operator_id: int,
    password_hash: str,
    institution_names: Mapping[int, str],
) -> Businesses:
    """`n` businesses as of the day before `anchor_on`; ids count from 1, owners from `first_person_id`."""  # fmt: skip
    rng = generator(seed, "businesses")
    town = Businesses()
    quality = rng.standard_normal(n)
    trade_at = rng.choice(len(TRADES), n, p=np.array([t.share for t in TRADES]) / sum(t.share for t in TRADES))
    county_at = rng.choice(len(COUNTIES), n, p=np.array([c.weight for c in COUNTIES]) / sum(c.weight for c in COUNTIES))
    kind_draw, name_draw, word_draw = rng.random(n), rng.integers(0, len(FIRST_WORDS), (n, 2)), rng.random(n)
    months_old = np.minimum(np.exp(rng.normal(3.75 + 0.12 * quality, 0.85, n)), 300).astype(int) + 2
    scale = np.exp(rng.normal(0.12 * quality, 0.65, n))
    ratio = np.clip(46 - 7 * quality + rng.normal(0, 15, n), 3, 96)
    grades = _grades(quality, rng, n)
    noise = rng.random((n, 14))
    people = rng.integers(0, [len(SURNAMES), len(GIVEN)], (n, 2))
    joined_days = (rng.beta(1.6, 1.1, n) * 400).astype(int)
    growth = rng.normal(0.02 + 0.05 * quality, 0.16, n)
    names: set[str] = set()
    for at in range(n):
        trade, county = TRADES[trade_at[at]], COUNTIES[county_at[at]]
        kind = _kind(trade, kind_draw[at])
        business_id, person_id = at + 1, first_person_id + at
        founded = anchor_on - timedelta(days=int(months_old[at] * 30.44))
        joined_on = max(anchor_on - timedelta(days=400 - int(joined_days[at])), founded + timedelta(days=20))
        joined_at = at_local(min(joined_on, anchor_on - timedelta(days=1)), 8 + 13 * noise[at, 0])
        name = _unused(
            names, _name(trade, kind, county.nickname, name_draw[at], word_draw[at]), county.nickname, name_draw[at]
        )
        owner = SURNAMES[people[at, 0]] + GIVEN[people[at, 1]]
        turnover = _turnover(trade, kind, scale[at], int(months_old[at]))
        proven = noise[at, 1] < 0.72
        town.persons.append(_person(person_id, owner, phone(1000 + at), joined_at, password_hash))
        town.assignments.append(
            {"person_id": person_id, "role": "owner", "institution_id": None, "branch_id": None, "since_at": joined_at}
        )
        point = regions.point(county.code) if noise[at, 2] < 0.55 else None
        town.businesses.append(
            {
                "id": business_id,
                "uscc": uscc(kind, county.code, 10000 + at),
                "name": name,
                "kind": kind,
                "entity_code": _entity(kind, noise[at, 3]),
                "industry_code": trade.code,
                "region_code": county.code,
                "address": f"{county.nickname}{STREETS[int(noise[at, 4] * len(STREETS))]} {int(noise[at, 5] * 180) + 1} 号",
                "latitude": None if point is None else round(point[0] + 0.09 * (noise[at, 6] - 0.5), 5),
                "longitude": None if point is None else round(point[1] + 0.09 * (noise[at, 7] - 0.5), 5),
                "founded_on": founded,
                "last_equity_change_on": founded + (anchor_on - founded) * float(noise[at, 8])
                if kind == "enterprise" and noise[at, 8] > 0.90 else None,
                "tax_grade": _grade_of(kind, grades[at], noise[at, 9], int(months_old[at])),
                "has_tax_evidence": bool(noise[at, 10] < (0.7 if kind == "enterprise" else 0.35)),
                "has_flow_evidence": bool(noise[at, 11] < 0.55),
                "collateral": _collateral(trade, noise[at, 12], turnover), "collateral_said": False,
                "created_by_id": person_id,
                "created_at": joined_at,
            }
        )  # fmt: skip
        town.members.append(
            {
                "id": business_id,
                "business_id": business_id,
                "person_id": person_id,
                "capacity": "owner" if kind == "sole_proprietor" else "legal_representative",
                "standing": "checked" if proven else "declared",
                "standing_at": joined_at + timedelta(hours=20 if proven else 0),
                "checked_by_id": operator_id if proven else None,
            }
        )
        _add_figures(
            town, business_id, trade, kind, turnover, float(ratio[at]), float(growth[at]), founded, anchor_on, noise[at]
        )
        _add_titles(town, business_id, trade, kind, noise[at, 13], float(quality[at]), anchor_on, operator_id)
        town.trades.append(trade)
    _add_credit_lines(town, n, quality, rng, anchor_on, institution_names)
    town.quality = [float(q) for q in quality]
    town.thirst = [float(t) for t in np.exp(rng.normal(0, 0.6, n))]
    town.answers = [float(a) for a in rng.normal(0, 1, n)]
    return town


def _person(person_id: int, name: str, number: str, joined_at: datetime, password_hash: str) -> dict[str, Any]:
    return {
        "id": person_id, "phone": number, "email": None, "name": name, "password_hash": password_hash, "language": "zh",
        "phone_verified_at": joined_at, "created_at": joined_at,
    }  # fmt: skip


def _kind(trade: Trade, draw: float) -> str:
    for kind, share in zip(KINDS, trade.kinds, strict=True):
        draw -= share
        if draw < 0:
            return kind
    return "sole_proprietor"


def _entity(kind: str, draw: float) -> str:
    if kind == "enterprise":
        return "SOLE_PERSON_CO" if draw < 0.22 else "PARTNER" if draw < 0.25 else "CO_LTD"
    return "INDIV" if kind == "sole_proprietor" else "COOP"


def _name(trade: Trade, kind: str, nickname: str, words: Any, draw: float) -> str:
    first, second = FIRST_WORDS[words[0]], FIRST_WORDS[words[1]]
    word = trade.words[int(draw * len(trade.words))]
    if kind == "enterprise":
        return f"青檀{first}{word}有限公司"
    if kind == "cooperative":
        return f"{nickname}{first}{word}农民专业合作社"
    return f"{first}{word}" if draw * 7 % 1 < 0.5 else f"{nickname}{second}{word}"


def _unused(names: set[str], name: str, nickname: str, words: Any) -> str:
    """A name that nobody else in the town has, so that a name is never mistaken for another's."""
    place = 0
    wanted = name
    while wanted in names:
        word = FIRST_WORDS[(words[1] + place) % len(FIRST_WORDS)]
        wanted = (
            name.replace("青檀", f"青檀{word}", 1)
            if name.startswith("青檀")
            else f"{word}{nickname if place > 60 else ''}{name}"
        )
        place += 1
    names.add(wanted)
    return wanted


def _turnover(trade: Trade, kind: str, scale: float, months: int) -> Decimal:
    """Yuan, whole hundreds; firms are larger than shops of the same trade, young ones smaller."""
    size = {"enterprise": 1.5, "sole_proprietor": 0.75, "cooperative": 1.2}[kind]
    wan = trade.turnover_wan * size * float(scale) * min(1.0, 0.45 + months / 40)
    return Decimal(max(1, round(wan * 100))) * 100


def _grades(quality: Any, rng: np.random.Generator, n: int) -> list[str]:
    seen = quality + rng.normal(0, 0.9, n)
    return ["A" if s > 1.0 else "B" if s > -0.55 else "C" if s > -1.7 else "D" for s in seen]


def _grade_of(kind: str, grade: str, draw: float, months: int) -> str | None:
    if kind == "sole_proprietor" and draw < 0.45:
        return None  # many sole proprietors are not graded
    return "M" if months < 18 and grade in ("B", "C") else grade


def _collateral(trade: Trade, draw: float, turnover: Decimal) -> list[str]:
    found = [code for place, code in enumerate(trade.collateral) if draw * (place + 1) % 1 < 0.6]
    if draw < 0.34:
        found.append("MORT_RES")
    if 0.3 < draw < 0.42 and turnover > 500_000:
        found.append("MORT_COM")
    if 0.2 < draw < 0.55:
        found.append("SURETY_PERS")
    if 0.6 < draw < 0.72:
        found.append("MORT_VEH")
    return sorted(set(found))


def _add_figures(
    town: Businesses, business_id: int, trade: Trade, kind: str, turnover: Decimal, ratio: float, growth: float,
    founded: date, anchor_on: date, noise: Any,
) -> None:  # fmt: skip
    """The last two full years, as far as the business existed; the newest is the one that counts."""
    size = {"enterprise": 1.3, "sole_proprietor": 0.7, "cooperative": 1.4}[kind]
    staff = max(1, round(trade.staff * size * (0.6 + 0.9 * float(noise[6]))))
    for back in (1, 2):
        year = anchor_on.year - back
        if founded.year > year:
            break
        amount = turnover if back == 1 else (turnover / Decimal(str(round(1 + growth, 3)))).quantize(Decimal(1)) * 1
        assets = (amount * Decimal(str(round(0.35 + 0.9 * float(noise[7]), 3)))).quantize(Decimal(1)) + 1000
        town.figures.append(
            {
                "business_id": business_id,
                "year": year,
                "employees": staff,
                "turnover_yuan": amount,
                "assets_yuan": assets,
                "liabilities_yuan": (assets * Decimal(str(round(ratio, 1))) / 100).quantize(Decimal(1)),
                "profit_yuan": (amount * Decimal(str(round(0.03 + growth / 3, 3)))).quantize(Decimal(1)),
            }
        )


def _add_titles(
    town: Businesses,
    business_id: int,
    trade: Trade,
    kind: str,
    draw: float,
    quality: float,
    anchor_on: date,
    operator_id: int,
) -> None:
    if kind != "enterprise" or trade.code[:2] not in ("14", "17", "18", "29", "33", "34", "35", "38", "39", "65"):
        return
    if draw + 0.12 * quality < 0.72:
        return
    verified = int(draw * 1000) % 2 == 0
    verified_at = at_local(anchor_on - timedelta(days=380), 10.5)
    code = "SRDI_PROV" if draw > 0.93 else "HNTE" if draw > 0.86 else "TECHSME" if draw > 0.8 else "SRDI_INNOV"
    town.titles.append(
        {
            "business_id": business_id,
            "code": code,
            "certificate_number": f"QT{anchor_on.year - 1}{business_id:05d}",
            "issuer": "青檀市工业和信息化局" if code.startswith("SRDI") else "青檀市科学技术局",
            "expires_on": anchor_on + timedelta(days=int(120 + 900 * draw)),
            "asked_at": verified_at - timedelta(hours=20) if verified else None,
            "verified_at": verified_at if verified else None,
            "checked_by_id": operator_id if verified else None,
        }
    )


def _add_credit_lines(
    town: Businesses, n: int, quality: Any, rng: np.random.Generator, anchor_on: date, names: Mapping[int, str]
) -> None:
    """Loans that businesses had before: about two in five have one, weaker ones more often."""
    has = rng.random(n) < 0.38 - 0.05 * quality
    share, started, security, lender = (
        rng.random(n),
        rng.integers(40, 560, n),
        rng.random(n),
        rng.integers(0, len(names), n),
    )
    ids = list(names)
    turnovers = {row["business_id"]: row["turnover_yuan"] for row in reversed(town.figures)}
    for at in np.flatnonzero(has):
        base = turnovers.get(int(at) + 1, Decimal(300_000))
        amount = max(
            Decimal(20_000),
            (base * Decimal(str(round(0.05 + 0.3 * float(share[at]), 3)))).quantize(Decimal(1)) // 10_000 * 10_000,
        )
        begun = anchor_on - timedelta(days=int(started[at]))
        institution_id = ids[int(lender[at])]
        town.credit_lines.append(
            {
                "business_id": int(at) + 1,
                "institution_name": names[institution_id],
                "institution_id": institution_id,
                "kind": "loan",
                "amount_yuan": amount,
                "balance_yuan": (amount * Decimal(str(round(0.3 + 0.7 * float(share[at]), 2)))).quantize(Decimal(1)),
                "security_code": "CREDIT"
                if security[at] < 0.5
                else "MORT_RES"
                if security[at] < 0.85
                else "SURETY_PERS",
                "started_on": begun,
                "matures_on": begun + timedelta(days=730 if share[at] > 0.5 else 366),
                "source": "declared",
                "as_of_on": anchor_on - timedelta(days=20),
            }
        )
