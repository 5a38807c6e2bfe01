"""Erasing an item's words or somebody's contact: three people, destroyed keys, lists made anew, a ledger that still holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain import erasure as rules
from domain.access import COORDINATORS, Facts, Principal, allow, decide, missing
from domain.contact import Subject
from domain.erasure import Erasure
from services.accounts_ports import AccessLog
from services.command import kind_of
from services.contacts import Contacts, ContactStore
from services.projector import Projector
from services.streams import Streams

LOOK_S = 1.0  # between two looks at whether a key was destroyed
WORDED = ("need", "offer", "claim", "project")


class ErasureStore(Protocol):
    """Requests for erasure, kept for ever. Raises StoreUnavailable."""

    def put(self, erasure: Erasure, *, was: str | None) -> bool:
        """On disk before it returns. False, and nothing kept, when its status is not `was` any more (None: it is new)."""

    def get(self, id: str) -> Erasure | None: ...

    def all(self) -> Sequence[Erasure]:
        """Newest first."""


class Keys(Protocol):
    """The vault, as far as erasing goes."""

    def erase(self, key: str) -> None: ...

    def erasures(self) -> int:
        """How often a key was destroyed, by any process."""


class Marks(Protocol):
    """How many erasures each set of read models was made after; kept beside it."""

    def cleared(self) -> int | None:
        """This set's mark; None before it has one."""

    def note(self, erasures: int) -> bool:
        """Moves this set's mark; whether no other set is behind it."""


