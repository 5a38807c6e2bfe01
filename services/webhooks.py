"""Webhooks of organisations' own systems: registered, rotated, replayed, tested and dropped by the organisation itself.

An address is no fact of the district's history and may have to be forgotten, so it is kept beside the ledger; the answer
to each command is kept with it, so that asking twice does it once and gives the same bytes, the secret included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.access import Facts, Principal, decide
from domain.events import Refused
from services.command import Ask
from services.ports import Clock, EventLog, Ids
from services.shapes import instant
from services.webhook_bodies import secret_of, signed, test_event
from services.webhook_ports import Endpoint, HookBook, HookChange, Outward, Unreachable

MOST = 10  # endpoints of one organisation
MOST_TYPES = 100
OVERLAP = timedelta(hours=24)  # in which the old secret signs too
BETWEEN_TESTS = timedelta(seconds=5)  # nobody is to be called as often as somebody can click
_UNFIT = {
    "address": ("网址须为完整的 https 地址，不带用户名、密码和 #。", "The address must be a whole https one without user, password and #."),
    "insecure": ("公网地址须用 https。", "A public address must be https."),
    "unknown": ("找不到这个主机。", "That host is not known."),
    "private": (
        "不能调用内网或本机地址；确有需要，请管理员在 RENLING_HOOK_NETWORKS 中加上。",
        "Private and local addresses are not called; an administrator may add a network to RENLING_HOOK_NETWORKS.",
    ),
}  # fmt: skip


class Webhooks:
    def __init__(
        self, book: HookBook, http: Outward, log: EventLog, clock: Clock, ids: Ids, types: Iterable[str], source: str
    ) -> None:
        """`types`: every TYPE there is; `source`: what CloudEvents say they come from."""
        self._book, self._http, self._log, self._clock, self._ids = book, http, log, clock, ids
        self._types, self._source = frozenset(types), source
        self._tested: dict[str, datetime] = {}

    async def of(self, who: Principal) -> Sequence[Endpoint]:
        return await self._book.endpoints(speaks_for(who))

    async def register(self, ask: Ask, url: str, types: Sequence[str] = ()) -> bytes:
        """Told of everything from now on. The answer holds the secret, this once. Refused: webhook.url,
        webhook.unknown_type, webhook.too_many."""
        org = speaks_for(ask.principal)
        if (known := await self._known(ask)) is not None:
            return known
        if reason := await self._http.check(url):
            raise Refused("webhook.url", *_UNFIT[reason], kind="invalid", field="url")
        self._check(types)
        if len(await self._book.endpoints(org)) >= MOST:
            raise Refused(
                "webhook.too_many", f"最多登记 {MOST} 个回调，请先删除不用的。", f"At most {MOST} webhooks: remove one first."
            )
        who, now = ask.principal, self._clock.now()
        endpoint = Endpoint(
            id=self._ids.new("hook"), org=org, role=who.role, area=who.area, url=url, types=tuple(dict.fromkeys(types)),
            secret=secret_of(self._ids.token()), cursor=(await self._log.head()).position, made_at=now, made_by=who.id,
        )  # fmt: skip
        return await self._done(ask, HookChange(add=endpoint), {**shown(endpoint), "secret": endpoint.secret})

    async def rotate(self, ask: Ask, id: str) -> bytes:
        """A new secret, shown this once; for a day both sign."""
        endpoint = await self.one(ask.principal, id)
        if (known := await self._known(ask)) is not None:
            return known
        secret, until = secret_of(self._ids.token()), self._clock.now() + OVERLAP
        answer = {**shown(endpoint), "secret": secret, "old_secret_until": instant(until)}
        return await self._done(ask, HookChange(rotate=(id, secret, until)), answer)

    async def replay(self, ask: Ask, id: str, after: int) -> bytes:
        """Everything after that position again, in order; also what wakes a disabled one. Refused: webhook.position."""
        endpoint = await self.one(ask.principal, id)
        if (known := await self._known(ask)) is not None:
            return known
        head = (await self._log.head()).position
        if not 0 <= after <= head:
            raise Refused(
                "webhook.position", f"序位须在 0 到 {head} 之间。", f"The position is between 0 and {head}.",
                kind="invalid", field="after",
            )  # fmt: skip
        answer = {**shown(endpoint), "position": after, "status": "active"}
        return await self._done(ask, HookChange(replay=(id, after)), answer)

    async def drop(self, ask: Ask, id: str) -> bytes:
        if (known := await self._known(ask)) is not None:
            return known
        endpoint = await self.one(ask.principal, id)
        return await self._done(ask, HookChange(drop=id), {**shown(endpoint), "status": "dropped"})

    async def test(self, ask: Ask, id: str) -> bytes:
        """Call it now with a signed greeting; says what came back."""
        endpoint = await self.one(ask.principal, id)
        if (known := await self._known(ask)) is not None:
            return known
        now, event_id = self._clock.now(), self._ids.new("event")
        if now - self._tested.get(id, now - BETWEEN_TESTS) < BETWEEN_TESTS:
            raise Refused("webhook.too_often", "刚刚测试过，请稍候再试。", "It was tested just now: wait a little.", kind="many")
        self._tested[id] = now
        body = test_event(event_id, self._source, now, endpoint.org)
        try:
            answer = await self._http.post(endpoint.url, signed(endpoint, event_id, body, now), body)
            told: dict[str, Any] = {"delivered": 200 <= answer.status < 300, "http_status": answer.status, "error": None}
        except Unreachable as trouble:
            told = {"delivered": False, "http_status": None, "error": str(trouble)}
        return await self._done(ask, None, {"id": id, **told})

    async def one(self, who: Principal, id: str) -> Endpoint:
        """One's own. Refused: webhook.not_found."""
        found = next((each for each in await self.of(who) if each.id == id), None)
        if found is None:
            raise Refused("webhook.not_found", "没有这个回调。", "There is no such webhook.", kind="missing")
        return found

    def _check(self, types: Sequence[str]) -> None:
        unknown = [t for t in types if t not in self._types and not self._begins(t)]
        if unknown or len(types) > MOST_TYPES:
            raise Refused(
                "webhook.unknown_type", f"没有这种事件：{'、'.join(unknown)[:100]}。可写全称或“claim.”这样的开头。",
                f"No such TYPE: {', '.join(unknown)[:100]}. Write one, or a beginning such as “claim.”.",
                kind="invalid", field="types",
            )  # fmt: skip

    def _begins(self, prefix: str) -> bool:
        return prefix.endswith(".") and any(known.startswith(prefix) for known in self._types)

    async def _known(self, ask: Ask) -> bytes | None:
        """What was answered when this was asked before. Refused: command.misused."""
        known = await self._book.answer(ask.command_id)
        if known is None:
            return None
        if known[0] != ask.fingerprint:
            raise Refused(
                "command.misused", "这个 Idempotency-Key 已用于另一个请求，请换一个新的。",
                "This Idempotency-Key was used for another request: take a new one.", kind="invalid",
                field="Idempotency-Key",
            )  # fmt: skip
        return known[1]

    async def _done(self, ask: Ask, change: HookChange | None, answer: Mapping[str, Any]) -> bytes:
        packed = json.dumps(answer, ensure_ascii=False).encode()
        if not await self._book.change(change, ask.command_id, ask.fingerprint, packed, self._clock.now()):
            return await self._known(ask) or packed
        return packed


def shown(endpoint: Endpoint) -> dict[str, Any]:
    """As the API lists it; never with a secret."""
    return {
        "id": endpoint.id, "url": endpoint.url, "types": list(endpoint.types),
        "status": "active" if endpoint.active else "disabled", "position": endpoint.cursor,
        "created_at": instant(endpoint.made_at), "last_at": instant(endpoint.last_at),
        "last_http_status": endpoint.last_status or None, "last_error": endpoint.last_error or None,
        "failing_since": instant(endpoint.failing_since), "next_at": instant(endpoint.next_at),
    }  # fmt: skip


def speaks_for(who: Principal) -> str:
    """The organisation whose systems are told. Refused: webhook.forbidden."""
    if not who.org or decide(who, "hook.keep", Facts(parties=(who.org,))) is not None:
        raise Refused(
            "webhook.forbidden", "只有单位、居民区和街道、区可以登记自己的回调。",
            "Units, neighbourhoods and coordinators register webhooks of their own.", kind="forbidden",
        )  # fmt: skip
    return who.org
