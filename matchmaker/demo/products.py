"""What the institutions of the town offer: eighty-odd products in the shapes of real ones, with invented names and figures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from matchmaker.demo.institutions import BY_KEY
from matchmaker.products.rules.fees import FEE_CODES, Basis, FeeLine, Payer, Timing
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.terms import Paper, RateBase, RenewalKind, Terms, tax_grades_from
from matchmaker.products.rules.typed import read_terms, typed_from

ALL = ("enterprise", "sole_proprietor", "cooperative")
FIRM = ("enterprise",)
SHOP = ("sole_proprietor", "enterprise")
SMALL = ("sole_proprietor",)
COOP = ("cooperative", "sole_proprietor", "enterprise")
DAILY = ("WC", "PURCHASE", "PAYROLL", "RENT", "ORDER", "TAX", "RELIEF")
SHOPS = ("WC", "PURCHASE", "RENT", "DECOR", "PAYROLL")
FIXED = ("EQUIP", "TECHUP", "GREEN", "PLANT", "DIGITAL")
EVEN, LAST, BOTH, DRAW = ("EQ_INST",), ("INT_M_BULLET",), ("EQ_INST", "INT_M_BULLET"), ("REVOLVE", "INT_M_BULLET")
LONG = ("EQ_INST", "EQ_PRIN")
HOME, PREMISES = ("MORT_RES",), ("MORT_COM", "MORT_FACT", "MORT_LAND")
NO, BACK, ON = RenewalKind.NO, RenewalKind.AFTER_REPAYING, RenewalKind.WITHOUT_REPAYING


@dataclass(frozen=True)
class Shape:
    """One product in short. Amounts in 万元, terms in months, spreads in basis points (or `fixed` in percent)."""

    of: str
    name: str
    summary: str
    amount: tuple[float, float]
    term: tuple[int, int]
    spread: tuple[int, int] | None
    kinds: tuple[str, ...] = ALL
    purposes: tuple[str, ...] = DAILY
    repay: tuple[str, ...] = BOTH
    security: tuple[str, ...] = ("CREDIT",)
    months: int | None = 12
    turnover: float | None = None
    grade: str = ""
    debt: int | None = 70
    renewal: RenewalKind = ON
    days: int = 5
    base: str = "LPR1Y"
    fixed: float | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    flags: str = ""  # f first-time friendly, o first-time only, r revolving
    fees: str = ""  # see FEES
    papers: str = "LFT"
    branch: str = ""  # nickname of the county of the branch that offers it alone
    laxity: float = 0.0  # how easily it is granted; only the story reads this


# Fees in short: one letter each, as the tables of real products show them. No payee: the institution itself.
FEES: dict[str, tuple[str, Payer, str, Basis, str, Timing, bool, str]] = {
    "g": ("GUAR", Payer.BORROWER, "青檀市融资担保有限公司", Basis.PERCENT_PER_YEAR, "0.5", Timing.YEARLY, False, ""),
    "G": ("GUAR", Payer.BORROWER, "三合融资担保有限公司", Basis.PERCENT_PER_YEAR, "1.8", Timing.UPFRONT, False, ""),
    "s": ("GUARSUB", Payer.GOVERNMENT, "青檀市财政", Basis.PERCENT_PER_YEAR, "0.25", Timing.YEARLY, False, "符合条件才有"),
    "a": ("APPRAISAL", Payer.BANK, "评估公司", Basis.PERCENT_OF_AMOUNT, "0.1", Timing.UPFRONT, False, ""),
    "A": ("APPRAISAL", Payer.BORROWER, "评估公司", Basis.PERCENT_OF_AMOUNT, "0.15", Timing.UPFRONT, False, ""),
    "r": ("REGIST", Payer.BANK, "不动产登记中心", Basis.YUAN_ONCE, "80", Timing.UPFRONT, False, ""),
    "n": ("NOTARY", Payer.BORROWER, "公证处", Basis.YUAN_ONCE, "600", Timing.UPFRONT, False, ""),
    "i": ("INSCOLL", Payer.BORROWER, "保险公司", Basis.PERCENT_PER_YEAR, "0.08", Timing.YEARLY, True, "客户自己选，不买也能办"),
    "I": ("INSPREM", Payer.BORROWER, "保险公司", Basis.PERCENT_PER_YEAR, "1.2", Timing.UPFRONT, False, ""),
    "p": ("PREPAY", Payer.BORROWER, "", Basis.PERCENT_OF_AMOUNT, "1", Timing.ON_EVENT, False, "满一年以后提前还不收"),
    "m": ("SERVICE", Payer.BORROWER, "", Basis.PERCENT_OF_AMOUNT, "1", Timing.UPFRONT, False, ""),
    "d": ("DEPOSIT", Payer.BORROWER, "", Basis.PERCENT_OF_AMOUNT, "10", Timing.UPFRONT, False, "最后一期退还"),
    "b": ("SUBSIDY", Payer.GOVERNMENT, "青檀市财政", Basis.PERCENT_PER_YEAR, "1", Timing.YEARLY, False, "服务业贷款贴息，最长一年"),
    "q": ("GUAR", Payer.BORROWER, "青檀市融资担保有限公司", Basis.PERCENT_PER_YEAR, "0.8", Timing.YEARLY, False, ""),
    "k": ("GUAR", Payer.BORROWER, "三合融资担保有限公司", Basis.PERCENT_PER_YEAR, "2.2", Timing.YEARLY, False, ""),
}  # fmt: skip

PAPERS: dict[str, tuple[str, str]] = {
    "L": ("LICENCE", "核对是谁在经营、开了多久"),
    "F": ("BANK_FLOW", "看近一年进出账，算还得起多少"),
    "P": ("POS_FLOW", "看收款码流水，店里生意怎么样"),
    "T": ("TAX_RETURNS", "看纳税情况，核对营业额"),
    "I": ("INVOICES", "看开票情况，核对生意是真的"),
    "S": ("STATEMENTS", "看负债和利润"),
    "H": ("LEASE", "证明有固定的经营场所"),
    "U": ("PURPOSE_CONTRACT", "证明钱用在生意上"),
    "O": ("ORDERS", "看订单真不真、什么时候回款"),
    "E": ("EQUIPMENT_QUOTE", "核对设备值多少钱"),
    "M": ("PROPERTY_TITLE", "办抵押要用"),
    "N": ("IP_TITLE", "办质押要用"),
    "A": ("RECEIVABLE_PROOF", "核对这笔账对方认不认"),
    "K": ("STOCK_LIST", "核对货在哪里、有多少"),
    "C": ("CUSTOMS", "核对出口是真的"),
    "D": ("TITLE_CERTIFICATE", "核对认定还有没有效"),
    "G": ("GUARANTOR_ID", "核对保证人愿意、还得起"),
    "B": ("MEMBER_LIST", "核对合作社有哪些成员"),
    "V": ("OWNER_ID", "核对签字的是本人"),
}

RENEWAL_WORDS = {
    ON: (
        "到期前一个月申请，经营正常、没有逾期就能续，不用先还本金",
        "到期前 30 天告诉我们，信用好的续一年，本金不用先还",
    ),
    BACK: ("到期先还清，再申请同样的额度，材料不用重交", "还清以后三天内可以再借，价格按当时的报价利率重算"),
    NO: ("按订单放款，一单一还，回款就还清，没有可续的", "设备买完按月还完为止，不是周转的钱，所以不续"),
}

S = Shape
SHAPES: tuple[Shape, ...] = (
    # a rural commercial bank
    S("qingtan", "灶台贷", "给街边餐饮小店备货周转，不用抵押", (5, 50), (6, 36), (85, 85), SHOP, SHOPS, allow=("61", "62", "52"), turnover=60, months=24, grade="M", debt=65, flags="f", papers="LPH", laxity=0.2),
    S("qingtan", "檀农贷", "给种养大户和合作社买种子饲料", (3, 100), (6, 24), (95, 120), COOP, ("WC", "PURCHASE", "PAYROLL"), LAST, allow=("01", "02", "03", "04", "05"), turnover=20, flags="f", papers="LFB", laxity=0.2),
    S("qingtan", "码上贷", "按收款码流水给额度，随用随还", (1, 30), (3, 12), (110, 140), SMALL, SHOPS, DRAW, months=6, turnover=15, debt=None, flags="fr", papers="LP", days=3),
    S("qingtan", "首户贷", "头一回向银行借钱的小店", (2, 30), (6, 24), (100, 100), ALL, DAILY, EVEN, months=6, turnover=12, debt=None, flags="fo", papers="LFH", days=4, laxity=0.1),
    S("qingtan", "商铺抵押贷", "拿商铺做抵押，额度高、期限长", (20, 500), (12, 60), (45, 75), ALL, DAILY + ("DECOR", "EQUIP"), LONG, PREMISES, turnover=50, fees="ari", papers="LFM", days=10, laxity=0.2),
    S("qingtan", "房易周转", "拿住房做抵押的周转贷款", (10, 300), (12, 36), (50, 80), ALL, DAILY, BOTH, HOME, turnover=30, fees="ar", papers="LFM", days=8, laxity=0.2),
    S("qingtan", "三合担保贷", "担保公司担保，缺抵押的也能办", (10, 300), (6, 12), (45, 60), ALL, DAILY + ("EQUIP",), BOTH, ("SURETY_GOV",), turnover=40, fees="gs", papers="LFTS", days=8, renewal=BACK),
    S("qingtan", "装修贷", "店面翻新装修用", (3, 50), (12, 36), (105, 105), SHOP, ("DECOR", "EQUIP"), EVEN, turnover=40, months=18, papers="LPHU", flags="f"),
    # a city bank
    S("wangshan", "小店周转金", "小店备货交租，随借随还", (1, 30), (12, 12), (135, 135), SHOP, SHOPS, DRAW, months=12, turnover=25, debt=None, flags="fr", papers="LP", days=2),
    S("wangshan", "望山税贷", "按纳税给额度的信用贷款", (5, 200), (6, 24), (60, 110), FIRM, DAILY, BOTH, months=24, turnover=100, grade="B", debt=70, papers="LT", days=3),
    S("wangshan", "开票贷", "按开票金额给额度", (5, 150), (6, 12), (80, 120), FIRM, DAILY, LAST, months=18, turnover=100, grade="M", papers="LI", days=3),
    S("wangshan", "望山房抵贷", "住房抵押，额度可以循环用", (10, 500), (12, 60), (40, 60), ALL, DAILY + ("DECOR",), ("INT_M_BULLET", "EQ_INST"), HOME, turnover=30, fees="ar", papers="LFM", flags="r", days=6, laxity=0.2),
    S("wangshan", "夜市贷", "给夜市小吃摊和小餐馆", (1, 20), (3, 18), (150, 150), SMALL, SHOPS, EVEN, allow=("62",), months=6, turnover=10, debt=None, flags="f", papers="LP", days=3, laxity=0.1),
    S("wangshan", "修配贷", "给修车洗车和维修店", (2, 50), (6, 24), (120, 120), SHOP, SHOPS + ("EQUIP",), EVEN, allow=("81", "80", "82"), turnover=25, flags="f", papers="LPH"),
    S("wangshan", "学习坊贷", "给培训托管和文体场馆", (3, 80), (6, 24), (125, 145), SHOP, SHOPS + ("EQUIP",), EVEN, allow=("83", "87", "88", "89", "90"), turnover=40, papers="LFH"),
    S("wangshan", "服务业贴息贷", "住宿餐饮零售旅游，财政贴一个点", (5, 100), (6, 12), (95, 95), SHOP, DAILY, EVEN, allow=("52", "61", "62", "72", "80", "88", "89", "90"), turnover=50, grade="M", fees="b", papers="LFT", days=5),
    # a joint-stock bank
    S("baihui", "百汇信用贷", "经营两年以上的企业，纯信用", (10, 300), (6, 24), (70, 130), FIRM, DAILY, BOTH, months=24, turnover=200, grade="B", debt=60, papers="LTS", days=5),
    S("baihui", "百汇票易融", "拿供应链票据换现金", (10, 1000), (1, 12), (20, 60), FIRM, ("WC", "PURCHASE", "ORDER"), ("BULLET",), ("PLEDGE_BILL",), turnover=200, papers="LIA", renewal=NO, days=2, laxity=0.3),
    S("baihui", "百汇应收贷", "应收账款质押，对方认账就能办", (20, 800), (3, 12), (55, 95), FIRM, ("WC", "PURCHASE", "ORDER", "PAYROLL"), LAST, ("PLEDGE_AR",), turnover=200, papers="LAS", renewal=NO, days=6, laxity=0.1),
    S("baihui", "百汇厂房贷", "厂房抵押，可以做到五年", (50, 2000), (12, 60), (35, 60), FIRM, DAILY + FIXED, LONG, ("MORT_FACT", "MORT_COM"), turnover=300, fees="ari", papers="LSM", days=10, laxity=0.2),
    S("baihui", "担保易贷", "市担保公司担保的信用补充", (10, 300), (6, 12), (45, 45), ALL, DAILY, ("EQ_INST",), ("SURETY_GOV",), turnover=60, fees="qs", papers="LFTS", days=10, renewal=BACK),
    S("baihui", "百汇经营卡", "个体户小额循环额度", (1, 20), (12, 24), (160, 160), SMALL, SHOPS, DRAW, months=12, turnover=15, debt=None, flags="fr", papers="LV", days=3),
    # two large state banks
    S("jiangzhu", "江渚快贷", "结算往来好的企业，线上信用贷款", (1, 300), (6, 12), (15, 60), ALL, DAILY, BOTH, months=24, turnover=100, grade="B", debt=60, papers="LFT", days=5),
    S("jiangzhu", "江渚税融通", "纳税 A、B 级企业专享", (5, 500), (6, 24), (10, 50), FIRM, DAILY, BOTH, months=24, turnover=200, grade="B", debt=55, papers="LT", days=5),
    S("jiangzhu", "江渚抵押贷", "房产抵押，最长十年", (20, 1000), (12, 120), (10, 30), ALL, DAILY + FIXED + ("DECOR",), LONG, HOME + PREMISES, turnover=50, base="LPR5Y", fees="ari", papers="LSM", days=12, laxity=0.2),
    S("jiangzhu", "江渚种养贷", "种养户和合作社的信用贷款", (1, 50), (6, 24), (40, 70), COOP, ("WC", "PURCHASE", "EQUIP"), LAST, allow=("01", "02", "03", "04", "05"), months=24, turnover=15, debt=None, flags="f", papers="LB", days=8),
    S("jiangzhu", "江渚设备贷", "买新设备、以旧换新", (20, 1000), (12, 60), (20, 45), FIRM, ("EQUIP", "TECHUP"), LONG, ("MORT_EQP", "SURETY_GOV"), allow=("13", "14", "15", "17", "18", "20", "21", "22", "23", "26", "28", "29", "30", "31", "33", "34", "35", "36", "38", "39"), turnover=300, fees="ar", papers="LSE", renewal=NO, days=15),
    S("jiangzhu", "江渚订单贷", "政府采购中标就能借", (5, 300), (3, 12), (30, 60), FIRM, ("ORDER", "PURCHASE", "PAYROLL"), LAST, ("PLEDGE_ORDER", "CREDIT"), turnover=80, papers="LO", renewal=NO, days=6),
    S("jiangzhu", "江渚首贷通", "没有贷款记录的企业", (3, 100), (6, 12), (45, 45), ALL, DAILY, EVEN, months=12, turnover=30, grade="M", flags="fo", papers="LFT", days=6),
    S("jiangzhu", "江渚科创贷", "有专利的科技型企业", (20, 500), (6, 36), (10, 40), FIRM, DAILY + ("RND", "TECHUP", "DIGITAL"), LAST, ("CREDIT", "PLEDGE_IP_PAT"), allow=("26", "27", "34", "35", "38", "39", "40", "64", "65", "73", "75"), turnover=100, papers="LSDN", days=8),
    S("changling", "长陵商户贷", "收款码流水满半年的商户", (1, 100), (6, 12), (35, 75), SHOP, SHOPS, BOTH, months=12, turnover=30, debt=None, flags="f", papers="LP", days=3),
    S("changling", "长陵云税贷", "纳税满两年，按税给额度", (5, 300), (6, 12), (30, 90), SHOP, DAILY, DRAW, months=24, turnover=100, grade="M", debt=65, flags="r", papers="LT", days=3),
    S("changling", "长陵善科贷", "专精特新、高新技术企业", (20, 1000), (6, 36), (0, 30), FIRM, DAILY + ("RND", "TECHUP", "DIGITAL", "GREEN"), DRAW, allow=("26", "27", "34", "35", "38", "39", "40", "63", "64", "65", "73", "75"), months=24, turnover=300, grade="B", flags="r", papers="LSD", days=7),
    S("changling", "长陵出口贷", "出口企业备货收汇", (20, 1000), (3, 12), (40, 90), FIRM, ("EXPORT", "ORDER", "PURCHASE", "WC"), LAST, ("CREDIT", "EXPINS", "PLEDGE_TAXREF"), allow=("13", "14", "17", "18", "19", "20", "21", "24", "26", "29", "33", "34", "35", "38", "39", "51"), turnover=300, papers="LCO", renewal=BACK, days=6),
    S("changling", "长陵房快贷", "住房抵押线上办", (10, 500), (12, 36), (20, 45), ALL, DAILY + ("DECOR",), BOTH, HOME, turnover=30, fees="ar", papers="LFM", flags="r", days=6, laxity=0.2),
    S("changling", "长陵供应贷", "给大厂供货的小企业", (10, 500), (3, 12), (40, 80), FIRM, ("ORDER", "PURCHASE", "WC", "PAYROLL"), LAST, ("PLEDGE_AR",), turnover=150, papers="LAO", renewal=NO, days=5, laxity=0.1),
    S("changling", "长陵园区厂房贷", "园区里买厂房", (100, 3000), (36, 120), (15, 35), FIRM, ("PLANT",), LONG, ("MORT_FACT",), base="LPR5Y", turnover=500, months=24, fees="ari", papers="LSMU", renewal=NO, days=20),
    # the other city bank
    S("linpu", "湖区养殖贷", "给水产和畜禽养殖", (2, 80), (6, 24), (110, 140), COOP, ("WC", "PURCHASE", "EQUIP"), LAST, allow=("03", "04", "05"), turnover=15, debt=None, flags="f", papers="LB", laxity=0.1),
    S("linpu", "临蒲信易贷", "本地企业的信用贷款", (3, 100), (6, 24), (110, 160), ALL, DAILY, BOTH, months=12, turnover=40, grade="M", papers="LFT", days=5),
    S("linpu", "临蒲抵押通", "厂房商铺土地都能押", (20, 600), (12, 60), (60, 90), ALL, DAILY + FIXED, LONG, HOME + PREMISES, turnover=50, fees="Arn", papers="LSM", days=10, laxity=0.2),
    S("linpu", "粮仓贷", "收粮用，存货质押", (20, 500), (3, 12), (70, 100), COOP, ("PURCHASE", "WC"), ("BULLET", "INT_M_BULLET"), ("PLEDGE_INV",), allow=("01", "05", "13", "51", "59"), turnover=100, papers="LK", renewal=NO, days=7),
    S("linpu", "临蒲保证贷", "亲友或企业担保", (3, 50), (6, 24), (140, 170), ALL, DAILY, EVEN, ("SURETY_PERS", "SURETY_CORP"), turnover=20, papers="LFG", days=5, renewal=BACK, laxity=0.1),
    S("linpu", "临蒲货车贷", "跑运输的买车换车", (5, 80), (12, 36), (120, 150), ALL, ("EQUIP",), EVEN, ("MORT_VEH",), allow=("54", "58", "59", "60"), turnover=20, fees="p", papers="LE", renewal=NO, days=4),
    # village bank, credit cooperative
    S("nanbu", "南埠小额贷", "本县小店小户，信用贷款", (0.5, 20), (3, 24), (190, 190), ALL, DAILY, EVEN, months=6, turnover=8, debt=None, flags="f", papers="LV", days=2, laxity=0.2),
    S("nanbu", "南埠联保贷", "三五户人家互相担保", (2, 50), (6, 24), (170, 170), COOP, DAILY, EVEN, ("SURETY_JOINT", "SURETY_PERS"), turnover=15, papers="LG", renewal=BACK, days=4, laxity=0.1),
    S("nanbu", "南埠房抵贷", "县里的住房可以抵押", (5, 100), (12, 36), (120, 120), ALL, DAILY, BOTH, HOME, turnover=15, fees="Ar", papers="LM", days=6, laxity=0.2),
    S("nanbu", "南埠回乡创业贷", "开业不满一年也能看", (1, 20), (6, 24), (180, 180), SHOP, SHOPS + ("EQUIP",), EVEN, months=None, turnover=None, debt=None, flags="fo", papers="LHV", days=4),
    S("yanchi", "茶山贷", "给茶叶和中药材种植加工", (2, 60), (6, 24), (120, 150), COOP, ("WC", "PURCHASE", "PAYROLL", "EQUIP"), LAST, allow=("01", "02", "05", "15", "13"), turnover=15, debt=None, flags="f", papers="LB", days=7, laxity=0.1),
    S("yanchi", "砚池信用贷", "本社老客户的信用贷款", (1, 30), (6, 24), (160, 180), ALL, DAILY, EVEN, turnover=15, debt=None, papers="LF", days=6),
    S("yanchi", "民宿贷", "给山里的民宿和农家乐", (3, 80), (12, 36), (130, 150), SHOP, ("DECOR", "EQUIP", "WC", "PURCHASE"), EVEN, allow=("61", "62"), months=12, turnover=20, flags="f", papers="LHU", days=8),
    S("yanchi", "林权抵押贷", "林地使用权抵押", (5, 200), (12, 60), (100, 120), COOP, ("WC", "PURCHASE", "EQUIP"), LONG, ("MORT_LAND",), allow=("01", "02", "05", "20"), turnover=15, fees="Ar", papers="LM", days=15),
    S("yanchi", "砚池保证贷", "有人担保就能办", (2, 50), (6, 24), (150, 150), ALL, DAILY, EVEN, ("SURETY_PERS",), turnover=12, debt=None, papers="LG", renewal=BACK, days=6, laxity=0.1),
    # a bank without branches
    S("yundu", "云渡小微贷", "线上申请，随借随还", (1, 100), (12, 24), (220, 320), SHOP, DAILY, DRAW, months=12, turnover=50, grade="C", debt=None, flags="fr", papers="LI", days=1),
    S("yundu", "云渡开票贷", "看开票，不看抵押", (5, 200), (12, 24), (180, 260), FIRM, DAILY, EVEN, months=12, turnover=100, grade="M", papers="LI", days=1),
    S("yundu", "云渡网商贷", "网店和小卖家的备货贷款", (0.5, 50), (3, 12), (240, 240), SHOP, ("PURCHASE", "WC"), EVEN, allow=("51", "52"), months=6, turnover=20, debt=None, flags="f", papers="LP", days=1),
    S("yundu", "云渡快运贷", "快递和货运小队", (1, 50), (6, 24), (230, 230), SHOP, SHOPS + ("EQUIP",), EVEN, allow=("54", "58", "59", "60"), months=6, turnover=20, debt=None, flags="f", papers="LI", days=1),
    S("yundu", "云渡软件贷", "软件和设计小公司", (2, 100), (6, 24), (150, 200), FIRM, ("WC", "PAYROLL", "RND", "DIGITAL"), EVEN, allow=("63", "64", "65", "72", "74", "75"), months=12, turnover=50, papers="LI", days=1),
    # a foreign bank, a policy bank, a leasing company, a micro-loan company
    S("haiyue", "海岳贸易融资", "进出口备货押汇", (50, 2000), (1, 12), (80, 140), FIRM, ("EXPORT", "ORDER", "PURCHASE"), ("BULLET", "INT_M_BULLET"), ("CREDIT", "EXPINS", "PLEDGE_AR"), allow=("13", "17", "18", "21", "24", "26", "29", "33", "34", "35", "38", "39", "51"), months=24, turnover=800, debt=60, papers="LCO", renewal=NO, days=6),
    S("haiyue", "海岳供应链贷", "大买家的供货商", (30, 1000), (3, 12), (90, 130), FIRM, ("WC", "ORDER", "PURCHASE"), LAST, ("PLEDGE_AR",), turnover=500, papers="LAS", renewal=NO, days=6, laxity=0.1),
    S("haiyue", "海岳流动资金贷", "经营稳健的中型企业", (100, 2000), (6, 24), (60, 110), FIRM, DAILY, LAST, ("CREDIT", "MORT_COM", "MORT_FACT"), months=36, turnover=1500, debt=55, grade="B", papers="LTS", days=10),
    S("guoyuan", "国辕技改贷", "制造业技术改造和设备更新", (100, 5000), (24, 120), (-25, 10), FIRM, ("TECHUP", "EQUIP", "DIGITAL"), LONG, ("MORT_FACT", "MORT_EQP", "SURETY_GOV", "SURETY_CORP"), allow=tuple(str(code) for code in range(13, 44)), months=24, turnover=500, debt=65, base="LPR5Y", fees="a", papers="LSEU", renewal=NO, days=20),
    S("guoyuan", "国辕绿色贷", "节能减排、污染治理", (100, 5000), (24, 120), (-30, 0), FIRM, ("GREEN", "TECHUP"), LONG, ("MORT_FACT", "MORT_LAND", "SURETY_GOV"), months=24, turnover=300, base="LPR5Y", fees="a", papers="LSU", renewal=NO, days=20),
    S("guoyuan", "国辕粮食贷", "粮食收购和仓储", (50, 3000), (6, 36), (0, 30), COOP, ("PURCHASE", "PLANT", "WC"), LAST, ("PLEDGE_INV", "MORT_LAND", "SURETY_GOV"), allow=("01", "05", "13", "51", "59"), months=24, turnover=200, papers="LSK", renewal=BACK, days=15),
    S("guoyuan", "国辕乡村产业贷", "农业产业化和乡村旅游", (50, 2000), (12, 96), (-10, 20), COOP, ("PLANT", "EQUIP", "WC", "DECOR"), LONG, ("MORT_LAND", "MORT_COM", "SURETY_GOV"), allow=("01", "02", "03", "04", "05", "13", "15", "61"), months=18, turnover=100, base="LPR5Y", papers="LSU", renewal=NO, days=20),
    S("songtao", "松涛设备直租", "机器设备租着用，还完归您", (20, 1000), (12, 60), None, FIRM, ("EQUIP", "TECHUP"), EVEN, ("MORT_EQP",), fixed=6.6, allow=tuple(str(code) for code in range(13, 44)) + ("54", "58", "59"), months=18, turnover=200, fees="d", papers="LSE", renewal=NO, days=7, laxity=0.2),
    S("songtao", "松涛货车租", "货车分期，跑一趟还一趟", (8, 200), (12, 36), None, ALL, ("EQUIP",), EVEN, ("MORT_VEH",), fixed=7.8, allow=("54", "58", "59", "60"), months=6, turnover=20, fees="d", papers="LEV", renewal=NO, days=3, laxity=0.2),
    S("songtao", "松涛冷柜租", "餐饮零售的冷柜、厨具", (2, 60), (12, 36), None, SHOP, ("EQUIP", "DECOR"), EVEN, ("CREDIT", "MORT_EQP"), fixed=8.2, allow=("13", "14", "51", "52", "61", "62"), months=12, turnover=20, papers="LE", renewal=NO, days=3),
    S("songtao", "松涛回租", "自家设备先卖后租，盘活资金", (30, 800), (12, 36), None, FIRM, ("WC", "PURCHASE", "ORDER"), EVEN, ("MORT_EQP",), fixed=7.2, allow=tuple(str(code) for code in range(13, 44)), months=24, turnover=300, fees="d", papers="LSE", renewal=NO, days=8, laxity=0.1),
    S("shiliu", "石柳应急贷", "急用钱，两天到账", (0.5, 30), (1, 12), None, ALL, DAILY, ("EQ_INST", "BULLET"), fixed=13.5, months=3, turnover=None, debt=None, flags="f", fees="p", papers="LV", renewal=BACK, days=2, laxity=0.3),
    S("shiliu", "石柳商户贷", "商户按日还款压力小", (1, 50), (3, 12), None, SHOP, SHOPS, ("FLAT", "EQ_INST"), fixed=11.4, months=6, turnover=15, debt=None, fees="m", papers="LP", renewal=BACK, days=2, laxity=0.3),
    S("shiliu", "石柳车抵贷", "车辆抵押，车照样开", (1, 30), (3, 24), None, ALL, DAILY, EVEN, ("MORT_VEH",), fixed=12.0, months=3, turnover=None, debt=None, fees="p", papers="LV", renewal=BACK, days=2, laxity=0.3),
    # guarantees
    S("qtguar", "青檀普惠担保", "为小微企业和三农贷款担保", (10, 500), (6, 36), None, ALL, DAILY + FIXED, BOTH, ("SURETY_PERS", "CREDIT"), turnover=30, fees="g", papers="LFTS", days=7),
    S("qtguar", "青檀科技担保", "有专利、有订单的科技企业", (20, 1000), (6, 36), None, FIRM, DAILY + ("RND", "TECHUP", "DIGITAL"), BOTH, ("PLEDGE_IP_PAT", "SURETY_PERS", "CREDIT"), allow=("26", "27", "34", "35", "38", "39", "40", "63", "64", "65", "73", "75"), turnover=100, fees="g", papers="LSDN", days=7),
    S("qtguar", "青檀农担", "种养大户和合作社", (5, 300), (6, 36), None, COOP, ("WC", "PURCHASE", "EQUIP"), LAST, ("SURETY_PERS", "CREDIT"), allow=("01", "02", "03", "04", "05"), turnover=15, fees="g", papers="LB", days=8),
    S("qtguar", "青檀创业担保", "创业三年以内的人", (2, 30), (12, 36), None, SHOP, SHOPS + ("EQUIP",), EVEN, ("SURETY_PERS", "CREDIT"), months=3, turnover=None, debt=None, flags="f", fees="g", papers="LVH", days=10),
    S("sanhe", "三合增信", "抵押不够时补一程", (10, 500), (6, 24), None, ALL, DAILY + FIXED, BOTH, ("SURETY_PERS", "SURETY_CORP", "MORT_VEH"), turnover=30, debt=75, fees="k", papers="LFS", days=4, laxity=0.2),
    S("sanhe", "三合工程担保", "工程队接了活，先垫材料", (10, 500), (3, 24), None, FIRM, ("ORDER", "PURCHASE", "PAYROLL", "WC"), LAST, ("SURETY_PERS", "PLEDGE_ORDER"), allow=("47", "48", "49", "50"), turnover=80, fees="k", papers="LOS", days=4, laxity=0.1),
    # more of the larger ones
    S("qingtan", "工资贷", "年底发工资、付货款", (3, 80), (3, 12), (90, 110), FIRM, ("PAYROLL", "PURCHASE", "WC"), LAST, turnover=80, grade="M", papers="LFT", days=4),
    S("wangshan", "外卖小店贷", "外卖平台上的小店", (1, 15), (3, 12), (165, 165), SMALL, ("PURCHASE", "WC", "RENT"), EVEN, allow=("62", "52"), months=6, turnover=12, debt=None, flags="f", papers="LP", days=2, laxity=0.1),
    S("baihui", "百汇数字贷", "上系统、装设备的改造贷款", (10, 500), (12, 36), (50, 90), FIRM, ("DIGITAL", "EQUIP", "TECHUP"), EVEN, ("CREDIT", "MORT_EQP"), turnover=150, grade="B", papers="LSEU", renewal=NO, days=8),
    S("linpu", "湖区文旅贷", "景区周边的店和民宿", (3, 100), (6, 36), (115, 145), SHOP, SHOPS + ("EQUIP",), EVEN, allow=("61", "62", "52", "78", "89", "90"), turnover=30, flags="f", papers="LHP", days=6),
    S("jiangzhu", "江渚续航贷", "老贷款到期，接着借", (5, 500), (6, 12), (20, 60), ALL, ("RENEW", "WC", "PURCHASE"), LAST, months=24, turnover=60, debt=65, papers="LFT", days=6),
    S("changling", "长陵接力贷", "别家到期的贷款，接过来", (5, 300), (6, 12), (45, 90), ALL, ("RENEW", "BRIDGE", "WC"), LAST, months=24, turnover=80, grade="M", debt=65, papers="LFT", days=6),
)  # fmt: skip


def fees_of(shape: Shape) -> tuple[FeeLine, ...]:
    """The full schedule: what the letters say is charged, the penalty for arrears, and "none" for every other fee."""
    charged = {}
    own = BY_KEY[shape.of].name
    for letter in shape.fees:
        code, payer, payee, basis, value, timing, optional, note = FEES[letter]
        charged[code] = FeeLine(code, True, payer, payee or own, basis, Decimal(value), timing, optional, note)
    charged["LATE"] = FeeLine(
        "LATE", True, Payer.BORROWER, own, Basis.PERCENT_OVER_RATE, Decimal(50), Timing.ON_EVENT, False, ""
    )
    return tuple(charged.get(code, FeeLine(code, charged=False)) for code in FEE_CODES)


def terms_of(shape: Shape, *, kind: Kind, valid: tuple[object, object], wording: int = 0) -> Terms:
    """The terms of a product of the town; `valid` is its first and last day, `wording` picks the renewal sentence."""
    wan = Decimal(10_000)
    guarantee = kind == Kind.GUARANTEE
    terms = Terms(
        kind=kind,
        name=shape.name,
        summary=shape.summary,
        applicant_kinds=tuple(k for k in ALL if k in shape.kinds),
        purposes=tuple(dict.fromkeys(shape.purposes)),
        first_time_friendly="f" in shape.flags,
        first_time_only="o" in shape.flags,
        amount_min_yuan=(Decimal(str(shape.amount[0])) * wan).quantize(Decimal("0.01")),
        amount_max_yuan=(Decimal(str(shape.amount[1])) * wan).quantize(Decimal("0.01")),
        term_min_months=shape.term[0],
        term_max_months=shape.term[1],
        rate_base=RateBase.FIXED if guarantee or shape.fixed is not None else RateBase(shape.base),
        spread_min_bp=shape.spread[0] if shape.spread and not guarantee else None,
        spread_max_bp=shape.spread[1] if shape.spread and not guarantee else None,
        fixed_rate_percent=Decimal(0) if guarantee else None if shape.fixed is None else Decimal(str(shape.fixed)),
        repayments=shape.repay,
        securities=shape.security,
        revolving="r" in shape.flags or "REVOLVE" in shape.repay,
        industries_allow=shape.allow,
        industries_deny=shape.deny,
        min_months_in_business=shape.months,
        min_turnover_yuan=None if shape.turnover is None else Decimal(str(shape.turnover)) * wan,
        tax_grades=tax_grades_from(shape.grade),
        max_debt_ratio_percent=None if shape.debt is None else Decimal(shape.debt),
        renewal_kind=shape.renewal,
        renewal_statement=RENEWAL_WORDS[shape.renewal][wording % 2],
        documents=tuple(Paper(*PAPERS[letter]) for letter in shape.papers),
        promised_days=shape.days,
        valid_from_on=valid[0],  # type: ignore[arg-type]
        valid_until_on=valid[1],  # type: ignore[arg-type]
        fees=fees_of(shape),
    )
    return read_terms(typed_from(terms), kind)[0]  # lists in the order that a desk's form gives them
