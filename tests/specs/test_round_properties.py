"""Rounds of drawn districts: nothing proposed that must not be, the same whoever solves them and in whatever order."""

import os
import random
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context

import pytest

from adapters import ortools_solver
from domain.calendar import Span, Weekly
from domain.capacity import Line
from domain.matching import board, cover, plan, round, worth
from domain.matching.certificate import NotOptimal
from domain.matching.digest import inputs_digest, result_digest
from domain.matching.outcome import Outcome, Pair, Scope
from domain.matching.policy import EMERGENCY, NORMAL
from domain.matching.snapshot import GiverFacts, Left, OfferFacts, Snapshot
from tests.support.market_maker import Shape, snapshot
from tests.support.round_checker import Checker

WHOLE = Scope(area="d0000")
PLENTY, SHORTAGE = Shape(offers=160, needs=70, areas=150), Shape(offers=70, needs=120, areas=100)


@cache
def drawn(seed: int, slots: bool = False) -> Snapshot:
    return snapshot(PLENTY if seed % 2 else SHORTAGE, seed, slots=slots)


@cache
def solved(seed: int, slots: bool = False) -> Outcome:
    return round.solve(drawn(seed, slots), WHOLE, NORMAL, f"key-{seed}")


def made(outcome: Outcome) -> list[tuple[str, str]]:
    return [(pair.need, pair.offer) for pair in outcome.pairs]


# ---- what must not be proposed


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("slots", [False, True], ids=["quantities", "slots"])
def test_an_independent_checker_finds_nothing_wrong(seed, slots):
    outcome = solved(seed, slots)
    assert len(outcome.pairs) > 20
    assert Checker(drawn(seed, slots), NORMAL).faults(outcome) == []


@pytest.mark.parametrize("seed", range(4))
def test_nor_in_an_emergency_nor_where_people_pin_and_prohibit(seed):
    facts, usual = drawn(seed), made(solved(seed))
    scope = replace(WHOLE, pins=tuple(usual[::7]), prohibitions=tuple(usual[1::7]))
    for policy in (NORMAL, EMERGENCY):
        outcome = round.solve(facts, scope, policy, "key")
        assert Checker(facts, policy).faults(outcome) == []
        assert not set(made(outcome)) & set(scope.prohibitions)
        refused = {(need, offer) for need, offer, _ in outcome.refused_pins}
        assert set(scope.pins) <= set(made(outcome)) | refused
    assert len(refused) < len(scope.pins) / 2


def _changed(facts: Snapshot, pair: Pair, **changes) -> Snapshot:
    """The facts with the pair's offer or need otherwise."""
    need = {name[5:]: value for name, value in changes.items() if name.startswith("need_")}
    offer = {name: value for name, value in changes.items() if not name.startswith("need_")}
    return replace(
        facts, offers=tuple(replace(o, **offer) if o.id == pair.offer else o for o in facts.offers),
        needs=tuple(replace(n, **need) if n.id == pair.need else n for n in facts.needs),
    )  # fmt: skip


def _full(lines: tuple[Left, ...]) -> tuple[Left, ...]:
    return tuple(replace(line, quantity=0) for line in lines)


@pytest.mark.parametrize(("fault", "changes"), [
    ("unit", {"owner": "u-somebody"}), ("category", {"category": "other"}), ("own-item", {"need_owner": "the-unit"}),
    ("area", {"reach": "elsewhere"}), ("eligibility", {"groups": ("nobody",)}), ("skill", {"need_skill": "rare"}),
    ("minimum", {"minimum": 1000}), ("partner", {"need_partners": ("the-unit",)}), ("declined", {"need_refused": ("the-offer",)}),
    ("offer-capacity", {"lines": "none"}), ("need-quantity", {"need_lines": "none"}), ("time", {"windows": "past"}),
    ("partners", {"need_partners": ("a", "b", "c", "d")}), ("unit-limit", {}), ("unit-twice", {}), ("nothing", {}), ("time", {}),
    ("unknown", {}),
])  # fmt: skip
def test_the_checker_sees_each_offence(fault, changes):
    facts, outcome = drawn(1), solved(1)
    pair = next(p for p in outcome.pairs if p.window is not None)
    offer = next(o for o in facts.offers if o.id == pair.offer)
    words = {"the-unit": pair.unit, "none": _full(offer.lines), "past": (_past(),)}
    changes = {name: words.get(value, value) if isinstance(value, str) else value for name, value in changes.items()}
    changes = {name: tuple({"the-unit": pair.unit, "the-offer": pair.offer}.get(each, each) for each in value)
               if name in ("need_partners", "need_refused") else value for name, value in changes.items()}  # fmt: skip
    if "need_lines" in changes:
        changes["need_lines"] = _full(next(n for n in facts.needs if n.id == pair.need).lines)
    facts = _changed(facts, pair, **changes)
    if not changes:
        facts, outcome = _offence(fault, facts, outcome, pair)
    assert fault in {line.split()[0] for line in Checker(facts, NORMAL).faults(outcome)}


