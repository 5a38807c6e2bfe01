"""Notices in words: one sentence for each kind, with titles and names as they are now; never notes or contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.pages import shown
from api.pages.site import link
from api.pages.words import Tongue
from services.boards import Boards
from services.notice_ports import Letter, Notice
from services.notices import group_of, urgency_of
from services.shapes import instant

SENTENCES = {
    "answer_asked": "{by}提出认领，请答复", "membership_asked": "{by}邀请联合认领，请答复", "countered": "{by}还价，请答复",
    "reinstatement_asked": "{by}认为解除有误，请答复是否恢复", "endorsement_asked": "有需求待审核",
    "confirmation_asked": "{by}报告已交付，请确认", "settlement_asked": "有争议待裁定",
    "accepted": "{by}接受，认领成立", "declined": "{by}谢绝了认领", "withdrawn": "{by}撤回了认领",
    "expired": "认领逾期未答复，已失效", "superseded": "认领已被替代", "promoted": "认领由候补转为待答复",
    "reinstated": "认领已恢复", "released": "{by}解除了认领", "failed": "认领未能履约",
    "member_joined": "{by}加入联合认领", "member_declined": "{by}谢绝加入联合认领", "member_left": "{by}退出联合认领",
    "lead_changed": "贵方成为牵头单位", "endorsed": "需求通过审核，已开放认领", "rejected": "需求未通过审核",
    "reopened": "需求重新开放认领", "need_lapsed": "需求已过答复期限，自动失效", "offer_expired": "资源时段已过，自动过期",
    "confirmed": "{by}确认收到交付", "disputed": "{by}对项目提出异议", "settled": "项目争议已裁定", "slipped": "项目节点延期",
    "fed_back": "{by}反馈了结果", "evaluated": "项目收到新评价", "closed": "项目已办结",
    "due_soon": "期限将到", "overdue": "已经逾期",
    "suggested_need": "新需求与贵方的资源“{own}”匹配 {points} 分",
    "suggested_offer": "新资源与贵方的需求“{own}”匹配 {points} 分",
    "near": "附近新增 {n} 项", "behalf": "有人代贵方办理，三个工作日内可以提出异议", "objected": "{by}对代办事项提出异议",
    "suspended": "贵单位已被暂停参与", "resumed": "贵单位已恢复参与",
    "webhook_disabled": "回调多次失败，已停用", "undelivered": "有 {n} 条消息没能发出",
}  # fmt: skip
GROUPS = {
    "answer": "等我答复", "outcome": "对方的答复", "project": "项目进展", "due": "期限提醒", "suggestion": "推荐",
    "near": "附近新增", "behalf": "代办与资格", "system": "消息与回调",
}  # fmt: skip
TONES = {
    "answer": "open", "outcome": "bound", "project": "done", "due": "bad", "suggestion": "new", "near": "new", "behalf": "new",
    "system": "off",
}  # fmt: skip
PATHS = {"need": "/needs/", "offer": "/offers/", "claim": "/claims/", "project": "/projects/"}
LINES = 30  # of one message


@dataclass(frozen=True, slots=True)
class Told:
    """One notice as it is shown."""

    notice: Notice
    sentence: str
    title: str
    href: str
    at: str
    due: str
    group: str
    tone: str
    urgent: bool


async def told(boards: Boards, notices: Sequence[Notice], say: Tongue) -> list[Told]:
    """In the order given."""
    wanted = {id for n in notices for id in (n.lender, n.by, _own(n)) if id}
    names = await boards.names(sorted(wanted)) if wanted else {}
    return [_told(notice, names, say) for notice in notices]


class PageTeller:
    """Words messages as the pages do, with addresses that lead there from outside."""

    def __init__(self, boards: Boards, url: str) -> None:
        self._boards, self._url = boards, url.rstrip("/")

    async def letter(self, to: str, lang: str, notices: Sequence[Notice]) -> Letter:
        say = Tongue(lang)
        lines = [self._line(each, say) for each in await told(self._boards, notices, say)]
        urgent = sorted(lines, key=lambda line: not line[0])
        if not notices:
            subject = say("认领：测试消息")
        elif len(lines) == 1:
            subject = say("认领：") + lines[0][2]
        else:
            subject = say("认领：{n} 条新消息", n=len(lines))
        body = [(text, href) for _, text, _, href in urgent] or [(say("这条消息说明接收方式可用。"), f"{self._url}/notices")]
        return Letter(
            subject=subject, lines=tuple(body[:LINES]), foot=(say("消息设置"), f"{self._url}/notices/settings"),
            more=say("另有 {n} 条，请登录查看"),
        )  # fmt: skip

    def _line(self, each: Told, say: Tongue) -> tuple[bool, str, str, str]:
        """(urgent, whole line, sentence alone, address)."""
        number = say("（{number}）", number=each.notice.number) if each.notice.number and each.title else ""
        due = say("，{due} 截止", due=each.due) if each.due else ""
        named = f"{each.title}{number}" or each.notice.number
        text = say("{sentence}：{named}", sentence=each.sentence, named=named) if named else each.sentence
        return each.urgent, text + due, each.sentence, self._url + each.href


def _told(notice: Notice, names: dict[str, str], say: Tongue) -> Told:
    own = names.get(_own(notice), "") or say("（文字已删除）")
    by = names.get(notice.by or "", "") or say("对方")
    sentence = say(SENTENCES[notice.kind], by=by, n=notice.count, own=own, points=notice.count // 10)
    group = group_of(notice.kind)
    return Told(
        notice=notice, sentence=sentence, title=names.get(notice.lender or "", ""), href=href_of(notice),
        at=str(instant(notice.at)), due=shown.minute(str(instant(notice.due))) if notice.due else "", group=group,
        tone=TONES[group], urgent=urgency_of(notice.kind) == 2,
    )  # fmt: skip


def _own(notice: Notice) -> str:
    """Of a suggestion: the reader's own item that it fits."""
    return notice.items[0] if notice.items and group_of(notice.kind) == "suggestion" else ""


def href_of(notice: Notice) -> str:
    """Where one can act on it."""
    match notice.kind:
        case "near":
            return link("/board", kind=f"{notice.about}s")
        case "behalf":
            return "/delegations"
        case "undelivered":
            return "/notices/deliveries"
        case "webhook_disabled":
            return "/notices/webhooks"
    kind = notice.about.partition("-")[0]
    return f"{PATHS[kind]}{notice.about}" if kind in PATHS else "/notices"


def groups_of(say: Tongue) -> list[tuple[str, Any]]:
    return [(group, say(zh)) for group, zh in GROUPS.items()]
