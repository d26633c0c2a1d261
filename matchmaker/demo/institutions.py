"""The institutions of the town, their branches and the people who work there: all invented, kinds as in reality."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BranchOf:
    """A branch by the nickname of its county; served counties by nickname (none = the whole town)."""

    name: str
    county: str
    serves: tuple[str, ...] = ()
    radius_km: int | None = None
    limit_wan: int | None = None
    managers: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstitutionOf:
    """An institution; `desks` are two colleagues where two persons are needed."""

    key: str
    name: str
    short_name: str
    kind: str
    about: str
    branches: tuple[BranchOf, ...] = ()
    desks: tuple[str, ...] = ()
    status: str = "admitted"
    # How it behaves, on scales of about -1 to 1; only the story reads this, never the ranker.
    appetite: float = 0.0
    strictness: float = 0.0
    slowness: float = 0.0
    forgets: float = 0.02
    likes: dict[str, float] = field(default_factory=dict)


INSTITUTIONS: tuple[InstitutionOf, ...] = (
    InstitutionOf(
        "qingtan", "青檀农村商业银行股份有限公司", "青檀农商银行", "RURALC", "本地银行，网点在乡镇",
        (
            BranchOf("白鹭支行", "白鹭", ("白鹭", "望山"), limit_wan=300, managers=("沈秋禾", "韩竹君")),
            BranchOf("望山支行", "望山", ("望山", "东堰"), limit_wan=500, managers=("许望舒",)),
            BranchOf("临蒲支行", "临蒲", ("临蒲", "禾渡"), limit_wan=300, managers=("潘渔歌",)),
            BranchOf("砚池支行", "砚池", ("砚池", "梅屏", "石柳"), limit_wan=200, managers=("苗砚秋",)),
        ),
        ("陶青黛", "喻松烟"), appetite=0.25, strictness=-0.1, slowness=0.1, forgets=0.03,
        likes={"H": 0.5, "F": 0.3, "A": 0.4, "C": -0.2, "I": -0.6},
    ),
    InstitutionOf(
        "wangshan", "望山城市商业银行股份有限公司", "望山城市银行", "CITY", "城市商业银行，小店周转办得快",
        (
            BranchOf("总行营业部", "望山", managers=("蒋长庚", "秦采薇")),
            BranchOf("东堰支行", "东堰", ("东堰", "南埠"), limit_wan=500, managers=("魏启明",)),
            BranchOf("白鹭支行", "白鹭", ("白鹭", "砚池"), limit_wan=300),
        ),
        ("严南星", "华杜若"), appetite=0.1, strictness=0.1, slowness=-0.6, forgets=0.01,
        likes={"F": 0.5, "H": 0.3, "O": 0.3, "C": -0.1},
    ),
    InstitutionOf(
        "baihui", "百汇银行股份有限公司青檀分行", "百汇银行", "JOINT", "股份制银行在青檀的分行",
        (
            BranchOf("青檀分行", "望山", limit_wan=3000, managers=("朱子衿", "金扶苏")),
            BranchOf("白鹭支行", "白鹭", limit_wan=500),
        ),
        ("姜石青", "戚兰舟"), appetite=0.0, strictness=0.2, slowness=-0.2, forgets=0.02, likes={"C": 0.3, "I": 0.3, "F": 0.1},
    ),
    InstitutionOf(
        "jiangzhu", "江渚银行股份有限公司青檀市分行", "江渚银行", "STATE", "大型银行，价低、要得多",
        (
            BranchOf("青檀市分行", "望山", managers=("谢耕烟",)),
            BranchOf("东堰支行", "东堰", limit_wan=1000, managers=("邹牧云",)),
            BranchOf("临蒲支行", "临蒲", limit_wan=500),
            BranchOf("松涛支行", "松涛", limit_wan=500),
        ),
        ("窦枫桥", "章榆钱"), appetite=-0.1, strictness=0.35, slowness=0.4, forgets=0.02, likes={"C": 0.35, "A": 0.1, "H": -0.4},
    ),
    InstitutionOf(
        "changling", "长陵银行股份有限公司青檀分行", "长陵银行", "STATE", "大型银行，线上产品多",
        (BranchOf("青檀分行", "望山", managers=("苏槐序",)), BranchOf("南埠支行", "南埠", limit_wan=800)),
        ("云荷风", "葛梅雪"), appetite=0.0, strictness=0.25, slowness=0.0, forgets=0.015, likes={"C": 0.3, "I": 0.4, "M": 0.4, "H": -0.2},
    ),
    InstitutionOf(
        "linpu", "临蒲银行股份有限公司", "临蒲银行", "CITY", "湖区的城市商业银行",
        (
            BranchOf("临蒲总行", "临蒲", ("临蒲", "禾渡", "柳汀"), managers=("奚桐月",)),
            BranchOf("柳汀支行", "柳汀", ("柳汀", "石柳"), limit_wan=300, managers=("范桃夭",)),
        ),
        ("彭立夏", "郎霜降"), appetite=0.2, strictness=-0.15, slowness=0.2, forgets=0.06, likes={"A": 0.6, "C": 0.1, "F": 0.1},
    ),
    InstitutionOf(
        "nanbu", "南埠村镇银行股份有限公司", "南埠村镇银行", "RURALX", "一个县的村镇银行",
        (BranchOf("南埠营业部", "南埠", radius_km=35, limit_wan=100, managers=("鲁水生",)),),
        ("韦木青", "昌石根"), appetite=0.35, strictness=-0.3, slowness=-0.1, forgets=0.05, likes={"A": 0.5, "H": 0.3, "F": 0.2, "C": -0.5},
    ),
    InstitutionOf(
        "yanchi", "砚池农村信用合作联社", "砚池信用社", "RURALX", "山区的信用社",
        (BranchOf("砚池营业部", "砚池", ("砚池", "梅屏", "乌篷", "石柳"), limit_wan=150, managers=("马谷雨",)),),
        ("吕清明", "施冬至"), appetite=0.2, strictness=-0.2, slowness=0.5, forgets=0.09, likes={"A": 0.6, "C": -0.3},
    ),
    InstitutionOf(
        "yundu", "云渡民营银行股份有限公司", "云渡银行", "PRIVATE", "没有网点的民营银行，全程线上",
        (), ("孔半夏", "曹远志"), appetite=0.3, strictness=-0.05, slowness=-0.9, forgets=0.004, likes={"F": 0.3, "I": 0.3, "L": 0.2, "A": -0.7},
    ),
    InstitutionOf(
        "haiyue", "海岳银行（中国）有限公司青檀支行", "海岳银行", "FOREIGN", "外资银行，做外贸和供应链",
        (BranchOf("青檀支行", "望山", limit_wan=2000, managers=("何青禾",)),),
        ("水当归", "柏朱砂"), appetite=-0.1, strictness=0.3, slowness=0.1, forgets=0.02, likes={"C": 0.4, "F": 0.2, "H": -0.8},
    ),
    InstitutionOf(
        "guoyuan", "国辕发展银行青檀市分行", "国辕发展银行", "POLICY", "政策性银行，做设备、技改和绿色",
        (BranchOf("青檀市分行", "望山", managers=("杨墨生",)),),
        ("冯纸鸢", "褚樵风"), appetite=-0.05, strictness=0.3, slowness=0.7, forgets=0.02, likes={"C": 0.5, "A": 0.3, "F": -0.5},
    ),
    InstitutionOf(
        "songtao", "松涛金融租赁有限公司", "松涛租赁", "FINCO", "设备租赁",
        (), ("尤蘅芜", "卫菊影"), appetite=0.2, strictness=0.0, slowness=-0.3, forgets=0.02, likes={"C": 0.4, "G": 0.3},
    ),
    InstitutionOf(
        "shiliu", "石柳小额贷款有限公司", "石柳小贷", "MICRO", "小额贷款公司，快，价高",
        (BranchOf("石柳门店", "石柳", ("石柳", "柳汀", "望山", "白鹭"), limit_wan=100, managers=("唐石桥",)),),
        ("郑芒种", "王白露"), appetite=0.5, strictness=-0.5, slowness=-0.7, forgets=0.02, likes={"H": 0.2, "F": 0.2, "E": 0.2},
    ),
    InstitutionOf(
        "qtguar", "青檀市融资担保有限公司", "青檀市担保", "GUARANTEE", "政府性融资担保公司",
        (), ("吴采石", "陈长亭"), appetite=0.1, strictness=0.05, slowness=0.3, forgets=0.03, likes={"C": 0.2, "A": 0.3},
    ),
    InstitutionOf(
        "sanhe", "三合融资担保有限公司", "三合担保", "GUARANTEE", "商业担保公司",
        (), ("张鹿鸣", "秦星河"), appetite=0.2, strictness=-0.1, slowness=-0.1, forgets=0.02, likes={"E": 0.3, "F": 0.1},
    ),
    InstitutionOf("pinglan", "平岚财产保险股份有限公司青檀中心支公司", "平岚财险", "INS_P", "财产保险公司", (), ("朱木槿", "叶知秋")),
    InstitutionOf("zhuandai", "青檀市应急转贷基金管理有限公司", "青檀转贷基金", "FUND", "应急转贷资金", (), ("许青砖",)),
    InstitutionOf("fuwu", "青檀市地方金融服务中心", "青檀金融服务中心", "DEPARTMENT", "地方金融部门", (), ("金采薇",)),
    InstitutionOf("yunxiu", "云岫财产保险股份有限公司青檀支公司", "云岫财险", "INS_P", "财产保险公司，做小店和货运", (), ("温如月", "祝南枝")),
    InstitutionOf("qingchuan", "晴川人寿保险股份有限公司青檀分公司", "晴川人寿", "INS_L", "人身保险公司", (), ("梁画屏", "闻雪")),
    InstitutionOf("yuanfan", "远帆出口信用保险股份有限公司青檀办事处", "远帆信保", "INS_X", "信用保险公司", (), ("易安澜", "颜远山")),
    InstitutionOf("meiping", "梅屏村镇银行股份有限公司", "梅屏村镇银行", "RURALX", "梅屏山里的村镇银行，只做本县", status="applied"),
)  # fmt: skip

BY_KEY = {found.key: found for found in INSTITUTIONS}