def _offence(fault: str, facts: Snapshot, outcome: Outcome, pair: Pair) -> tuple[Snapshot, Outcome]:
    others = tuple(p for p in outcome.pairs if p is not pair)
    if fault == "unit-limit":
        return replace(facts, givers=(*(g for g in facts.givers if g.id != pair.unit), GiverFacts(id=pair.unit, limit=1, live=1))), outcome
    if fault == "unit-twice":
        return facts, replace(outcome, pairs=(*outcome.pairs, pair))
    wrong = {"nothing": {"lines": (Line("志愿者", 0, "人"),)}, "time": {"window": _past()}, "unknown": {"offer": "o-none"}}[fault]
    return facts, replace(outcome, pairs=(*others, replace(pair, **wrong)))


def _past() -> Span:
    return Span(datetime(2025, 3, 2, 1, tzinfo=UTC), datetime(2025, 3, 2, 2, tzinfo=UTC))


# ---- the same result


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("slots", [False, True], ids=["quantities", "slots"])
def test_another_solver_gives_the_same_result(seed, slots):
    theirs = round.solve(drawn(seed, slots), WHOLE, NORMAL, f"key-{seed}", ortools_solver.solve)
    assert result_digest(theirs) == result_digest(solved(seed, slots))
    assert theirs.marks == solved(seed, slots).marks
    round.check(drawn(seed, slots), WHOLE, NORMAL, f"key-{seed}", theirs)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_facts_does_not_matter(seed):
    facts, chance = drawn(seed), random.Random(seed)
    for _ in range(2):
        mixed = replace(facts, **{
            name: tuple(chance.sample(getattr(facts, name), len(getattr(facts, name))))
            for name in ("areas", "needs", "offers", "givers", "askers")
        })  # fmt: skip
        assert result_digest(round.solve(mixed, WHOLE, NORMAL, f"key-{seed}")) == result_digest(solved(seed))


@pytest.mark.parametrize("seed", range(4))
def test_under_other_names_with_the_same_lots_the_same_pairs_come_out(seed, monkeypatch):
    facts, chance = drawn(seed), random.Random(seed)
    ids = [item.id for each in (facts.needs, facts.offers, facts.givers, facts.askers) for item in each]
    new = dict(zip(ids, (f"x{n:06}" for n in chance.sample(range(10**6), len(ids))), strict=True))
    new |= {area.id: new.get(area.id, area.id) for area in facts.areas}
    old = {name: id for id, name in new.items()}
    renamed = _renamed(facts, new)
    real = worth.ticket
    for module in (plan, cover, board):
        monkeypatch.setattr(module, "ticket", lambda key, need, offer, bits=16: real(key, old[need], old[offer], bits))
    outcome = round.solve(renamed, WHOLE, NORMAL, f"key-{seed}")
    assert sorted((old[need], old[offer]) for need, offer in made(outcome)) == made(solved(seed))
    assert outcome.value == solved(seed).value


def _renamed(facts: Snapshot, new: dict[str, str]) -> Snapshot:
    return replace(
        facts, areas=_by_id(replace(a, id=new[a.id], parent=a.parent and new[a.parent]) for a in facts.areas),
        needs=_by_id(
            replace(n, id=new[n.id], owner=new[n.owner], area=new[n.area], refused=tuple(new[r] for r in n.refused)) for n in facts.needs
        ),
        offers=_by_id(
            replace(o, id=new[o.id], owner=new[o.owner], area=new[o.area], reach=new[o.reach]) for o in facts.offers
        ),
        givers=_by_id(replace(g, id=new[g.id]) for g in facts.givers), askers=_by_id(replace(a, id=new[a.id]) for a in facts.askers),
    )  # fmt: skip


def _by_id(facts):
    return tuple(sorted(facts, key=lambda each: each.id))


PRINT = (
    "from tests.specs.test_round_properties import solved; from domain.matching.digest import result_digest;"
    "print(*(result_digest(solved(seed)) for seed in (0, 1)))"
)


def test_neither_hash_seeds_nor_threads_nor_processes_matter():
    here = [result_digest(solved(seed)) for seed in (0, 1)]
    for hash_seed in ("0", "1", "77"):
        told = subprocess.run(
            [sys.executable, "-c", PRINT], env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True
        )
        assert told.stdout.split() == here, told.stderr
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(_digest, (0, 1, 0, 1))) == here * 2
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert list(processes.map(_digest, (0, 1))) == here


