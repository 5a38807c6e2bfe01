"""/v1/webhooks: an organisation's own systems are told of every event that the organisation may see."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON
from api.asking import asking
from api.auth import viewer
from api.errors import as_json, refusals
from api.fields import Body, clean
from api.posted import post_of
from api.v1.routes import ItemId, command
from services.webhooks import Webhooks, shown

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks 回调"])
Url = Annotated[str, Field(max_length=2000), AfterValidator(clean)]
Type = Annotated[str, Field(max_length=60), AfterValidator(clean)]


class WebhookIn(Body):
    """`types`: TYPEs, or beginnings such as "claim."; none = all."""

    url: Url = Field(examples=["https://example.cn/renling"])
    types: list[Type] = Field(default=[], max_length=100)


class ReplayIn(Body):
    """Everything after this position is told again, in order."""

    after: int = Field(ge=0, le=2**53, strict=True)


class WebhookOut(BaseModel):
    """`status`: active, disabled (after five days of failures, or when the receiver answered 410), dropped. `position`:
    everything up to there has arrived or did not concern it."""

    id: str
    url: str
    types: list[str]
    status: str
    position: int
    created_at: str
    last_at: str | None
    last_http_status: int | None
    last_error: str | None
    failing_since: str | None
    next_at: str | None


class SecretOut(WebhookOut):
    """`secret` (whsec_…) is shown this once. After a rotation the old one signs too until `old_secret_until`."""

    secret: str
    old_secret_until: str | None = None


class TestOut(BaseModel):
    """What the receiver answered to the greeting."""

    id: str
    delivered: bool
    http_status: int | None
    error: str | None


class WebhookList(BaseModel):
    items: list[WebhookOut]


def webhooks(request: Request) -> Webhooks:
    return post_of(request).webhooks


@command(router, "POST", "", creates=True, says=SecretOut)
async def register_webhook(request: Request, body: WebhookIn) -> Response:
    """登记回调 / Register an address of one's own system. It is sent CloudEvents 1.0 (JSON), signed as Standard Webhooks
    say (webhook-id, webhook-timestamp, webhook-signature), in the ledger's order, from now on; what was not answered
    with 2xx is sent again, later and later, under the same webhook-id. No free text is sent: fetch the item."""
    return _said(await webhooks(request).register(await asking(request), body.url, body.types), 201)


@router.get(
    "", response_model=None, name="list_webhooks",
    responses={200: {"model": WebhookList, "description": "回调 / webhooks"}, **refusals(403)},
)  # fmt: skip
async def list_webhooks(request: Request) -> Response:
    """我的回调 / One's own webhooks, with how the last call ended; never a secret."""
    found = await webhooks(request).of(viewer(request))
    return _said(as_json({"items": [shown(endpoint) for endpoint in found]}), 200)


@command(router, "DELETE", "/{id}", says=WebhookOut)
async def drop_webhook(request: Request, id: ItemId) -> Response:
    """删除回调 / Forget an address; nothing is sent there any more."""
    return _said(await webhooks(request).drop(await asking(request), id), 200)


@command(router, "POST", "/{id}/rotation", says=SecretOut)
async def rotate_webhook(request: Request, id: ItemId) -> Response:
    """更换密钥 / A new secret; for 24 hours both sign, so that nothing is lost meanwhile."""
    return _said(await webhooks(request).rotate(await asking(request), id), 200)


@command(router, "POST", "/{id}/replay", says=WebhookOut)
async def replay_webhook(request: Request, id: ItemId, body: ReplayIn) -> Response:
    """从某序位重发 / Send everything after a position again; a disabled webhook is active again."""
    return _said(await webhooks(request).replay(await asking(request), id, body.after), 200)


@command(router, "POST", "/{id}/test", says=TestOut)
async def test_webhook(request: Request, id: ItemId) -> Response:
    """测试回调 / Send a signed greeting now, and tell what came back."""
    return _said(await webhooks(request).test(await asking(request), id), 200)


def _said(body: bytes, status: int) -> Response:
    return Response(body, status, media_type=JSON)
