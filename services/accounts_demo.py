"""Ready-made people of the demonstration district: anybody may enter as one of them, without a password."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain import areas
from domain.access import SYSTEM
from services.accounts_ports import AccessLog, Account, AccountStore, Chance, Grant
from services.accounts_sessions import Opened, Sessions
from services.demonstration.cast import unit_id
from services.demonstration.script import asked
from services.ports import Clock
from services.register import UnitDraft
from services.rulebooks import Pack
from services.streams import Streams

UNITS, COMMITTEES, STREETS = 5, 4, 2  # so many of each are offered
NAMES = (
    "陈静", "周明远", "吴晓岚", "沈立", "许文佳", "顾海宁", "陆一鸣", "范秋实", "叶知秋", "严嘉", "方若兰", "唐毅", "罗晓", "金岚", "俞安",
    "徐冬青", "钱望舒", "丁一",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoPerson:
    """`key` is stable: the person's login is `demo-` and it."""

    key: str
    name: str
    role: str
    org: str
    org_name: str
    area: str | None = None
    also: tuple[tuple[str, str, str | None], ...] = ()  # (role, organisation, area) of further identities


async def is_demonstration(streams: Streams, pack: Pack) -> bool:
    """Whether the ledger's first act was that of the demonstration."""
    if pack.demonstration is None:
        return False
    return await streams.log.command(asked(SYSTEM, "rules.1.rules.adopt", "rules.adopt").command_id) is not None


async def people(streams: Streams, pack: Pack) -> Sequence[DemoPerson]:
    """For each role at least one, of those organisations of the pack that the register knows."""
    places = [(a.area, a.name, a.kind) for a in pack.areas if await streams.load(areas.stream(a.area))]
    second, last = pack.book.tiers[1].kind, pack.book.tiers[-1].kind
    registered = [(unit_id(u.code), u.name) for u in _varied(pack) if await streams.load(unit_id(u.code))]
    found: list[tuple[str, str, str, str | None]] = []  # (role, org, its name, area)
    for n, (id, name) in enumerate(registered[:UNITS]):
        found += [("unit", id, name, None)] + ([("unit_manager", id, name, None)] if n < 2 else [])
    found += [("committee", id, name, None) for id, name, kind in places if kind == last][:COMMITTEES]
    found += [("street", id, name, id) for id, name, kind in places if kind == second][:STREETS]
    found += [("district", pack.book.area, pack.book.zh, pack.book.area), *_officers(pack)]
    return tuple(
        DemoPerson(
            key=f"{role}-{org}", name=NAMES[n % len(NAMES)], role=role, org=org, org_name=called, area=area,
            also=(("unit", org, None),) if role == "unit_manager" else (),
        )
        for n, (role, org, called, area) in enumerate(found)
    )  # fmt: skip


def _officers(pack: Pack) -> list[tuple[str, str, str, str | None]]:
    return [(role, pack.book.area, pack.book.zh, None) for role in ("auditor", "system_admin", "security_admin")]


def _varied(pack: Pack) -> Sequence[UnitDraft]:
    """One of each kind first."""
    first = {unit.kind: unit for unit in reversed(pack.units)}
    return [*first.values(), *(unit for unit in pack.units if unit is not first[unit.kind])]


class DemoDoor:
    def __init__(self, store: AccountStore, sessions: Sessions, log: AccessLog, clock: Clock, chance: Chance) -> None:
        self._store, self._sessions, self._log, self._clock, self._chance = store, sessions, log, clock, chance

    def enter(self, person: DemoPerson) -> Opened:
        """As that person, whose account is made when it is first needed, and put right when a visitor has spoilt it."""
        with self._store.together():
            account = self._store.by_login(f"demo-{person.key}") or self._made(person)
            if account.disabled_at is not None:
                self._store.change_account(account.id, disabled_at=None)
                account = replace(account, disabled_at=None)
            posts = ((person.role, person.org, person.area), *person.also)
            identities = [self._identity(account.id, *post) for post in posts]
            self._log.note("login.demonstration", account.id, account.id)
            return self._sessions.open(account, identity=identities[0])

    def _made(self, person: DemoPerson) -> Account:
        at = self._clock.now()
        account = Account(
            id=self._chance.new("person"), login=f"demo-{person.key}", name=person.name, made_at=at,
            made_by="demonstration", demonstration=True,
        )  # fmt: skip
        self._store.add_account(account)
        return account

    def _identity(self, account: str, role: str, org: str, area: str | None) -> str:
        """The id of a grant that counts."""
        at = self._clock.now()
        for each in self._store.grants(account):
            if (each.role, each.org) == (role, org) and each.counts(at):
                return each.id
        grant = Grant(
            id=self._chance.new("grant"), account=account, role=role, org=org, area=area, since=at,
            asked_by="demonstration", granted_by="demonstration", granted_at=at,
        )  # fmt: skip
        self._store.add_grant(grant)
        return grant.id
