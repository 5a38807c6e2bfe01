"""Each act on an item as it would be answered now: nothing stands in its way, or the refusal that it would meet.

Nothing is written: the very decisions that the use cases ask are asked here, so that a page can say why not beforehand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from domain import need_acts, offer_acts, rules, units
from domain.access import BASES, COORDINATORS, PARTIES, Principal
from domain.access_matrix import MATRIX
from domain.claim import LIVE, ClaimState
from domain.claim_proposing import pair, sides
from domain.events import Event, Refused
from domain.need import NeedAmended, NeedState
from domain.need import taking_claims as need_takes
from domain.offer import OfferAmended, OfferState
from domain.offer import taking_claims as offer_takes
from domain.rules import RuleBook
from services import four_eyes
from services.command import Ask
from services.sight import ACTS
from services.streams import Streams
from services.work import Work

Verdicts = dict[str, Refused | None]  # act -> why not; None: it may be done
Try = Callable[[], object]  # a decision; () means that it would change nothing


class Rehearsal:
    """What one person, or the organisation that it acts for, could do at one moment. `who`: None without log-in."""

    def __init__(
        self, streams: Streams, who: Principal | None, *, book: RuleBook, at: datetime, on_behalf_of: str | None = None
    ) -> None:
        self.streams, self.who, self.book, self.at, self.on_behalf_of = streams, who, book, at, on_behalf_of
        self.org = on_behalf_of or (who.org if who else "")

    async def need(self, need: NeedState) -> Verdicts:
        """All acts of a need."""
        other = replace(need, id="need-other", phase="open")
        tries: dict[str, Try] = {
            "publication": lambda: need_acts.publish(need, at=self.at, book=self.book),
            "amendment": lambda: _listed("amendment", need, self._amended(need)) or True,
            "endorsement": lambda: need_acts.endorse(need),
            "rejection": lambda: need_acts.reject(need, reason=None),
            "withdrawal": lambda: need_acts.withdraw(need, reason=None),
            "merge": lambda: _listed("merge", need, need_acts.merge(need, other, reason=None)),
            "reopening": lambda: need_acts.reopen(need, reason=None),
        }
        actions = {act: ACTS["need"][act] for act in tries}
        owner = (need.content.owner,)
        found = {"claim": await self.claiming(need, None)}
        for act, action in actions.items():
            work = await self.work(need.id)
            judges = act in ("endorsement", "rejection")
            barred = (*owner, *await four_eyes.authors(work, need.id)) if judges else ()
            found[act] = await self.judged(
                work, action, tries[act], parties=owner, area=need.content.area, public=need.public, barred=barred
            )
        return found

    async def offer(self, offer: OfferState) -> Verdicts:
        """All acts of an offer."""
        tries: dict[str, Try] = {
            "publication": lambda: offer_acts.publish(offer, book=self.book),
            "amendment": lambda: offer_acts.amend(offer, OfferAmended(), book=self.book) or True,
            "pause": lambda: offer_acts.pause(offer, reason=None),
            "resumption": lambda: offer_acts.resume(offer),
            "retirement": lambda: offer_acts.retire(offer, reason=None),
        }
        content = offer.content
        found = {"claim": await self.claiming(None, offer)}
        for act, decision in tries.items():
            found[act] = await self.judged(
                await self.work(offer.id), ACTS["offer"][act], decision, parties=(content.owner,), area=content.area,
                public=offer.public,
            )  # fmt: skip
        return found

    async def work(self, stream: str) -> Work:
        """A try of a command that is never stored."""
        basis = next(iter(BASES)) if self.on_behalf_of else None
        who = self.who or Principal(id="nobody", role="public", org="")
        ask = Ask(principal=who, key="", fingerprint="", on_behalf_of=self.on_behalf_of, basis=basis)
        work = Work(self.streams, ask, self.at)
        await work.state(stream)
        return work

    async def judged(
        self, work: Work, action: str, decision: Try, *, parties: tuple[str, ...], area: str, public: bool,
        barred: tuple[str, ...] = (),
    ) -> Refused | None:  # fmt: skip
        """What the one who asks would hear: first whether it is theirs, then whether it is possible."""
        try:
            await work.allow(action, parties=parties, area=area, public=public, barred=barred)
        except Refused as refused:
            return self.theirs(action, refused)
        return tried(decision)

    def theirs(self, action: str, refused: Refused) -> Refused:
        """Why this one may not do it whatever the state, told by who may instead."""
        if self.who is None:
            return Refused("access.log_in", "请先登录。", "Log in first.", kind="unknown")
        if self.who.role not in PARTIES:
            return Refused(
                "access.reads_only", "您的身份只能查看，不办理业务。", "Your role reads; it does no business.", kind="forbidden"
            )
        if refused.code not in ("access.forbidden", "access.not_for_them", "item.not_found"):
            return refused
        return _by_whom(MATRIX[action].cells)

    async def claiming(self, need: NeedState | None, offer: OfferState | None) -> Refused | None:
        """A claim of one item alone; a coordinator brings two together."""
        item = need or offer
        assert item is not None
        action = "claim.provide" if need else "claim.receive"
        matches = self.who is not None and self.who.role in COORDINATORS and not self.on_behalf_of
        if matches and self.org != item.content.owner:
            area = need.content.area if need else (self.who.area if self.who else None) or ""
            tries = lambda: self._takes(need, offer, alone=False)  # noqa: E731
            refused = await self.judged(await self.work(item.id), "claim.match", tries, parties=(), area=area, public=True)
            return refused or _exhausted(offer)
        first = await self.judged(
            await self.work(item.id), action, lambda: self._takes(need, offer, alone=True), parties=(self.org,),
            area=item.content.area, public=item.public,
        )  # fmt: skip
        first = first or await self._suspended()
        if first is None and offer is not None and offer.content.reach not in await self.streams.stands(self.org):
            return Refused(
                "claim.out_of_reach", "这项资源不面向您所在的区域。", "This offer does not reach your area.", kind="forbidden"
            )
        return first or await self._live(item.id, need) or _exhausted(offer)

    def _amended(self, need: NeedState) -> tuple[Event, ...]:
        return need_acts.amend(need, NeedAmended(), at=self.at, book=self.book)

    def _takes(self, need: NeedState | None, offer: OfferState | None, *, alone: bool) -> bool:
        if alone and self.org in {item.content.owner for item in (need, offer) if item is not None}:
            sides(need, offer, self.org, tier=False)
        if need is not None:
            need_takes(need)
        if offer is not None:
            offer_takes(offer)
        return True

    async def _suspended(self) -> Refused | None:
        if not self.org.startswith("unit-"):
            return None
        held = await self.streams.load(self.org)
        return tried(lambda: units.taking_part(held.state if held else None, self.org))

    async def _live(self, item: str, need: NeedState | None) -> Refused | None:
        """The claim that this organisation has on the item already."""
        mine = pair(item, None, self.org, "") if need else pair(None, item, "", self.org)
        for id in await self.streams.log.citing(item):
            held = await self.streams.load(id)
            if held is not None and held.state.status in LIVE and _pair(held.state) == mine:
                number = held.state.number
                return Refused("claim.duplicate", f"贵方已有进行中的认领 {number}。", f"You have a live claim: {number}.")
        return None


async def rehearsal(streams: Streams, who: Principal | None, on_behalf_of: str | None = None) -> Rehearsal | None:
    """None before a district has adopted a rule book."""
    held = await streams.load(rules.STREAM)
    if held is None:
        return None
    return Rehearsal(streams, who, book=held.state.book, at=streams.clock.now(), on_behalf_of=on_behalf_of)


def tried(decision: Try) -> Refused | None:
    try:
        nothing = decision() == ()
    except Refused as refused:
        return refused
    return Refused("act.already", "已经办过了。", "That is done already.") if nothing else None


def _exhausted(offer: OfferState | None) -> Refused | None:
    if offer is None or offer.status != "exhausted":
        return None
    return Refused("claim.no_capacity", "已全部约满，没有剩余。", "All of it is taken; nothing is left.")


def _by_whom(cells: Mapping[str, str]) -> Refused:
    party, tier = any("O" in cells[role] for role in ("unit", "committee")), any("A" in cells[r] for r in COORDINATORS)
    if party and tier:
        zh, en = "由有关单位、居民区自己或上级街道、区办理。", "Its own side, or the street or district above, does this."
    elif tier:
        zh, en = "由上级街道或区办理。", "The street or district above does this."
    else:
        zh, en = "由有关单位、居民区自己办理。", "Its own side does this."
    return Refused("access.by_others", zh, en, kind="forbidden")


def _pair(claim: ClaimState) -> str:
    terms = claim.terms
    return pair(terms.need, terms.offer, terms.provider, terms.receiver)


def _listed(act: str, need: NeedState, changes: tuple[Event, ...]) -> tuple[Event, ...]:
    """A draft may be merged, what is met be amended, by whoever insists; nobody is offered it."""
    if act not in need_acts.legal(need):
        raise Refused("need.wrong_state", f"现为“{need.status}”，不能办理。", f"It is {need.status}: not possible now.")
    return changes
