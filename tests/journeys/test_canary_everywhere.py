"""A running district in which every field was filled with words that must be found nowhere in the open, and then erased."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import EAST, STREET, Town, settle
from tests.support.canary import CONTACT, CONTACT_MARKS, TEXT, TEXT_MARKS, files_with, marks_in
from tests.support.people import cookie
from tests.support.running import District, line, running

LISTS = ("read",)  # the one folder that may hold words in the open, for as long as they are not erased
PUBLIC = (
    "/",
    "/board",
    "/board?tab=offers",
    f"/dashboards/{STREET}",
    "/healthz",
    "/lists/needs.json",
    "/lists/needs.xlsx",
)
API = ("/v1/needs", "/v1/offers", "/v1/claims", "/v1/projects", "/v1/events", "/v1/units", f"/v1/dashboards/{STREET}")


class People:
    """Browsers of those who take part."""

    def __init__(self, town: Town) -> None:
        who = {"east": ("committee", EAST), "unit": ("unit", town.unit_ids[0]), "street": ("street", STREET),
               "security": ("security_admin", "house")}  # fmt: skip
        self._http = town.district.http
        self._cookies = {name: cookie(town.district, *grant) for name, grant in who.items()}

    def send(self, who: str, path: str, **fields: str) -> httpx.Response:
        answer = self._http.post(path, data={"_key": f"k{time.monotonic_ns()}", **fields}, headers=self._cookies[who])
        assert answer.status_code in (200, 303), answer.text
        return answer

    def read(self, name: str, path: str) -> httpx.Response:
        return self._http.get(path, headers=self._cookies[name])


@contextmanager
def district(tmp_path: Path, fault: str = "") -> Iterator[District]:
    env = {"RENLING_LOG_LEVEL": "debug", **({"FAULT": fault} if fault else {})}
    with running(
        tmp_path / "data", "--empty", env=env, module="tests.support.loose_tongue" if fault else "api"
    ) as made:
        yield made


def everything_said(town: Town) -> list[str]:
    """Every field of the API that takes words is filled; the items that now hold them."""
    east, unit, street = town.east, town.units[0], town.street
    said: dict[str, Any] = {"title": TEXT, "note": TEXT, "category": "service"}
    need = east.post("/v1/needs", {**said, "area": EAST, "lines": line(9)})["id"]
    offer = unit.post("/v1/offers", {**said, "lines": line(9)})["id"]
    unit.post(f"/v1/offers/{offer}/pause", {"reason": TEXT})
    claim = unit.post("/v1/claims", {"need": need, "lines": line(3), "note": TEXT})["id"]
    east.post(f"/v1/claims/{claim}/counter", {"lines": line(4), "note": TEXT})
    unit.post(f"/v1/claims/{claim}/acceptance", {"note": TEXT})
    project = unit.get(f"/v1/claims/{claim}")["project"]
    path = f"/v1/projects/{project}"
    unit.post(f"{path}/milestones", {"title": TEXT})
    unit.post(f"{path}/milestones/1/met", {"note": TEXT})
    east.post(f"{path}/dispute", {"reason": TEXT})
    street.post(f"{path}/settlement", {"outcome": "resumed", "reason": TEXT})
    unit.post(f"{path}/delivery", {"note": TEXT})
    east.post(f"{path}/confirmation", {"note": TEXT})
    east.post(f"{path}/feedback", {"note": TEXT})
    unit.post(f"{path}/evaluations", {"score": 5, "note": TEXT})
    (link,) = east.post(f"{path}/evaluation-links", {"count": 1})["links"]
    town.district.http.post(
        "/v1/evaluations", json={"token": link["token"], "score": 5, "note": TEXT}
    ).raise_for_status()
    done = east.post(f"{path}/closure", {"reason": TEXT})
    east.caught_up(done["position"], "/v1/needs")
    return [need, offer, claim, project]


def everybody_named(people: People, items: list[str]) -> None:
    """Contacts for an item and for whole organisations, each looked at once."""
    need = items[0]
    for name in ("east", "unit"):
        people.send(name, "/contacts", about=need, **CONTACT)
        people.send(name, "/contacts", **CONTACT)
    shown = people.send("unit", "/contacts/reveal", about=need, org=EAST)
    assert set(CONTACT.values()) <= set(marks_in(shown.content, CONTACT_MARKS))
    people.send("street", "/contacts/reveal", about=need, org=EAST, reason="verify")


def all_erased(people: People, town: Town, items: list[str]) -> None:
    """Every item's words and every contact, by three people each; until the certificates say that lists are made anew."""
    unit, need = town.unit_ids[0], items[0]
    asked = [("unit" if item.startswith("offer") else "east", {"about": item, "kind": "text"}) for item in items]
    asked[2] = ("unit", asked[2][1])  # the claim is whose it is who proposed it
    for name, org in (("east", EAST), ("unit", unit)):
        asked += [(name, {"about": about, "org": org, "kind": "person"}) for about in (need, "")]
    certificates = []
    for name, fields in asked:
        path = people.send(name, "/erasures", reason="consent", **fields).headers["location"].partition("?")[0]
        people.send("street", f"{path}/approval")
        people.send("security", f"{path}/execution")
        certificates.append((name, path))
    until = time.monotonic() + 60
    while not all("p-done" in people.read(name, path).text for name, path in certificates):
        assert time.monotonic() < until, "the lists were not made anew"
        time.sleep(0.2)


