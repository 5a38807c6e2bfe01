"""Claims that share an item: found by the citation index, superseded or promoted together with what happens to it."""

from __future__ import annotations

from domain.claim import ClaimState
from domain.claim_answers import supersede
from domain.claim_endings import promote
from domain.claim_legal import Deal
from services.streams import Work


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
    return [await deal(work, claim) for claim in claims if claim.status in statuses]


async def supersede_all(work: Work, item: str, *, cause: str) -> None:
    """Every unanswered claim on an item that is gone."""
    for each in await of(work, item, "proposed", "waitlisted"):
        work.write_all(supersede(each, cause=cause, by=item))


async def promote_waiting(work: Work, need: str | None) -> None:
    """After cover has come back: the wait list, first come first."""
    if need is None or (state := await work.state(need)).status != "open":
        return
    waiting = await of(work, need, "waitlisted")
    if waiting:
        work.write_all(promote(state, waiting, at=work.at, book=(await work.rules()).book))
