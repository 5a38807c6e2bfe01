"""Things in every state of their lives, each reached by the commands that people send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from domain.access import SYSTEM
from domain.matching.digest import digest
from domain.matching.policy import NORMAL
from services.command import Ask
from tests.support.engine import credit_code
from tests.support.rights_copy import Thing
from tests.support.rights_town import FEW, HERE, MONEY, OFFICE, Town, need, offer
from tests.support.world import DISTRICT, EAST, STREET, WEST

MOST = [{**MONEY[0], "quantity": 4}, MONEY[1]]  # one place is left for somebody who is invited
STATES = {
    "need": "draft posted open covered met closed rejected withdrawn merged lapsed",
    "offer": "draft published exhausted paused retired expired",
    "claim": "proposed waitlisted accepted fulfilled declined withdrawn expired superseded released failed",
    "joint claim": "invited joined bound",
    "project": "active reported disputed confirmed settled closed aborted",
    "round": "computed published discarded", "unit": "registered suspended", "area": "open", "webhook": "registered",
}  # fmt: skip
OWNERS = {"need": ("committee", "unit", "street"), "offer": ("unit", "committee", "street")}  # the first: of everything else
HIDDEN = {"need": ("draft", "rejected"), "offer": ("draft",)}


async def make(town: Town, target: str, state: str, owner: str | None = None) -> Thing:
    """A new thing in that state; `owner`: the kind of whom it belongs to."""
    builders: dict[str, Callable[..., Awaitable[Thing]]] = {
        "need": _need, "offer": _offer, "claim": _claim, "joint claim": _joint, "project": _project, "unit": _unit,
        "round": _round,
    }  # fmt: skip
    if target in builders:
        return await builders[target](town, state, *([owner] if owner else []))
    if target == "webhook":
        hook = await town.did("unit", "/v1/webhooks", {"url": "http://127.0.0.1:9/in"})
        return _thing(hook["id"], state, town.units[0], owner=town.units[0])
    if target == "area":
        return Thing(id=EAST, state=state, parties=frozenset(), path=HERE)
    return await _new(town, target)


def org_of(town: Town, kind: str) -> str:
    return {"committee": EAST, "unit": town.units[0], "street": OFFICE}[kind]


async def _need(town: Town, state: str, owner: str = "committee") -> Thing:
    path = "/v1/needs/{}/".format
    if state == "lapsed" and owner == "committee":
        id = town.old["need"].pop()
    else:
        id = await need(town, owner, state="draft" if state == "draft" else "posted" if state in ("posted", "rejected") else "open")
    match state:
        case "rejected":
            await town.did("district", path(id) + "rejection")
        case "withdrawn":
            await town.did(owner, path(id) + "withdrawal")
        case "merged":
            await town.did(owner, path(id) + "merge", {"into": await target_of_merges(town)})
        case "covered" | "met" | "closed":
            await _served(town, id, owner, state)
    org = org_of(town, owner)
    return _thing(id, state, org, public=state not in HIDDEN["need"], owner=org)


async def target_of_merges(town: Town) -> str:
    if "merge" not in town.old:
        town.old["merge"] = [await need(town)]
    return town.old["merge"][0]


async def _served(town: Town, id: str, owner: str, state: str) -> None:
    """Another unit gives all of it."""
    claim = (await town.did("unit", "/v1/claims", {"need": id, "lines": MONEY}, "other unit"))["id"]
    await town.did(owner, f"/v1/claims/{claim}/acceptance")
    if state != "covered":
        project = await _project_of(town, claim)
        await town.did("unit", f"{project}/delivery", relation="other unit")
        await town.did(owner, f"{project}/confirmation")
        if state == "closed":
            await town.did(owner, f"{project}/closure", {"reason": "已办完"})


async def _project_of(town: Town, claim: str) -> str:
    held = await town.house.engine.streams.load(claim)
    assert held is not None
    return f"/v1/projects/{held.state.project}"


async def _offer(town: Town, state: str, owner: str = "unit") -> Thing:
    if state == "expired" and owner == "unit":
        id = town.old["offer"][0]
    else:
        id = (await town.did(owner, "/v1/offers", {**offer(), "draft": state == "draft"}))["id"]
    if state in ("paused", "retired"):
        await town.did(owner, f"/v1/offers/{id}/" + {"paused": "pause", "retired": "retirement"}[state])
    if state == "exhausted":
        await town.did("committee", "/v1/claims", {"offer": id, "lines": FEW}, "other neighbourhood")
    org = org_of(town, owner)
    return _thing(id, state, org, path=_home(owner), public=state not in HIDDEN["offer"], owner=org)


def _home(owner: str) -> tuple[str, ...]:
    """An offer lies where its owner is at home."""
    return HERE if owner == "committee" else HERE[1:]


async def _claim(town: Town, state: str) -> Thing:
    own = town.units[0]
    wanted = await need(town)
    path = "/v1/claims/{}/".format
    if state == "waitlisted":
        first = (await town.did("unit", "/v1/claims", {"need": wanted, "lines": MONEY}, "other unit"))["id"]
        await town.did("committee", path(first) + "acceptance")
    if state == "expired":
        id = town.old["claim"][0]
    else:
        id = (await town.did("unit", "/v1/claims", {"need": wanted, "lines": MOST}))["id"]
    if state in ("accepted", "released", "fulfilled", "failed"):
        await town.did("committee", path(id) + "acceptance")
    match state:
        case "declined":
            await town.did("committee", path(id) + "refusal")
        case "withdrawn":
            await town.did("unit", path(id) + "withdrawal")
        case "superseded":
            await town.did("committee", f"/v1/needs/{wanted}/withdrawal")
        case "released":
            await town.did("unit", path(id) + "release")
        case "fulfilled":
            project = await _project_of(town, id)
            await town.did("unit", f"{project}/delivery")
            await town.did("committee", f"{project}/confirmation")
        case "failed":
            project = await _project_of(town, id)
            await town.did("committee", f"{project}/dispute", {"reason": "没有来"})
            await town.did("street", f"{project}/settlement", {"outcome": "failed"})
    return _thing(id, state, own, EAST, provider=own, proposer=own, receiver=EAST, awaited=EAST)


async def _joint(town: Town, state: str) -> Thing:
    """Unit 0 leads, unit 1 is the member."""
    lead, member = town.units[:2]
    two = [{**FEW[0], "quantity": 2}]
    body = {"need": await need(town), "lines": two, "members": [{"org": member, "lines": two}]}
    id = (await town.did("unit", "/v1/claims", body))["id"]
    if state in ("joined", "bound"):
        await town.did("unit", f"/v1/claims/{id}/members/{member}/acceptance", relation="other unit")
    if state == "bound":
        await town.did("committee", f"/v1/claims/{id}/acceptance")
    return _thing(id, state, lead, member, EAST, provider=lead, member=member, receiver=EAST)


async def _project(town: Town, state: str) -> Thing:
    """Unit 0 gives, the neighbourhood receives; one milestone is planned. Disputes are the neighbourhood's."""
    claim = await _claim(town, "accepted")
    project = await _project_of(town, claim.id)
    await town.did("unit", f"{project}/milestones", {"title": "第一次"})
    if state in ("reported", "confirmed", "closed"):
        await town.did("unit", f"{project}/delivery")
    if state in ("confirmed", "closed"):
        await town.did("committee", f"{project}/confirmation")
    if state in ("disputed", "settled"):
        await town.did("committee", f"{project}/dispute", {"reason": "没有来"})
    if state == "settled":
        await town.did("street", f"{project}/settlement", {"outcome": "delivered"})
    if state == "closed":
        await town.did("committee", f"{project}/closure", {"reason": "已办完"})
    if state == "aborted":
        await town.did("unit", f"/v1/claims/{claim.id}/release")
    return _thing(project.rpartition("/")[2], state, town.units[0], EAST, provider=town.units[0], receiver=EAST)


