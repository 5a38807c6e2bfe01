"""What a coordinator does in another's name, and that other's objection: a fact of its own, beside the act and for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from domain.calendar import ZONE
from domain.events import Event, Meta, Refused

DAYS = 3  # working days to object
GROUNDS = {  # a closed list: what is said here is read with the act
    "not_asked": ("没有委托过这件事", "We did not ask for this"),
    "otherwise": ("内容与委托的不一致", "Not as we asked for it"),
    "mistake": ("时间、数量等有误", "A date, quantity or the like is wrong"),
    "changed": ("情况已经变化", "Things have changed since"),
}

OBJECTION = "objection"  # the kind of their streams


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectionRaised(Event):
    """`position` is that of the act's first event; `item` what it was about; `org` in whose name it was done."""

    TYPE: ClassVar[str] = "objection.raised"
    position: int
    item: str
    org: str
    ground: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectionState:
    id: str
    position: int
    item: str
    org: str
    ground: str
    status: str = "raised"


def stream(position: int) -> str:
    """One act, one objection."""
    return f"{OBJECTION}-{position}"


def evolve(state: ObjectionState | None, event: Event, stream: str) -> ObjectionState:
    match event:
        case ObjectionRaised():
            return ObjectionState(id=stream, position=event.position, item=event.item, org=event.org, ground=event.ground)
        case _:
            raise TypeError(event)


def until(at: datetime) -> datetime:
    """The end of the third working day after the act, in China; UTC. Days off that are moved are not known here: a week
    with one has less time, a Saturday or Sunday never counts."""
    day, left = at.astimezone(ZoneInfo(ZONE)).date(), DAYS
    while left:
        day += timedelta(1)
        left -= day.weekday() < 5
    return datetime.combine(day + timedelta(1), time(), ZoneInfo(ZONE)).astimezone(at.tzinfo)


def object_to(
    state: ObjectionState | None, meta: Meta | None, *, org: str, position: int, ground: str, at: datetime
) -> tuple[ObjectionRaised, ...]:
    """By the represented party, once. Refused: objection.none, objection.late, objection.ground."""
    if state is not None:
        return ()
    if meta is None or meta.on_behalf_of != org:
        raise Refused("objection.none", "这不是以贵方名义办理的事项。", "This was not done in your name.", kind="missing")
    if ground not in GROUNDS:
        raise Refused("objection.ground", "请选择异议的理由。", "Say why: choose a ground.", kind="invalid", field="ground")
    if at >= until(meta.at):
        raise Refused(
            "objection.late", f"{DAYS} 个工作日的异议期已过，请与上级街道或区联系。",
            f"The {DAYS} working days to object have passed: speak with the street or district.",
        )  # fmt: skip
    return (ObjectionRaised(position=position, item=meta.correlation, org=org, ground=ground),)
