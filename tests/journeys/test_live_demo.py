"""`./dev demo`: live activity over HTTP into a running district."""

from __future__ import annotations

import socket

import pytest

from api.demo import play
from api.demo_acts import ACTS, NotDone
from api.demo_town import Town as LiveTown
from tests.journeys.conftest import Town


def test_live_activity_reaches_every_stage_of_the_two_way_claim(town: Town, capsys: pytest.CaptureFixture[str]):
    people, done = LiveTown(town.district.url, town.district.key), set[str]()
    for _ in range(30):
        for act, _ in ACTS:
            try:
                said = act(people)
            except NotDone:
                continue
            done.add(act.__name__)
            assert "{" not in said
        if done == {act.__name__ for act, _ in ACTS} and _closed(town):
            break
    assert done == {act.__name__ for act, _ in ACTS}
    assert _closed(town) > 0


def test_it_prints_a_line_an_act_and_stops_when_its_time_is_over(town: Town, capsys: pytest.CaptureFixture[str]):
    before = town.auditor.get("/v1/needs", limit=1)["position"]
    done = play(town.district.url, town.district.key, rate_per_s=20, seconds=2)
    lines = capsys.readouterr().out.splitlines()
    assert 1 <= done < len(lines)
    assert lines[-1].startswith(f"共 {done} 步")
    after = town.auditor.get("/v1/events", after=before, limit=1)
    assert after["items"]


def test_without_a_running_district_it_says_how_to_start_one(capsys: pytest.CaptureFixture[str]):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert play(f"http://127.0.0.1:{port}", lambda role, org: "rl_none", rate_per_s=5, seconds=5) == 0
    assert "./dev run" in capsys.readouterr().out


def _closed(town: Town) -> int:
    return len(town.auditor.get("/v1/projects", status="closed")["items"])
