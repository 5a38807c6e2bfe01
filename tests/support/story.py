"""A random but repeatable life of a small district, played through the real use cases; refusals are part of life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from domain.access import SYSTEM, Principal
from domain.calendar import Slot, Span, Weekly, Window
from domain.capacity import Line
from domain.claim_proposing import Invitation
from domain.events import Refused
from services.claims import ClaimDraft
from services.items import fold
from services.needs import NeedChange, NeedDraft
from services.offers import OfferChange, OfferDraft
from services.ports import EventLog
from services.register import AreaDraft
from services.rounds import RoundDraft
from tests.support.world import DISTRICT, DISTRICT_OFFICE, EAST, STREET, STREET_OFFICE, WEST, World

TITLES = (
    "周末义诊志愿者", "社区食堂送餐", "暑托班教室", "法律咨询 COVID-19 专场", "助老爬楼机", "非遗剪纸课", "帮困资金",
)  # fmt: skip
OTHER_STREET, SOUTH = "310101002", "310101002001"


class Story:
    """Acts on the world at random; `ids` are the items so far, by kind."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.chance = world, Random(seed)
        self.ids: dict[str, list[str]] = {"need": [], "offer": [], "claim": [], "project": []}
        self.committees = [
            Principal(id=f"key-{area}", role="committee", org=area) for area in (EAST, WEST, SOUTH)
        ]

    async def begin(self) -> Story:
        await self.world.begin()
        for area, kind, parent in ((OTHER_STREET, "street", DISTRICT), (SOUTH, "neighbourhood", OTHER_STREET)):
            draft = AreaDraft(area=area, name=f"区域{area}", kind=kind, parent=parent)
            await self.world.register.open_area(self.world.ask(SYSTEM), draft)
        return self

    async def go_on(self, steps: int) -> Story:
        acts: list[Callable[[], Awaitable[None]]] = [
            self._need, self._offer, self._claim, self._claim, self._answer, self._answer, self._answer, self._work,
            self._work, self._work, self._work, self._change, self._end, self._join,
        ]  # fmt: skip
        for _ in range(steps):
            self.world.later(minutes=self.chance.randrange(1, 300))
            with suppress(Refused):
                await self.chance.choice(acts)()
        return self

    async def match(self) -> Story:
        """A round that is published, with the wave after it, and one that people decide about and give up."""
        rounds, ask = self.world.rounds, self.world.ask
        first = (await rounds.open(ask(STREET_OFFICE), RoundDraft(area=STREET))).id
        state = await self.world.state(first)
        need, offer = next((pair.need, pair.offer) for pair in state.outcome.pairs)
        other = (await rounds.open(ask(DISTRICT_OFFICE), RoundDraft(area=DISTRICT, pins=((need, offer),)))).id
        await rounds.prohibit(ask(DISTRICT_OFFICE), other, need=need, offer=offer, reason="说明")
        await rounds.publish(ask(STREET_OFFICE), first)
        await rounds.discard(ask(DISTRICT_OFFICE), other, reason="改日再配")
        self.ids["claim"] += (await self.world.state(first)).proposed.values()
        await rounds.wave(ask(STREET_OFFICE), first)
        return self

    async def _need(self) -> None:
        who = self.chance.choice(self.committees)
        draft = NeedDraft(
            title=self._title(), category=self._category(), area=who.org, lines=self._lines(), urgency=2,
            windows=self._windows(), beneficiaries=5, note="请联系居委会王老师",
            respond_by=self.world.clock.now() + timedelta(days=self.chance.randrange(3, 60)),
        )  # fmt: skip
        done = await self.world.needs.post(self.world.ask(who), draft, as_draft=self._rarely())
        self.ids["need"].append(done.id)

    async def _offer(self) -> None:
        who = self.chance.choice([*self.world.units, self.committees[0]])
        draft = OfferDraft(
            title=self._title(), category=self._category(), lines=self._lines(), windows=self._windows(),
            note="请提前预约",
        )  # fmt: skip
        done = await self.world.offers.post(self.world.ask(who), draft, as_draft=self._rarely())
        self.ids["offer"].append(done.id)

    async def _claim(self) -> None:
        need = self._any("need") if self.chance.random() < 0.7 else None
        offer = self._any("offer") if need is None or self._rarely() else None
        who = self.chance.choice(self.world.units if need else self.committees)
        state = await self.world.state(need or offer or "")
        window = self._occurrence(state.occurrences) if state.content.windows else None
        members = self._members(who.org, state) if need and self._rarely() else ()
        lines = tuple(Line(line.kind, self.chance.randint(1, line.quantity), line.unit) for line in state.content.lines)
        draft = ClaimDraft(need=need, offer=offer, lines=lines, window=window, members=members, note="我们可以")
        done = await self.world.claims.propose(self.world.ask(who), draft)
        self.ids["claim"].append(done.id)

    async def _answer(self) -> None:
        claim = self._any("claim")
        state = await self.world.state(claim)
        who = self._principal(self.chance.choice(state.awaiting or state.parties))
        ask, claims = self.world.ask(who), self.world.claims
        choice = self.chance.random()
        if choice < 0.6:
            await claims.accept(ask, claim)
        elif choice < 0.7:
            lines = tuple(Line(line.kind, max(line.quantity // 2, 1), line.unit) for line in state.terms.lines)
            await claims.counter(ask, claim, lines=lines, note="减半可以")
        elif choice < 0.8:
            await claims.refuse(ask, claim, reason="时间不合适")
        elif choice < 0.9:
            await claims.withdraw(ask, claim)
        else:
            await self.chance.choice([claims.release, claims.reinstate])(ask, claim)
        if (project := (await self.world.state(claim)).project) and project not in self.ids["project"]:
            self.ids["project"].append(project)

    async def _work(self) -> None:
        project = self._any("project")
        state, projects = await self.world.state(project), self.world.projects
        giver, taker = self._principal(state.provider), self._principal(state.receiver)
        ask = self.world.ask
        await self.chance.choice([
            lambda: projects.plan(ask(giver), project, what="第一次上门", due=date(2026, 5, 1)),
            lambda: projects.mark(ask(giver), project, milestone=1, met=self._rarely()),
            lambda: projects.report(ask(giver), project, note="已完成"),
            lambda: projects.report(ask(giver), project),
            lambda: projects.confirm(ask(taker), project, beneficiaries=12),
            lambda: projects.confirm(ask(taker), project, beneficiaries=3, lines=_less(state.lines)),
            lambda: projects.dispute(ask(taker), project, reason="人数不符"),
            lambda: projects.settle(ask(STREET_OFFICE), project, outcome=self.chance.choice(("resumed", "failed"))),
            lambda: projects.receive_funds(ask(giver), project, amount_fen=100),
            lambda: projects.spend_funds(ask(giver), project, amount_fen=60),
            lambda: projects.feed_back(ask(taker), project, note="居民很满意"),
            lambda: projects.evaluate(ask(self.chance.choice((giver, taker))), project, score=5),
            lambda: projects.close(ask(taker), project, reason="结束"),
        ])()  # fmt: skip

    async def _change(self) -> None:
        need, offer, ask = self._any("need"), self._any("offer"), self.world.ask
        owner = self._principal((await self.world.state(offer)).content.owner)
        committee = self._principal((await self.world.state(need)).content.owner)
        offers, needs = self.world.offers, self.world.needs
        await self.chance.choice([
            lambda: needs.amend(ask(committee), need, NeedChange(title=self._title(), urgency=3)),
            lambda: needs.amend(ask(committee), need, NeedChange(lines=(Line("志愿者", 90, "人"),))),
            lambda: needs.publish(ask(committee), need),
            lambda: offers.amend(ask(owner), offer, OfferChange(note="改了时间")),
            lambda: offers.pause(ask(owner), offer),
            lambda: offers.resume(ask(owner), offer),
            lambda: offers.publish(ask(owner), offer),
        ])()  # fmt: skip

    async def _end(self) -> None:
        if self.chance.random() < 0.6:
            return
        need, offer, ask = self._any("need"), self._any("offer"), self.world.ask
        owner = self._principal((await self.world.state(offer)).content.owner)
        committee = self._principal((await self.world.state(need)).content.owner)
        await self.chance.choice([
            lambda: self.world.needs.withdraw(ask(committee), need, reason="不需要了"),
            lambda: self.world.needs.merge(ask(committee), need, into=self._any("need")),
            lambda: self.world.needs.lapse(ask(SYSTEM), need),
            lambda: self.world.offers.retire(ask(owner), offer),
            lambda: self.world.claims.expire(ask(SYSTEM), self._any("claim")),
            lambda: self.world.register.admit_unit(ask(STREET_OFFICE), self.world.units[0].org, area=WEST),
            lambda: self.world.register.suspend_unit(ask(STREET_OFFICE), self.world.units[3].org),
            lambda: self.world.register.resume_unit(ask(STREET_OFFICE), self.world.units[3].org),
        ])()  # fmt: skip

    async def _join(self) -> None:
        joint = [c for c in self.ids["claim"] if (await self.world.state(c)).terms.members]
        claim = self.chance.choice(joint or [""]) or self._any("claim")
        state, ask = await self.world.state(claim), self.world.ask
        for member in state.terms.members[1:]:
            who = self._principal(member.org)
            act = self.world.joint.leave if self._rarely() else self.world.joint.join
            await act(ask(who), claim, org=member.org)

    def _members(self, lead: str, state: object) -> tuple[Invitation, ...]:
        others = [unit.org for unit in self.world.units if unit.org != lead][:2]
        lines: tuple[Line, ...] = state.content.lines  # type: ignore[attr-defined]
        return tuple(Invitation(org=org, lines=(Line(lines[0].kind, 1, lines[0].unit),)) for org in others)

    def _any(self, kind: str) -> str:
        """One of the newer items."""
        if not self.ids[kind]:
            raise Refused("none", "无", "none yet")
        return self.chance.choice(self.ids[kind][-12:])

    def _principal(self, org: str) -> Principal:
        known = {who.org: who for who in (*self.world.units, *self.committees)}
        return known.get(org) or Principal(id=f"key-{org}", role="unit", org=org)

    def _lines(self) -> tuple[Line, ...]:
        money = Line("帮困资金", self.chance.randrange(500, 5000), "分")
        people = Line("志愿者", self.chance.randrange(2, 30), "人")
        return (money,) if self._rarely() else (people, Line("车辆/小时", 4, "辆/时")) if self._rarely() else (people,)

    def _windows(self) -> tuple[Window, ...]:
        if not self._rarely():
            return ()
        weekly = Weekly((Slot(6, "09:00", "11:00"), Slot(7, "14:00", "16:00")), date(2026, 4, 1), date(2026, 5, 31))
        endless = Weekly((Slot(3, "09:00", "11:00"),), date(2026, 4, 1))
        start = datetime(2026, 9, 1, 1, tzinfo=UTC)
        return self.chance.choice([(weekly,), (endless,), (Span(start, start + timedelta(hours=2)),)])

    def _occurrence(self, occurrences: tuple[str, ...]) -> Span | None:
        if not occurrences:
            return Span(datetime(2026, 4, 8, 1, tzinfo=UTC), datetime(2026, 4, 8, 3, tzinfo=UTC))
        start = datetime.fromisoformat(self.chance.choice(occurrences))
        return Span(start, start + timedelta(hours=2)) if self.chance.random() < 0.7 else None

    def _title(self) -> str:
        return self.chance.choice(TITLES) + self.chance.choice(("", "（东区）", "第2期", "急"))

    def _category(self) -> str:
        return self.chance.choice(("service", "venue"))

    def _rarely(self) -> bool:
        return self.chance.random() < 0.2


async def played(folder: Path, seed: int = 1, steps: int = 400, log: EventLog | None = None) -> Story:
    """A district with a past."""
    return await (await Story(World(folder, log), seed).begin()).go_on(steps)


async def folded(world: World, stream: str, upto: int) -> object:
    """The item of a stream with the ledger cut after a position, or None."""
    rows = await world.log.read_stream(stream)
    return fold(world.codec.decode(row) for row in rows if row.position <= upto)


def _less(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(Line(line.kind, max(line.quantity // 2, 1), line.unit) for line in lines)
