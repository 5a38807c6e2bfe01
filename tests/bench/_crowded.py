"""A district as full as is asked for: streets, neighbourhoods, units, needs, offers, and claims in all their stages."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from api.loading import found
from api.settings import Settings
from api.wiring import District, open_district, open_log
from domain.access import SYSTEM, Principal
from domain.capacity import Line
from services.claims import ClaimDraft
from services.command import Ask, Done
from services.needs import NeedDraft
from services.offers import OfferDraft
from services.register import AreaDraft, UnitDraft
from services.rulebooks import load_pack
from tests.support.engine import credit_code

STREETS, NEIGHBOURHOODS, UNITS = 10, 18, 300  # neighbourhoods of each street
IN_FLIGHT = 64
TITLES = ("周末义诊志愿者", "独居老人理发", "暑期托管场地", "法律咨询专场", "会议室周末开放", "智能手机课堂", "楼道照明维修")
_keys = itertools.count(1)


@asynccontextmanager
async def crowded(data: Path, items: int) -> AsyncIterator[District]:
    """As many items, half of them needs: on two fifths of the needs there is a claim, most are accepted, half of those are
    delivered and confirmed. Read models are caught up."""
    settings = Settings(data=data)
    log = await open_log(settings)
    district = await open_district(settings, log)
    await _filled(district, items)
    await district.engine.projector.catch_up()
    try:
        yield district
    finally:
        await district.close()
        await log.close()


async def _filled(district: District, items: int) -> None:
    engine, pack, chance = district.engine, load_pack(district.settings.district), random.Random(items)
    await found(district, pack)
    committees = await _areas(district)
    registered = await _each(lambda n: engine.register.register_unit(_ask(SYSTEM), _unit(n, committees)), range(UNITS))
    units = [done.id for done in registered]
    categories = [category.id for category in pack.book.categories]

    def need(_: int) -> Awaitable[Done]:
        area = chance.choice(committees)
        draft = NeedDraft(title=chance.choice(TITLES), category=chance.choice(categories), area=area, lines=_lines(chance))
        return engine.needs.post(_ask(Principal(id="c", role="committee", org=area)), draft)

    def offer(_: int) -> Awaitable[Done]:
        unit, title = chance.choice(units), chance.choice(TITLES)
        draft = OfferDraft(title=title, category=chance.choice(categories), lines=_lines(chance))
        return engine.offers.post(_ask(_of(unit)), draft)

    needs = [done.id for done in await _each(need, range(items // 2))]
    await _each(offer, range(items - items // 2))
    await _each(lambda n: _story(district, needs[n], chance.choice(units), n % 5), range(len(needs) * 2 // 5))


async def _story(district: District, need: str, unit: str, stage: int) -> None:
    """Claimed; from stage 1 on accepted, from 2 on in full; from stage 3 on delivered and confirmed."""
    engine, held = district.engine, await district.engine.streams.load(need)
    assert held is not None
    committee = Principal(id="c", role="committee", org=held.state.content.owner)
    share = 1 if stage > 1 else 2
    lines = tuple(Line(line.kind, max(1, line.quantity // share), line.unit) for line in held.state.content.lines)
    claim = await engine.claims.propose(_ask(_of(unit)), ClaimDraft(need=need, lines=lines))
    if stage < 1:
        return
    await engine.claims.accept(_ask(committee), claim.id)
    if stage < 3:
        return
    bound = await engine.streams.load(claim.id)
    assert bound is not None
    await engine.projects.report(_ask(_of(unit)), bound.state.project, lines=None)
    await engine.projects.confirm(_ask(committee), bound.state.project, lines=None)


async def _areas(district: District) -> list[str]:
    book, found = load_pack(district.settings.district).book, []
    tiers = [tier.kind for tier in book.tiers]
    for s in range(1, STREETS + 1):
        street = f"{book.area}9{s:02d}"
        await _open(district, street, f"第{s}街道", tiers[1], book.area)
        for n in range(1, NEIGHBOURHOODS + 1):
            await _open(district, f"{street}{n:03d}", f"第{s}街道第{n}居民区", tiers[-1], street)
            found.append(f"{street}{n:03d}")
    return found


async def _open(district: District, area: str, name: str, kind: str, parent: str) -> None:
    await district.engine.register.open_area(_ask(SYSTEM), AreaDraft(area=area, name=name, kind=kind, parent=parent))


async def _each(act: Callable[[int], Awaitable[Done | None]], numbers: Iterable[int]) -> list[Done]:
    """All of them, so many at a time, in order."""
    waiting, done = iter(list(numbers)), dict[int, Done]()

    async def some() -> None:
        for n in waiting:
            if (answer := await act(n)) is not None:
                done[n] = answer

    await asyncio.gather(*(some() for _ in range(IN_FLIGHT)))
    return [done[n] for n in sorted(done)]


def _unit(n: int, committees: list[str]) -> UnitDraft:
    return UnitDraft(name=f"量测单位{n}", code=credit_code(n), kind="企业", areas=(committees[n % len(committees)][:9],))


def _lines(chance: random.Random) -> tuple[Line, ...]:
    return (Line("志愿者", chance.randint(2, 40), "人"),)


def _of(unit: str) -> Principal:
    return Principal(id="u", role="unit", org=unit)


def _ask(principal: Principal) -> Ask:
    return Ask(principal=principal, key=f"crowd-{next(_keys)}", fingerprint="f" * 64)
