"""Why not: whatever a page offers can be done, and whatever it does not offer is refused for the reason that it gives; shown
by really trying every act in every state by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.pages.acts import Act, why_not
from api.pages.claims.acts import CLAIM
from api.pages.item_acts import NEED, OFFER
from api.pages.projects.acts import PROJECT
from api.pages.words import STATUSES, Tongue
from domain.access import Principal
from services import sight
from services.rehearsal import Verdicts, rehearsal
from services.rehearsal_bound import of_claim, of_project
from tests.support.engine import DISTRICT, STREET, House, opened_house, people
from tests.support.item_states import STORIES, posted

PEOPLE = ("east", "west", "unit0", "unit1", "unit2", "street", "district", "auditor")
WORDS: dict[str, dict[str, Act]] = {"need": dict(NEED), "offer": dict(OFFER), "claim": dict(CLAIM), "project": dict(PROJECT)}
OTHER = {"need": "offer", "offer": "need"}  # what a coordinator brings together with it


@dataclass(frozen=True)
class Try:
    """One act over HTTP. `body` makes what it needs; `path` is that of the act below the item."""

    path: str
    body: dict[str, Any]


TRIES: dict[str, dict[str, Try]] = {
    "need": {
        "publication": Try("publication", {}), "amendment": Try("PATCH", {"title": "另一个标题"}),
        "endorsement": Try("endorsement", {}), "rejection": Try("rejection", {}), "withdrawal": Try("withdrawal", {}),
        "reopening": Try("reopening", {}), "merge": Try("merge", {"into": "OTHER"}), "claim": Try("CLAIM", {}),
    },
    "offer": {
        "publication": Try("publication", {}), "amendment": Try("PATCH", {"title": "另一个标题"}), "pause": Try("pause", {}),
        "resumption": Try("resumption", {}), "retirement": Try("retirement", {}), "claim": Try("CLAIM", {}),
    },
    "claim": {
        "acceptance": Try("acceptance", {}), "counter": Try("counter", {"lines": people(3)}), "refusal": Try("refusal", {}),
        "withdrawal": Try("withdrawal", {}), "release": Try("release", {}), "reinstatement": Try("reinstatement", {}),
        "members": Try("members", {"org": "SPARE", "lines": people(1)}), "lead": Try("lead", {"org": "JOINED"}),
        "joining": Try("members/ME/acceptance", {}), "declining": Try("members/ME/refusal", {}),
        "leaving": Try("members/ME/withdrawal", {}),
    },
    "project": {
        "delivery": Try("delivery", {}), "confirmation": Try("confirmation", {}), "feedback": Try("feedback", {"note": "办好了"}),
        "evaluations": Try("evaluations", {"score": 5}), "milestones": Try("milestones", {"title": "踩点"}),
        "marks": Try("milestones/1/slip", {}), "funds": Try("funds", {"kind": "received", "amount_fen": 1}),
        "dispute": Try("dispute", {"reason": "有异议"}), "settlement": Try("settlement", {"outcome": "resumed"}),
        "evaluation-links": Try("evaluation-links", {}), "closure": Try("closure", {"reason": "到此为止"}),
    },
}  # fmt: skip


CASES = [(kind, state) for kind, stories in STORIES.items() for state in stories]


def principal(house: House, name: str) -> Principal:
    roles = {"east": "committee", "west": "committee", "street": "street", "district": "district", "auditor": "auditor"}
    area = {"street": STREET, "district": DISTRICT}.get(name)
    record = house.keys.find(house[name].key or "")
    assert record is not None
    return Principal(id=f"key-{record.id}", role=roles.get(name, record.role), org=house[name].org, area=area)


async def verdicts_of(house: House, who: Principal | None, kind: str, id: str) -> Verdicts | None:
    """None where the item is not there for them."""
    held = await house.engine.streams.committed(id)
    assert held is not None
    if who is not None and not await sight.may_see(house.engine.streams, who, held.state):
        return None
    rehearsed = await rehearsal(house.engine.streams, who)
    assert rehearsed is not None
    match kind:
        case "need":
            return await rehearsed.need(held.state)
        case "offer":
            return await rehearsed.offer(held.state)
        case "claim":
            return await of_claim(rehearsed, held.state)
    return {act: why for act, why in (await of_project(rehearsed, held.state)).items() if act != "abort"}


async def really(house: House, name: str, kind: str, id: str, act: str) -> httpx.Response:
    """What the API says when it is tried."""
    each, caller = TRIES[kind][act], house[name]
    body = {key: await _made(house, value, id) for key, value in each.body.items()}
    if each.path == "CLAIM":
        both = {} if name not in ("street", "district") else {OTHER[kind]: await posted(OTHER[kind])(house)}
        return await caller.post("/v1/claims", {kind: id, **both, "lines": people(1)})
    if each.path == "PATCH":
        return await caller.act("PATCH", f"/v1/{kind}s/{id}", body)
    return await caller.post(f"/v1/{kind}s/{id}/{each.path}".replace("ME", caller.org), body)


async def _made(house: House, value: Any, id: str) -> Any:
    match value:
        case "OTHER":
            return await posted("need")(house)
        case "SPARE":
            return house.units[3]
        case "JOINED":
            return house.units[1]
    return value


@pytest.mark.parametrize(("kind", "state"), CASES)
async def test_what_is_offered_can_be_done_and_what_is_not_is_refused_for_that_reason(tmp_path, kind: str, state: str):
    wrong = []
    async with opened_house(tmp_path) as house:
        asked = await STORIES[kind][state](house)
        for name in PEOPLE:
            verdicts = await verdicts_of(house, principal(house, name), kind, asked)
            for act, why in (verdicts or {}).items():
                id = await STORIES[kind][state](house) if why is None else asked  # what succeeds is tried on another one
                answer = await really(house, name, kind, id, act)
                if not _agrees(house, name, kind, act, why, answer):
                    wrong.append(f"{name} {act}: {why and why.code} but {answer.status_code} {answer.text[:150]}")
    assert wrong == []


def _agrees(house: House, name: str, kind: str, act: str, why: Any, answer: httpx.Response) -> bool:
    """The page's word and the engine's: the same code, or the page's kinder one for "not yours" and "already"."""
    if why is None:
        return answer.is_success
    code = answer.json().get("code", "")
    if why.code == "act.already":
        return answer.is_success
    if why.code in ("access.by_others", "access.reads_only"):
        return answer.status_code in (403, 404)
    if answer.is_success and why.code == "need.wrong_state":
        return act in ("merge", "amendment")  # a draft may be merged, what is met be amended, by whoever insists
    if why.code == "claim.no_capacity" and kind == "offer":
        return code in ("claim.no_capacity", "offer.not_open")
    if why.code.endswith(".not_open") and name in ("street", "district"):
        return code in (why.code, "item.not_found")  # they see drafts, and claims of a draft do not
    return bool(code == why.code)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_every_reason_is_a_sentence_that_names_no_state_by_its_code(tmp_path, lang: str):
    codes = {status for statuses in STATUSES.values() for status in statuses}
    async with opened_house(tmp_path) as house:
        for kind, state in CASES:
            id = await STORIES[kind][state](house)
            doc = await house["auditor"].sees(f"/v1/{kind}s/{id}")
            for name in (None, *PEOPLE):
                verdicts = await verdicts_of(house, principal(house, name) if name else None, kind, id) or {}
                for act, why in verdicts.items():
                    told = why_not(kind, WORDS[kind][act], why, doc, Tongue(lang)) if why else "。"
                    assert told.endswith(("。", ".", "！")), (kind, state, name, act, told)
                    assert lang == "en" or not [c for c in codes if f"“{c}”" in told or f"（{c}）" in told or "unit-" in told], told


async def test_nobody_is_offered_what_the_engine_does_not_list(tmp_path):
    """Of the acts that both know: the buttons of a page are those of the API's `acts`."""
    async with opened_house(tmp_path) as house:
        for kind, state in CASES:
            id = await STORIES[kind][state](house)
            for name in PEOPLE:
                verdicts = await verdicts_of(house, principal(house, name), kind, id)
                if verdicts is None:
                    continue
                listed = set((await house[name].sees(f"/v1/{kind}s/{id}"))["acts"])
                offered = {act for act, why in verdicts.items() if why is None}
                named = {"joining": "membership", "declining": "membership", "leaving": "", "marks": "milestones"}
                unlisted = {act for act in offered if (named.get(act, act) or act) not in listed}
                unlisted -= {"leaving", "evaluation-links"}  # not told by the state; the first test really tries them
                brings_together = {"claim"} if name in ("street", "district") else set()
                assert unlisted - brings_together == set(), (kind, state, name)


def test_every_state_of_an_item_is_told():
    for kind in STORIES:
        told = {state.partition(",")[0].partition(" ")[0] for state in STORIES[kind]}
        assert len(told) >= len(STATUSES[kind]) - 4
