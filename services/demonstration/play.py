"""Plays the script through the real use cases. Asked again it goes on where it was interrupted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from domain.events import Refused
from services.claims import Claims
from services.command import Ask, Done
from services.demonstration.plan import plan
from services.demonstration.script import Act, asked
from services.joint_claims import JointClaims
from services.needs import Needs
from services.offers import Offers
from services.projects import Projects
from services.register import Register
from services.rulebooks import Pack
from services.streams import Streams

AT_ONCE = 128  # commands that share commits
TELL_EVERY = 50


class EngineLike(Protocol):
    """What the script is played through."""

    @property
    def streams(self) -> Streams: ...
    @property
    def needs(self) -> Needs: ...
    @property
    def offers(self) -> Offers: ...
    @property
    def claims(self) -> Claims: ...
    @property
    def joint(self) -> JointClaims: ...
    @property
    def projects(self) -> Projects: ...
    @property
    def register(self) -> Register: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What was played. `refused` is 0 unless the script was interrupted on another day."""

    areas: int
    units: int
    offers: int
    needs: int
    claims: int
    acts: int
    refused: int
    position: int  # the ledger's events afterwards

    def __str__(self) -> str:
        zh = f"{self.units} 个单位、{self.offers} 项资源、{self.needs} 条需求、{self.claims} 项认领"
        return f"{zh} / {self.acts} commands, {self.position} events"


async def play(
    engine: EngineLike, pack: Pack, *, today: date, set_clock: Callable[[datetime], None],
    progress: Callable[[int, int], None],
) -> Summary:  # fmt: skip
    """All acts in their order of time. `set_clock` sets the clock that the engine's streams ask; `progress` hears how
    many acts of how many are done. An act that was stored by an earlier, interrupted call is not done again."""
    acts = plan(pack, today)
    player = _Player(engine, set_clock)
    try:
        for n, act in enumerate(acts):
            await player.start(act)
            if n % TELL_EVERY == 0:
                progress(n, len(acts))
        await player.finish()
    except BaseException:
        await player.stop()
        raise
    progress(len(acts), len(acts))
    made = Counter(act.verb for act in acts)
    head = await engine.streams.log.head()
    return Summary(
        areas=made["area.open"], units=made["unit.register"], offers=made["offer.post"], needs=made["need.post"],
        claims=made["claim.propose"], acts=len(acts), refused=player.refused, position=head.position,
    )  # fmt: skip


