"""Who may do what: one pure decision, asked by every use case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from domain.events import Refused

ROLES = (
    "public", "unit", "unit_manager", "unit_system", "committee", "street", "district", "auditor", "system_admin",
    "security_admin", "system",
)  # fmt: skip
UNIT_ROLES = ("unit", "unit_manager", "unit_system")  # all three act for their unit
COORDINATORS = ("street", "district")
ADMINISTRATORS = ("system_admin", "security_admin")  # keep the house; what is done in it they neither see nor do


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Somebody who asks. `org` is a unit id, or a committee's area id, or a label; `area` is a coordinator's area."""

    id: str
    role: str
    org: str
    area: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a decision knows of the thing: `parties` own it or are bound by it; `path` is its area and all above it."""

    parties: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    public: bool = True  # anybody with a key may see it


SYSTEM = Principal(id="system", role="system", org="system")
PUBLIC = Principal(id="anybody", role="public", org="")  # without log-in: party to nothing
PARTIES = (*UNIT_ROLES, "committee", *COORDINATORS)  # whose organisation can own an item or be bound by it


class Asking(Protocol):
    """A command, as far as it says who asks and for whom."""

    @property
    def principal(self) -> Principal: ...
    @property
    def on_behalf_of(self) -> str | None: ...


def acting_org(ask: Asking) -> str:
    """The organisation that acts: the one represented, else the asker's own."""
    return ask.on_behalf_of or ask.principal.org


# action -> who: "party" (their organisation is one of the parties), "tier" (a coordinator above the area)
ACTIONS: dict[str, frozenset[str]] = {
    "see": frozenset({"party", "tier", "auditor"}),
    "need.post": frozenset({"party", "tier"}),
    "need.amend": frozenset({"party"}),
    "need.endorse": frozenset({"tier"}),
    "need.withdraw": frozenset({"party", "tier"}),
    "need.reopen": frozenset({"party", "tier"}),
    "need.merge": frozenset({"party", "tier"}),
    "offer.publish": frozenset({"party", "tier"}),
    "offer.amend": frozenset({"party"}),
    "offer.pause": frozenset({"party", "tier"}),
    "offer.retire": frozenset({"party"}),
    "claim.propose": frozenset({"party", "tier"}),
    "claim.answer": frozenset({"party"}),
    "claim.withdraw": frozenset({"party", "tier"}),
    "claim.release": frozenset({"party"}),
    "claim.members": frozenset({"party"}),
    "project.work": frozenset({"party"}),
    "project.settle": frozenset({"party", "tier"}),
    "project.close": frozenset({"party", "tier"}),
    "unit.register": frozenset({"tier"}),
    "area.open": frozenset({"tier"}),
    "rules.adopt": frozenset(),
    "clock.tick": frozenset(),
}


def decide(principal: Principal, action: str, facts: Facts) -> str | None:
    """None when allowed, else why not: "invisible" (answer as if it were not there) or "forbidden"."""
    if principal.role == "system":
        return None
    who = ACTIONS[action]
    if "party" in who and principal.role in PARTIES and principal.org in facts.parties:
        return None
    if "tier" in who and principal.role in COORDINATORS and principal.area in facts.path:
        return None
    if action == "see":
        seen = principal.role == "auditor" or (facts.public and principal.role not in ADMINISTRATORS)
        return None if seen else "invisible"
    return "forbidden" if decide(principal, "see", facts) is None else "invisible"


def allow(principal: Principal, action: str, facts: Facts) -> None:
    """Refuses what `decide` does not allow: missing (404) or forbidden (403)."""
    verdict = decide(principal, action, facts)
    if verdict == "invisible":
        raise missing()
    if verdict == "forbidden":
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
