"""The audit trail: what happened to one item, and to everything, read from the ledger itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.access import PARTIES, Principal
from domain.delegation import OBJECTION
from domain.events import Plain, Recorded, Text
from domain.suggestion import SUGGESTION
from domain.suggestion import stream as told_in
from services.command import kind_of
from services.items import KINDS, Item, about, fold
from services.labels import OPEN_KINDS, sight
from services.ports import Codec, EventLog, Stored, Vault
from services.read_ports import Doc, ReadDb
from services.shapes import instant, plain
from services.views import render

MOST = 1000  # events looked at in one request


class Trail:
    def __init__(self, log: EventLog, codec: Codec, vault: Vault, db: ReadDb) -> None:
        self._log, self._codec, self._vault, self._db = log, codec, vault, db

    async def history(self, stream: str) -> list[dict[str, Any]]:
        """[{type, at, actor, on_behalf_of, basis, position, version, data}] of that stream alone, oldest first, text
        opened (None where it was erased). Who may see the item is for the caller to ask."""
        return [self._entry(row) for row in await self._log.read_stream(stream)]

    async def records(self, stream: str) -> list[dict[str, Any]]:
        """The history with what seals it, see `record`."""
        return [self.record(row) for row in await self._log.read_stream(stream)]

    def record(self, row: Stored) -> dict[str, Any]:
        """An event as in a history, and {stream, rules, command_id, leaf}: the digest of the rule book in force, the act
        it belongs to, its leaf hash in hex."""
        recorded: Recorded = self._codec.decode(row)
        return {
            **self._entry(row, recorded), "stream": row.stream, "rules": recorded.meta.rules,
            "command_id": recorded.meta.command_id, "leaf": row.leaf.hex(),
        }  # fmt: skip

    async def events(self, after: int, limit: int, viewer: Principal) -> dict[str, Any]:
        """{items: [{…as history, stream}], next, position}: events with position > after that the viewer may see, of
        at most `limit` looked at; `next` = where to go on from, `position` = the ledger's end."""
        rows = await self._log.read_all(after, min(max(limit, 1), MOST))
        seen = await self.visible({row.stream for row in rows}, viewer)
        items = [{**self._entry(row), "stream": row.stream} for row in rows if row.stream in seen]
        return {
            "items": items,
            "next": rows[-1].position if rows else after,
            "position": (await self._log.head()).position,
        }

    async def item(self, stream: str) -> Doc | None:
        """The item folded from its stream: never stale, equal to its row on a list that has caught up."""
        return await self._item(await self._log.read_stream(stream), None)

    async def item_at(self, stream: str, position: int) -> Doc | None:
        """The same with the ledger cut after a position; None when it did not exist yet."""
        return await self._item(await self._log.read_stream(stream), position)

    async def folded(self, stream: str, position: int | None = None) -> Item | None:
        """Its state, with the ledger cut after a position; None when it did not exist yet."""
        return self._folded(await self._log.read_stream(stream), position)

    async def _item(self, rows: Sequence[Stored], upto: int | None) -> Doc | None:
        item = self._folded(rows, upto)
        if item is None:
            return None
        lender = about(item.state)
        lent = self._folded(await self._log.read_stream(lender), upto) if lender else None
        return render(item, self._open, self._open(lent.state.content.title) if lent else None)  # type: ignore[union-attr]

    def _folded(self, rows: Sequence[Stored], upto: int | None) -> Item | None:
        return fold(self._codec.decode(row) for row in rows if upto is None or row.position <= upto)

    async def visible(self, streams: set[str], viewer: Principal) -> set[str]:
        """Streams of items that the viewer may see now; the rule book is open to all."""
        found = {stream for stream in streams if kind_of(stream) not in KINDS or kind_of(stream) in OPEN_KINDS}
        if viewer.role not in ("auditor", "system"):  # an objection is between the two and the auditor
            found = {stream for stream in found if kind_of(stream) not in (OBJECTION, SUGGESTION) or _told(stream, viewer)}
        for kind in KINDS:
            of_kind = [stream for stream in streams if kind_of(stream) == kind]
            labels = sight(kind, viewer)
            found |= set(of_kind) if labels is None else await self._db.carrying(of_kind, labels)
        return found

    def _entry(self, row: Stored, recorded: Recorded | None = None) -> dict[str, Any]:
        recorded = recorded or self._codec.decode(row)
        meta = recorded.meta
        return {
            "type": row.type, "at": instant(meta.at), "actor": meta.actor, "on_behalf_of": meta.on_behalf_of,
            "basis": meta.basis, "position": row.position, "version": row.version,
            "data": plain(recorded.event, self._open),
        }  # fmt: skip

    def _open(self, text: Text | None) -> str | None:
        if text is None or isinstance(text, Plain):
            return text.text if text else None
        return self._vault.open(text)


def _told(stream: str, viewer: Principal) -> bool:
    """Whether these suggestions are its own."""
    return viewer.role in PARTIES and stream == told_in(viewer.org)
