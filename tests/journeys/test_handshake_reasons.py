"""Why not: whatever a page offers can be done, and whatever it does not offer is refused for the reason that it gives; shown
by really trying every act in every state by everybody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
from tests.support.engine import DISTRICT, EAST, STREET, House, need, offer, opened_house, people

Story = Callable[[House], Awaitable[str]]  # makes an item and gives its id
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


# ---- items in every state


def drafted(kind: str) -> Story:
    async def story(house: House) -> str:
        who, body = ("east", need(20, draft=True)) if kind == "need" else ("unit0", offer(20, draft=True))
        return str((await house[who].did(f"/v1/{kind}s", body))["id"])

    return story


def posted(kind: str, *acts: tuple[str, str]) -> Story:
    """Posted, and then (who, act) in turn."""

    async def story(house: House) -> str:
        who, body = ("east", need(20)) if kind == "need" else ("unit0", offer(20))
        id = str((await house[who].did(f"/v1/{kind}s", body))["id"])
        for name, act in acts:
            await house[name].did(f"/v1/{kind}s/{id}/{act}")
        return id

    return story


def taken(kind: str, quantity: int, *, until: str = "acceptance") -> Story:
    """Some or all of it claimed."""

    async def story(house: House) -> str:
        id = await posted(kind)(house)
        claimer, owner = ("unit0", "east") if kind == "need" else ("east", "unit0")
        claim = (await house[claimer].did("/v1/claims", {kind: id, "lines": people(quantity)}))["id"]
        if until != "proposal":
            await house[owner].did(f"/v1/claims/{claim}/acceptance")
        if until in ("delivery", "closure"):
            project = (await house["auditor"].sees(f"/v1/claims/{claim}"))["project"]
            giver, getter = ("unit0", "east")
            await house[giver].did(f"/v1/projects/{project}/delivery")
            await house[getter].did(f"/v1/projects/{project}/confirmation")
            if until == "closure":
                await house[getter].did(f"/v1/projects/{project}/closure", {"reason": "试验"})
        return id

    return story


async def merged(house: House) -> str:
    stays, id = await posted("need")(house), await posted("need")(house)
    await house["east"].did(f"/v1/needs/{id}/merge", {"into": stays})
    return id


def claim(*acts: tuple[str, str], joint: bool = False, quantity: int = 12, **more: Any) -> Story:
    """unit0 claims east's need, with unit1 in a joint claim; then (who, act)."""

    async def story(house: House) -> str:
        wanted = await posted("need")(house)
        members = [{"org": house.units[1], "lines": people(3)}] if joint else []
        body = {"need": wanted, "lines": people(quantity), "members": members, **more}
        id = str((await house["unit0"].did("/v1/claims", body))["id"])
        for name, act in acts:
            await house[name].did(f"/v1/claims/{id}/{act}".replace("ME", house[name].org), {"lines": people(4)} if act == "counter" else {})
        return id

    return story


async def waiting(house: House) -> str:
    wanted = await taken("need", 20)(house)
    return str((await house["unit1"].did("/v1/claims", {"need": wanted, "lines": people(5)}))["id"])


async def short(house: House) -> str:
    """Two have asked for more together than there is; one was accepted."""
    wanted = await posted("need")(house)
    first, second = [
        (await house[name].did("/v1/claims", {"need": wanted, "lines": people(15)}))["id"] for name in ("unit0", "unit1")
    ]
    await house["east"].did(f"/v1/claims/{second}/acceptance")
    return str(first)


def project(*acts: tuple[str, str], bodies: dict[str, Any] | None = None, money: bool = False, joint: bool = False) -> Story:
    async def story(house: House) -> str:
        lines = [{"kind": "助学款", "quantity": 1000, "unit": "分"}] if money else people(12)
        wanted = (await house["east"].did("/v1/needs", need(lines=lines)))["id"]
        members = [{"org": house.units[1], "lines": people(3)}] if joint else []
        id = (await house["unit0"].did("/v1/claims", {"need": wanted, "lines": people(9) if joint else lines, "members": members}))["id"]
        if joint:
            await house["unit1"].did(f"/v1/claims/{id}/members/{house.units[1]}/acceptance")
        await house["east"].did(f"/v1/claims/{id}/acceptance")
        found = str((await house["auditor"].sees(f"/v1/claims/{id}"))["project"])
        for name, act in acts:
            if act == "release":
                await house[name].did(f"/v1/claims/{id}/release")
            else:
                await house[name].did(f"/v1/projects/{found}/{act}", (bodies or {}).get(act, TRIES["project"].get(act, Try("", {})).body))
        return found

    return story


as_delivered, as_failed = {"settlement": {"outcome": "delivered"}}, {"settlement": {"outcome": "failed"}}
DELIVERED = (("unit0", "delivery"), ("east", "confirmation"))
DONE = (*DELIVERED, ("east", "feedback"), ("east", "evaluations"), ("unit0", "evaluations"))
STORIES: dict[str, dict[str, Story]] = {
    "need": {
        "draft": drafted("need"), "open": posted("need"), "open, partly claimed": taken("need", 5),
        "open, asked for": taken("need", 5, until="proposal"), "covered": taken("need", 20),
        "met": taken("need", 20, until="delivery"), "closed": taken("need", 20, until="closure"),
        "withdrawn": posted("need", ("east", "withdrawal")), "merged": merged,
    },
    "offer": {
        "draft": drafted("offer"), "published": posted("offer"), "published, partly held": taken("offer", 5, until="proposal"),
        "exhausted": taken("offer", 20), "paused": posted("offer", ("unit0", "pause")),
        "retired": posted("offer", ("unit0", "retirement")),
    },
    "claim": {
        "proposed": claim(), "proposed, joint": claim(joint=True), "joint, joined": claim(("unit1", "members/ME/acceptance"), joint=True),
        "countered": claim(("east", "counter")), "waitlisted": waiting, "proposed, too much": short,
        "accepted": claim(("east", "acceptance")), "declined": claim(("east", "refusal")),
        "joint, accepted": claim(("unit1", "members/ME/acceptance"), ("east", "acceptance"), joint=True),
        "withdrawn": claim(("unit0", "withdrawal")), "released": claim(("east", "acceptance"), ("unit0", "release")),
        "released, asked back": claim(("east", "acceptance"), ("unit0", "release"), ("unit0", "reinstatement")),
    },
    "project": {
        "active": project(), "active, money": project(money=True), "active, milestone": project(("unit0", "milestones")),
        "active, joint": project(joint=True), "reported": project(("unit0", "delivery")), "confirmed": project(*DELIVERED),
        "done": project(*DONE), "closed": project(*DONE, ("east", "closure")), "aborted": project(("unit0", "release")),
        "disputed": project(("unit0", "dispute")), "disputed late": project(*DELIVERED, ("east", "dispute")),
        "settled": project(("unit0", "delivery"), ("east", "dispute"), ("street", "settlement"), bodies=as_delivered),
        "failed": project(("unit0", "dispute"), ("street", "settlement"), bodies=as_failed, money=True),
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
                unlisted = {act for act in offered if (named.get(act, act) or act) not in listed} - {"leaving"}
                unlisted -= {"evaluation-links"} if state == "closed" else set()  # residents may still be asked
                brings_together = {"claim"} if name in ("street", "district") else set()
                assert unlisted - brings_together == set(), (kind, state, name)


def test_every_state_of_an_item_is_told():
    assert EAST
    for kind in STORIES:
        told = {state.partition(",")[0].partition(" ")[0] for state in STORIES[kind]}
        assert len(told) >= len(STATUSES[kind]) - 4
