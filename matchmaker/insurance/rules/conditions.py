"""Which lines of cover would meet a condition that a lender wrote, read from its words; nothing is recommended by it.

A lender may ask for cover of the thing that secures the loan, never for cover of a certain insurer or for cover that
has nothing to do with it (民营经济促进法 2025; 银行业金融机构不规范经营的通知, no tie-in sales).
"""

from __future__ import annotations

import re

_MEETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"贷款保证保险|小额贷款保证|信贷保证保险", ("SU_LOAN",)),
    (r"履约保(?:证|函)保?险?", ("ENG_PERF",)),
    (r"投标保证保险", ("ENG_BID",)),
    (
        r"财产(?:综合|基本|一切)?保?险|房屋保险|厂房保险|抵押物.{0,4}保险|存货保险",
        ("PROP_BASIC", "PROP_COMP", "PROP_AR"),
    ),
    (r"店铺.{0,4}保险|店铺综合险", ("PROP_SHOP",)),
    (r"设备.{0,4}保险|机器损坏险|机损险", ("EQP_MB", "EQP_PLANT")),
    (r"车辆保险|车损险|商业车险", ("PROP_MOTOR",)),
    (r"借款人意外|借意险", ("KP_LOANLIFE",)),
    (r"(?<!借款人)意外(?:伤害)?保?险", ("KP_PA",)),
    (r"雇主责任保?险|雇主险", ("EL_STD",)),
    (r"公众责任保?险", ("LIAB_PUB",)),
    (r"货(?:物)?运(?:输)?保?险", ("LOG_DOM",)),
    (r"出口信用保?险|出口信保|中信保", ("CR_EXP_ST", "CR_EXP_SME")),
    (r"(?:国内)?贸易信用保?险", ("CR_DOM",)),
    (r"知识产权质押.{0,6}保险", ("IPR_PLEDGE",)),
    (r"种植(?:业)?保?险", ("AGRI_CROP",)),
    (r"养殖(?:业)?保?险", ("AGRI_LIVE",)),
    (r"建筑工程一切险|建工险|建工一切险", ("ENG_CAR",)),
    (r"食品安全责任保?险", ("PL_FOOD",)),
    (r"安全生产责任保?险|安责险", ("DIS_SAFE",)),
)
"""Words of a condition, and the lines that would meet it."""


def lines_meeting(condition: str) -> tuple[str, ...]:
    """The lines of cover that a condition names, each once, in the order of the table; empty when it names none.

    What stands after 不要求, 无需, 不用 or 不必 asks for nothing and is passed over.
    """
    bare = re.sub(r"\s", "", condition)
    found: list[str] = []
    for pattern, lines in _MEETS:
        for hit in re.finditer(pattern, bare):
            before = bare[max(0, hit.start() - 8) : hit.start()]
            if re.search(r"(?:不要求|无需|无须|不用|不必|不需)[^，。；,;]*$", before) is None:
                found += [line for line in lines if line not in found]
    return tuple(found)
