"""The form in which a coordinator of the district drafts other matching rules, and giving a draft up."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.pages.forms import Form, Sentences, answered, asking_by_form, blank, form_of, someone
from api.pages.places import engine_of
from api.pages.policy.said import POINTS, Group, changed, groups, understood, value, written
from api.pages.policy.standing import VARIANT
from api.pages.site import Site, tongue
from api.pages.words import Tongue
from domain.access import Facts, allow
from domain.matching.policy import CRITERIA, WHOLE, Policy
from domain.policy_draft import VARIANTS
from services.command import Done
from services.policies import Standing


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/policy/draft", methods=["GET", "HEAD"])
    async def draft(request: Request, of: str = "") -> Response:
        standing = await _allowed(request)
        variant, policy = _begun(standing, of)
        note = standing.note if standing.draft is not None and standing.draft.variant == variant else None
        asked = [number for group in groups(policy, standing.state.book, zh=True) for number in group.numbers]
        typed = {number.name: written(value(policy, number.name), number.unit) for number in asked}
        return _page(site, request, standing, variant, blank(note=note or "", **typed))

    @router.post("/policy/draft")
    async def put(request: Request) -> Response:
        form, standing = await form_of(request), await _allowed(request)
        variant, usual = _begun(standing, form["_of"])
        values, wrong = _read(form, groups(usual, standing.state.book, zh=True), tongue(request))
        if wrong:
            return _page(site, request, standing, variant, Form(form.fields, wrong, form.key), 422)

        async def act() -> Done:
            policies = engine_of(request).policies
            asked = changed(usual, values)
            return await policies.draft(asking_by_form(request, form), asked, variant=variant, note=form["note"])

        async def again(filled: Form, status: int) -> Response:
            return _page(site, request, standing, variant, filled, status)

        return await answered(request, form, act, then=lambda _: "/policy/comparison", again=again, said="saved")

    @router.post("/policy/draft/withdrawal")
    async def withdrawal(request: Request) -> Response:
        form = await form_of(request)

        async def act() -> Done:
            return await engine_of(request).policies.drop(asking_by_form(request, form))

        async def again(filled: Form, status: int) -> Response:
            return site.page(request, "error", status=status, sentence=next(iter(filled.wrong.values())))

        return await answered(request, form, act, then=lambda _: "/policy", again=again, said="withdrawn")


async def _allowed(request: Request) -> Standing:
    """Refused: to who may not draft. Raises LogIn."""
    who, standing = someone(request), await engine_of(request).policies.standing()
    allow(who, "policy.draft", Facts(path=(standing.state.book.area,)))
    return standing


def _begun(standing: Standing, of: str) -> tuple[str, Policy]:
    """What the form begins with: the draft there is, else what is in force. `of` asks for one of the two policies."""
    draft = standing.draft
    if draft is not None and of in ("", draft.variant):
        return draft.variant, draft.policy
    variant = of if of in VARIANTS else VARIANTS[0]
    return variant, getattr(standing.state.book, variant)


def _read(form: Form, asked: tuple[Group, ...], say: Tongue) -> tuple[dict[str, int], Sentences]:
    """The numbers as they are kept, and what is wrong: by field, or of the eight weights together."""
    values, wrong = dict[str, int](), Sentences()
    for number in (number for group in asked for number in group.numbers):
        if number.name not in form.fields:
            continue
        found = understood(form[number.name], number)
        if found is None:
            least, most = written(number.least, number.unit), written(number.most, number.unit)
            said = "请填 {least}–{most} 之间的数，最多一位小数。" if number.unit == POINTS else "请填 {least}–{most} 之间的整数。"
            wrong[number.name] = say(said, least=least, most=most)
        else:
            values[number.name] = found
    weights = [values.get(f"weights-{name}") for name in CRITERIA]
    known = [weight for weight in weights if weight is not None]
    if len(known) == len(CRITERIA) and sum(known) != WHOLE:
        wrong["weights"] = say("八项合计须为 100 分，现在是 {n} 分。", n=written(sum(known), POINTS))
    bonus = [n for name, n in values.items() if name.startswith("committee_bonus-")]
    if bonus != sorted(bonus, reverse=True):
        wrong["committee_bonus"] = say("后一项的加分不能多于前一项。")
    return values, wrong


def _page(
    site: Site, request: Request, standing: Standing, variant: str, form: Form, status: int = 200
) -> Response:
    book, say = standing.state.book, tongue(request)
    shown = groups(_begun(standing, variant)[1], book, zh=say.lang == "zh")
    typed = [understood(form[number.name], number) for number in shown[0].numbers]
    labels = {group.id: say(group.title) for group in shown}
    labels |= {number.name: say(number.label) for group in shown for number in group.numbers}
    return site.page(
        request, "policy/draft", status=status, form=form, of=variant, variant=VARIANT[variant], groups=shown,
        labels=labels, total=written(sum(n or 0 for n in typed), POINTS), draft=standing.draft, others=VARIANTS,
        variants=VARIANT,
    )  # fmt: skip
