"""Four eyes: who may not judge, confirm or accept, because it is their own work or they acted for the other side."""

from __future__ import annotations

from domain import policy_draft
from domain.access import acting_org
from domain.claim import ClaimAccepted, ClaimCountered, ClaimProposed, ClaimState
from domain.events import Event
from domain.project import DeliveryReported, ProjectState
from services.work import Work

_WRITTEN = ("need.drafted", "need.posted", "need.amended")
ANSWERS = ("claim.accept", "claim.counter", "claim.join", "project.confirm")  # by another person than who spoke before


async def authors(work: Work, need: str) -> tuple[str, ...]:
    """The people (principal ids) whose words it holds: they do not endorse it."""
    told = await work.told(need)
    return tuple(dict.fromkeys([each.meta.actor for each in told if each.event.TYPE in _WRITTEN]))


async def drafter(work: Work) -> tuple[str, ...]:
    """Who wrote the draft of the matching policy that stands now: another one adopts it."""
    told = await work.told(policy_draft.STREAM)
    return tuple([each.meta.actor for each in told if isinstance(each.event, policy_draft.PolicyDrafted)][-1:])


async def other_side(work: Work, action: str, state: ClaimState | ProjectState) -> tuple[str, ...]:
    """(the asker's own id,) when this very person has acted for the other side of it before; else ()."""
    me, mine = work.ask.principal, state.side_of(acting_org(work.ask))
    if action not in ANSWERS or me.role == "system" or mine is None:
        return ()
    spoken_for = [_spoken_for(each.event) for each in await work.told(state.id) if each.meta.actor == me.id]
    sides = {state.side_of(org) for org in spoken_for if org}
    return (me.id,) if sides - {mine, None} else ()


def _spoken_for(event: Event) -> str | None:
    """The organisation in whose name it was done, where the event tells."""
    match event:
        case ClaimProposed():
            return event.proposed_by.org
        case ClaimAccepted(final=True):
            return None  # it names the receiver, also where the last member's joining made it final
        case ClaimCountered() | ClaimAccepted() | DeliveryReported():
            return event.by
    return None
