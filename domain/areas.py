"""The dated tree of areas: district, street, neighbourhood …; the order of tiers is the district's own (rule book)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from domain.events import Event, Refused


def stream(area_id: str) -> str:
    return f"area-{area_id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaOpened(Event):
    TYPE: ClassVar[str] = "area.opened"
    area: str  # id: the 区划代码, with own codes for clusters and grids
    name: str
    kind: str  # a tier of the rule book
    parent: str | None = None
    since: date
    households: int = 0
    centre: tuple[int, int] | None = None  # longitude, latitude in millionths of a degree


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaRenamed(Event):
    TYPE: ClassVar[str] = "area.renamed"
    area: str
    name: str
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaMoved(Event):
    TYPE: ClassVar[str] = "area.moved"
    area: str
    parent: str
    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaClosed(Event):
    TYPE: ClassVar[str] = "area.closed"
    area: str
    since: date
    successor: str | None = None  # who answers for what is open


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaState:
    id: str
    name: str
    kind: str
    parent: str | None = None
    since: date
    households: int = 0
    centre: tuple[int, int] | None = None
    until: date | None = None
    successor: str | None = None

    @property
    def status(self) -> str:
        return "open" if self.until is None else "closed"


def evolve(state: AreaState | None, event: Event) -> AreaState:
    match event:
        case AreaOpened():
            return AreaState(
                id=event.area, name=event.name, kind=event.kind, parent=event.parent, since=event.since,
                households=event.households, centre=event.centre,
            )  # fmt: skip
        case AreaRenamed():
            return replace(_known(state), name=event.name)
        case AreaMoved():
            return replace(_known(state), parent=event.parent)
        case AreaClosed():
            return replace(_known(state), until=event.since, successor=event.successor)
        case _:
            raise TypeError(event)


def open_area(
    state: AreaState | None, parent: AreaState | None, *, area: str, name: str, kind: str, tiers: tuple[str, ...],
    parent_id: str | None, since: date, households: int = 0, centre: tuple[int, int] | None = None,
) -> tuple[Event, ...]:  # fmt: skip
    """A new area below an open one. The same area again, with the same name, kind and parent, writes nothing."""
    if state is not None:
        if (state.name, state.kind, state.parent) == (name, kind, parent_id):
            return ()
        raise Refused("area.exists", f"区域 {area} 已存在：{state.name}。", f"Area {area} exists: {state.name}.")
    if kind not in tiers:
        raise Refused(
            "area.unknown_kind", f"层级“{kind}”不在规则书里。可用：{'、'.join(tiers)}。",
            f"The rule book has no tier “{kind}”. There are: {', '.join(tiers)}.", kind="invalid", field="kind",
        )  # fmt: skip
    if parent_id is not None:
        still_open(parent, parent_id, field="parent")
    return (
        AreaOpened(area=area, name=name, kind=kind, parent=parent_id, since=since, households=households, centre=centre),
    )


def rename(state: AreaState, *, name: str, since: date) -> tuple[Event, ...]:
    return () if state.name == name else (AreaRenamed(area=state.id, name=name, since=since),)


def move(state: AreaState, parent: AreaState, *, above: tuple[str, ...], since: date) -> tuple[Event, ...]:
    """Below another parent; `above`: the new parent and all above it, so that no area ends up below itself."""
    if state.parent == parent.id:
        return ()
    if state.id in above or state.parent is None:
        raise Refused(
            "area.cannot_move", f"“{state.name}”不能移到自身或其下级之下，顶级区域也不能移动。",
            f"“{state.name}” cannot be below itself, and the top does not move.", kind="invalid", field="parent",
        )  # fmt: skip
    return (AreaMoved(area=state.id, parent=parent.id, since=since),)


def close(state: AreaState, *, successor: AreaState | None, since: date) -> tuple[Event, ...]:
    """Nothing new is bound to it; what is open stays with its successor."""
    if state.until is not None:
        return ()
    if successor is not None and successor.id == state.id:
        raise Refused(
            "area.own_successor", "区域不能由自己接替。", "An area does not succeed itself.", kind="invalid", field="successor"
        )
    return (AreaClosed(area=state.id, since=since, successor=successor.id if successor else None),)


def still_open(state: AreaState | None, area_id: str, field: str = "area") -> AreaState:
    """The area, if it exists and has not been closed."""
    if state is None:
        raise Refused(
            "area.unknown", f"没有区域“{area_id}”。区域编号见 /v1/areas。",
            f"There is no area “{area_id}”. Ids are listed at /v1/areas.", kind="invalid", field=field,
        )  # fmt: skip
    if state.until is not None:
        instead = f"，现由 {state.successor} 负责" if state.successor else ""
        raise Refused(
            "area.closed", f"“{state.name}”已撤并{instead}。",
            f"“{state.name}” is closed{f'; {state.successor} has taken over' if state.successor else ''}.",
            kind="invalid", field=field,
        )  # fmt: skip
    return state


def _known(state: AreaState | None) -> AreaState:
    assert state is not None
    return state
