"""What must hold after every step: the ledger read again from its bytes, against the model and against the promises."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from domain.claim import LIVE, ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import DeliveryConfirmed, ProjectOpened, ProjectState, Settled
from services.streams import evolve, kind_of
from tests.specs.workflow_model import Model
from tests.specs.workflow_state import Claim
from tests.support.world import World

State = Any


class Replay:
    """Every stream folded from the stored bytes as they come, apart from what the services remember."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.at: dict[tuple[str, int], State] = {}  # each state that a stream ever had, by its version
        self.opened: dict[str, ProjectOpened] = {}
        self.last: datetime | None = None
        self.position = 0

    def read(self, world: World) -> None:
        """What is new in the ledger: in order of time, and nobody confirms their own work."""
        for row in world.log._ledger[self.position :]:  # type: ignore[attr-defined]  # the store in memory
            self.position += 1
            recorded = world.codec.decode(row)
            event, stream = recorded.event, row.stream
            assert row.position == self.position
            assert self.last is None or recorded.meta.at >= self.last
            self.last = recorded.meta.at
            self.states[stream] = evolve(kind_of(stream), self.states.get(stream), event, stream)
            self.at[stream, row.version] = self.states[stream]
            if isinstance(event, ProjectOpened):
                self.opened[stream] = event
            if isinstance(event, DeliveryConfirmed) or (isinstance(event, Settled) and event.outcome == "delivered"):
                assert event.by not in (self.opened[stream].provider, *self.opened[stream].members)


def check(world: World, model: Model, unit: str, replay: Replay) -> None:
    replay.read(world)
    states = replay.states
    memory_equals_replay(world, replay)
    items_are_as_in_the_model(model, unit, states)
    claims_are_as_in_the_model(model, states)
    capacity_is_kept(states)
    commitments_add_up(states)
    one_live_claim_a_pair(states)
    each_binding_claim_has_its_project(states)
    money_flows_downhill(states)


def memory_equals_replay(world: World, replay: Replay) -> None:
    """What is remembered is what the bytes say; where other processes write it may be of an earlier version."""
    for stream, held in world.streams._held.items():
        assert held.state == replay.at.get((stream, held.version)), f"{stream} in memory is not what its bytes say"
        newest = replay.states[stream] is replay.at[stream, held.version]
        assert newest or world.streams.shared, f"{stream} in memory is out of date"


def items_are_as_in_the_model(model: Model, unit: str, states: dict[str, State]) -> None:
    for item in model.items:
        state = states[item.id]
        assert state.status == model.status(item), (item.id, state.status, model.status(item))
        for name in [name for name, _ in item.times] or [""]:
            assert used(state, unit, name) == model.used(item, name), (item.id, name)


def used(state: NeedState | OfferState, unit: str, name: str) -> tuple[int, int, int, int]:
    found = state.capacity.used.get(("志愿者", unit, name))
    rest = (found.held, found.committed, found.delivered) if found else (0, 0, 0)
    return state.capacity.free("志愿者", unit, name), *rest


def claims_are_as_in_the_model(model: Model, states: dict[str, State]) -> None:
    assert {c.id for c in model.claims} == {stream for stream in states if kind_of(stream) == "claim"}
    for claim in model.claims:
        state: ClaimState = states[claim.id]
        assert told(state) == modelled(claim), (claim.id, told(state), modelled(claim), state.terms.members)
        if claim.project:
            project: ProjectState = states[claim.project]
            assert (project.status, project.received_fen, project.spent_fen) == (
                claim.stage, claim.received, claim.spent
            )  # fmt: skip


def told(state: ClaimState) -> tuple[object, ...]:
    awaiting = set(state.awaiting) if state.status in ("proposed", "waitlisted") else set()
    expires = state.expires_at if state.status == "proposed" else None
    parts = {(m.org, m.status) for m in state.active} or {(state.terms.provider, "joined")}
    return state.status, state.terms.provider, sum(x.quantity for x in state.lines), awaiting, expires, parts, state.project


def modelled(claim: Claim) -> tuple[object, ...]:
    awaiting = claim.awaiting if claim.status in ("proposed", "waitlisted") else set()
    expires = claim.expires if claim.status == "proposed" else None
    parts = {(part.org, part.status) for part in claim.active}
    return claim.status, claim.provider, claim.total, awaiting, expires, parts, claim.project


def of_kind(states: dict[str, State], kind: str) -> list[Any]:
    return [state for stream, state in states.items() if kind_of(stream) == kind]


def capacity_is_kept(states: dict[str, State]) -> None:
    for item in (*of_kind(states, "need"), *of_kind(states, "offer")):
        for (kind, unit, name), each in item.capacity.used.items():
            assert min(each.held, each.committed, each.delivered) >= 0
            assert item.capacity.free(kind, unit, name) >= 0
            assert name in item.occurrences
            assert item.capacity.free(kind, unit, name) + each.total == item.capacity.quantity(kind, unit)


def commitments_add_up(states: dict[str, State]) -> None:
    """What an item has committed or held is what its live claims ask for, to the last piece."""
    for need in of_kind(states, "need"):
        bound = {c.id for c in of_kind(states, "claim") if c.terms.need == need.id and c.status == "accepted"}
        assert {claim for claim, _ in need.by_claim} == bound
        per = Counter[tuple[str, str, str]]()
        for amounts in need.by_claim.values():
            per.update({(a.kind, a.unit, a.occurrence): a.quantity for a in amounts})
        assert per == Counter({key: u.committed for key, u in need.capacity.used.items() if u.committed})
    for offer in of_kind(states, "offer"):
        claims = [c for c in of_kind(states, "claim") if c.terms.offer == offer.id]
        assert set(offer.holds) == {c.id for c in claims if c.status == "proposed"}
        assert set(offer.commitments) == {c.id for c in claims if c.status == "accepted"}


def one_live_claim_a_pair(states: dict[str, State]) -> None:
    live = [c.terms for c in of_kind(states, "claim") if c.status in LIVE]
    pairs = Counter(
        (t.need, t.offer) if t.need and t.offer else (t.need, t.provider) if t.need else (t.offer, t.receiver) for t in live
    )
    assert not pairs or max(pairs.values()) == 1, pairs


def each_binding_claim_has_its_project(states: dict[str, State]) -> None:
    projects = {project.id: project for project in of_kind(states, "project")}
    open_ends = {p.claim for p in projects.values() if p.status in ("active", "reported", "disputed") and not p.confirmed}
    for claim in of_kind(states, "claim"):
        if claim.status in ("accepted", "fulfilled", "failed"):
            assert projects[claim.project].claim == claim.id
        assert (claim.id in open_ends) == (claim.status == "accepted")
        assert claim.status not in ("released",) or projects[claim.project].status == "aborted"
    assert all(p.claim in states for p in projects.values())


def money_flows_downhill(states: dict[str, State]) -> None:
    for project in of_kind(states, "project"):
        assert 0 <= project.spent_fen <= project.received_fen <= project.pledged_fen
