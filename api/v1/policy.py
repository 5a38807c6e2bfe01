"""/v1/policy: what matching goes by, drafts of it, what a draft would change, and emergencies."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.answers import done, tagged
from api.asking import asking, engine
from api.bodies_policy import AdoptionIn, DraftIn, EmergencyIn, LiftingIn
from api.errors import as_json
from api.v1.routes import command, reading
from domain.access import missing
from domain.matching.digest import digest, plain
from domain.matching.policy import Policy
from services.policies import Standing
from services.shapes import instant

router = APIRouter(prefix="/v1/policy", tags=["policy 匹配规则"])


class VariantOut(BaseModel):
    digest: str
    policy: dict[str, Any]


class DraftOut(VariantOut):
    """`cuts`: the comparison with what is in force, a moment each; null before it was made."""

    variant: str
    note: str | None
    cuts: list[dict[str, Any]] | None


class PolicyOut(BaseModel):
    """`digest` is that of the policy in force, which rounds cite; `rules` that of the rule book it stands in. `until` and
    `reason` are of the emergency in force."""

    digest: str
    mode: str
    rules: str
    adopted_at: str
    position: int
    adopted: VariantOut
    emergency: VariantOut
    until: str | None
    reason: str | None
    draft: DraftOut | None


class TurnOut(BaseModel):
    """Needs (of a committee) or pairs (of a unit) that there are only under what is adopted, and only under the draft."""

    org: str
    adopted: int
    draft: int


class ComparisonOut(BaseModel):
    """The last quarter under both policies: moments, and for whom it differs. `gained` and `lost` are [position, need]."""

    draft: str
    cuts: list[dict[str, Any]]
    gained: list[tuple[int, str]]
    lost: list[tuple[int, str]]
    committees: list[TurnOut]
    units: list[TurnOut]
    pairs: list[dict[str, Any]]


@reading(router, "", PolicyOut, "get_policy", 409)
async def get_policy(request: Request) -> Response:
    """匹配规则 / The policy in force, the one for emergencies, and the draft, if there is one."""
    standing = await engine(request).policies.standing()
    version = "-".join(map(str, standing.version))
    return tagged(request, as_json(_policy(standing)), f'"{version}-{standing.mode}"')


@command(router, "PUT", "/draft", creates=True)
async def draft_policy(request: Request, body: DraftIn) -> Response:
    """起草 / Draft a policy, in the place of the draft before it. By a coordinator of the district."""
    policies = engine(request).policies
    usual: Policy = getattr((await policies.standing()).state.book, body.variant)
    asked = body.policy.asked(usual)
    return done(await policies.draft(await asking(request), asked, variant=body.variant, note=body.note), 201)


@command(router, "POST", "/draft/withdrawal", creates=True)
async def drop_draft(request: Request) -> Response:
    """放弃草案 / Give the draft up."""
    return done(await engine(request).policies.drop(await asking(request)), 201)


@command(router, "POST", "/comparison", creates=True)
async def compare_policies(request: Request) -> Response:
    """比较 / Solve the last quarter under the draft and under what is in force. It may take some seconds."""
    return done(await engine(request).policies.compare(await asking(request)), 201)


@reading(router, "/comparison", ComparisonOut, "get_comparison", 404, 409)
async def get_comparison(request: Request) -> Response:
    """为谁而变 / For whom the draft would change what: kept until the next start; compare again to have it again."""
    policies = engine(request).policies
    standing = await policies.standing()
    found = policies.comparison(standing)
    if found is None or standing.draft is None:
        raise missing()
    named = standing.draft.digest
    return tagged(request, as_json({"draft": named, **asdict(found)}), f'"{named[:16]}-{standing.version[1]}"')


@command(router, "POST", "/adoption", creates=True)
async def adopt_policy(request: Request, body: AdoptionIn) -> Response:
    """采用 / Adopt the draft, once it was compared: by another coordinator than who wrote it."""
    return done(await engine(request).policies.adopt(await asking(request), draft=body.draft), 201)


@command(router, "POST", "/emergency", creates=True)
async def declare_emergency(request: Request, body: EmergencyIn) -> Response:
    """启用应急规则 / Match by the emergency policy until then; declared again it ends at the new moment."""
    found = engine(request).policies.declare_emergency(await asking(request), until=body.until, reason=body.reason)
    return done(await found, 201)


@command(router, "POST", "/emergency/lifting", creates=True)
async def lift_emergency(request: Request, body: LiftingIn) -> Response:
    """结束应急 / Back to the policy for normal times."""
    return done(await engine(request).policies.lift_emergency(await asking(request), reason=body.reason), 201)


def _policy(standing: Standing) -> dict[str, Any]:
    book, found, emergency = standing.state.book, standing.draft, standing.emergency
    return {
        "digest": digest(standing.policy), "mode": standing.mode, "rules": standing.state.digest,
        "adopted_at": instant(standing.adopted_at), "position": standing.position, "adopted": _variant(book.matching),
        "emergency": _variant(book.emergency), "until": instant(emergency.until) if emergency else None,
        "reason": standing.reason,
        "draft": None if found is None else {
            **_variant(found.policy), "variant": found.variant, "note": standing.note,
            "cuts": plain(found.compared.cuts) if found.compared else None,
        },
    }  # fmt: skip


def _variant(policy: Policy) -> dict[str, Any]:
    return {"digest": digest(policy), "policy": plain(policy)}
