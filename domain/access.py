"""Who may do what: one pure decision, asked by every use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.access_grants import may_hold
from domain.access_matrix import ADMINISTRATORS, COORDINATORS, MATRIX, PARTIES, ROLES, UNIT_ROLES, Rule
from domain.events import Refused
from domain.scopes import covers

__all__ = [
    "ACTIONS", "ADMINISTRATORS", "BASES", "COORDINATORS", "PARTIES", "PUBLIC", "ROLES", "SYSTEM", "UNIT_ROLES", "Facts",
    "Principal", "acting_org", "allow", "decide", "may_hold", "missing",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Somebody who asks. `org` is a unit id, or a committee's area id, or a label; `area` is a coordinator's area;
    `scopes` are how much of it a key was given, None: all."""

    id: str
    role: str
    org: str
    area: str | None = None
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a decision knows of the thing: `parties` own it or are bound by it; `path` is its area and all above it;
    `barred` are those (principals, organisations) who wrote what is to be judged, or acted for the other side.
    Acting for another: for whom, on what basis, and the areas, with all above them, where that organisation belongs."""

    parties: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    public: bool = True  # what everybody may see
    barred: tuple[str, ...] = ()
    acting_for: str | None = None
    basis: str | None = None
    stands: tuple[str, ...] = ()


SYSTEM = Principal(id="system", role="system", org="system")
PUBLIC = Principal(id="anybody", role="public", org="")  # without log-in: party to nothing
BASES = {  # on what one acts for another -> (Chinese, English); kept with the event for ever, so never free text
    "phone": ("电话", "by telephone"), "paper": ("纸质材料", "on paper"), "visit": ("上门走访", "on a visit"),
    "minutes": ("会议纪要", "by the minutes of a meeting"),
}  # fmt: skip
ACTIONS = MATRIX


class Asking(Protocol):
    """A command, as far as it says who asks and for whom."""

    @property
    def principal(self) -> Principal: ...
    @property
    def on_behalf_of(self) -> str | None: ...


def acting_org(ask: Asking) -> str:
    """The organisation that acts: the one represented, else the asker's own."""
    return ask.on_behalf_of or ask.principal.org


def decide(principal: Principal, action: str, facts: Facts) -> str | None:
    """None when allowed, else why not: "invisible" (answer as if it were not there), "forbidden", "not_for_them" (acting
    for another), "no_basis" (the same, without saying on what), "own_work" (four eyes), "scope" (of the key). The house
    itself may everything."""
    if principal.role == "system":
        return None
    rule = MATRIX[action]
    cell = rule.cells[principal.role]
    if facts.acting_for is not None:
        verdict = _for_another(principal, cell, facts)
    else:
        verdict = None if any(_holds(letter, principal, facts) for letter in cell) else "forbidden"
    if verdict is None:
        if {principal.id, facts.acting_for or principal.org} & set(facts.barred):
            return "own_work"
        return None if covers(principal.scopes, action) else "scope"
    return verdict if _seen(principal, rule, facts) else "invisible"


def allow(principal: Principal, action: str, facts: Facts) -> None:
    """Refuses what `decide` does not allow: item.not_found (404), access.… (403), or a missing basis (422)."""
    match decide(principal, action, facts):
        case None:
            return
        case "invisible":
            raise missing()
        case "not_for_them":
            raise Refused(
                "access.not_for_them", "您不能代这个单位办理这一步：只有其所在街道或区的协调员可以代办。",
                "You may not do this for them: only a coordinator of the street or district where they are may.",
                kind="forbidden", field="on_behalf_of",
            )  # fmt: skip
        case "no_basis":
            raise Refused(
                "access.no_basis", f"代办须注明依据：{'、'.join(zh for zh, _ in BASES.values())}。",
                f"Say on what basis you act for them: {', '.join(BASES)}.", kind="invalid", field="basis",
            )  # fmt: skip
        case "own_work":
            raise Refused(
                "access.own_work", "不能审核、确认或接受自己（或自己代办）的事项，请由另一人办理。",
                "Nobody judges what they did themselves, also for another: let somebody else do it.", kind="forbidden",
            )  # fmt: skip
        case "scope":
            raise Refused(
                "access.scope", "这个密钥的权限范围不含这一步，请换用范围更大的密钥。",
                "The scopes of this key do not cover this: use a key that was given more.", kind="forbidden",
            )  # fmt: skip
        case _:
            raise Refused(
                "access.forbidden", "您的账号不能办理这一步：须由相关单位、居民区或上级街道、区办理。",
                "Your account may not do this: the parties themselves, or the street or district above them, may.",
                kind="forbidden",
            )  # fmt: skip


def missing() -> Refused:
    return Refused(
        "item.not_found", "没有找到。请核对编号，或确认您是否有权查看。",
        "Not found. Check the id, or whether you may see it.", kind="missing",
    )  # fmt: skip


def _holds(letter: str, principal: Principal, facts: Facts) -> bool:
    """Areas are compared whole: no id is the beginning of another."""
    match letter:
        case "O":
            return principal.org in facts.parties
        case "A":
            return principal.area is not None and principal.area in facts.path
        case "P":
            return facts.public
    return letter in "RW"


def _for_another(principal: Principal, cell: str, facts: Facts) -> str | None:
    """A coordinator speaks for a party that belongs to its own area, and says on what basis."""
    above = principal.area is not None and principal.area in facts.stands
    if "D" not in cell or facts.acting_for not in facts.parties or not above or facts.acting_for == principal.org:
        return "not_for_them"
    return None if facts.basis in BASES else "no_basis"


def _seen(principal: Principal, rule: Rule, facts: Facts) -> bool:
    """Whether they may know that it is there. An action that makes something hides nothing."""
    if rule.looks:
        return False
    seeing = MATRIX[rule.seen_by] if rule.seen_by else None
    return seeing is None or any(_holds(letter, principal, facts) for letter in seeing.cells[principal.role])
