"""What one try of a command has read and wants to write."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain import areas, rules
from domain.access import Facts, allow, missing
from domain.events import Event, Meta, Recorded, Refused
from services.command import Ask, Held, evolve, kind_of, to_us, version_of
from services.ports import Append, NewEvent

if TYPE_CHECKING:
    from services.streams import Streams


class Work:
    """What one try of a command has read and wants to write. Everything loaded is checked again by the store."""

    def __init__(self, streams: Streams, ask: Ask, at: datetime) -> None:
        self._streams, self.ask, self.at, self._at_us = streams, ask, at, to_us(at)
        self._loaded: dict[str, Held | None] = {}
        self._now: dict[str, Held] = {}
        self._cited: dict[str, tuple[str, ...]] = {}
        self._cites: list[tuple[str, str]] = []
        self._numbers: list[tuple[str, int, str]] = []
        self.events: list[tuple[str, int, Event]] = []
        self.extra: dict[str, Any] = {}
        self.on_its_way = asyncio.Event()

    @property
    def touched(self) -> tuple[str, ...]:
        return (*self._loaded, *self._cited, *(target for target, _ in self._cites))

    async def state(self, stream: str) -> Any:
        """The state as this command has changed it so far, or None. The store will check that it still holds."""
        held = self._now.get(stream) or self._loaded.get(stream)
        if held is None and stream not in self._loaded:
            held = self._loaded[stream] = await self._streams.load(stream)
        return held.state if held else None

    async def found(self, stream: str, kind: str) -> Any:
        """As `state`, but 404 when it does not exist or is of another kind."""
        if kind_of(stream) != kind or (state := await self.state(stream)) is None:
            raise missing()
        return state

    async def main(self, stream: str, kind: str) -> Any:
        """The item the command is about: If-Match is compared with its version."""
        state = await self.found(stream, kind)
        held = self._loaded[stream]
        if self.ask.if_match is not None and held is not None and held.version != self.ask.if_match:
            raise Refused(
                "item.stale", "这一项已被他人更新，请刷新后再办理。", "The item has changed meanwhile: reload it.", kind="stale"
            )
        return state

    async def rules(self) -> rules.RulesState:
        state = await self.state(rules.STREAM)
        if state is None:
            raise Refused("rules.none", "尚未采用规则书。", "No rule book has been adopted yet.")
        found: rules.RulesState = state
        return found

    async def path(self, area_id: str) -> tuple[str, ...]:
        """The area and all above it, nearest first; () for an unknown area. Not checked again: areas move rarely."""
        new = self._now.get(areas.stream(area_id))
        if new is not None and new.state.parent is not None:  # entered by this very command
            return (area_id, *await self.path(new.state.parent))
        return await self._streams.path(area_id)

    async def allow(
        self, action: str, *, parties: tuple[str, ...], area: str, public: bool = True, barred: tuple[str, ...] = ()
    ) -> None:
        """Refused: what the matrix does not allow the asker, or the one it acts for."""
        ask, stands = self.ask, await self._streams.stands(self.ask.on_behalf_of)
        allow(ask.principal, action, Facts(
            parties=parties, path=await self.path(area), public=public, barred=barred, acting_for=ask.on_behalf_of,
            basis=ask.basis, stands=stands,
        ))  # fmt: skip

    async def told(self, stream: str) -> list[Recorded]:
        """All that has happened so far to a stream that this command has loaded, with who did it."""
        held = self._loaded[stream]
        if held is not None and held.on_its_way is not None:
            await held.on_its_way.wait()  # should it fail, this work is no longer true and is done again
        return [self._streams.codec.decode(row) for row in await self._streams.log.read_stream(stream)]

    async def citing(self, target: str) -> tuple[str, ...]:
        """Streams that cite the target, in order; the store will check that none has joined."""
        known = self._streams._cites.get(target)
        if known is None:
            known = list(await self._streams.log.citing(target))
            known = self._streams._cites.setdefault(target, known)
        found = self._cited[target] = tuple(known)
        return found

    async def cite(self, target: str, source: str) -> None:
        """The new stream `source` cites the target. That others join meanwhile matters only to who asked for `citing`."""
        if target not in self._cited:
            await self.citing(target)
            del self._cited[target]
        self._cites.append((target, source))

    def fresh(self, prefix: str) -> str:
        """The name of a new stream of this kind."""
        stream = self._streams.ids.new(prefix)
        self._loaded[stream] = None
        return stream

    async def number(self, series: str, stream: str) -> str:
        """The next human number of a series, e.g. XQ-310101-2026-000123; taken only if the stream is written."""
        numbers = self._streams._numbers
        if series not in numbers:
            last = await self._streams.log.last_number(series)
            numbers.setdefault(series, last)
        n = max([numbers[series], *(k for s, k, _ in self._numbers if s == series)]) + 1
        self._numbers.append((series, n, stream))
        return f"{series}-{n:06d}"

    def write(self, stream: str, *events: Event) -> None:
        """Events of a stream that was loaded before (or is new), sealed and applied."""
        assert stream in self._loaded, f"{stream} was not loaded"
        held = self._now.get(stream) or self._loaded[stream] or Held(None, 0, None)
        for event in events:
            version, key = held.version + 1, held.key
            if self._streams.codec.has_plain(event):
                event, key = self._sealed(event, stream, version, key)
            held = Held(evolve(kind_of(stream), held.state, event, stream), version, key)
            self.events.append((stream, version, event))
        self._now[stream] = held

    def _sealed(self, event: Event, stream: str, version: int, key: str | None) -> tuple[Event, str]:
        """Under the item's key, or a fresh one where it has none or its words were erased."""
        codec, vault = self._streams.codec, self._streams.vault
        key = key or vault.new_key()
        try:
            return codec.seal(event, stream=stream, version=version, key=key), key
        except KeyError:
            key = vault.new_key()
            return codec.seal(event, stream=stream, version=version, key=key), key

    def write_all(self, changes: Any) -> None:
        for stream, event in changes:
            self.write(stream, event)

    def still_true(self) -> bool:
        """Nothing loaded has moved on in memory while this command was waiting, or turned out never to be stored."""
        streams = self._streams
        for stream, loaded in self._loaded.items():
            held = streams._held.get(stream)
            if held is loaded:
                continue
            if loaded is not None and loaded.on_its_way is not None:
                return False
            if held is not None and held.version != version_of(loaded):
                return False
        for series, n in self._taken():
            if n <= streams._numbers.get(series, 0):
                return False
        for target, cited in self._cited.items():
            if tuple(streams._cites.get(target, ())) != cited:
                return False
        return streams._last is None or self.at >= streams._last

    def keep(self) -> None:
        """Move the states in memory on."""
        for stream, held in self._now.items():
            held.on_its_way = self.on_its_way
            self._streams._remember(stream, held)
        for target, source in self._cites:
            if target in self._streams._cites:
                self._streams._cites[target].append(source)
        for series, n in self._taken():
            self._streams._numbers[series] = n
        self._streams._last = self.at

    def stored(self) -> None:
        """What was decided is on disk. A state read again meanwhile, when a neighbour failed, may be older than ours."""
        for stream, held in self._now.items():
            held.on_its_way = None
            if version_of(self._streams._held.get(stream, held)) < held.version:
                self._streams._remember(stream, held)

    def _taken(self) -> list[tuple[str, int]]:
        return [(series, n) for series, n, stream in self._numbers if stream in self._now]

    def answer(self, primary: str) -> bytes:
        held = self._now.get(primary) or self._loaded[primary]
        assert held is not None
        state = held.state
        body = {
            "id": getattr(state, "id", primary), "number": getattr(state, "number", None), "version": held.version,
            "status": getattr(state, "status", "adopted"), "extra": self.extra,
        }  # fmt: skip
        return self._streams.codec.pack(body)

    def change(self, primary: str) -> Append:
        """All of it, as the store wants it."""
        ask, codec, command_id = self.ask, self._streams.codec, self.ask.command_id
        book = self._now.get(rules.STREAM) or self._loaded.get(rules.STREAM)
        meta = Meta(
            event_id="", at=self.at, actor=ask.principal.id, command_id=command_id, correlation=primary,
            rules=book.state.digest[:16] if book else "", on_behalf_of=ask.on_behalf_of, basis=ask.basis,
        )  # fmt: skip
        envelope = codec.encode_meta(meta)
        events = [
            NewEvent(s, v, event.TYPE, codec.encode_data(event, envelope, f"{command_id[:24]}.{i}"))
            for i, (s, v, event) in enumerate(self.events)
        ]
        return Append(
            events=tuple(events), command_id=command_id, fingerprint=ask.fingerprint, answer=self.answer(primary),
            at_us=self._at_us, cites=tuple(self._cites), cited=tuple((t, len(c)) for t, c in self._cited.items()),
            numbers=tuple(self._taken()),
            reads=tuple([(s, version_of(h)) for s, h in self._loaded.items() if s not in self._now]),
        )  # fmt: skip