class Erasures:
    def __init__(
        self, streams: Streams, vault: Keys, people: ContactStore, contacts: Contacts, store: ErasureStore, log: AccessLog
    ) -> None:
        self._streams, self._vault, self._people, self._contacts = streams, vault, people, contacts
        self._store, self._log = store, log

    async def request(self, principal: Principal, *, kind: str, about: str, org: str = "", reason: str) -> Erasure:
        """By who owns the item or the contact, or stands above. Missing: no such thing, or not for them."""
        rules.checked(kind, reason)
        owner, item, path = await self._whose(kind, about, org)
        allow(principal, "erasure.request", Facts(parties=(owner,), path=path, public=False))
        asked = Erasure(
            id=self._streams.ids.new("erasure"), kind=kind, about=item, org=owner, path=path, reason=reason,
            asked_by=principal.id, asked_org=principal.org, asked_at=self._streams.clock.now(),
        )  # fmt: skip
        self._log.note("erasure.requested", principal.id, asked.id, f"{kind} {item}/{owner} {reason}")
        self._store.put(asked, was=None)
        return asked

    async def approve(self, principal: Principal, id: str) -> Erasure:
        """By a coordinator above who did not ask for it."""
        found = self._to_judge(principal, id)
        return self._keep(principal, "erasure.approved", found, rules.approve(found, by=principal.id, at=self._now()))

    async def decline(self, principal: Principal, id: str) -> Erasure:
        found = self._to_judge(principal, id)
        return self._keep(principal, "erasure.declined", found, rules.decline(found, by=principal.id, at=self._now()))

    async def execute(self, principal: Principal, id: str) -> Erasure:
        """By the security administrator. The keys are gone before the request says so: after a crash it is done again."""
        found = self._get(id)
        allow(principal, "erasure.execute", Facts(barred=(found.asked_by, found.approved_by or "")))
        rules.may_execute(found)
        keys = await self._keys(found)
        self._log.note("erasure.executed", principal.id, id, f"{found.kind} {found.about}/{found.org} {len(keys)}")
        for key in keys:
            self._vault.erase(key)
        if found.kind == "person":
            keys = (str(Subject(org=found.org, about=found.about)),)
            self._people.erase(keys[0])
        done = rules.execute(found, by=principal.id, at=self._now(), keys=len(keys))
        if found.kind == "person":  # contacts are in no list
            done = rules.clear(done, at=self._now())
        if not self._store.put(done, was=found.status):
            return self._get(id)
        return done

    def seen(self, principal: Principal) -> Sequence[Erasure]:
        """What the reader may know of: asked for by or about its organisation, below it, to be done, or all."""
        return [each for each in self._store.all() if self._may_see(principal, each)]

    def one(self, principal: Principal, id: str) -> Erasure:
        """Missing: none, or not for them."""
        found = self._get(id)
        if not self._may_see(principal, found):
            raise missing()
        return found

    def may(self, principal: Principal, erasure: Erasure) -> tuple[str, ...]:
        """The acts that are open to the reader now: "approve", "decline", "execute"."""
        if erasure.status == "asked" and decide(principal, "erasure.approve", _judged(erasure)) is None:
            return ("approve", "decline")
        barred = Facts(barred=(erasure.asked_by, erasure.approved_by or ""))
        if erasure.status == "approved" and decide(principal, "erasure.execute", barred) is None:
            return ("execute",)
        return ()

    def clear(self) -> None:
        """Lists and search have been made anew: what was executed before is in none of them."""
        for each in self._store.all():
            if each.status == "executed":
                self._store.put(rules.clear(each, at=self._now()), was="executed")

    def _to_judge(self, principal: Principal, id: str) -> Erasure:
        found = self._get(id)
        if not self._may_see(principal, found):
            raise missing()
        allow(principal, "erasure.approve", _judged(found))
        return found

    def _keep(self, principal: Principal, kind: str, before: Erasure, after: Erasure) -> Erasure:
        self._log.note(kind, principal.id, after.id)
        return after if self._store.put(after, was=before.status) else self._get(after.id)

    async def _whose(self, kind: str, about: str, org: str) -> tuple[str, str, tuple[str, ...]]:
        """(organisation, item, path)."""
        if kind == "person":
            subject, path = await self._contacts.kept(org, about)
            return subject.org, subject.about, path
        held = await self._streams.committed(about) if kind_of(about) in WORDED else None
        if held is None:
            raise missing()
        state, what = held.state, kind_of(about)
        if what == "claim":
            return state.proposed_by.org, about, await self._streams.path(state.terms.area)
        if what == "project":
            return state.receiver, about, await self._streams.path(state.area)
        return state.content.owner, about, await self._streams.path(state.content.area)

    async def _keys(self, erasure: Erasure) -> tuple[str, ...]:
        """Every key that words of the item were ever sealed under."""
        if erasure.kind != "text":
            return ()
        codec, rows = self._streams.codec, await self._streams.log.read_stream(erasure.about)
        keys = [codec.key_of(codec.decode(row).event) for row in rows]
        return tuple(dict.fromkeys([key for key in keys if key]))

    def _may_see(self, principal: Principal, erasure: Erasure) -> bool:
        if principal.role in ("auditor", "security_admin"):
            return True
        above = principal.role in COORDINATORS and principal.area is not None and principal.area in erasure.path
        return above or principal.org in (erasure.org, erasure.asked_org)

    def _get(self, id: str) -> Erasure:
        found = self._store.get(id)
        if found is None:
            raise missing()
        return found

    def _now(self) -> datetime:
        return self._streams.clock.now()


class Forgetting:
    """Makes one set of read models anew whenever a key was destroyed, by whichever process: rows and search hold words."""

    def __init__(self, projector: Projector, vault: Keys, marks: Marks, erasures: Erasures) -> None:
        self._projector, self._vault, self._marks, self._erasures = projector, vault, marks, erasures

    async def look(self) -> bool:
        """Whether the lists were made anew."""
        now = self._vault.erasures()
        if self._marks.cleared() == now:
            return False
        if now:
            await self._projector.rebuild()
        if self._marks.note(now) and self._vault.erasures() == now:
            self._erasures.clear()
        return bool(now)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)


def _judged(erasure: Erasure) -> Facts:
    return Facts(parties=(erasure.org,), path=erasure.path, public=False, barred=(erasure.asked_by,))