def _digest(seed: int) -> str:
    return result_digest(round.solve(drawn(seed), WHOLE, NORMAL, f"key-{seed}"))


def test_another_key_draws_other_lots_and_another_fact_is_another_input():
    facts = replace(drawn(0, True), askers=(), givers=())
    even = replace(facts, offers=tuple(replace(o, windows=(), groups=(), area="d0000", reach="d0000") for o in facts.offers))
    results = {result_digest(round.solve(even, WHOLE, NORMAL, key)) for key in ("one", "two", "three")}
    assert len(results) == 3
    older = replace(facts, needs=(replace(facts.needs[0], since=facts.needs[0].since - 1), *facts.needs[1:]))
    assert inputs_digest(older, WHOLE) != inputs_digest(facts, WHOLE)


# ---- what changes when something changes


@pytest.mark.parametrize("seed", range(4))
def test_an_offer_that_nobody_got_can_go_without_a_trace(seed):
    facts, outcome = drawn(seed, True), solved(seed, True)
    idle = [offer for offer in facts.offers if offer.id not in {pair.offer for pair in outcome.pairs}]
    for gone in random.Random(seed).sample(idle, 3):
        less = replace(facts, offers=tuple(offer for offer in facts.offers if offer is not gone))
        assert round.solve(less, WHOLE, NORMAL, f"key-{seed}").pairs == outcome.pairs


@pytest.mark.parametrize("seed", range(6))
def test_more_to_give_a_wider_reach_or_one_more_offer_never_lower_what_a_round_is_worth(seed):
    facts, chance = drawn(seed, True), random.Random(seed)
    parents = {area.id: area.parent for area in facts.areas}
    here = solved(seed, True).value
    for n, offer in enumerate(chance.sample(facts.offers, 6)):
        more: OfferFacts = replace(offer, reach=parents[offer.reach] or offer.reach)
        if n % 3 == 1:
            more = replace(offer, lines=tuple(replace(line, quantity=line.quantity + 1) for line in offer.lines))
        others = tuple(o for o in facts.offers if o is not offer) if n % 3 < 2 else facts.offers
        facts = replace(facts, offers=_by_id((*others, more if n % 3 < 2 else replace(offer, id=f"o9{n:04}"))))
        before, here = here, round.solve(facts, WHOLE, NORMAL, f"key-{seed}").value
        assert here >= before


@pytest.mark.parametrize("seed", range(4))
def test_half_of_the_result_wished_for_the_rest_comes_out_the_same(seed):
    facts, outcome = drawn(seed, True), solved(seed, True)
    pins = tuple(sorted(random.Random(seed).sample(made(outcome), len(outcome.pairs) // 2)))
    again = round.solve(facts, replace(WHOLE, pins=pins), NORMAL, f"key-{seed}")
    assert made(again) == made(outcome)
    assert {(p.need, p.offer) for p in again.pairs if p.by == "pin"} == set(pins)


def test_a_result_that_was_touched_does_not_pass_the_check():
    facts, outcome = drawn(1), solved(1)
    round.check(facts, WHOLE, NORMAL, "key-1", outcome)
    for touched in (
        replace(outcome, pairs=outcome.pairs[1:]), replace(outcome, value=outcome.value + 1), replace(outcome, unserved=()),
        replace(outcome, certificate=replace(outcome.certificate, chosen=outcome.certificate.chosen[1:])),
        replace(outcome, certificate=replace(outcome.certificate, prices=(0,) * len(outcome.certificate.prices))),
    ):  # fmt: skip
        with pytest.raises(NotOptimal):
            round.check(facts, WHOLE, NORMAL, "key-1", touched)
    with pytest.raises(NotOptimal):
        round.check(facts, WHOLE, NORMAL, "key-2", outcome)


def test_what_is_drawn_has_everything_that_rounds_are_about():
    facts = snapshot(Shape(offers=300, needs=300), 1)
    assert {type(w) for n in facts.needs for w in n.windows} == {Span, Weekly}
    assert {n.urgency for n in facts.needs} == {0, 1, 2, 3}
    assert {max(line.quantity for line in n.lines) > 1 for n in facts.needs} == {True, False}
    assert any(o.minimum for o in facts.offers) and any(o.groups for o in facts.offers) and any(o.skills for o in facts.offers)  # noqa: PT018
    assert any(n.skill for n in facts.needs) and any(n.vulnerable for n in facts.needs) and any(n.refused for n in facts.needs)  # noqa: PT018
    assert len({area.kind for area in facts.areas}) == 5
