"""The audit trail: what happened to one item, and to everything, read from the ledger itself."""

from __future__ import annotations

from typing import Any

from domain.access import Principal
from services.ports import Codec, EventLog, Vault
from services.read_ports import Doc, ReadDb


class Trail:
    def __init__(self, log: EventLog, codec: Codec, vault: Vault, db: ReadDb) -> None:
        self._log, self._codec, self._vault, self._db = log, codec, vault, db

    async def history(self, stream: str) -> list[dict[str, Any]]:
        """[{type, at, actor, on_behalf_of, basis, position, version, data}] of that stream alone, oldest first, text
        opened (None where it was erased). Who may see the item is for the caller to ask."""
        raise NotImplementedError

    async def events(self, after: int, limit: int, viewer: Principal) -> dict[str, Any]:
        """{items: [{…as history, stream}], next, position}: events with position > after that the viewer may see, of
        at most `limit` looked at; `next` = where to go on from."""
        raise NotImplementedError

    async def item(self, stream: str) -> Doc | None:
        """The item folded from its stream: never stale, equal to its row on a list that has caught up."""
        raise NotImplementedError

    async def item_at(self, stream: str, position: int) -> Doc | None:
        """The same with the stream cut after a position; None when it did not exist yet."""
        raise NotImplementedError
