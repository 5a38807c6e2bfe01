"""A round before it is solved: candidates, what refused the others, and the network they make at given rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from domain.matching.candidates import Candidate, assess
from domain.matching.network import Ask, Edge, Group, Instance
from domain.matching.outcome import Scope
from domain.matching.policy import WHOLE, Policy
from domain.matching.scene import NeedRow, OfferRow, Scene, rows
from domain.matching.snapshot import AskerFacts, GiverFacts, Snapshot
from domain.matching.stock import Stock
from domain.matching.worth import bonuses, full_worth, loads, pair_worth, ticket, together

PIN = 100_000  # points on top for a pair that people want: more than all else that one pair can weigh


@dataclass(frozen=True)
class Plan:
    """Everything a round is solved from. `groups`: of each candidate, the number of its offer's group of windows."""

    policy: Policy
    key: str
    pins: frozenset[tuple[str, str]]
    scene: Scene
    needs: Mapping[str, NeedRow]  # of the scope, by id
    offers: Mapping[str, OfferRow]
    givers: Mapping[str, GiverFacts]
    askers: Mapping[str, AskerFacts]
    district: AskerFacts
    candidates: tuple[Candidate, ...]  # sorted by need and offer
    refused: Mapping[str, Mapping[str, int]]  # need -> code -> offers
    groups: tuple[int, ...]
    buckets: tuple[tuple[tuple[str, str, str], ...], ...]  # of each group: kind, unit, occurrence

    @property
    def wanted(self) -> list[str]:
        """Needs that have candidates, in order."""
        return sorted({candidate.need for candidate in self.candidates})

    def stock(self) -> Stock:
        return Stock(self.needs, self.offers)

    def limit(self, giver: str) -> int:
        return self.scene.limit(self.givers.get(giver, GiverFacts(id=giver)))

    def live(self, giver: str) -> int:
        return self.givers.get(giver, GiverFacts(id=giver)).live

    def partners_left(self, need: str) -> int:
        return max(self.policy.partners - len(self.needs[need].facts.partners), 0)


def plan(snapshot: Snapshot, scope: Scope, policy: Policy, key: str) -> Plan:
    """Candidates in scope, each offer that is none counted under the first rule against it."""
    scene, needs, offers = rows(snapshot, policy)
    needs = {
        id: row for id, row in needs.items()
        if scope.area in row.path and scope.category in (None, row.facts.category)
    }  # fmt: skip
    found, refused = _candidates(needs, offers, scene, frozenset(scope.prohibitions))
    groups, buckets = _groups(found)
    return Plan(
        policy=policy, key=key, pins=frozenset(scope.pins), scene=scene, needs=needs, offers=offers,
        givers={g.id: g for g in snapshot.givers},
        askers={a.id: a for a in snapshot.askers}, district=together(snapshot.askers), candidates=found,
        refused=refused, groups=groups, buckets=buckets,
    )  # fmt: skip


