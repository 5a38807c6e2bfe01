"""Who may see one item, and what they may do with it now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from domain import claim_legal, need_acts, offer_acts, project_acts, round_acts
from domain.access import BASES, COORDINATORS, Facts, Principal, decide, missing
from domain.areas import AreaState
from domain.claim import ClaimState
from domain.delegation import OBJECTION
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.round import RoundState
from domain.suggestion import SUGGESTION
from domain.units import UnitState
from services.command import Done, kind_of
from services.items import KINDS, State
from services.labels import OPEN_KINDS, direct_areas, parties
from services.streams import Streams

ACTS = {  # acts that items name -> the row of the matrix
    "need": {
        "publication": "need.publish", "amendment": "need.amend", "withdrawal": "need.withdraw", "reopening": "need.reopen",
        "merge": "need.merge", "endorsement": "need.endorse", "rejection": "need.reject", "claim": "claim.provide",
    },
    "offer": {
        "publication": "offer.publish", "amendment": "offer.amend", "pause": "offer.pause", "resumption": "offer.resume",
        "retirement": "offer.retire", "claim": "claim.receive",
    },
    "claim": {
        "acceptance": "claim.accept", "refusal": "claim.refuse", "counter": "claim.counter", "withdrawal": "claim.withdraw",
        "release": "claim.release", "reinstatement": "claim.reinstate", "members": "claim.invite", "lead": "claim.lead",
        "membership": "claim.join",
    },
    "project": {
        "milestones": "project.plan", "delivery": "project.report", "confirmation": "project.confirm",
        "dispute": "project.dispute", "settlement": "project.settle", "funds": "project.funds",
        "feedback": "project.feedback", "evaluations": "project.evaluate", "evaluation-links": "project.links",
        "closure": "project.close",
    },
    "round": {
        "publication": "round.publish", "discard": "round.discard", "pins": "round.pin", "prohibitions": "round.pin",
        "computation": "round.compute", "wave": "round.wave",
    },
}  # fmt: skip


_KIND: dict[type, str] = {
    NeedState: "need", OfferState: "offer", ClaimState: "claim", ProjectState: "project", UnitState: "unit",
    AreaState: "area", RoundState: "round",
}  # fmt: skip


async def seen(streams: Streams, viewer: Principal, stream: str, kind: str) -> State:
    """The item as it is on disk. Refused: item.not_found, also when it is there but not for this viewer."""
    held = await streams.committed(stream) if kind_of(stream) == kind else None
    if held is None or not await may_see(streams, viewer, held.state):
        raise missing()
    state: State = held.state
    return state


async def may_see(streams: Streams, viewer: Principal, state: State) -> bool:
    """What the lists say of its row, from the state itself."""
    return decide(viewer, f"{_KIND[type(state)]}.see", await facts(streams, state)) is None


async def facts(streams: Streams, state: State) -> Facts:
    """Its parties, the areas above it, and whether everybody may see it."""
    path = [above for area in direct_areas(state) for above in await streams.path(area)]
    return Facts(parties=tuple(parties(state)), path=tuple(path), public=_public(state))


async def visible(streams: Streams, viewer: Principal, ids: Iterable[str]) -> list[str]:
    """Those of the ids (items, areas by their own id) that the viewer may see, in order. Objections have pages of their
    own, suggestions an inbox, and both are nobody else's business."""
    found = []
    for id in sorted(ids):
        kind = kind_of(id)
        if kind in (OBJECTION, SUGGESTION):
            continue
        if kind in KINDS and kind not in OPEN_KINDS:
            held = await (streams.committed(id) if streams.shared else streams.load(id))
            if held is None or not await may_see(streams, viewer, held.state):
                continue
        found.append(id)
    return found


async def areas_of(streams: Streams, names: Iterable[str]) -> list[str]:
    """The areas, with all above them, in which these streams count."""
    found: set[str] = set()
    for stream in names:
        held = await streams.load(stream) if kind_of(stream) in KINDS else None
        if held is not None:
            found.update((await facts(streams, held.state)).path)
    return sorted(found)


async def acts(
    streams: Streams, viewer: Principal, state: State, at: datetime, *, on_behalf_of: str | None = None
) -> tuple[str, ...]:
    """What the viewer may do with the item now, as its own organisation or for another (who then names a basis)."""
    kind, org = _KIND[type(state)], on_behalf_of or viewer.org
    known = replace(
        await facts(streams, state), acting_for=on_behalf_of, basis=next(iter(BASES)), stands=await streams.stands(on_behalf_of)
    )
    found = []
    for act in _legal(state, org, at):
        claims = act == "claim" and org not in known.parties
        mine = replace(known, parties=(org,)) if claims else known
        if (act != "claim" or claims) and decide(viewer, ACTS[kind][act], mine) is None:
            found.append(act)
    return tuple(found)


async def represented(streams: Streams, viewer: Principal, state: State) -> tuple[str, ...]:
    """The parties for which the viewer may act, when they ask for it: those that belong to a coordinator's own area."""
    if viewer.role not in COORDINATORS:
        return ()
    others = [org for org in (await facts(streams, state)).parties if org != viewer.org]
    return tuple([org for org in others if viewer.area in await streams.stands(org)])


def _legal(state: State, org: str, at: datetime) -> tuple[str, ...]:
    """What the state lets the organisation do, whoever its people are."""
    match state:
        case NeedState():
            found = need_acts.legal(state)
            judged = org != state.content.owner
            endorsing = (*found, "rejection") if "endorsement" in found else found
            return endorsing if judged else tuple(act for act in found if act != "endorsement")
        case OfferState():
            return offer_acts.legal(state)
        case ClaimState():
            return claim_legal.legal(state, org, at)
        case ProjectState():
            settles = ("settlement",) if state.status == "disputed" else ()
            closes = ("closure",) if state.status in project_acts.DONE else ()
            return (*project_acts.legal(state, org), *(settles + closes if state.side_of(org) is None else ()))
        case RoundState():
            return round_acts.legal(state)
    return ()


def _public(state: State) -> bool:
    """Whether anybody with a key may see it."""
    match state:
        case NeedState() | OfferState():
            return state.public
        case ClaimState() | ProjectState() | RoundState():
            return False
    return True


async def standing(streams: Streams, stream: str) -> Done:
    """A stored item as an answer, for acts that write nothing."""
    rows = await streams.log.read_stream(stream)
    held = streams.fold(stream, rows)
    if held is None:
        raise missing()
    state, last = held.state, rows[-1]
    return Done(
        id=stream, number=state.number, version=held.version, status=state.status, position=last.position,
        index=last.position - 1, leaf=last.leaf.hex(),
    )  # fmt: skip
