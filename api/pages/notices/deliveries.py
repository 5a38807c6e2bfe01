"""What was sent, what waits and what is dead: of one's own organisation; administrators see everybody's."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.pages.forms import form_of, gone_on, someone
from api.pages.notices.settings import CHANNELS, masked
from api.pages.places import engine_of, names
from api.pages.site import Site, route_class, tongue
from api.posted import post_of
from services.notice_ports import Channel
from services.shapes import instant

STATES = {"queued": ("等待发送", "open"), "sent": ("已发出", "done"), "dead": ("没能发出", "bad")}


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    @router.api_route("/notices/deliveries", methods=["GET", "HEAD"])
    async def deliveries(request: Request, state: str = "") -> Response:
        who, say, state = someone(request), tongue(request), state if state in STATES else ""
        found = await post_of(request).inbox.deliveries(who, state or None)
        called = await names(engine_of(request), (sent.to.rpartition("@")[2] for sent in found), None)
        rows = [
            {
                "sent": sent, "word": say(STATES[sent.state][0]), "tone": STATES[sent.state][1],
                "channel": say(CHANNELS[sent.kind]), "org": called[sent.to.rpartition("@")[2]], "at": instant(sent.made_at),
                "target": masked(Channel(id="", to=sent.to, kind=sent.kind, address=sent.address)),
                "next": instant(sent.next_at) if sent.state == "queued" else None,
            }
            for sent in found
        ]  # fmt: skip
        states = [(name, say(zh)) for name, (zh, _) in STATES.items()]
        return site.page(
            request, "notices/deliveries", rows=rows, state=state, states=states, whole=who.role == "system_admin"
        )

    @router.post("/notices/deliveries/revival")
    async def revive(request: Request) -> Response:
        """A dead message once more."""
        who, form = someone(request), await form_of(request)
        await post_of(request).inbox.revive(who, form["id"])
        return gone_on("/notices/deliveries", "done")

    return router
