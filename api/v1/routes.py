"""How routes are declared: commands with their headers and refusals, and the three reads that every noun has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, Field, create_model
from starlette.requests import Request
from starlette.responses import Response

from api import answers
from api.answers import DoneOut, HistoryOut, ItemOut, ListOut, done, page, tagged
from api.asking import asking, engine, min_position
from api.auth import viewer
from api.bodies import ActIn
from api.errors import as_json, refusals
from api.fields import clean
from domain.access import BASES, missing
from services import sight
from services.asof import parse_at
from services.boards import KINDS
from services.command import Ask, Done
from services.read_ports import Behind

Route = TypeVar("Route", bound=Callable[..., Any])
Parameter = dict[str, Any]
Asked = Annotated[str, Field(max_length=200), AfterValidator(clean)]
At = Annotated[str | None, Query(description="时间或序位 / a time with offset, a day, or a position", max_length=40)]
ItemId = Annotated[str, Path(max_length=200)]
COMMAND = (403, 404, 409, 412, 413, 415, 422, 507)
WAIT_S = 2.0  # for an item's Min-Position


def header(name: str, pattern: str, words: str, *, required: bool = False) -> Parameter:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": words}


IDEMPOTENCY_KEY = header(
    "Idempotency-Key", "^[!-~]{1,200}$", "这次办理的编号 / names this act, also when it is sent again", required=True
)
IF_MATCH = header("If-Match", '^"[0-9]{1,15}"$', "只在版本未变时办理 / only while the version is this")
ON_BEHALF_OF = header(
    "On-Behalf-Of", "^[A-Za-z0-9_-]{1,64}$", "协调员代办：被代办的单位或居民区 / for whom a coordinator acts; needs Basis"
)
BASIS = header("Basis", f"^({'|'.join(BASES)})$", "代办依据 / on what basis one acts for them")
MIN_POSITION = header("Min-Position", "^[0-9]{1,15}$", "至少读到这个序位 / at least as new as this position")
_ETAG = {"ETag": {"schema": {"type": "string"}}}


class ListQuery(BaseModel):
    """Filters of a list. `status` and `category` take several, with commas; `area` means all below it too."""

    area: Asked | None = None
    category: Asked | None = None
    status: Asked | None = None
    q: Asked | None = Field(default=None, description="搜索 / search, Chinese too")
    at: Annotated[str, Field(max_length=40)] | None = None
    owner: Asked | None = None
    about: Asked | None = Field(default=None, description="有关哪个需求或资源 / the need or offer it is about")
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=60)


def command(
    router: APIRouter, method: str, path: str, *, created: bool = False, creates: bool = False,
    says: type[BaseModel] = DoneOut,
) -> Callable[[Route], Route]:  # fmt: skip
    """Declares a command. `created`: answers 201. `creates`: makes a new item, so there is no version to match."""
    status = 201 if created or creates else 200
    told: dict[int | str, dict[str, Any]] = {status: {"model": says, "description": "已办理 / done", "headers": _ETAG}}
    return router.api_route(
        path, methods=[method], status_code=status, response_model=None, responses={**told, **refusals(*COMMAND)},
        openapi_extra={"parameters": [IDEMPOTENCY_KEY, *([] if creates else [IF_MATCH]), ON_BEHALF_OF, BASIS]},
    )  # fmt: skip


def reading(router: APIRouter, path: str, says: type[BaseModel], name: str, *statuses: int) -> Callable[[Route], Route]:
    """Declares a read."""
    told: dict[int | str, dict[str, Any]] = {
        200: {"model": says, "description": "内容 / the content", "headers": _ETAG},
        304: {"description": "未变 / unchanged"},
    }
    return router.get(
        path, response_model=None, responses={**told, **refusals(422, *statuses)}, name=name,
        openapi_extra={"parameters": [MIN_POSITION]},
    )  # fmt: skip


def act(router: APIRouter, path: str, what: Callable[[Request, Ask, str, ActIn], Any], words: str) -> None:
    """A verb of one item that takes an act's usual fields."""

    async def route(request: Request, id: ItemId, body: ActIn | None = None) -> Response:
        answer: Done = await what(request, await asking(request), id, body or ActIn())
        return done(answer)

    route.__name__ = f"{router.prefix.rpartition('/')[2]}_{path.rpartition('/')[2]}"
    route.__doc__ = words
    command(router, "POST", path)(route)


def reads(router: APIRouter, kind: str) -> None:
    """The list, one item, and its history."""
    says = answers.KINDS[kind]
    lists(router, kind, says)
    _item(router, kind, says)
    histories(router, kind)


def stream_of(kind: str, id: str) -> str:
    """The stream of an item; areas go by their own id."""
    if not id.isascii() or not id.isprintable():
        raise missing()
    return f"area-{id}" if kind == "areas" else id


def lists(router: APIRouter, kind: str, says: type[ItemOut]) -> None:
    """The list of a noun."""
    listed = create_model(f"{says.__name__.removesuffix('Out')}List", __base__=ListOut, items=(list[says], ...))  # type: ignore[valid-type]

    @reading(router, "", listed, f"list_{kind}")
    async def list_items(request: Request, asked: Annotated[ListQuery, Query()]) -> Response:
        """清单：所有状态，新的在前 / All that the key may see, every status unless `status` is given, newest first."""
        found = await engine(request).boards.list(
            kind, viewer(request), **asked.model_dump(), min_position=min_position(request)
        )
        return page(request, found)


def _item(router: APIRouter, kind: str, says: type[ItemOut]) -> None:
    @reading(router, "/{id}", says, f"get_{kind}", 404)
    async def get_item(request: Request, id: ItemId, at: At = None) -> Response:
        """一项：直接读自总账 / One item, folded from its stream: never stale."""
        house, stream, who = engine(request), stream_of(kind, id), viewer(request)
        await stored(request)
        state = await sight.seen(house.streams, who, stream, KINDS[kind])
        position = await parse_at(at, house.log)
        if position is not None:
            doc = await house.trail.item_at(stream, position)
        elif (doc := await house.trail.item(stream)) is not None:
            doc["acts"] = list(await sight.acts(house.streams, who, state, house.streams.clock.now()))
        if doc is None:
            raise missing()
        return tagged(request, as_json(doc), f'"{doc["version"]}"')


def histories(router: APIRouter, kind: str) -> None:
    """The history of each of its items."""
    @reading(router, "/{id}/history", HistoryOut, f"history_of_{kind}", 404)
    async def get_history(request: Request, id: ItemId, at: At = None) -> Response:
        """经过：这一项自己的事件 / What has happened to it: the events of its own stream, oldest first."""
        house, stream = engine(request), stream_of(kind, id)
        await stored(request)
        await sight.seen(house.streams, viewer(request), stream, KINDS[kind])
        upto = await parse_at(at, house.log)
        items = [entry for entry in await house.trail.history(stream) if upto is None or entry["position"] <= upto]
        position = items[-1]["position"] if items else 0
        body = as_json({"items": items, "next": None, "position": max(position, upto or 0)})
        return tagged(request, body, f'"{len(items)}"')


async def stored(request: Request) -> None:
    """An item is never stale, but what nobody has stored yet cannot be read."""
    wanted = min_position(request)
    if wanted and (reached := await engine(request).log.wait(wanted - 1, WAIT_S)) < wanted:
        raise Behind(wanted, reached)
