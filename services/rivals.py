"""Claims that share an item: found by the citation index, superseded or promoted together with what happens to it."""

from __future__ import annotations

import hashlib

from domain.capacity import Amount
from domain.claim import LIVE, ClaimState
from domain.claim_answers import left_with_nothing, supersede
from domain.claim_endings import promote
from domain.claim_legal import Deal
from domain.claim_proposing import kept_for, pair
from domain.events import Refused
from domain.need import NeedState
from domain.offer import OfferAmended, OfferCommitmentReleased, OfferHoldReleased, OfferResumed
from services.work import Work

ROOM_ON_OFFER = (OfferHoldReleased, OfferCommitmentReleased, OfferAmended, OfferResumed)


async def deal(work: Work, claim: ClaimState) -> Deal:
    """The claim with the items it names, as this command has changed them so far."""
    return Deal(
        claim=claim,
        need=await work.state(claim.terms.need) if claim.terms.need else None,
        offer=await work.state(claim.terms.offer) if claim.terms.offer else None,
    )


async def of(work: Work, item: str, *statuses: str) -> list[Deal]:
    """Deals on an item whose claim has one of the statuses, in the order they were proposed."""
    claims = [await work.state(stream) for stream in await work.citing(item)]
    # One that is gone was never stored; whoever asked decides again.
    return [await deal(work, claim) for claim in claims if claim is not None and claim.status in statuses]


async def free_pair(work: Work, key: str, need: str | None, but: str | None = None) -> str:
    """The stream of the pair's next claim, refused while it has a live one other than `but`. The name is made from the
    pair, so two at once cannot both be stored; a joint claim may also have become the pair's by a new lead."""
    for stream in await work.citing(need) if need else ():
        _not_live(await work.state(stream), key, but)
    for attempt in range(1, 10_000):
        stream = "claim-" + hashlib.sha256(f"{key}|{attempt}".encode()).hexdigest()[:26]
        state: ClaimState | None = await work.state(stream)
        if state is None:
            return stream
        _not_live(state, key, but)
    raise Refused("claim.too_often", "这一对认领次数过多。", "This pair has been claimed too often.")


def _not_live(claim: ClaimState | None, key: str, but: str | None) -> None:
    if claim is None:
        return
    terms = claim.terms
    if claim.id != but and claim.status in LIVE and pair(terms.need, terms.offer, terms.provider, terms.receiver) == key:
        raise Refused(
            "claim.duplicate", f"双方已有进行中的认领 {claim.number}，请在其上办理。",
            f"There is a live claim between the two already, {claim.number}: act on that one.",
        )  # fmt: skip


async def supersede_all(work: Work, item: str, *, cause: str) -> None:
    """Every unanswered claim on an item that is gone."""
    for each in await of(work, item, "proposed", "waitlisted"):
        work.write_all(supersede(each, cause=cause, by=item))


async def reconsider(work: Work, need: str) -> None:
    """After the need itself has changed: proposals that it has nothing left for end; the wait list may move up."""
    state = await work.state(need)
    if state.status != "open":
        work.write_all(left_with_nothing(state, await of(work, need, "proposed"), by=need))
    await promote_waiting(work, need)


async def promote_waiting(work: Work, need: str | None) -> None:
    """After cover of the need, or room on an offer, has come back: the wait lists, first come first."""
    needs = [need] if need else []
    for offer in dict.fromkeys(stream for stream, _, event in work.events if isinstance(event, ROOM_ON_OFFER)):
        needs += [each.claim.terms.need for each in await of(work, offer, "waitlisted") if each.claim.terms.need]
    for each_need in dict.fromkeys(needs):
        await _promote(work, each_need)


async def _promote(work: Work, need: str) -> None:
    state = await work.state(need)
    if state.status != "open":
        return
    waiting = await of(work, need, "waitlisted")
    if waiting:
        book = (await work.rules()).book
        work.write_all(promote(state, waiting, kept=await kept(work, state), at=work.at, book=book))


async def kept(work: Work, need: NeedState) -> tuple[Amount, ...]:
    """What is kept for claims that came from the need's wait list and are not answered yet."""
    return kept_for(need, [each.claim for each in await of(work, need.id, "proposed")])
