"""The short way of a command: from the door straight to its route, past a framework that looks at each many times.

Only what is as it should be goes this way; a body that is not valid, and everything else, is left to the framework.
Declaring a route is enough to be on it, so the description of the API and what runs cannot differ."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Failures = Mapping[type[Exception], Callable[[Request, Any], Any]]
KNOWN = {"request", "id", "body"}  # what a command's route may ask for; with anything else it takes the long way
TRACED = "fastapi.telemetry"  # in the scope of a request that is traced: spans are the framework's
MOST_ID = 200  # characters; a longer one is refused on the long way


@dataclass(frozen=True, slots=True)
class Command:
    """A route, and how its body is read."""

    route: APIRoute
    read: Callable[[bytes], Any]


class ShortWay:
    """ASGI, between the door and the framework. `failures`: what becomes of a failure, as the framework has it."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], failures: Failures) -> None:
        self._app, self._failures = app, failures
        self._commands = {place: command for route in routes for place, command in _commands(route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        command, given = self._found(scope)
        if command is None:
            return await self._app(scope, receive, send)
        scope["route"], request = command.route, Request(scope, receive)
        try:
            body = await request.body()
            try:
                given["body"] = command.read(body or b"null")
            except ValidationError:
                return await self._app(scope, _again(body, receive), send)
            response: Response = await command.route.endpoint(request=request, **given)
        except ClientDisconnect:
            return None
        except tuple(self._failures) as error:
            response = await self._failed(request, error)
        return await response(scope, receive, send)

    def _found(self, scope: Scope) -> tuple[Command | None, dict[str, Any]]:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PATCH") or TRACED in scope:
            return None, {}
        parts = scope["path"].split("/", 4)
        if len(parts) < 4:
            return self._commands.get((scope["method"], scope["path"])), {}
        id, parts[3] = parts[3], "{id}"
        if not 0 < len(id) <= MOST_ID:
            return None, {}
        return self._commands.get((scope["method"], "/".join(parts))), {"id": id}

    async def _failed(self, request: Request, error: Exception) -> Response:
        handler = next(handler for failure, handler in self._failures.items() if isinstance(error, failure))
        response: Response = await handler(request, error)
        return response


def _commands(route: BaseRoute) -> list[tuple[tuple[str, str], Command]]:
    """Where a route is found, when it can take the short way."""
    if not isinstance(route, APIRoute) or not _is_plain(route):
        return []
    read = TypeAdapter(get_type_hints(route.endpoint, include_extras=True)["body"]).validator.validate_json
    return [((method, route.path), Command(route, read)) for method in route.methods or ()]


def _is_plain(route: APIRoute) -> bool:
    """A body, at most an id, and an answer that is made by the route itself."""
    asked = set(inspect.signature(route.endpoint).parameters)
    own_answer = route.response_model is None and not route.dependencies
    return own_answer and "body" in asked and asked <= KNOWN and set(route.param_convertors) <= {"id"}


def _again(body: bytes, receive: Receive) -> Receive:
    """The body once more, for whoever comes after."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again
