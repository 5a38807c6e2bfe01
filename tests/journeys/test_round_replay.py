"""An auditor checks a round: from the ledger, from a file, after the world has moved on, and against every sort of forgery."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from api.round_cli import rounds, verify_file
from api.wiring import reading_codec
from domain.matching import versions
from services.round_replay import Unreadable, as_text, verified_file
from tests.support.engine import House, need, offer
from tests.support.world import EAST, STREET, WEST

Doc = dict[str, Any]


@pytest_asyncio.fixture
async def round_id(house: House) -> str:
    """Six needs of two neighbourhoods, four offers, more wanted than there is; one pair is not wished for."""
    needs = [
        await house[who].did("/v1/needs", need(quantity, area=area, urgency=urgency))
        for who, area, quantity, urgency in (
            ("east", EAST, 8, 3), ("east", EAST, 12, 0), ("east", EAST, 5, 1), ("west", WEST, 8, 1), ("west", WEST, 20, 2),
            ("west", WEST, 3, 0),
        )
    ]  # fmt: skip
    offers = [
        await house[f"unit{n}"].did("/v1/offers", offer(quantity, reach=reach))
        for n, (quantity, reach) in enumerate(((8, STREET), (10, STREET), (6, EAST), (12, WEST)))
    ]
    opened = await house["street"].did("/v1/rounds", {"area": STREET})
    await house["street"].did(
        f"/v1/rounds/{opened['id']}/prohibitions", {"need": needs[0]["id"], "offer": offers[0]["id"], "reason": "去年未履约"}
    )
    return str(opened["id"])


async def test_everything_about_an_honest_round_holds(house: House, round_id: str) -> None:
    findings = await house.engine.replay.verified(round_id)
    assert len(findings) == 8
    assert [f for f in findings if not f.holds] == []


async def test_a_file_is_checked_without_the_database(house: House, round_id: str, tmp_path: Path) -> None:
    file = tmp_path / "round.json"
    file.write_text(as_text(await house.engine.replay.exported(round_id)), "utf-8")
    said: list[str] = []
    assert verify_file(file, said.append) == 0
    assert said[-1] == "全部成立 / everything holds"
    assert len(said) == 9


async def test_a_file_may_be_called_after_its_round_as_the_export_calls_it(
    house: House, round_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(f"{round_id}.json").write_text(as_text(await house.engine.replay.exported(round_id)), "utf-8")
    said = CliRunner().invoke(rounds, ["verify", f"{round_id}.json"])
    assert said.exit_code == 0, said.output
    assert "everything holds" in said.output


async def test_an_auditor_fetches_the_file_over_the_api(house: House, round_id: str) -> None:
    answer = await house["auditor"].get(f"/v1/rounds/{round_id}/export")
    assert answer.json() == await house.engine.replay.exported(round_id)
    assert all(f.holds for f in verified_file(answer.json(), reading_codec()))
    assert (await house["unit0"].get(f"/v1/rounds/{round_id}/export")).status_code == 404


async def test_an_old_round_still_holds_after_the_world_has_moved_on(house: House, round_id: str) -> None:
    """Pairs were proposed and answered, items posted and withdrawn: the cut-off does not move."""
    before = await house.engine.replay.exported(round_id)
    await house["street"].did(f"/v1/rounds/{round_id}/publication")
    await house["west"].did("/v1/needs", need(9, area=WEST))
    more = await house["unit0"].did("/v1/offers", offer(99, reach=STREET))
    await house["unit0"].did(f"/v1/offers/{more['id']}/pause")
    after = await house.engine.replay.exported(round_id)
    assert after["snapshot"] == before["snapshot"]
    assert all(f.holds for f in await house.engine.replay.verified(round_id))


async def test_an_old_round_is_checked_by_its_own_version_when_there_is_a_newer_one(
    house: House, round_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(*given: Any) -> Any:
        raise AssertionError("a newer algorithm was asked")

    monkeypatch.setattr(versions, "VERSIONS", {"exact-flow/2": versions.Version(other, other), **versions.VERSIONS})
    assert all(f.holds for f in await house.engine.replay.verified(round_id))


def _event(doc: Doc, type: str) -> Doc:
    return next(of for of in reversed(doc["events"]) if of["type"] == type)


def _change_fact(doc: Doc, type: str, change: Callable[[Doc], None]) -> None:
    of = _event(doc, type)
    fact = json.loads(base64.b64decode(of["state"]))
    change(fact["data"])
    of["state"] = base64.b64encode(orjson.dumps(fact)).decode()


def _other_pair(data: Doc) -> None:
    data["outcome"]["pairs"][0]["score"] += 1


def _other_price(data: Doc) -> None:
    prices = data["outcome"]["certificate"]["prices"]
    prices[len(prices) // 2] += 10**9


def _other_choice(data: Doc) -> None:
    data["outcome"]["certificate"]["chosen"].pop()


def _other_key(data: Doc) -> None:
    data["key"] = "0" * 64


FORGERIES: dict[str, tuple[Callable[[Doc], None], str]] = {
    "a need that wants more": (lambda d: d["snapshot"]["needs"][0]["lines"][0].update(quantity=99), "inputs"),
    "a need that is left out": (lambda d: d["snapshot"]["needs"].pop(), "inputs"),
    "another weight": (lambda d: d["policy"]["weights"].update(fit=240, near=210), "rules"),
    "another score": (lambda d: _change_fact(d, "round.computed", _other_pair), "result digest"),
    "another price": (lambda d: _change_fact(d, "round.computed", _other_price), "optimal"),
    "a pair less": (lambda d: _change_fact(d, "round.computed", _other_choice), "optimal"),
    "lots drawn again": (lambda d: _change_fact(d, "round.opened", _other_key), "lots"),
    "a fact that never was": (lambda d: _change_fact(d, "round.opened", lambda data: data.update(at=data["at"] + 1)), "seals"),
    "another ledger": (lambda d: d.update(root="00" * 32), "seals"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forgery_is_found(house: House, round_id: str, forgery: str) -> None:
    change, found_by = FORGERIES[forgery]
    doc = await house.engine.replay.exported(round_id)
    forged = copy.deepcopy(doc)
    change(forged)
    assert forged != doc
    wrong = [f.name for f in verified_file(forged, reading_codec()) if not f.holds]
    assert found_by in wrong, wrong


async def test_a_greedy_result_with_prices_of_its_own_does_not_pass(house: House, round_id: str) -> None:
    """Whoever hands out by hand can make all digests anew; the certificate still tells."""
    from domain.matching.digest import certificate_digest, result_digest
    from domain.round import RoundComputed
    from services.ports import Stored

    doc = await house.engine.replay.exported(round_id)
    codec = reading_codec()
    of = _event(doc, "round.computed")
    row = Stored(of["position"], of["stream"], of["version"], of["type"], base64.b64decode(of["state"]), b"")
    event = codec.decode(row).event
    assert isinstance(event, RoundComputed)
    proof = replace(event.outcome.certificate, chosen=event.outcome.certificate.chosen[:1])
    outcome = replace(event.outcome, certificate=proof, pairs=event.outcome.pairs[:1])

    def by_hand(data: Doc) -> None:
        data["outcome"]["certificate"]["chosen"] = list(proof.chosen)
        data["outcome"]["pairs"] = data["outcome"]["pairs"][:1]
        data.update(result=result_digest(outcome), certificate=certificate_digest(proof))

    _change_fact(doc, "round.computed", by_hand)
    wrong = {f.name for f in verified_file(doc, codec) if not f.holds}
    assert {"seals", "optimal", "again"} <= wrong
    assert not {"result digest", "certificate digest"} & wrong


@pytest.mark.parametrize("part", ["district", "size", "root", "algorithm", "events", "policy", "snapshot"])
async def test_a_file_without_one_of_its_parts_is_told_to_be_cut(house: House, round_id: str, part: str) -> None:
    doc = await house.engine.replay.exported(round_id)
    with pytest.raises(Unreadable, match="not whole"):
        verified_file({name: value for name, value in doc.items() if name != part}, reading_codec())


async def test_a_file_of_something_else_or_of_a_round_without_a_result_is_told_so(house: House, round_id: str) -> None:
    doc = await house.engine.replay.exported(round_id)
    for events in ([], doc["events"][:1]):
        with pytest.raises(Unreadable, match="not whole"):
            verified_file({**doc, "events": events}, reading_codec())


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": "renling-round/1"}', '{"format": "renling-round/2", "events": []}'])
def test_what_is_no_such_file_is_told_in_both_languages(text: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_text(text, "utf-8")
    said: list[str] = []
    assert verify_file(file, said.append) == 2
    assert "无法核验" in said[0]
    assert "cannot be checked" in said[0]
    assert verify_file(tmp_path / "missing.json", said.append) == 2
