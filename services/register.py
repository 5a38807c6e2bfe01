"""What may be asked about units, areas and the rule book."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from domain import areas, rules, units
from domain.events import Event, Refused
from domain.rules import RuleBook
from services.command import Ask, Done
from services.common import series
from services.streams import Streams
from services.work import Work

MOST_NAME = 60
UnitAct = Callable[[units.UnitState], tuple[Event, ...]]
AreaAct = Callable[[Work, areas.AreaState], Awaitable[tuple[Event, ...]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitDraft:
    name: str
    code: str
    kind: str
    areas: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaDraft:
    """`since` defaults to the day of the command."""

    area: str
    name: str
    kind: str
    parent: str | None
    since: date | None = None
    households: int = 0
    centre: tuple[int, int] | None = None


class Register:
    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    async def adopt(self, ask: Ask, book: RuleBook) -> Done:
        """The district runs by this rule book from now on; past decisions keep theirs."""

        async def decide(work: Work) -> str:
            current = await work.state(rules.STREAM)
            await work.allow("rules.adopt", parties=(), area=book.area)
            work.write(rules.STREAM, *rules.adopt(current, digest=digest(book), book=book))
            return rules.STREAM

        return await self._streams.command(ask, decide)

    async def open_area(self, ask: Ask, draft: AreaDraft) -> Done:
        async def decide(work: Work) -> str:
            return await self.put_area(work, draft)

        return await self._streams.command(ask, decide)

    async def put_area(self, work: Work, draft: AreaDraft) -> str:
        """Within a command that does more (an import)."""
        book = (await work.rules()).book
        await work.allow("area.open", parties=(), area=draft.parent or book.area)
        state = await work.state(areas.stream(draft.area))
        parent = await work.state(areas.stream(draft.parent)) if draft.parent else None
        if draft.parent is None and draft.area != book.area:
            raise Refused("area.no_parent", "请写明上级区域。", "Name the area above it.", kind="invalid", field="parent")
        events = areas.open_area(
            state, parent, area=draft.area, name=_name(draft.name), kind=draft.kind, parent_id=draft.parent,
            tiers=tuple(t.kind for t in book.tiers), since=draft.since or work.at.date(), households=draft.households,
            centre=draft.centre,
        )  # fmt: skip
        work.write(areas.stream(draft.area), *events)
        return areas.stream(draft.area)

    async def rename_area(self, ask: Ask, area: str, *, name: str) -> Done:
        async def act(work: Work, state: areas.AreaState) -> tuple[Event, ...]:
            return areas.rename(state, name=_name(name), since=work.at.date())

        return await self._area(ask, area, "area.rename", act)

    async def move_area(self, ask: Ask, area: str, *, parent: str) -> Done:
        """With everything below it; by whoever stands above both places."""

        async def act(work: Work, state: areas.AreaState) -> tuple[Event, ...]:
            new = areas.still_open(await work.state(areas.stream(parent)), parent, field="parent")
            await work.allow("area.move", parties=(), area=parent)
            return areas.move(state, new, above=await work.path(parent), since=work.at.date())

        return await self._area(ask, area, "area.move", act)

    async def close_area(self, ask: Ask, area: str, *, successor: str | None = None) -> Done:
        """From today nothing new is bound to it."""

        async def act(work: Work, state: areas.AreaState) -> tuple[Event, ...]:
            after = await work.state(areas.stream(successor)) if successor else None
            if successor:
                areas.still_open(after, successor, field="successor")
            return areas.close(state, successor=after, since=work.at.date())

        return await self._area(ask, area, "area.close", act)

    async def register_unit(self, ask: Ask, draft: UnitDraft) -> Done:
        async def decide(work: Work) -> str:
            return await self.put_unit(work, draft)

        return await self._streams.command(ask, decide)

    async def put_unit(self, work: Work, draft: UnitDraft) -> str:
        """Within a command that does more (an import). A code registers once: the same code again is refused."""
        for area in draft.areas:
            areas.still_open(await work.state(areas.stream(area)), area, field="areas")
        book = (await work.rules()).book
        await work.allow("unit.register", parties=(), area=draft.areas[0] if draft.areas else book.area)
        stream = f"unit-{hashlib.sha256(draft.code.encode()).hexdigest()[:12]}"
        if (known := await work.state(stream)) is not None:
            raise Refused(
                "unit.exists", f"该信用代码已登记：{known.name}（{known.number}）。",
                f"That code is registered: {known.name} ({known.number}).",
            )  # fmt: skip
        number = await work.number(series("DW", work, book.area), stream)
        work.write(
            stream,
            *units.register(
                unit=stream, number=number, name=_name(draft.name), code=draft.code, kind=draft.kind, areas=draft.areas
            ),
        )
        return stream

    async def admit_unit(self, ask: Ask, unit: str, *, area: str) -> Done:
        """The unit also belongs to another area or cluster."""

        async def decide(work: Work) -> str:
            state: units.UnitState = await work.main(unit, "unit")
            areas.still_open(await work.state(areas.stream(area)), area)
            await work.allow("unit.admit", parties=(), area=area)
            work.write(unit, *units.admit(state, area=area, since=work.at.date()))
            return unit

        return await self._streams.command(ask, decide)

    async def dismiss_unit(self, ask: Ask, unit: str, *, area: str) -> Done:
        """The unit no longer belongs to that area."""

        async def decide(work: Work) -> str:
            state: units.UnitState = await work.main(unit, "unit")
            await work.allow("unit.dismiss", parties=(), area=area)
            work.write(unit, *units.dismiss(state, area=area, since=work.at.date()))
            return unit

        return await self._streams.command(ask, decide)

    async def suspend_unit(self, ask: Ask, unit: str) -> Done:
        return await self._unit(ask, unit, "unit.suspend", units.suspend)

    async def resume_unit(self, ask: Ask, unit: str) -> Done:
        return await self._unit(ask, unit, "unit.resume", units.resume)

    async def limit_unit(self, ask: Ask, unit: str, *, engagements: int) -> Done:
        """How many engagements it wants to have at once; 0: no limit of its own. By itself, or a coordinator of its area."""
        return await self._unit(ask, unit, "unit.limit", partial(units.limit, engagements=engagements), own=True)

    async def _area(self, ask: Ask, area: str, action: str, act: AreaAct) -> Done:
        async def decide(work: Work) -> str:
            stream = areas.stream(area)
            state: areas.AreaState = await work.main(stream, "area")
            await work.allow(action, parties=(), area=state.parent or area)
            work.write(stream, *await act(work, state))
            return stream

        return await self._streams.command(ask, decide)

    async def _unit(self, ask: Ask, unit: str, action: str, act: UnitAct, *, own: bool = False) -> Done:
        async def decide(work: Work) -> str:
            state: units.UnitState = await work.main(unit, "unit")
            await work.allow(action, parties=(unit,) if own else (), area=state.areas[0])
            work.write(unit, *act(state))
            return unit

        return await self._streams.command(ask, decide)


def digest(book: RuleBook) -> str:
    """sha256 of the book's canonical JSON (sorted keys, no spaces, UTF-8)."""
    canonical = json.dumps(asdict(book), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _name(value: str) -> str:
    name = value.strip()
    if not 1 <= len(name) <= MOST_NAME:
        raise Refused(
            "name.length", f"名称为 1–{MOST_NAME} 字。", f"A name has 1 to {MOST_NAME} characters.", kind="invalid", field="name"
        )
    return name