async def _round(town: Town, state: str) -> Thing:
    """The street's; `old["pair"]` is one that could be decided about."""
    if "pair" not in town.old:
        town.old["pair"] = [await need(town), (await _offer(town, "published")).id]
    id = (await town.did("street", "/v1/rounds", {"area": STREET, "category": "venue"}))["id"]
    if state != "computed":
        await town.did("street", f"/v1/rounds/{id}/" + {"published": "publication", "discarded": "discard"}[state])
    return _thing(id, state, path=(STREET, DISTRICT))


async def _unit(town: Town, state: str) -> Thing:
    id = (await town.did("district", "/v1/units", new_unit(town)))["id"]
    if state == "suspended":
        await town.did("district", f"/v1/units/{id}/suspension")
    return _thing(id, state, path=(STREET, DISTRICT), public=True)


def new_unit(town: Town) -> dict[str, Any]:
    return {"name": "新单位", "code": credit_code(next(town.codes)), "kind": "医院", "areas": [STREET]}


async def _new(town: Town, target: str) -> Thing:
    """What is not there yet: who may make it, and where it would lie. `id`: what it would be made from."""
    own, other, third, far = town.units
    everybody = {own, other, third, far, EAST, WEST, "310101002001"}
    tiers = {person.org for person in town.people if person.kind in ("street", "district")}
    match target:
        case "word":
            project = await _project(town, "confirmed")
            links = (await town.did("committee", f"/v1/projects/{project.id}/evaluation-links"))["links"]
            return _new_thing(set(), HERE, id=links[0]["token"])
        case "new need" | "import needs":
            return _new_thing({own, other, third, EAST}, HERE)
        case "new offer" | "import offers":
            return _new_thing(everybody | tiers, ())
        case "own unit":
            return _new_thing({own}, HERE[1:], id=own)
        case "new webhook":
            return _new_thing({person.org for person in town.people}, ())
        case "claim of need":
            return _new_thing(everybody - {EAST}, HERE, id=await need(town))
        case "claim of offer":
            return _new_thing(everybody - {own}, HERE, id=(await _offer(town, "published")).id)
        case "match":
            both = f"{await need(town)} {(await _offer(town, 'published')).id}"
            return _new_thing({own, EAST}, HERE, id=both)
        case "district rules":
            return _new_thing(set(), (DISTRICT,))
        case "drafted policy" | "compared policy":
            return _new_thing(set(), (DISTRICT,), id=await _drafted(town, compared=target.startswith("compared")))
    return _new_thing(set(), (STREET, DISTRICT))


async def _drafted(town: Town, *, compared: bool) -> str:
    """The digest of a draft of the matching policy that nobody of the town wrote."""
    policies, number = town.house.engine.policies, next(town.numbers)
    draft = replace(NORMAL, waiting_days=100 + number % 3000)
    ask = Ask(principal=SYSTEM, key=f"draft-{number}", fingerprint="draft")
    await policies.draft(ask, draft, variant="matching")
    if compared:
        await policies.compare(replace(ask, key=f"compare-{number}"))
    return digest(draft)


def _new_thing(orgs: set[str], path: tuple[str, ...], id: str = "") -> Thing:
    may = frozenset(orgs)
    return Thing(id=id, state="new", parties=may, path=path, parts={"owner": may, "claimant": may})


def _thing(id: str, state: str, *orgs: str, path: tuple[str, ...] = HERE, public: bool = False, **parts: str) -> Thing:
    return Thing(
        id=id, state=state, parties=frozenset(orgs), path=path, public=public,
        parts={name: frozenset({org}) for name, org in parts.items()},
    )  # fmt: skip
