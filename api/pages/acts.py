"""What somebody may do with an item now, as buttons, and a sentence for every act that is not offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.pages.forms import Form, blank
from api.pages.site import link
from api.pages.words import Tongue, bases, status_word
from domain.access import Principal
from domain.events import Refused
from services import sight
from services.engine import Engine
from services.items import State
from services.rehearsal import Verdicts

Doc = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of a page. `asks`: its form is shown first; `page`: it has a page of its own. `when` says in which state
    it is possible."""

    word: str
    when: str = ""
    asks: bool = True
    page: str = ""
    first: bool = False  # what most people came for


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """For whom somebody acts: `org` (None: for their own), called `name`; `could`: (link, name) of those they may act for."""

    org: str | None = None
    name: str = ""
    could: Sequence[tuple[str, str]] = ()


OWN = Seat()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """`chosen`: the act whose form is open. `refused`: (word, sentence). `meanwhile`: what others did since the form was
    filled in."""

    offered: Sequence[Mapping[str, Any]]
    refused: Sequence[tuple[str, str]]
    chosen: str
    form: Form
    base: str
    action: str
    version: int
    fields: str  # the template with the fields of each act
    meanwhile: Sequence[str] = ()
    logged_in: bool = True
    open: bool = False
    cancel: bool = True  # whether it was asked for; what opens by itself cannot be put away
    seat: Seat = field(default_factory=lambda: OWN)
    bases: Sequence[tuple[str, str]] = ()


def panel(
    kind: str, acts: Mapping[str, Act], verdicts: Verdicts, doc: Doc, say: Tongue, *, form: Form | None = None,
    chosen: str = "", fields: str = "", meanwhile: Sequence[str] = (), logged_in: bool = True, turn: str = "", seat: Seat = OWN,
) -> Panel:  # fmt: skip
    """`turn`: the act that opens when none is chosen. `form`: what was typed and refused; that act stays open even when it
    is possible no more."""
    base, cancel, chosen = f"/{kind}s/{doc['id']}", bool(chosen), chosen or turn
    possible = [name for name in acts if name in verdicts and verdicts[name] is None]
    asked = chosen in acts and (acts[chosen].asks or seat.org is not None) and not acts[chosen].page
    chosen = chosen if asked and (form is not None or chosen in possible) else ""
    offered = [_offered(base, name, acts[name], chosen, seat) for name in possible]
    refused = [(acts[n].word, why_not(kind, acts[n], why, doc, say)) for n, why in verdicts.items() if why and n in acts]
    return Panel(
        offered=offered, refused=refused, chosen=chosen, form=form or blank(), base=base, action=f"{base}/{chosen}",
        version=doc["version"], fields=fields, meanwhile=meanwhile, logged_in=logged_in, open=form is not None, cancel=cancel,
        seat=seat, bases=list(bases(say).items()),
    )  # fmt: skip


REASONS = {  # refusals whose own sentence names codes or ids -> what a page says
    "claim.not_yours": "这一步由另一方或其他成员办理。", "claim.not_a_member": "贵方不是联合认领的成员。",
    "claim.already_delivered": "已报告交付，不能解除或退出；如有异议请提出争议。",
    "claim.lead_leaves": "牵头单位退出前先移交牵头，或解除整个认领。", "need.committed": "已有单位认领，请先由双方解除认领。",
    "need.not_open": "需求现在不能认领。", "offer.not_open": "资源现在不能认领。",
    "claim.wrong_state": "认领现在的状态不能办理。", "project.wrong_state": "项目现在的状态不能办理。",
}  # fmt: skip


def why_not(kind: str, act: Act, why: Refused, doc: Doc, say: Tongue) -> str:
    """In the words of the page where the rule speaks of states by their codes."""
    if why.code in (f"{kind}.wrong_state", f"{kind}.not_open") and act.when:
        return say("现为“{status}”。", status=say(status_word(kind, doc["status"]))) + say(act.when)
    if why.code in REASONS:
        return say(REASONS[why.code])
    return why.zh if say.lang == "zh" else why.en


def meanwhile(form: Form, events: Iterable[Mapping[str, Any]]) -> list[str]:
    """What has happened to the item since the version on which the form was filled in, newest first."""
    version = form["_version"]
    if not version.isascii() or not version.isdigit():
        return []
    return [event["told"] for event in events if event["version"] > int(version)]


async def seat_of(
    engine: Engine, me: Principal | None, state: State, base: str, wanted: str, act: str, called: Mapping[str, str]
) -> Seat:
    """A coordinator may act for a party that belongs to its area; everybody else only for their own organisation."""
    others = await sight.represented(engine.streams, me, state) if me is not None else ()
    could = [(link(base, act=act, **{"for": org}) + "#acts", called.get(org, org)) for org in others if org != wanted]
    if wanted not in others:
        return Seat(could=could)
    return Seat(org=wanted, name=called.get(wanted, wanted), could=could)


def _offered(base: str, name: str, act: Act, chosen: str, seat: Seat) -> dict[str, Any]:
    form = link(base, act=name, **{"for": seat.org}) + "#acts"
    href = f"{base}/{act.page}" if act.page else form if act.asks or seat.org else ""
    action = f"{base}/{name}" if not href else ""
    return {"word": act.word, "first": act.first, "chosen": name == chosen, "href": href, "action": action}
