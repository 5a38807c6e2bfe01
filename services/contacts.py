"""How to reach the people behind an organisation: kept apart from everything else, masked, revealed to few, each look recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from domain.access import COORDINATORS, Facts, Principal, allow, decide, missing
from domain.contact import REASONS, Contact, Subject, checked, masked, sides_of
from domain.events import Refused
from services.accounts_ports import AccessLog
from services.command import kind_of
from services.streams import Streams


class ContactStore(Protocol):
    """People's contacts apart from the ledger, encrypted under a key per subject. Raises StoreUnavailable."""

    def put(self, subject: str, fields: Mapping[str, str]) -> None:
        """In place of what was there. On disk before it returns."""

    def get(self, subject: str) -> Mapping[str, str] | None: ...

    def erase(self, subject: str) -> bool:
        """Destroy the key and what it sealed, on disk, before returning; whether there was one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """What somebody may know of a contact without asking for it."""

    subject: Subject
    kept: bool  # there is one
    general: bool  # it is the organisation's, not one for this item
    masked: Contact | None  # None: not for this reader
    may_keep: bool
    may_reveal: bool
    needs_reason: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """An item as far as contacts go: where it is, who takes part, who is bound to whom."""

    about: str
    area: str
    parties: frozenset[str]
    bonds: tuple[frozenset[str], ...]


class Contacts:
    def __init__(self, streams: Streams, store: ContactStore, log: AccessLog) -> None:
        self._streams, self._store, self._log = streams, store, log

    async def glance(self, principal: Principal, org: str, item: str = "") -> Glance:
        """`item`: a need, offer, claim or project; "" for the organisation itself. Missing (404): no such item."""
        return await self._glance(principal, await self._place(item), org)

    async def around(self, principal: Principal, item: str) -> tuple[Glance, ...]:
        """Of all who take part in an item, those that concern the reader: what one may look at or fill in, one's own
        first. Missing (404): no such item."""
        place = await self._place(item)
        orgs = sorted(place.parties, key=lambda org: (org != principal.org, org)) if place else ()
        found = [await self._glance(principal, place, org) for org in orgs]
        return tuple(glance for glance in found if glance.may_keep or glance.may_reveal)

    async def _glance(self, principal: Principal, place: _Place | None, org: str) -> Glance:
        subject, found = self._found(place, org)
        facts = await self._facts(place, org)
        may_reveal = decide(principal, "contact.reveal", facts) is None
        return Glance(
            subject=subject, kept=found is not None, general=found is not None and subject.about == "",
            masked=masked(found) if found is not None and may_reveal else None,
            may_keep=decide(principal, "contact.keep", Facts(parties=(org,))) is None and self._takes_part(place, org),
            may_reveal=may_reveal and found is not None, needs_reason=_needs_reason(principal, facts),
        )  # fmt: skip

    async def own(self, principal: Principal, org: str, item: str = "") -> Glance:
        """For who is about to fill it in. Refused: access.forbidden; missing: no such item, or no part in it."""
        return await self._glance(principal, await self._own_place(principal, org, item), org)

    async def put(self, principal: Principal, org: str, contact: Contact, item: str = "") -> Subject:
        """Refused: as `own`, and contact.…"""
        place = await self._own_place(principal, org, item)
        kept, subject = checked(contact), Subject(org=org, about=place.about if place else "")
        self._log.note("contact.kept", principal.id, str(subject))
        self._store.put(str(subject), {name: value for name, value in asdict(kept).items() if value})
        return subject

    async def reveal(self, principal: Principal, org: str, item: str = "", *, reason: str = "") -> Contact:
        """All of it, after the look was recorded. Missing: none, or not for them. Refused:
        contact.reason (coordinators say why)."""
        place = await self._place(item)
        facts = await self._facts(place, org)
        allow(principal, "contact.reveal", facts)
        if (reason or _needs_reason(principal, facts)) and reason not in REASONS:
            raise Refused("contact.reason", "请选择查看联系方式的事由。", "Say why you need the contact: choose a reason.",
                          kind="invalid", field="reason")  # fmt: skip
        subject, found = self._found(place, org)
        if found is None:
            raise missing()
        self._log.note("contact.revealed", principal.id, str(subject), reason)
        return found

    async def kept(self, org: str, item: str = "") -> tuple[Subject, tuple[str, ...]]:
        """Whose contact it is that is kept for this item, or for all, and the areas above. Missing: none."""
        place = await self._place(item)
        subject, found = self._found(place, org)
        if found is None:
            raise missing()
        return subject, await self._streams.path(place.area) if place and subject.about else await self._stands(org)

    async def _own_place(self, principal: Principal, org: str, item: str) -> _Place | None:
        place = await self._place(item)
        if not self._takes_part(place, org):
            raise missing()
        allow(principal, "contact.keep", Facts(parties=(org,)))
        return place

    def _found(self, place: _Place | None, org: str) -> tuple[Subject, Contact | None]:
        """The person named for the item, else the one for all; the subject that a new one would have when there is none."""
        wanted = Subject(org=org, about=place.about if place else "")
        for subject in (wanted, Subject(org=org)):
            if (fields := self._store.get(str(subject))) is not None:
                return subject, Contact(**fields)
        return wanted, None

    async def _facts(self, place: _Place | None, org: str) -> Facts:
        if place is None:
            return Facts(parties=(org,), path=await self._stands(org), public=False)
        together = [bond for bond in place.bonds if org in bond]
        parties = frozenset((org,)).union(*together) if org in place.parties else frozenset[str]()
        return Facts(parties=tuple(sorted(parties)), path=await self._streams.path(place.area), public=False)

    def _takes_part(self, place: _Place | None, org: str) -> bool:
        return place is None or org in place.parties

    async def _stands(self, org: str) -> tuple[str, ...]:
        held = await self._streams.committed(org) if org.startswith("unit-") else None
        here = held.state.areas if held else (org,)
        return tuple(dict.fromkeys([above for area in here for above in await self._streams.path(area)]))

    async def _place(self, item: str) -> _Place | None:
        """Claims and projects share the people of the need or offer that they are about."""
        if not item:
            return None
        kind, held = kind_of(item), await self._streams.committed(item)
        if held is None or kind not in ("need", "offer", "claim", "project"):
            raise missing()
        if kind == "project":
            return await self._place(held.state.claim)
        if kind == "claim":
            return await self._place(held.state.terms.need or held.state.terms.offer)
        claims = [await self._streams.committed(stream) for stream in await self._streams.log.citing(item)]
        states = [claim.state for claim in claims if claim is not None]
        content = held.state.content
        parties = frozenset((content.owner,)).union(*(claim.parties for claim in states))
        return _Place(about=item, area=content.area, parties=parties, bonds=tuple(sides_of(claim) for claim in states))


def _needs_reason(principal: Principal, facts: Facts) -> bool:
    """Who is no party to it but stands above says why."""
    return principal.role in COORDINATORS and principal.org not in facts.parties
