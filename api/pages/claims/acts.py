"""The acts of a claim by form: what their buttons say, and what each of them asks the engine for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from api.bodies import ActIn
from api.fields import lines_of
from api.pages.acts import Act
from api.pages.claims import terms
from api.pages.claims.propose import unit_called
from api.pages.forms import Form
from domain.claim import ClaimState
from domain.need import NeedState
from domain.offer import OfferState
from services.command import Ask, Done
from services.engine import Engine

CLAIM: Mapping[str, Act] = {
    "acceptance": Act(word="接受", first=True, when="只有待答复的认领可以接受。"),
    "joining": Act(word="确认加入", first=True, when="只有待答复的认领可以加入。"),
    "counter": Act(word="换个条件", when="只有待答复的认领可以还价。"),
    "refusal": Act(word="谢绝", when="只有待答复的认领可以谢绝。"),
    "declining": Act(word="谢绝加入", when="只有待答复的认领可以谢绝加入。"),
    "members": Act(word="邀请单位", when="只有待答复的认领可以邀请其他单位。"),
    "lead": Act(word="移交牵头", when="认领待答复、候补或已成立时可以移交牵头。"),
    "leaving": Act(word="退出联合认领", when="认领待答复、候补或已成立时可以退出。"),
    "withdrawal": Act(word="撤回认领", when="只有待答复和候补中的认领可以撤回。"),
    "release": Act(word="解除认领", when="只有已成立、尚未报告交付的认领可以解除。"),
    "reinstatement": Act(word="恢复认领", first=True, when="只有已解除的认领可以恢复。"),
}

Item = NeedState | OfferState | None
Do = Callable[[Engine, Ask, ClaimState, Item, Form], Awaitable[Done]]


async def _accept(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.claims.accept(ask, claim.id, note=form.read(ActIn).remark())


async def _counter(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    """Other quantities, another window, or both; what was left as it is changes nothing."""
    window = terms.chosen(form["window"], item.content.windows if item else ())
    lines = None if claim.terms.members else lines_of(terms.typed_lines(form))
    note = form["note"].strip() or None
    return await engine.claims.counter(ask, claim.id, lines=lines, window=window, note=note)


async def _refuse(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.claims.refuse(ask, claim.id, reason=form.read(ActIn).why())


async def _withdraw(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.claims.withdraw(ask, claim.id, reason=form.read(ActIn).why())


async def _release(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.claims.release(ask, claim.id, reason=form.read(ActIn).why())


async def _reinstate(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.claims.reinstate(ask, claim.id, reason=form.read(ActIn).why())


async def _invite(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    org = await unit_called(engine, form["org"].strip(), "org")
    return await engine.joint.invite(ask, claim.id, org=org, lines=lines_of(terms.typed_lines(form)))


async def _join(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.joint.join(ask, claim.id, org=_own(ask))


async def _decline(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.joint.refuse(ask, claim.id, org=_own(ask), reason=form.read(ActIn).why())


async def _leave(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.joint.leave(ask, claim.id, org=_own(ask), reason=form.read(ActIn).why())


async def _lead(engine: Engine, ask: Ask, claim: ClaimState, item: Item, form: Form) -> Done:
    return await engine.joint.change_lead(ask, claim.id, org=form["org"])


def _own(ask: Ask) -> str:
    """A member speaks for itself."""
    return ask.on_behalf_of or ask.principal.org


DO: Mapping[str, tuple[Do, str]] = {  # act -> what it does, what the page says then
    "acceptance": (_accept, "answered"), "counter": (_counter, "answered"), "refusal": (_refuse, "answered"),
    "joining": (_join, "answered"), "declining": (_decline, "answered"), "members": (_invite, "done"),
    "lead": (_lead, "done"), "leaving": (_leave, "done"), "withdrawal": (_withdraw, "withdrawn"),
    "release": (_release, "done"), "reinstatement": (_reinstate, "answered"),
}  # fmt: skip
