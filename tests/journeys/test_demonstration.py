"""The demonstration district, played whole through the real use cases on a fixed day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.codec import REGISTRY
from adapters.memory import MemoryStore
from domain.claim import ClaimState
from domain.matching.fairness import first_come, shares
from domain.matching.outcome import Scope
from domain.matching.plan import plan
from domain.matching.policy import NORMAL
from domain.matching.round import solve
from domain.need import NeedState
from domain.offer import OfferState
from domain.project import ProjectState
from domain.units import UnitState
from services.command import kind_of
from services.demonstration.bounds import interrupted
from services.demonstration.moments import local_day, midnight
from services.due import due_at
from services.ports import Stored
from services.rulebooks import load_pack
from tests.specs.test_rulebooks import REAL_ORGANISATIONS
from tests.support.logs import everything, sealed
from tests.support.market import Compared
from tests.support.played import TODAY, Played, Player

MOST_EVENTS = 25_000
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Played]:
    player, told = Player(tmp_path_factory.mktemp("played")), list[tuple[int, int]]()
    summary = await player.demonstrate(lambda done, total: told.append((done, total)))
    ledger = await everything(player.log)
    rows: dict[str, list[Stored]] = {}
    for row in ledger:
        rows.setdefault(row.stream, []).append(row)
    folded = {stream: player.streams.fold(stream, its) for stream, its in rows.items()}
    yield Played(player, summary, ledger, {s: held.state for s, held in folded.items() if held}, told)
    await player.log.close()
    player.vault.close()


async def test_nothing_that_people_do_in_it_is_refused(played: Played):
    assert played.summary.refused == 0
    assert played.told[-1] == (played.summary.acts, played.summary.acts)
    print(f"\n{played.summary}")
    assert len(played.ledger) == played.summary.position <= MOST_EVENTS


async def test_offers_needs_and_what_was_claimed_are_as_many_as_the_source_says(played: Played):
    aid = {category.id for category in load_pack("huangpu").book.categories if category.aid}
    needs = [need for need in played.of(NeedState) if need.content.category not in aid]
    offers = played.of(OfferState)
    items = {item for claim in played.accepted for item in (claim.terms.need, claim.terms.offer) if item}
    claimed = [item for item in items if played.states[item].content.category not in aid]
    print(f"\n{len(offers)} offers, {len(needs)} needs, {len(claimed)} of them claimed")
    assert 1_000 <= len(offers) <= 1_200
    assert 400 <= len(needs) <= 500
    assert 800 <= len(claimed) <= 1_000


async def test_some_ask_for_a_skill_some_are_for_certain_residents_and_some_units_want_only_so_much(played: Played):
    needs, offers = [n.content for n in played.of(NeedState)], [o.content for o in played.of(OfferState)]
    skills, groups = {n.skill for n in needs if n.skill}, {n.group for n in needs if n.group}
    print(f"\n{len(skills)} skills, {sum(n.skill is not None for n in needs)} needs ask for one")
    assert groups == {group.id for group in load_pack("huangpu").book.groups}
    assert skills <= {skill for offer in offers for skill in offer.skills}  # what is asked for can be found
    assert 20 <= sum(n.skill is not None for n in needs) <= len(needs) // 4
    assert 60 <= sum(n.vulnerable for n in needs) <= len(needs) // 2
    assert len([o for o in offers if o.skills]) >= 200
    assert len([o for o in offers if o.groups]) >= 50
    assert len([o for o in offers if o.minimum]) >= 100
    assert 15 <= len([unit for unit in played.of(UnitState) if unit.limit]) <= 45


async def test_about_a_hundred_aid_items_in_six_categories_involve_about_eight_million_yuan(played: Played):
    aid = {category.id for category in load_pack("huangpu").book.categories if category.aid}
    needs = [played.states[need] for need in {c.terms.need for c in played.accepted if c.terms.category in aid} if need]
    assert 90 <= len(needs) <= 110
    assert {need.content.category for need in needs} == aid
    assert all(need.content.outside for need in needs)
    projects = [p for p in played.of(ProjectState) if p.category in aid and p.status != "aborted"]
    pledged = sum(project.pledged_fen for project in projects)
    received, spent = sum(p.received_fen for p in projects), sum(p.spent_fen for p in projects)
    print(f"\npledged {pledged // 100} yuan, received {received // 100}, spent {spent // 100}")
    assert 800_000_000 <= pledged <= 860_000_000
    assert pledged > received > spent > 0


async def test_on_the_first_day_there_is_something_to_do(played: Played):
    for moment in (midnight(TODAY), midnight(TODAY + timedelta(days=1))):
        week = moment + timedelta(days=7)
        waiting = [claim for claim in played.of(ClaimState) if claim.status == "proposed" and claim.expires_at > moment]
        deliveries = [project for project in played.of(ProjectState) if project.status == "active"]
        assert len([need for need in played.of(NeedState) if need.status == "open"]) >= 60
        assert len([claim for claim in waiting if claim.awaiting]) >= 40
        assert len([claim for claim in waiting if claim.expires_at <= week]) >= 10
        assert len([project for project in deliveries if moment < project.due_at <= week]) >= 5


async def test_the_clock_finds_nothing_that_it_should_have_ended_before(played: Played):
    late = [s for s, state in played.states.items() if (due := due_at(state)) is not None and due <= midnight(TODAY)]
    assert late == []


async def test_it_spans_eight_years_and_ends_before_today(played: Played):
    at = [json.loads(played.ledger[i].state)["at"] for i in (0, -1)]
    first, last = (datetime.fromisoformat(moment) for moment in at)
    assert TODAY - local_day(first) == timedelta(days=8 * 365)
    assert midnight(TODAY - timedelta(days=5)) < last < midnight(TODAY)


async def test_forty_nine_members_become_sixty_five(played: Played):
    years = Counter(
        json.loads(row.state)["at"][:4] for row in played.ledger if row.type == "unit.registered"
    )  # fmt: skip
    assert years["2018"] >= 49
    assert sum(years.values()) == 65


async def test_all_that_may_happen_between_two_sides_happens(played: Played):
    there = Counter(row.type for row in played.ledger)
    wanted = [TYPE for TYPE in REGISTRY if TYPE.startswith(("need.", "offer.", "claim.", "project."))]
    elsewhere = {"need.endorsed", "need.rejected"}  # where the rule book asks for endorsement
    assert [TYPE for TYPE in wanted if not there[TYPE] and TYPE not in elsewhere] == []
    least = {"countered": 50, "declined": 40, "expired": 20, "released": 10, "member_joined": 20, "promoted": 4}
    assert [name for name, number in least.items() if there[f"claim.{name}"] < number] == []
    settled = [json.loads(row.state)["data"]["outcome"] for row in played.ledger if row.type == "project.settled"]
    assert set(settled) == {"delivered", "failed", "resumed"}
    assert [p for p in played.of(ProjectState) if p.status == "disputed"]
    assert [claim for claim in played.of(ClaimState) if claim.status == "waitlisted"]


async def test_residents_units_and_committees_have_evaluated(played: Played):
    roles = Counter(role for project in played.of(ProjectState) for role, _ in project.evaluations)
    assert min(roles["provider"], roles["receiver"]) > 500
    assert roles["resident"] > 200


async def test_windows_are_single_and_weekly_on_both_sides(played: Played):
    for kind in (NeedState, OfferState):
        kinds = Counter(type(w).__name__ for item in played.of(kind) for w in item.content.windows)
        assert min(kinds["Span"], kinds["Weekly"]) > 5


async def test_a_load_that_is_done_is_not_played_again(played: Played):
    assert await interrupted(played.player.streams, load_pack("huangpu")) is None
    assert played.ledger[-1].type == "need.posted"


async def test_every_ledger_of_capacity_adds_up(played: Played):
    for item in (*played.of(NeedState), *played.of(OfferState)):
        for (kind, unit, occurrence), used in item.capacity.used.items():
            assert min(used.held, used.committed, used.delivered, item.capacity.free(kind, unit, occurrence)) >= 0
            assert used.total <= item.capacity.quantity(kind, unit)
    assert not any(used.held for need in played.of(NeedState) for used in need.capacity.used.values())


async def test_what_was_kept_in_memory_equals_a_replay_of_the_ledger(played: Played):
    for stream, state in played.states.items():
        held = await played.player.streams.load(stream)
        assert held is not None
        assert held.state == state, stream


async def test_the_market_that_follows_it_equals_one_that_begins_anew_and_a_replay(played: Played):
    compared = Compared(played.player.log, played.player.codec)
    for fifth in range(1, 6):
        snapshot = await compared.at(len(played.ledger) * fifth // 5)
    open_needs = [need.id for need in played.of(NeedState) if need.status == "open"]
    published = [offer.id for offer in played.of(OfferState) if offer.phase == "published"]
    assert ([need.id for need in snapshot.needs], [offer.id for offer in snapshot.offers]) == (
        sorted(open_needs), sorted(published),
    )  # fmt: skip


async def test_a_round_of_it_serves_more_and_more_evenly_than_who_comes_first(played: Played):
    facts = await Compared(played.player.log, played.player.codec).at(len(played.ledger))
    scope = Scope(area=next(area.id for area in facts.areas if area.parent is None))
    outcome, prepared = solve(facts, scope, NORMAL, "a round"), plan(facts, scope, NORMAL, "a round")
    first = first_come(prepared)
    theirs = shares(prepared, [(given.candidate.need, given.candidate.unit) for given in first.given])
    assert outcome.served >= len({given.candidate.need for given in first.given}) > 20
    assert outcome.value > first.value
    assert outcome.after.nothing <= theirs.nothing < outcome.before.nothing
    assert outcome.after.gini <= theirs.gini < outcome.before.gini
    assert outcome.after.small >= outcome.before.small + 100
    assert outcome.after.busiest <= NORMAL.unit_limit


async def test_every_leaf_is_sealed_in_one_tree(played: Played):
    assert sealed(played.ledger).size == len(played.ledger)


async def test_titles_read_like_people_wrote_them_and_name_nobody_real(played: Played):
    texts = [item.content.title for item in (*played.of(NeedState), *played.of(OfferState))]
    titles = [str(played.player.vault.open(text)) for text in texts]
    assert len(set(titles)) > len(titles) * 6 // 10
    assert [title for title in titles if any(c in title for c in "{}0123456789") and "可容" not in title] == []
    assert [title for title in titles for real in REAL_ORGANISATIONS if real in title] == []


async def test_the_same_day_gives_the_same_ledger_but_for_keys_and_ciphertext(played: Played, tmp_path: Path):
    again = Player(tmp_path / "again")
    await again.demonstrate(lambda done, total: None)
    second = await everything(again.log)
    assert [_plain(row) for row in second] == [_plain(row) for row in played.ledger]
    await again.log.close()
    again.vault.close()


async def test_another_day_moves_everything_with_it(played: Played, tmp_path: Path):
    player = Player(tmp_path / "later")
    with pytest.raises(Interrupted):
        await player.demonstrate(_stop_at(300), today=TODAY + timedelta(days=1))
    first = json.loads((await player.log.read_all(0, 1))[0].state)["at"]
    assert datetime.fromisoformat(first) - datetime.fromisoformat(
        json.loads(played.ledger[0].state)["at"]
    ) == timedelta(days=1)  # fmt: skip
    await player.log.close()
    player.vault.close()


async def test_an_interrupted_load_goes_on_where_it_was_and_does_nothing_twice(played: Played, tmp_path: Path):
    log = MemoryStore()
    for attempt, stop in enumerate((700, 1_500, 2_600)):
        player = Player(tmp_path / "interrupted", log)
        assert await interrupted(player.streams, load_pack("huangpu")) == (TODAY if attempt else None)
        with pytest.raises(Interrupted):
            await player.demonstrate(_stop_at(stop))
        player.vault.close()
        assert attempt < 2 or (await log.head()).position > 2_000
    rows = await everything(log)
    assert [_told(row) for row in rows] == [_told(row) for row in played.ledger[: len(rows)]]


class Interrupted(Exception):
    pass


def _stop_at(act: int) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        if done >= act:
            raise Interrupted

    return progress


def _plain(row: Stored) -> tuple[str, int, str, Any]:
    """A stored event without what no two runs share: keys and ciphertext."""
    return row.stream, row.version, row.type, _without_text(json.loads(row.state))


def _told(row: Stored) -> tuple[str, str]:
    return row.type, json.loads(row.state)["at"]


def _without_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_text(v) for k, v in value.items() if k not in ("ref", "ciphertext")}
    return [_without_text(v) for v in value] if isinstance(value, list) else value


assert kind_of("need-1") == "need"
