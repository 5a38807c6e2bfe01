"""Events to rows: a pure fold of the ledger, kept in memory only as far as it is worth it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.areas import AreaMoved, AreaState
from domain.claim import ClaimProposed
from domain.events import Plain, Recorded, Sealed, Text
from domain.units import UnitState
from services.command import kind_of
from services.figures import share
from services.items import KINDS, Item, about, advance, fold
from services.labels import giver, labels
from services.ports import Codec, EventLog, Stored, Vault
from services.read_ports import Doc, Query, ReadDb
from services.tree import ALL, moved, path
from services.turns import Known, Pending, Poison, Turn
from services.views import render
from services.words import tokens

KEEP = 4096  # items in memory between batches
AT_ONCE = 20  # events folded before others get a turn


class Projection:
    """One set of read models under way. After a failed write call `forget`."""

    def __init__(self, db: ReadDb, log: EventLog, codec: Codec, vault: Vault, keep: int = KEEP) -> None:
        self._db, self._log, self._codec, self._vault, self._keep = db, log, codec, vault, keep
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._parents: dict[str, str | None] | None = None
        self._paths: dict[str, tuple[str, ...]] = {}
        self._lines: dict[str, str] = {}  # unit -> its kind, which never changes
        self._titles: dict[str, str | None] = {}
        self._opened: dict[Sealed, str | None] = {}

    def forget(self) -> None:
        """Everything in memory; it is read again when needed."""
        self._known.clear()
        self._paths.clear()
        self._parents = None

    async def turn(self, batch: Sequence[Stored]) -> Turn:
        """The rows after as many events of the batch as go together: up to a poisonous one, and an area that moves
        goes alone. At least one event, unless the first is poisonous."""
        self._opened.clear()  # a key may have been destroyed since
        history, poison = self._decoded(batch)
        await self._prepare(history)
        pending = Pending(batch[0].position, self._log.store_id)
        for n, recorded in enumerate(history):
            if isinstance(recorded.event, AreaMoved) and n:
                poison = None
                break
            try:
                await self._apply(recorded, batch[n].leaf, pending)
            except (AssertionError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
                poison = Poison(recorded.position, error)
                break
            if isinstance(recorded.event, AreaMoved):
                poison = None
                break
            if n % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
        self._trim()
        return pending.turn(poison)

    async def _apply(self, recorded: Recorded, leaf: bytes, pending: Pending) -> None:
        if kind_of(recorded.stream) in KINDS:
            before = self._known.get(recorded.stream)
            known, doc = self._row(before, recorded)
            if isinstance(recorded.event, AreaMoved):
                await self._move(recorded, pending)
            self._keep_row(recorded.stream, known)
            pending.row(before, known, doc, recorded.position)
            if before is None:
                self._hear(recorded, pending)
        pending.upto(recorded.position, leaf)

    def _hear(self, recorded: Recorded, pending: Pending) -> None:
        """The first claim on a need is a fact of the need as well."""
        asked = self._known.get(_asked(recorded) or "")
        if asked is not None and asked.heard is None:
            heard = recorded.meta.at
            known = replace(asked, heard=heard, share=share(asked.item, self._path, heard))
            self._keep_row(asked.item.stream, known)
            pending.row(asked, known, render(asked.item, self._open), recorded.position)

    def _row(self, before: Known | None, recorded: Recorded) -> tuple[Known, Doc]:
        item = advance(before.item if before else None, recorded)
        doc = render(item, self._open)
        state = item.state
        title = self._title(about(state)) if before is None else before.texts[0]
        texts = _texts(doc, title)
        words = before.words if before and before.texts == texts else f"_{item.kind} {tokens(*texts)}"
        if isinstance(state, AreaState):
            self._set_parent(state)
        elif isinstance(state, UnitState):
            self._lines[state.id] = state.kind
        heard, line = before.heard if before else None, self._lines.get(giver(state))
        known = Known(
            item=item, seq=before.seq if before else recorded.position, labels=labels(item, self._path, line),
            texts=texts, words=words, share=share(item, self._path, heard), line=line, heard=heard,
            rewordings=0 if before is None else before.rewordings + (words != before.words),
        )  # fmt: skip
        return known, doc

    async def _move(self, recorded: Recorded, pending: Pending) -> None:
        """Everything below a moved area changes its labels and counts elsewhere."""
        assert isinstance(recorded.event, AreaMoved)
        old = self._known[recorded.stream].item.state
        assert isinstance(old, AreaState)
        here, after = old.id, self._parents or {}
        before = {**after, here: old.parent}
        self._known.clear()
        await moved(self._db, pending.changes, here, recorded.position, before=before, after=after)
        pending.areas.update(path(here, before), path(here, after))

    async def _prepare(self, history: Sequence[Recorded]) -> None:
        """Bring into memory what the events will need: earlier states, and titles of what new claims are about."""
        if self._parents is None:
            areas = await self._db.page(Query(groups=(("area",),), limit=ALL))
            self._parents = {doc["id"]: doc["parent"] for _, doc in areas.rows}
            units = await self._db.page(Query(groups=(("unit",),), limit=ALL))
            self._lines = {doc["id"]: doc["kind"] for _, doc in units.rows}
        begun = {recorded.stream for recorded in history if recorded.version == 1}
        touched = {r.stream for r in history if kind_of(r.stream) in KINDS} | {n for r in history if (n := _asked(r))}
        unknown_streams = sorted(name for name in touched - begun if name not in self._known)
        await self._load(unknown_streams, history[0].position if history else 0)
        cited = {item for r in history for item in _cited(r)}
        unknown = [item for item in cited if item not in self._known]
        docs = await self._db.docs(unknown) if unknown else {}
        self._titles = {item: doc["title"] for item, doc in docs.items()}

    async def _load(self, missing: Iterable[str], position: int) -> None:
        """Streams as they are before the position."""
        items: dict[str, Item] = {}
        for name in missing:
            rows = [row for row in await self._log.read_stream(name) if row.position < position]
            item = fold(self._codec.decode(row) for row in rows)
            assert item is not None
            items[name] = item
        entries = await self._db.entries([item.state.id for item in items.values()]) if items else {}
        for name, item in items.items():
            entry, line = entries[item.state.id], self._lines.get(giver(item.state))
            heard = datetime.fromisoformat(entry.facts["heard"]) if "heard" in entry.facts else None
            self._keep_row(name, Known(
                item=item, seq=entry.seq, labels=labels(item, self._path, line), words=entry.words, line=line,
                heard=heard, rewordings=entry.rewordings, share=share(item, self._path, heard),
                texts=_texts(render(item, self._open), entry.title),
            ))  # fmt: skip

    def _decoded(self, batch: Sequence[Stored]) -> tuple[list[Recorded], Poison | None]:
        history: list[Recorded] = []
        for row in batch:
            try:
                history.append(self._codec.decode(row))
            except (ValueError, LookupError, TypeError, AssertionError) as error:
                return history, Poison(row.position, error)
        return history, None

    def _title(self, item: str | None) -> str | None:
        if item is None:
            return None
        known = self._known.get(item)
        return known.texts[0] if known else self._titles.get(item)

    def _open(self, text: Text | None) -> str | None:
        """Opened once in a turn: most versions of an item repeat its texts."""
        if text is None or isinstance(text, Plain):
            return text.text if text else None
        if text not in self._opened:
            self._opened[text] = self._vault.open(text)
        return self._opened[text]

    def _path(self, area: str) -> tuple[str, ...]:
        if area not in self._paths:
            self._paths[area] = path(area, self._parents or {})
        return self._paths[area]

    def _set_parent(self, state: AreaState) -> None:
        assert self._parents is not None
        if self._parents.get(state.id, "") != state.parent:
            self._parents[state.id] = state.parent
            self._paths.clear()

    def _keep_row(self, name: str, known: Known) -> None:
        self._known[name] = known
        self._known.move_to_end(name)

    def _trim(self) -> None:
        while len(self._known) > self._keep:
            self._known.popitem(last=False)


def _texts(doc: Doc, title: str | None) -> tuple[str | None, ...]:
    """What a row is found by, its title first: that of the need or offer for claims and projects."""
    kinds = (line["kind"] for line in doc["lines"])
    title = title if "provider" in doc else doc["title"]
    return (title, doc["number"], doc.get("note"), doc.get("code"), doc.get("outside"), *kinds)


def _cited(recorded: Recorded) -> Iterable[str]:
    """Items that lend a new claim or project their title."""
    event = recorded.event
    if recorded.version > 1 or kind_of(recorded.stream) not in ("claim", "project"):
        return ()
    terms = getattr(event, "terms", event)
    item = getattr(terms, "need", None) or getattr(terms, "offer", None)
    return (item,) if item else ()


def _asked(recorded: Recorded) -> str | None:
    """The need that a new claim asks for."""
    event = recorded.event
    return event.terms.need if isinstance(event, ClaimProposed) else None
