"""What a draft of the matching rules changes, what it would have meant last quarter and for whom; and its adoption."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.pages.forms import Form, answered, asking_by_form, blank, form_of, someone
from api.pages.places import engine_of, names
from api.pages.policy.said import groups, value, written
from api.pages.policy.standing import about, may
from api.pages.site import Site, tongue
from domain.matching.policy import Policy
from domain.policy_draft import Cut, Figures
from domain.rules import RuleBook
from services.command import EPOCH, Done
from services.engine import Engine
from services.policy_comparison import Comparison
from services.shapes import instant

MOST = 20  # needs, organisations or pairs listed; the API has all of them


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/policy/comparison", methods=["GET", "HEAD"])
    async def comparison(request: Request) -> Response:
        return await _page(site, request, blank())

    @router.post("/policy/comparison")
    async def compare(request: Request) -> Response:
        return await _act(site, request, "compare")

    @router.post("/policy/adoption")
    async def adoption(request: Request) -> Response:
        return await _act(site, request, "adopt")


async def _act(site: Site, request: Request, what: str) -> Response:
    form, policies = await form_of(request), engine_of(request).policies
    someone(request)

    async def act() -> Done:
        ask = asking_by_form(request, form)
        return await (policies.compare(ask) if what == "compare" else policies.adopt(ask, draft=form["draft"]))

    async def again(filled: Form, status: int) -> Response:
        return await _page(site, request, filled, status)

    after = "/policy/comparison" if what == "compare" else "/policy"
    return await answered(request, form, act, then=lambda _: after, again=again, said="done")


async def _page(site: Site, request: Request, form: Form, status: int = 200) -> Response:
    engine, who = engine_of(request), person(request)
    standing = await engine.policies.standing()
    book, draft = standing.state.book, standing.draft
    found = engine.policies.comparison(standing)
    return site.page(
        request, "policy/comparison", status=status, **about(standing), form=form,
        changes=_changes(request, getattr(book, draft.variant), draft.policy, book) if draft else [],
        cuts=[_cut(cut) for cut in draft.compared.cuts] if draft and draft.compared else [],
        whom=await _whom(engine, found) if found else None, may_draft=may(who, "policy.draft", book),
        may_adopt=may(who, "policy.adopt", book), own=who is not None and who.id == standing.drafted_by,
        current=standing.compared, drafted_by=standing.drafted_by, most=MOST,
    )  # fmt: skip


def _changes(request: Request, adopted: Policy, draft: Policy, book: RuleBook) -> list[tuple[str, str, str, str, str]]:
    """(group, number, unit, as it is, as it would be) of every number that differs."""
    found = []
    for group in groups(adopted, book, zh=tongue(request).lang == "zh"):
        for number in group.numbers:
            was, is_ = value(adopted, number.name), value(draft, number.name)
            if was != is_:
                found.append((group.title, number.label, number.unit, written(was, number.unit), written(is_, number.unit)))
    return found


def _cut(cut: Cut) -> dict[str, Any]:
    """One moment: rows of (word, as it stood, under what is in force, under the draft)."""
    def row(word: str, before: int | None, figure: str, *, after: bool = True) -> tuple[str, int | None, int, int]:
        def of(figures: Figures) -> int:
            found: int = getattr(figures.after if after else figures, figure)
            return found

        return word, before, of(cut.adopted), of(cut.draft)

    return {
        "position": cut.position, "at": instant(EPOCH + timedelta(minutes=cut.at)), "needs": cut.needs, "gained": cut.gained,
        "lost": cut.lost, "pairs": cut.pairs, "rows": [
            row("配上的需求", None, "served", after=False), row("完全满足的需求", None, "full", after=False),
            row("从未有人来过的居民区", cut.before.nothing, "nothing"), row("不均程度（基尼，千分之）", cut.before.gini, "gini"),
            row("得到最少的居民区（千分之）", cut.before.worst, "worst"), row("闲着的单位", cut.before.idle, "idle"),
        ],
    }  # fmt: skip


async def _whom(engine: Engine, found: Comparison) -> dict[str, Any]:
    needs = [*found.gained[:MOST], *found.lost[:MOST]]
    orgs = [turn.org for turn in (*found.committees[:MOST], *found.units[:MOST])]
    pairs = found.pairs[:MOST]
    items = [item for pair in pairs for item in (pair.need, pair.offer, pair.unit)]
    called = await names(engine, [*(need for _, need in needs), *orgs, *items], None)
    return {"found": found, "called": called}