class _Player:
    """Starts acts in order and lets their commits overlap; an act waits until what it names has been made."""

    def __init__(self, engine: EngineLike, set_clock: Callable[[datetime], None]) -> None:
        self._engine, self._set_clock = engine, set_clock
        self._ids: dict[str, str] = {}  # the script's name -> the engine's id
        self._making: dict[str, asyncio.Task[None]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._links: dict[str, tuple[str, ...]] = {}  # of a project, by its claim's name in the script
        self.refused = 0

    async def start(self, act: Act) -> None:
        for name in _named(act):
            if name in self._making:
                await self._making[name]
        if act.verb == "project.invite":
            await self.finish()
        if len(self._running) >= AT_ONCE:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        for task in [task for task in self._running if task.done()]:
            self._running.remove(task)
            task.result()
        task = asyncio.create_task(self._do(act))
        self._running.add(task)
        if act.verb in _MAKING:
            self._making[act.item] = task
        if act.verb in _ALONE:
            await self.finish()

    async def finish(self) -> None:
        """All that was started is on disk."""
        await asyncio.gather(*self._running)
        self._running.clear()

    async def stop(self) -> None:
        """Let go of what has not been stored."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _do(self, act: Act) -> None:
        self._set_clock(act.at)
        try:
            done = await self._act(asked(act.who, act.name, act.verb), act)
        except Refused:
            self.refused += 1
            return
        finally:
            if act.verb in _MAKING:
                del self._making[act.item]
        if done is not None and act.verb in _MAKING:
            self._ids[act.item] = done.id

    async def _act(self, ask: Ask, act: Act) -> Done | None:
        if any(name not in self._ids for name in _named(act)):
            self.refused += 1  # what it is about was refused before
            return None
        item = self._ids.get(act.item, "")
        if act.verb.startswith("project."):
            held = await self._engine.streams.load(item)
            item = held.state.project if held and held.state.project else item
        match act.verb:
            case "project.invite":
                self._links[act.item], _ = await self._engine.projects.issue_links(ask, item, **act.args)
                return None
            case "project.resident":
                return await self._resident(act)
        return await VERBS[act.verb](self._engine, ask, item, self._resolved(act.args))

    async def _resident(self, act: Act) -> Done | None:
        """A resident uses a link; one that is spent was used before an interruption."""
        if act.item not in self._links:
            self.refused += 1
            return None
        token = self._links[act.item][act.args["link"]]
        try:
            return await self._engine.projects.evaluate_by_link(
                token=token, score=act.args["score"], note=act.args["note"]
            )
        except Refused as refused:
            if refused.code != "link.used":
                raise
            return None

    def _resolved(self, args: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(args)
        if "into" in found:
            found["into"] = self._ids[found["into"]]
        draft = found.get("draft")
        if draft is not None and hasattr(draft, "offer"):
            need, offer = (self._ids[name] if name else None for name in (draft.need, draft.offer))
            found["draft"] = replace(draft, need=need, offer=offer)
        return found


_ALONE = ("claim.propose", "project.invite")  # they may pause before they decide: the next act must not overtake them
_MAKING = ("need.post", "offer.post", "claim.propose", "unit.register")


def _named(act: Act) -> tuple[str, ...]:
    """What must be there before the act can begin."""
    draft = act.args.get("draft")
    items = () if act.verb in _MAKING or act.verb in ("rules.adopt", "area.open") else (act.item,)
    cited = (draft.need, draft.offer) if act.verb == "claim.propose" and draft is not None else ()
    return tuple(name for name in (*items, *cited, act.args.get("into")) if name)


Verb = Callable[[EngineLike, Ask, str, dict[str, Any]], Awaitable[Done | None]]


VERBS: dict[str, Verb] = {
    "rules.adopt": lambda e, ask, item, args: e.register.adopt(ask, **args),
    "area.open": lambda e, ask, item, args: e.register.open_area(ask, **args),
    "unit.register": lambda e, ask, item, args: e.register.register_unit(ask, **args),
    "unit.admit": lambda e, ask, item, args: e.register.admit_unit(ask, item, **args),
    "unit.limit": lambda e, ask, item, args: e.register.limit_unit(ask, item, **args),
    "need.post": lambda e, ask, item, args: e.needs.post(ask, **args),
    "need.publish": lambda e, ask, item, args: e.needs.publish(ask, item),
    "need.amend": lambda e, ask, item, args: e.needs.amend(ask, item, **args),
    "need.withdraw": lambda e, ask, item, args: e.needs.withdraw(ask, item, **args),
    "need.merge": lambda e, ask, item, args: e.needs.merge(ask, item, **args),
    "need.lapse": lambda e, ask, item, args: e.needs.lapse(ask, item),
    "offer.post": lambda e, ask, item, args: e.offers.post(ask, **args),
    "offer.publish": lambda e, ask, item, args: e.offers.publish(ask, item),
    "offer.amend": lambda e, ask, item, args: e.offers.amend(ask, item, **args),
    "offer.pause": lambda e, ask, item, args: e.offers.pause(ask, item, **args),
    "offer.resume": lambda e, ask, item, args: e.offers.resume(ask, item),
    "offer.retire": lambda e, ask, item, args: e.offers.retire(ask, item, **args),
    "offer.expire": lambda e, ask, item, args: e.offers.expire(ask, item),
    "claim.propose": lambda e, ask, item, args: e.claims.propose(ask, **args),
    "claim.accept": lambda e, ask, item, args: e.claims.accept(ask, item, **args),
    "claim.refuse": lambda e, ask, item, args: e.claims.refuse(ask, item, **args),
    "claim.counter": lambda e, ask, item, args: e.claims.counter(ask, item, **args),
    "claim.withdraw": lambda e, ask, item, args: e.claims.withdraw(ask, item, **args),
    "claim.release": lambda e, ask, item, args: e.claims.release(ask, item, **args),
    "claim.reinstate": lambda e, ask, item, args: e.claims.reinstate(ask, item, **args),
    "claim.expire": lambda e, ask, item, args: e.claims.expire(ask, item),
    "claim.invite": lambda e, ask, item, args: e.joint.invite(ask, item, **args),
    "claim.join": lambda e, ask, item, args: e.joint.join(ask, item, org=ask.principal.org),
    "claim.member_refuse": lambda e, ask, item, args: e.joint.refuse(ask, item, org=ask.principal.org),
    "claim.leave": lambda e, ask, item, args: e.joint.leave(ask, item, org=ask.principal.org, **args),
    "claim.lead": lambda e, ask, item, args: e.joint.change_lead(ask, item, **args),
    "project.plan": lambda e, ask, item, args: e.projects.plan(ask, item, **args),
    "project.mark": lambda e, ask, item, args: e.projects.mark(ask, item, **args),
    "project.receive": lambda e, ask, item, args: e.projects.receive_funds(ask, item, **args),
    "project.spend": lambda e, ask, item, args: e.projects.spend_funds(ask, item, **args),
    "project.report": lambda e, ask, item, args: e.projects.report(ask, item, **args),
    "project.confirm": lambda e, ask, item, args: e.projects.confirm(ask, item, **args),
    "project.dispute": lambda e, ask, item, args: e.projects.dispute(ask, item, **args),
    "project.settle": lambda e, ask, item, args: e.projects.settle(ask, item, **args),
    "project.feed_back": lambda e, ask, item, args: e.projects.feed_back(ask, item, **args),
    "project.evaluate": lambda e, ask, item, args: e.projects.evaluate(ask, item, **args),
    "project.close": lambda e, ask, item, args: e.projects.close(ask, item, **args),
}
