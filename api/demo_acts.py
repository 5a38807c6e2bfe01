"""What people do in the live demonstration: each act looks at the district, does one thing and says what it was."""

from __future__ import annotations

from collections.abc import Callable

from api.demo_town import Doc, NotDone, Town
from services.demonstration import traits
from services.demonstration.cast import Actor

Act = Callable[[Town], str]
MONEY = ("分", "fen")
ROUND_FEN = 100_000


def post_need(town: Town) -> str:
    dice = town.dice()
    thing, who = dice.pick([t for t in town.words.things if not t.windows]), dice.pick(town.committees)
    title = town.stage.title(thing.needs, thing.topic, dice, who)
    line = {"kind": thing.kind, "quantity": dice.between(*thing.asks), "unit": thing.unit}
    body = {
        "title": title, "category": thing.category, "area": who.home, "lines": [line], "urgency": dice.below(4),
        "beneficiaries": dice.between(10, 200), "note": town.say("need_note"), **town.known(traits.asks(dice, thing)),
    }  # fmt: skip
    done = town.act(who.who.org, "/v1/needs", body)
    return f"{who.name}发布需求 {done['number']}：{title}（{line['quantity']} {line['unit']}）"


def post_offer(town: Town) -> str:
    dice = town.dice()
    who = dice.pick(town.units)
    things = [t for t in town.words.things if not t.windows and who.kind in t.by]
    thing = dice.pick(things or [t for t in town.words.things if not t.windows])
    title = town.stage.title(thing.offers, thing.topic, dice, who, touch=500)
    quantity = dice.between(*thing.gives)
    line = {"kind": thing.kind, "quantity": quantity, "unit": thing.unit}
    body = {"title": title, "category": thing.category, "lines": [line], "note": town.say("offer_note")}
    body |= town.known(traits.gives(dice, thing, quantity))
    done = town.act(who.who.org, "/v1/offers", body)
    return f"{who.name}发布资源 {done['number']}：{title}（{quantity} {thing.unit}）"


def claim_need(town: Town) -> str:
    for need in town.some("needs", status="open"):
        lines = [_part(town, line, whole=600) for line in need["lines"] if line["free"] > 0]
        unit = _giver(town, need["lines"][0]["kind"])
        if lines and not need["windows"] and unit.who.org != need["owner"]:
            body = {"need": need["id"], "lines": lines, "note": town.say("claim_note")}
            done = town.act(unit.who.org, "/v1/claims", body)
            return f"{unit.name}认领需求“{need['title']}” {done['number']}"
    raise NotDone("没有可认领的需求")


def claim_offer(town: Town) -> str:
    for offer in town.some("offers", status="published"):
        lines = [_part(town, line, whole=50) for line in offer["lines"][:1] if line["free"] > 0]
        near = [each for each in town.within(offer["reach"]) if each.who.org != offer["owner"]]
        if lines and near and not offer["windows"]:
            who = town.chance.choice(near)
            body = {"offer": offer["id"], "lines": lines, "note": town.say("claim_note")}
            done = town.act(who.who.org, "/v1/claims", body)
            return f"{who.name}认领资源“{offer['title']}” {done['number']}"
    raise NotDone("没有可认领的资源")


def answer(town: Town) -> str:
    for claim in town.some("claims", status="proposed"):
        if claim["awaiting"]:
            return _answered(town, claim, town.chance.choice(claim["awaiting"]))
    raise NotDone("没有等待答复的认领")


def report(town: Town) -> str:
    project = _one(town, "active")
    town.act(project["provider"], f"/v1/projects/{project['id']}/delivery", {"note": town.say("report")})
    return f"{town.name(project['provider'])}报告完成“{project['title']}” {project['number']}"


def confirm(town: Town) -> str:
    project = _one(town, "reported")
    body = {"beneficiaries": town.chance.randint(10, 150), "note": town.say("confirm")}
    town.act(project["receiver"], f"/v1/projects/{project['id']}/confirmation", body)
    return f"{town.name(project['receiver'])}确认收到“{project['title']}” {project['number']}"


def conclude(town: Town) -> str:
    """The next of what a confirmed project still lacks: feedback, the two evaluations, the closing."""
    project = _one(town, "confirmed,settled")
    path, receiver = f"/v1/projects/{project['id']}", project["receiver"]
    said = {evaluation["role"] for evaluation in project["evaluations"]}
    if not project["fed_back"]:
        town.act(receiver, f"{path}/feedback", {"note": town.say("feedback")})
        return f"{town.name(receiver)}已向居民反馈“{project['title']}”"
    for role in ("receiver", "provider"):
        if role not in said:
            score = town.chance.choice((5, 5, 5, 4, 4, 3))
            town.act(project[role], f"{path}/evaluations", {"score": score, "note": town.say("evaluation")})
            return f"{town.name(project[role])}评价“{project['title']}”：{score} 分"
    town.act(receiver, f"{path}/closure")
    return f"“{project['title']}”办结 {project['number']}"


# So often of a hundred: about as many are concluded as are agreed, so that the desks neither fill up nor run dry.
ACTS: tuple[tuple[Act, int], ...] = (
    (post_need, 9), (post_offer, 6), (claim_need, 13), (claim_offer, 8), (answer, 19), (report, 9), (confirm, 9),
    (conclude, 27),
)  # fmt: skip


def _answered(town: Town, claim: Doc, org: str) -> str:
    path, about = f"/v1/claims/{claim['id']}", f"“{claim['title']}” {claim['number']}"
    if any(member["org"] == org and member["status"] == "invited" for member in claim["members"]):
        town.act(org, f"{path}/members/{org}/acceptance")
        return f"{town.name(org)}加入联合认领{about}"
    line = claim["lines"][0]
    roll = town.chance.random()
    if roll < 0.1:
        town.act(org, f"{path}/refusal", {"reason": town.say("decline")})
        return f"{town.name(org)}谢绝认领{about}"
    if roll < 0.2 and line["quantity"] > 2 and line["unit"] not in MONEY and not claim["members"]:
        less = {"kind": line["kind"], "quantity": line["quantity"] // 2, "unit": line["unit"]}
        town.act(org, f"{path}/counter", {"lines": [less], "note": town.say("counter")})
        return f"{town.name(org)}还价{about}：{less['quantity']} {less['unit']}"
    town.act(org, f"{path}/acceptance", {"note": town.say("confirm")})
    return f"{town.name(org)}接受认领{about}"


def _one(town: Town, status: str) -> Doc:
    found = town.some("projects", status=status)
    if not found:
        raise NotDone(f"没有可办理的项目（{status}）")
    return found[0]


def _giver(town: Town, kind: str) -> Actor:
    """A unit that gives such things, or any unit."""
    kinds = {by for thing in town.words.things if thing.kind == kind for by in thing.by}
    return town.chance.choice([unit for unit in town.units if unit.kind in kinds] or town.units)


def _part(town: Town, line: Doc, *, whole: int) -> Doc:
    """What is free of a line; in `whole` of a thousand cases all of it."""
    free = line["free"]
    quantity = free if town.chance.randrange(1000) < whole else max(free // town.chance.randint(2, 6), 1)
    if line["unit"] in MONEY:
        quantity = quantity // ROUND_FEN * ROUND_FEN or free
    return {"kind": line["kind"], "quantity": quantity, "unit": line["unit"]}
