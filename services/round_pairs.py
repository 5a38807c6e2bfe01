"""The matcher at the ordinary door: each pair of a published round becomes a claim that both sides answer, or is dropped."""

from __future__ import annotations

from domain import claim_proposing, round_acts
from domain.access import SYSTEM
from domain.claim import ClaimWaitlisted
from domain.claim_legal import Changes
from domain.claim_proposing import Sides
from domain.events import Refused
from domain.matching.outcome import Pair
from domain.round import PREFIX, RoundState
from services import needs, offers, rivals
from services.command import Ask, Done
from services.common import series, taking_part
from services.streams import Streams
from services.work import Work

LASTING = ("state", "invalid", "forbidden", "missing")  # kinds of refusals that are an answer; the others pass


async def propose(streams: Streams, round: str, pair: Pair) -> Done:
    """The claim and the round's word of it in one step, whoever asks how often. What the door refuses is dropped with the
    refusal's code: something has happened since the cut-off."""

    async def decide(work: Work) -> str:
        state: RoundState = await work.found(round, PREFIX)
        if not state.is_pending or (pair.need, pair.offer) in (state.proposed.keys() | state.dropped.keys()):
            return round
        try:
            claim, changes = await _claim(work, state, pair)
        except Refused as refused:
            if refused.kind not in LASTING:
                raise
            _write(work, round, round_acts.drop_pair(state, need=pair.need, offer=pair.offer, code=refused.code))
            return round
        for item in (pair.need, pair.offer):
            await work.cite(item, claim)
        work.write_all(changes)
        _write(work, round, round_acts.propose_pair(state, need=pair.need, offer=pair.offer, claim=claim))
        return round

    key = f"{round}|{pair.need}|{pair.offer}"
    return await streams.command(Ask(principal=SYSTEM, key=key, fingerprint="a pair of a round"), decide)


async def _claim(work: Work, round: RoundState, pair: Pair) -> tuple[str, Changes]:
    """The claim's stream and all that proposing it writes. Refused as anybody's claim is, and: claim.need_covered."""
    need, offer = await needs.visible(work, pair.need), await offers.visible(work, pair.offer)
    between = Sides(provider=offer.content.owner, receiver=need.content.owner, role="matcher")
    area = need.content.area
    await offers.within_reach(work, offer, between.receiver, area)
    await taking_part(work, (between.provider, between.receiver))
    names = claim_proposing.pair(pair.need, pair.offer, between.provider, between.receiver)
    claim = await rivals.free_pair(work, names, pair.need)
    book = (await work.rules()).book
    assert round.by is not None, "a published round says by whom"
    changes = claim_proposing.propose(
        claim=claim, number=await work.number(series("RL", work, book.area), claim), need=need, offer=offer, org=round.by,
        between=between, area=area, lines=pair.lines, window=pair.window, invitations=(), note=None, respond_by=None,
        at=work.at, book=book, kept=await rivals.kept(work, need), round=round.id,
    )  # fmt: skip
    if any(isinstance(event, ClaimWaitlisted) for _, event in changes):
        raise Refused(
            "claim.need_covered", "这项需求在此期间已认满。", "The need has been covered meanwhile: nothing more is proposed for it."
        )
    return claim, changes


def _write(work: Work, round: str, events: round_acts.Changes) -> None:
    work.write_all((round, event) for event in events)