def told(town: Town, people: People) -> dict[str, bytes]:
    """What the API and the pages say to everybody who may ask."""
    http = town.district.http
    answers = {path: http.get(path).content for path in PUBLIC}
    for name, who in (("auditor", town.auditor), ("street", town.street), ("unit", town.units[1])):
        key = {"Authorization": f"Bearer {who._key}"}
        answers |= {f"{name} {path}": http.get(path, headers=key).content for path in API}
    pages = ("/notices", "/desk", "/delegations", "/erasures")
    answers |= {
        f"{name} {path}": people.read(name, path).content for name in ("east", "unit", "street") for path in pages
    }
    return answers


def heard(answers: dict[str, bytes], marks: tuple[str, ...]) -> dict[str, list[str]]:
    return {path: found for path, body in answers.items() if (found := marks_in(body, marks))}


def test_words_and_contacts_lie_in_no_file_in_the_open_and_erased_ones_nowhere_at_all(tmp_path: Path):
    with district(tmp_path) as running_one:
        town = settle(running_one)
        people, items = People(town), everything_said(town)
        everybody_named(people, items)
        assert files_with(tmp_path, TEXT_MARKS, but=LISTS) == {}
        assert files_with(tmp_path, CONTACT_MARKS) == {}
        assert files_with(tmp_path / "data" / "read", TEXT_MARKS)  # the search finds what is there
        before = told(town, people)
        assert heard(before, CONTACT_MARKS) == {}
        assert set(heard(before, TEXT_MARKS)) >= {
            "/lists/needs.xlsx",
            "/lists/needs.json",
            "auditor /v1/events",
            "/board",
        }
        assert "/contacts/reveal" in running_one.log()  # every request was logged
        all_erased(people, town, items)
        assert heard(told(town, people), (*TEXT_MARKS, *CONTACT_MARKS)) == {}
        assert files_with(tmp_path, (*TEXT_MARKS, *CONTACT_MARKS)) == {}
    assert files_with(tmp_path, (*TEXT_MARKS, *CONTACT_MARKS)) == {}
    verified = running_one.command("verify")
    assert verified.returncode == 0, verified.stderr


@pytest.mark.parametrize("fault", ["note_in_the_log", "contact_unsealed", "contact_in_the_access_log"])
def test_the_search_finds_what_a_careless_house_leaves_behind(tmp_path: Path, fault: str):
    with district(tmp_path, fault) as running_one:
        town = settle(running_one)
        people, items = People(town), everything_said(town)
        if fault == "contact_unsealed":  # what lies open cannot be opened again
            people.send("east", "/contacts", **CONTACT)
        else:
            everybody_named(people, items)
        found = files_with(tmp_path, (*TEXT_MARKS, *CONTACT_MARKS), but=LISTS)
    assert {name.partition("/")[2].removesuffix("-wal") or "log" for name in found} <= {
        "log",
        "contacts.db",
        "accounts.db",
    }
    assert found


def test_lists_that_were_not_made_anew_are_found_out(tmp_path: Path):
    with district(tmp_path, "lists_that_remember") as running_one:
        town = settle(running_one)
        people, items = People(town), everything_said(town)
        people.send("east", "/contacts", about=items[0], **CONTACT)
        people.send("east", "/contacts", **CONTACT)
        people.send("unit", "/contacts", about=items[0], **CONTACT)
        people.send("unit", "/contacts", **CONTACT)
        all_erased(people, town, items)
        assert files_with(tmp_path, TEXT_MARKS)
