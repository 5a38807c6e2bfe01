"""Needs, offers, claims and projects in every state that they can be in, each made by its own short story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.engine import House, need, offer, people

Story = Callable[[House], Awaitable[str]]  # makes an item and gives its id
BODIES: dict[str, dict[str, Any]] = {
    "feedback": {"note": "办好了"}, "evaluations": {"score": 5}, "milestones": {"title": "踩点"}, "dispute": {"reason": "有异议"},
    "settlement": {"outcome": "resumed"}, "closure": {"reason": "到此为止"},
}  # fmt: skip


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
                await house[name].did(f"/v1/projects/{found}/{act}", (bodies or {}).get(act, BODIES.get(act, {})))
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
