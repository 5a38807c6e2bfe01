"""Quantities that several share: what displacing adds to a flow, measured against every way that there is."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations, product
from random import Random

import pytest

from domain.matching import certificate, flow, improve, round
from domain.matching.board import Board, given
from domain.matching.cover import Tally, carry_out, cover, fill
from domain.matching.network import at
from domain.matching.outcome import Scope
from domain.matching.plan import Plan, first_rooms, first_slots, instance, plan
from domain.matching.policy import NORMAL
from domain.matching.policy import WHOLE as ALL
from domain.matching.snapshot import AreaFacts, AskerFacts, GiverFacts, Left, NeedFacts, OfferFacts, Snapshot
from domain.matching.worth import bonuses, full_worth, loads, pair_worth
from tests.support.market_maker import AT, Shape, snapshot
from tests.support.round_checker import Checker

WHOLE = Scope(area="d0000")
DISTRICT = Shape(offers=160, needs=110, areas=150)


def unimproved(prepared: Plan) -> Tally:
    """The flow carried out and filled up."""
    network = instance(prepared, first_slots(prepared), first_rooms(prepared), 16)
    tally = Tally(prepared)
    carry_out(tally, [prepared.candidates[n] for n in flow.solve(network).chosen])
    fill(tally)
    return tally


# ---- whole districts


@pytest.mark.parametrize("seed", range(4))
def test_displacing_makes_rounds_of_quantities_better_and_breaks_nothing(seed):
    facts = snapshot(DISTRICT, seed)
    before, outcome = unimproved(plan(facts, WHOLE, NORMAL, "key")), round.solve(facts, WHOLE, NORMAL, "key")
    assert outcome.value > before.value
    assert Checker(facts, NORMAL).faults(outcome) == []
    round.check(facts, WHOLE, NORMAL, "key", outcome)
    assert {pair.by for pair in outcome.pairs} == {"flow", "fill"}


def test_over_several_districts_it_adds_more_than_a_fiftieth():
    prepared = [plan(snapshot(DISTRICT, seed), WHOLE, NORMAL, "key") for seed in range(4)]
    before, after = (sum(tallied.value for tallied in each) for each in (
        (unimproved(each) for each in prepared), (cover(each, flow.solve, 16)[1] for each in prepared)))  # fmt: skip
    assert after > before * 102 // 100


@pytest.mark.parametrize("seed", range(3))
def test_what_is_pinned_stays_whatever_it_costs(seed):
    facts = snapshot(DISTRICT, seed)
    usual, chance = {(p.need, p.offer) for p in round.solve(facts, WHOLE, NORMAL, "key").pairs}, Random(seed)
    others = [c for c in plan(facts, WHOLE, NORMAL, "key").candidates if (c.need, c.offer) not in usual]
    one_each = {c.need: c for c in sorted({c.offer: c for c in chance.sample(others, 40)}.values(), key=lambda c: c.offer)}
    pins = tuple(sorted((c.need, c.offer) for c in one_each.values()))
    outcome = round.solve(facts, replace(WHOLE, pins=pins), NORMAL, "key")
    kept = {(pair.need, pair.offer) for pair in outcome.pairs if pair.by == "pin"}
    assert kept | {(need, offer) for need, offer, _ in outcome.refused_pins} == set(pins)
    assert len(kept) > len(pins) * 8 // 10
    assert Checker(facts, NORMAL).faults(outcome) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_board_of_numbers_says_what_the_tally_says(seed):
    prepared = plan(snapshot(DISTRICT, seed), WHOLE, NORMAL, "key")
    tally, board = unimproved(prepared), Board(prepared)
    options = {(option.candidate.need, option.candidate.offer): option for option in board.options}
    for each in tally.given:
        board.put(options[each.candidate.need, each.candidate.offer], each.quantities)
    assert board.value == tally.value
    assert given(board) == sorted(tally.given, key=lambda g: (g.candidate.need, g.candidate.offer))
    emptied = Board(prepared)
    for need in range(len(board.of_need)):
        board.clear(need)
    assert (board.value, board.left, board.open) == (0, emptied.left, emptied.open)


# ---- where the flow says it all


@pytest.mark.parametrize("seed", range(4))
def test_where_one_partner_is_all_it_takes_the_certified_flow_is_the_round(seed, monkeypatch):
    facts = snapshot(DISTRICT, seed, slots=True)
    assert improve.exact(plan(facts, WHOLE, NORMAL, "key"))
    outcome = round.solve(facts, WHOLE, NORMAL, "key")
    chosen = {(c.need, c.offer) for c in (plan(facts, WHOLE, NORMAL, "key").candidates[n] for n in outcome.certificate.chosen)}
    assert {(pair.need, pair.offer) for pair in outcome.pairs} == chosen
    monkeypatch.setattr(improve, "exact", lambda plan: False)
    assert outcome.proven
    forced = round.solve(facts, WHOLE, NORMAL, "key")
    assert replace(forced, proven=True) == outcome  # looked for all the same, nothing better is found


def test_in_a_district_of_quantities_the_flow_does_not_say_it_all():
    assert not improve.exact(plan(snapshot(DISTRICT, 0), WHOLE, NORMAL, "key"))


# ---- against everything that could be tried


def few(seed: int) -> Snapshot:
    """Three needs and four offers of any quantity, with room for little."""
    chance = Random(seed)
    needs = tuple(
        NeedFacts(
            id=f"n{n}", owner=f"asker{n}", area="d0000", category="care", urgency=chance.randrange(4), since=0,
            lines=(Left(kind="志愿者", unit="人", quantity=chance.randint(1, 6)),), vulnerable=chance.randrange(3) == 0,
            refused=(f"o{chance.randrange(4)}",) if chance.randrange(2) else (),
        )
        for n in range(3)
    )  # fmt: skip
    offers = tuple(
        OfferFacts(
            id=f"o{n}", owner=f"giver{chance.randrange(3)}", area="d0000", reach="d0000", category="care",
            lines=(Left(kind="志愿者", unit="人", quantity=chance.randint(1, 5)),), minimum=chance.choice((0, 0, 2)),
        )
        for n in range(4)
    )  # fmt: skip
    givers = tuple(GiverFacts(id=f"giver{n}", limit=chance.randint(1, 3)) for n in range(3))
    askers = tuple(AskerFacts(id=f"asker{n}", asked=4, served=chance.randrange(5)) for n in range(3))
    return Snapshot(
        position=1, at=AT, areas=(AreaFacts(id="d0000", kind="district"),), needs=needs, offers=offers, givers=givers, askers=askers
    )


def ways(prepared: Plan, need: str) -> Iterator[list[tuple[int, int]]]:
    """Every choice of partners for a need (candidates by number), and every quantity of each."""
    mine = [n for n, c in enumerate(prepared.candidates) if c.need == need]
    for count in range(prepared.partners_left(need) + 1):
        for chosen in combinations(mine, count):
            if len({prepared.candidates[n].unit for n in chosen}) == count:
                amounts = [range(max(prepared.offers[prepared.candidates[n].offer].facts.minimum, 1),
                                 prepared.candidates[n].takes[0].quantity + 1) for n in chosen]  # fmt: skip
                yield from ([*zip(chosen, each, strict=True)] for each in product(*amounts))


def best(prepared: Plan) -> int:
    """By trying everything, need after need; each has an asker of its own."""
    needs, policy = prepared.wanted, prepared.policy
    offers = sorted({c.offer for c in prepared.candidates})
    units = sorted({c.unit for c in prepared.candidates})
    tables = [loads(policy, prepared.live(unit), prepared.limit(unit)) for unit in units]

    def alone(need: str, way: list[tuple[int, int]]) -> int | None:
        facts, wanted = prepared.needs[need].facts, next(iter(prepared.needs[need].wanted.values()))
        if sum(q for _, q in way) > wanted:
            return None
        bonus = bonuses(policy, prepared.askers[facts.owner], prepared.district)
        pairs = sum(pair_worth(policy, facts, prepared.candidates[n], ALL * q // wanted) for n, q in way) + (at(bonus, 0) if way else 0)
        return pairs + (full_worth(policy, facts) if sum(q for _, q in way) == wanted else 0)

    all_ways = [[(way, worth) for way in ways(prepared, need) if (worth := alone(need, way)) is not None] for need in needs]

    @cache
    def rest(n: int, free: tuple[int, ...], busy: tuple[int, ...]) -> int:
        found = 0 if n == len(needs) else -(10**9)
        for way, worth in all_ways[n] if n < len(needs) else ():
            left, load, cost = list(free), list(busy), 0
            for number, q in way:
                candidate = prepared.candidates[number]
                left[offers.index(candidate.offer)] -= q
                unit = units.index(candidate.unit)
                cost += tables[unit][load[unit]] if load[unit] < len(tables[unit]) else 10**9
                load[unit] += 1
            if min(left) >= 0 and cost < 10**9:
                found = max(found, worth - cost + rest(n + 1, tuple(left), tuple(load)))
        return found

    stock = prepared.stock()
    return rest(0, tuple(stock.free(offer, "志愿者", "人", "") for offer in offers), (0,) * len(units))


def test_of_all_ways_that_there_are_it_finds_the_best_or_nearly():
    policy, found = replace(NORMAL, partners=3), list[tuple[int, int, int]]()
    for seed in range(24):
        prepared = plan(few(seed), WHOLE, policy, "key")
        found.append((unimproved(prepared).value, cover(prepared, flow.solve, 16)[1].value, best(prepared)))
    assert all(before <= ours <= most for before, ours, most in found)
    before, ours, most = (sum(each) for each in zip(*found, strict=True))
    assert ours * 1000 >= most * 995 > before * 1000 + most * 10
    assert sum(mine == top for _, mine, top in found) >= 21


def test_a_choice_of_the_flow_that_is_not_best_is_refused_as_before():
    facts = snapshot(DISTRICT, 0)
    outcome = round.solve(facts, WHOLE, NORMAL, "key")
    fewer = replace(outcome, certificate=replace(outcome.certificate, chosen=outcome.certificate.chosen[1:]))
    with pytest.raises(certificate.NotOptimal):
        round.check(facts, WHOLE, NORMAL, "key", fewer)
