"""The register of stationed units: who they are, where they are stationed, and whether they may take part now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from domain.events import Event, Refused

MOST_ENGAGEMENTS = 999
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I O Z S V


def valid_code(code: str) -> bool:
    """统一社会信用代码: 18 characters, the last one a check over weights 3^i mod 31 (GB 32100-2015)."""
    if len(code) != 18 or any(c not in _ALPHABET for c in code):
        return False
    return code[17] == check_character(code[:17])


def check_character(body: str) -> str:
    """The 18th character that belongs to the first 17."""
    return _ALPHABET[-sum(_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body)) % 31]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitRegistered(Event):
    TYPE: ClassVar[str] = "unit.registered"
    unit: str
    number: str
    name: str
    code: str  # 统一社会信用代码
    kind: str  # free word: 国企, 医院, 高校 …
    areas: tuple[str, ...]  # the first one is its home


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitAdmitted(Event):
    """The unit now also belongs to an area, cluster or line."""

    TYPE: ClassVar[str] = "unit.admitted"
    unit: str
    area: str
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitDismissed(Event):
    TYPE: ClassVar[str] = "unit.dismissed"
    unit: str
    area: str
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitSuspended(Event):
    TYPE: ClassVar[str] = "unit.suspended"
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitResumed(Event):
    TYPE: ClassVar[str] = "unit.resumed"
    unit: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitLimited(Event):
    """How many engagements it wants to have at once; 0: no limit of its own."""

    TYPE: ClassVar[str] = "unit.limited"
    unit: str
    engagements: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitState:
    id: str
    number: str
    name: str
    code: str
    kind: str
    areas: tuple[str, ...]
    suspended: bool = False
    limit: int | None = None  # engagements it wants to have at once; None: it has said nothing

    @property
    def status(self) -> str:
        return "suspended" if self.suspended else "registered"


def evolve(state: UnitState | None, event: Event) -> UnitState:
    if isinstance(event, UnitRegistered):
        return UnitState(
            id=event.unit, number=event.number, name=event.name, code=event.code, kind=event.kind, areas=event.areas
        )
    assert state is not None
    match event:
        case UnitAdmitted():
            return replace(state, areas=(*state.areas, event.area))
        case UnitDismissed():
            return replace(state, areas=tuple(a for a in state.areas if a != event.area))
        case UnitSuspended():
            return replace(state, suspended=True)
        case UnitResumed():
            return replace(state, suspended=False)
        case UnitLimited():
            return replace(state, limit=event.engagements or None)
        case _:
            raise TypeError(event)


def register(*, unit: str, number: str, name: str, code: str, kind: str, areas: tuple[str, ...]) -> tuple[Event, ...]:
    if not valid_code(code):
        raise Refused(
            "unit.bad_code", "统一社会信用代码不正确：须为 18 位，末位为校验码。请核对营业执照。",
            "The unified social credit code is wrong: 18 characters, the last one a check character. Compare the licence.",
            kind="invalid", field="code",
        )  # fmt: skip
    if not areas:
        raise Refused(
            "unit.no_area", "请至少写明一个所在区域。", "Name at least one area the unit is stationed in.",
            kind="invalid", field="areas",
        )  # fmt: skip
    once = tuple(dict.fromkeys(areas))
    return (UnitRegistered(unit=unit, number=number, name=name, code=code, kind=kind, areas=once),)


def admit(state: UnitState, *, area: str, since: date) -> tuple[Event, ...]:
    return () if area in state.areas else (UnitAdmitted(unit=state.id, area=area, since=since),)


def dismiss(state: UnitState, *, area: str, since: date) -> tuple[Event, ...]:
    """The unit no longer belongs to the area; one area it always has."""
    if area not in state.areas:
        return ()
    if len(state.areas) == 1:
        raise Refused(
            "unit.last_area", "这是该单位唯一的所在区域，请先登记新的区域。",
            "That is the unit's only area: admit it to another one first.", kind="invalid", field="area",
        )  # fmt: skip
    return (UnitDismissed(unit=state.id, area=area, since=since),)


def suspend(state: UnitState) -> tuple[Event, ...]:
    return () if state.suspended else (UnitSuspended(unit=state.id),)


def resume(state: UnitState) -> tuple[Event, ...]:
    return (UnitResumed(unit=state.id),) if state.suspended else ()


def limit(state: UnitState, *, engagements: int) -> tuple[Event, ...]:
    """A wish that matching respects; what the unit claims itself, it may. 0: no limit of its own."""
    if not 0 <= engagements <= MOST_ENGAGEMENTS:
        raise Refused(
            "unit.limit", f"同时承接的上限为 1–{MOST_ENGAGEMENTS} 项；填 0 表示不设上限。",
            f"A unit has 1 to {MOST_ENGAGEMENTS} engagements at once; 0 is no limit of its own.",
            kind="invalid", field="engagements",
        )  # fmt: skip
    return () if engagements == (state.limit or 0) else (UnitLimited(unit=state.id, engagements=engagements),)


def taking_part(state: UnitState | None, unit_id: str, field: str = "unit") -> UnitState:
    """The unit, if it is registered and not suspended."""
    if state is None:
        raise Refused(
            "unit.unknown", f"没有单位“{unit_id}”。单位编号见 /v1/units。",
            f"There is no unit “{unit_id}”. Ids are listed at /v1/units.", kind="invalid", field=field,
        )  # fmt: skip
    if state.suspended:
        raise Refused(
            "unit.suspended", f"“{state.name}”已暂停参与，请联系街道。",
            f"“{state.name}” is suspended; ask the street.",
        )  # fmt: skip
    return state
