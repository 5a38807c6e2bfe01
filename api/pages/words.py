"""The words of the pages: Chinese is the source, English the translation; statuses, figures and languages by name."""

from __future__ import annotations

from dataclasses import dataclass

from api.pages.english import english
from domain.access import BASES

LANGUAGES = {"zh": "zh-CN", "en": "en"}


@dataclass(frozen=True, slots=True)
class Tongue:
    """Says a Chinese source sentence in the asked language; `{name}` in it is filled from the values."""

    lang: str

    def __call__(self, zh: str, /, **values: object) -> str:
        said = zh if self.lang == "zh" else english().get(zh, zh)
        return said.format(**values) if values else said

    @property
    def tag(self) -> str:
        return LANGUAGES[self.lang]

    @property
    def other(self) -> str:
        return "en" if self.lang == "zh" else "zh"


# kind -> status -> (Chinese, tone); the tone is a class of the style sheet
STATUSES: dict[str, dict[str, tuple[str, str]]] = {
    "need": {
        "draft": ("草稿", "off"), "posted": ("待审核", "new"), "open": ("待认领", "open"),
        "covered": ("已认满", "bound"), "met": ("已办成", "done"), "closed": ("已办结", "shut"),
        "rejected": ("未通过", "off"), "withdrawn": ("已撤回", "off"), "merged": ("已合并", "off"),
        "lapsed": ("已失效", "off"),
    },
    "offer": {
        "draft": ("草稿", "off"), "published": ("可认领", "open"), "paused": ("已暂停", "off"),
        "exhausted": ("已约满", "bound"), "retired": ("已下架", "off"), "expired": ("已过期", "off"),
    },
    "claim": {
        "proposed": ("待答复", "open"), "waitlisted": ("候补中", "new"), "accepted": ("已成立", "bound"),
        "fulfilled": ("已完成", "done"), "declined": ("已谢绝", "off"), "withdrawn": ("已撤回", "off"),
        "expired": ("逾期未答", "off"), "superseded": ("已被替代", "off"), "released": ("已解除", "off"),
        "failed": ("未履约", "bad"),
    },
    "project": {
        "active": ("实施中", "bound"), "reported": ("待确认", "open"), "confirmed": ("已确认", "done"),
        "closed": ("已办结", "shut"), "disputed": ("有争议", "bad"), "settled": ("已裁定", "done"),
        "aborted": ("已中止", "off"),
    },
    "unit": {"registered": ("已登记", "done"), "suspended": ("已暂停", "off")},
    "round": {
        "opened": ("计算中", "new"), "computed": ("待公布", "open"), "published": ("已公布", "done"),
        "discarded": ("已放弃", "off"),
    },
    "area": {"open": ("现行", "done"), "closed": ("已撤并", "off")},
}  # fmt: skip

# what everybody may filter by, in the order of an item's life
BOARD_STATUSES = {
    "needs": ("open", "covered", "met", "closed", "posted", "withdrawn", "merged", "lapsed"),
    "offers": ("published", "exhausted", "paused", "retired", "expired"),
}

TYPE_SIZES = ("plain", "large")

# what a page says after a form: the `done` of its address -> the sentence
DONE = {
    "posted": "已发布。", "saved": "已保存。", "drafted": "草稿已保存。", "amended": "已修改。", "claimed": "认领已提出，等待对方答复。",
    "answered": "已答复。", "withdrawn": "已撤回。", "done": "已办理。",
    "objected": "异议已记录。", "asked": "申请已提交。", "computed": "方案已算出，还没有通知任何人。",
    "recomputed": "已按同一时刻、同样的签号重新计算。", "published": "已公布，双方会收到通知。",
}  # fmt: skip

URGENCY = {2: "较急", 3: "紧急"}
WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")


def bases(say: Tongue) -> dict[str, str]:
    """On what one acts for another: as it is stored -> as it is said."""
    return {basis: zh if say.lang == "zh" else en for basis, (zh, en) in BASES.items()}


def status_word(kind: str, status: str) -> str:
    """The Chinese word; a status of a newer version stands for itself."""
    return STATUSES.get(kind, {}).get(status, (status, "off"))[0]


def status_tone(kind: str, status: str) -> str:
    return STATUSES.get(kind, {}).get(status, (status, "off"))[1]
