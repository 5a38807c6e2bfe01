"""The page 谁可以做什么: the matrix of rights, printed from the file that every decision is made by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from api.pages.site import Site, route_class, tongue
from api.pages.words import STATUSES, Tongue, bases, status_word
from domain.access import ACTIONS
from domain.access_matrix import Rule

ROLES = {  # columns, in the order of the page
    "public": "公众", "unit": "单位经办", "unit_manager": "单位负责人", "unit_system": "单位系统", "committee": "居民区",
    "street": "街道", "district": "区", "auditor": "审计员", "system_admin": "系统管理员", "security_admin": "安全管理员",
}  # fmt: skip
GROUPS = {
    "see": "看得到什么", "needs": "需求", "offers": "资源", "claims": "认领与答复", "rounds": "统一匹配", "projects": "项目与交付",
    "register": "名册、区域与规则", "lists": "清单", "personal": "个人信息", "house": "账号与安全",
}  # fmt: skip
MARKS = {  # letter -> (the mark in a cell, what it means)
    "O": ("本", "本单位、本居民区自己的"), "A": ("辖", "所辖街道、区范围内的"), "D": ("代", "代当事方办理，须写明为谁和依据，并记入账本"),
    "P": ("公", "公开的"), "R": ("阅", "全部可以查看"), "W": ("管", "全区范围内办理"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One action as the page shows it. `cells`: (role's name, [(letter, mark)]), one for each column."""

    action: str
    name: str
    states: str
    note: str
    cells: list[tuple[str, list[tuple[str, str]]]]
    by_itself: bool  # the system does it, nobody else


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/access", methods=["GET", "HEAD"])
    async def access(request: Request) -> Response:
        """The matrix, by group of actions."""
        say = tongue(request)
        return site.page(
            request, "access/matrix", groups=list(_groups(say)), roles=[say(word) for word in ROLES.values()],
            marks=[(letter, say(mark), say(words)) for letter, (mark, words) in MARKS.items()],
            bases=say("、").join(bases(say).values()),
        )  # fmt: skip

    return router


def _groups(say: Tongue) -> Iterator[tuple[str, str, list[Row]]]:
    """(id, name, rows) of each group, as the file has them."""
    for id, name in GROUPS.items():
        yield id, say(name), [_row(rule, say) for rule in ACTIONS.values() if rule.group == id]


def _row(rule: Rule, say: Tongue) -> Row:
    zh = say.lang == "zh"
    cells = [
        (say(word), [(letter, say(MARKS[letter][0])) for letter in rule.cells[role]]) for role, word in ROLES.items()
    ]
    return Row(
        rule.action, rule.zh if zh else rule.en, _states(rule, say), rule.note_zh if zh else rule.note_en, cells,
        not any(marks for _, marks in cells),
    )  # fmt: skip


def _states(rule: Rule, say: Tongue) -> str:
    """Where it is legal, in the words of the item's own kind; "" when that says nothing."""
    kind = rule.action.partition(".")[0]
    known = [state for state in rule.states if state in STATUSES.get(kind, {})]
    return say("、").join(say(status_word(kind, state)) for state in known)
