"""Pages that many look at are drawn once: after a change every open page asks again for the same thing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from api.auth import person
from api.pages.places import engine_of
from api.pages.site import Handler, Site, large_type, route_class, tongue
from services.ports import StoreUnavailable

MOST = 128  # pages; the one asked for longest ago goes first


class Kept:
    """Answers by what they depend on. Nothing here outlives a change of the ledger, or a minute."""

    def __init__(self, most: int = MOST) -> None:
        self._answers: OrderedDict[Hashable, tuple[bytes, dict[str, str]]] = OrderedDict()
        self._most = most

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, key: Hashable) -> Response | None:
        found = self._answers.get(key)
        if found is None:
            return None
        self._answers.move_to_end(key)
        return Response(found[0], headers=found[1])

    def keep(self, key: Hashable, answer: Response) -> None:
        """Only whole pages; what sets a cookie is somebody's own."""
        if answer.status_code != 200 or "set-cookie" in answer.headers:
            return
        self._answers[key] = (bytes(answer.body), dict(answer.headers))
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)


def kept_route_class(site: Site, *, same_parts: bool = False) -> type[APIRoute]:
    """Routes whose answers are kept for everybody who is not logged in. `same_parts`: the parts of a page are the same
    for those who are, too."""
    kept = Kept()

    class KeptRoute(route_class(site)):  # type: ignore[misc]  # a class made for this site
        def get_route_handler(self) -> Handler:
            handler: Handler = super().get_route_handler()

            async def answer(request: Request) -> Response:
                part = request.headers.get("X-Fragment", "")
                if person(request) is not None and not (same_parts and part):
                    return await handler(request)
                try:
                    key = await _key(request, part)
                except StoreUnavailable:
                    return await handler(request)
                if (found := kept.find(key)) is not None:
                    return found
                made = await handler(request)
                kept.keep(key, made)
                return made

            return answer

    return KeptRoute


async def _key(request: Request, part: str) -> Hashable:
    """All that a page depends on: what is asked for, how it is to be said, how far the ledger and the lists are, the
    minute, for what falls due by time alone, and whether words were erased from the lists since."""
    engine = engine_of(request)
    status, head = engine.projector.status, (await engine.log.head()).position
    minute = int(engine.streams.clock.now().timestamp()) // 60
    asked: tuple[Any, ...] = (request.url.path, request.url.query, part, tongue(request).lang, large_type(request))
    return (*asked, request.scope.get("demonstration", False), head, status.position, status.halted_at, minute, engine.projector.remade)