def first_slots(plan: Plan) -> list[int]:
    """How many partners each need will want, from what its candidates typically cover."""
    covers: dict[str, list[int]] = {}
    for candidate in plan.candidates:
        covers.setdefault(candidate.need, []).append(max(candidate.cover, 1))
    return [min(max(plan.partners_left(need), 1), -(-WHOLE // median_low(covers[need]))) for need in plan.wanted]


def first_rooms(plan: Plan) -> list[int]:
    """How many needs each group can serve, from what they typically take."""
    takes: list[dict[tuple[str, str, str], list[int]]] = [{} for _ in plan.buckets]
    offers = [""] * len(plan.buckets)
    for candidate, group in zip(plan.candidates, plan.groups, strict=True):
        offers[group] = candidate.offer
        for take in candidate.takes:
            for _, key in take.at:
                takes[group].setdefault((take.kind, take.unit, key), []).append(take.quantity)
    stock = plan.stock()
    return [
        max(min(stock.free(offer, *bucket) // median_low(asked) for bucket, asked in of.items()), 1)
        for offer, of in zip(offers, takes, strict=True)
    ]


def instance(plan: Plan, slots: Sequence[int], rooms: Sequence[int], bits: int) -> Instance:
    """The network's data: askers, givers and needs in order of id, one edge for each candidate. It counts an asker's bonus by
    partners, which are needs where one slot is enough; for the others it is where handing out begins."""
    wanted = plan.wanted
    askers = sorted({plan.needs[need].facts.owner for need in wanted})
    units = sorted({candidate.unit for candidate in plan.candidates})
    ask_of, asker_of, unit_of = _numbered(wanted), _numbered(askers), _numbered(units)
    giver = dict(zip(plan.groups, (candidate.unit for candidate in plan.candidates), strict=True))
    return Instance(
        tuple(bonuses(plan.policy, plan.askers.get(asker), plan.district) for asker in askers),
        tuple(Ask(asker_of[plan.needs[need].facts.owner], (0,) * slots[n]) for n, need in enumerate(wanted)),
        tuple(Group(unit_of[giver[n]], room) for n, room in enumerate(rooms)),
        tuple(loads(plan.policy, plan.live(unit), plan.limit(unit)) for unit in units),
        tuple(
            Edge(ask_of[c.need], group, _value(plan, c), ticket(plan.key, c.need, c.offer, bits))
            for c, group in zip(plan.candidates, plan.groups, strict=True)
        ),
        bits,
    )  # fmt: skip


def _value(plan: Plan, candidate: Candidate) -> int:
    """Of the pair if nobody else takes from the offer or gives to the need."""
    need = plan.needs[candidate.need].facts
    whole = full_worth(plan.policy, need) if candidate.cover == WHOLE else 0
    wished = PIN if (candidate.need, candidate.offer) in plan.pins else 0
    return pair_worth(plan.policy, need, candidate, candidate.cover) + whole + wished


def _candidates(
    needs: Mapping[str, NeedRow], offers: Mapping[str, OfferRow], scene: Scene, prohibited: frozenset[tuple[str, str]]
) -> tuple[tuple[Candidate, ...], dict[str, Counter[str]]]:
    by_reach: dict[tuple[str, str], list[OfferRow]] = {}
    for offer in offers.values():
        by_reach.setdefault((offer.facts.category, offer.facts.reach), []).append(offer)
    category = Counter(offer.facts.category for offer in offers.values())
    own = Counter((offer.facts.category, offer.facts.owner) for offer in offers.values())
    found, refused = [], {}
    for id in sorted(needs):
        need = needs[id]
        codes = Counter({"CATEGORY": len(offers) - category[need.facts.category]})
        codes["OWN_ITEM"] = own[need.facts.category, need.facts.owner]
        met = 0
        for area in need.path:
            for offer in by_reach.get((need.facts.category, area), ()):
                if offer.facts.owner != need.facts.owner:
                    met += 1
                    judged = assess(need, offer, scene, prohibited)
                    if isinstance(judged, str):
                        codes[judged] += 1
                    else:
                        found.append(judged)
        codes["AREA_OUT_OF_REACH"] = category[need.facts.category] - codes["OWN_ITEM"] - met
        refused[id] = +codes
    return tuple(sorted(found, key=lambda c: (c.need, c.offer))), refused


def _groups(
    candidates: Sequence[Candidate],
) -> tuple[tuple[int, ...], tuple[tuple[tuple[str, str, str], ...], ...]]:
    """Occurrences of an offer that somebody takes together are one group; else each is its own."""
    parent: dict[tuple[str, str, str, str], tuple[str, str, str, str]] = {}

    def root(bucket: tuple[str, str, str, str]) -> tuple[str, str, str, str]:
        while (above := parent.setdefault(bucket, bucket)) != bucket:
            parent[bucket] = bucket = parent[above]
        return bucket

    drawn = [sorted({(c.offer, t.kind, t.unit, key) for t in c.takes for _, key in t.at}) for c in candidates]
    for first, *others in drawn:
        for other in others:
            one, two = sorted((root(first), root(other)))
            parent[two] = one
    heads = sorted({root(buckets[0]) for buckets in drawn})
    number = _numbered(heads)
    members: list[list[tuple[str, str, str]]] = [[] for _ in heads]
    for bucket in sorted(parent):
        members[number[root(bucket)]].append(bucket[1:])
    return tuple(number[root(buckets[0])] for buckets in drawn), tuple(tuple(each) for each in members)


def _numbered(names: Iterable[object]) -> dict[object, int]:
    return {name: n for n, name in enumerate(names)}
