"""How an organisation wants to be told: channels with their paces, quiet hours, language; with a test button each."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from api.errors import TABLE
from api.pages.forms import Form, blank, form_of, gone_on, someone, wrong_fields
from api.pages.notices.telling import groups_of
from api.pages.site import Site, route_class, tongue
from api.pages.words import Tongue
from api.posted import post_of
from domain.events import Refused
from services.notice_ports import Channel, Manners

CHANNELS = {"mail": "电子邮件", "wecom": "企业微信群机器人", "dingtalk": "钉钉群机器人", "feishu": "飞书群机器人"}
PACES = {"now": "立即", "hour": "每小时汇总", "day": "每日汇总", "off": "不发"}
SPOKEN = {"zh": "中文", "en": "English"}
WANTED = {"on": "接收", "off": "不接收"}  # suggestions
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)
    page = SettingsPage(site)

    @router.api_route("/notices/settings", methods=["GET", "HEAD"])
    async def settings(request: Request) -> Response:
        return await page.shown(request, blank())

    @router.post("/notices/settings")
    async def manners(request: Request) -> Response:
        who = someone(request)
        return await page.did(request, lambda form: post_of(request).inbox.set_manners(who, _manners(form)))

    @router.post("/notices/channels")
    async def add(request: Request) -> Response:
        who, inbox = someone(request), post_of(request).inbox
        return await page.did(request, lambda form: inbox.add_channel(who, form["kind"], form["address"], form["secret"]))

    @router.post("/notices/channels/{id}")
    async def paces(request: Request, id: str) -> Response:
        who = someone(request)
        return await page.did(request, lambda form: post_of(request).inbox.set_paces(who, id, form.fields))

    @router.post("/notices/channels/{id}/removal")
    async def remove(request: Request, id: str) -> Response:
        await post_of(request).inbox.drop_channel(someone(request), id)
        return gone_on("/notices/settings", "done")

    @router.post("/notices/channels/{id}/test")
    async def test(request: Request, id: str) -> Response:
        """Sent now; the page says how it went."""
        trouble, say = await post_of(request).inbox.test(someone(request), id), tongue(request)
        words = say("没有发出：{why}", why=trouble) if trouble else say("测试消息已发出，请查收。")
        return await page.shown(request, blank(), tested=words, failed=bool(trouble))

    return router


class SettingsPage:
    """The page, as it is and after a form."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def shown(self, request: Request, form: Form, status: int = 200, **more: Any) -> Response:
        manners, channels = await post_of(request).inbox.settings(someone(request))
        values = {**_values(manners, channels, tongue(request)), "tested": "", "failed": False, "form": form}
        return self._site.page(request, "notices/settings", status=status, **{**values, **more})

    async def did(self, request: Request, act: Callable[[Form], Awaitable[object]]) -> Response:
        form = await form_of(request)
        try:
            await act(form)
        except Refused as refused:
            if refused.kind in ("forbidden", "missing"):
                raise
            wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
            return await self.shown(request, Form(form.fields, wrong), TABLE[refused.kind].status)
        return gone_on("/notices/settings", "saved")


def _values(manners: Manners, channels: Sequence[Channel], say: Tongue) -> dict[str, Any]:
    return {
        "manners": manners, "channels": [(channel, masked(channel)) for channel in channels],
        "channel_words": {kind: say(zh) for kind, zh in CHANNELS.items()}, "spoken": SPOKEN,
        "wanted": [(wish, say(zh)) for wish, zh in WANTED.items()],
        "paces": [(pace, say(zh)) for pace, zh in PACES.items()], "groups": groups_of(say), "clock": _clock,
    }  # fmt: skip


def masked(channel: Channel) -> str:
    """Enough to tell it from others: a robot's address is a password to its group."""
    if channel.kind == "mail":
        name, _, host = channel.address.partition("@")
        return f"{name[:2]}…@{host}"
    return f"{channel.address.partition('?')[0].rpartition('//')[2].partition('/')[0]} …{channel.address[-4:]}"


def _manners(form: Form) -> Manners:
    """Refused: notices.time, for what is no time of the day."""
    quiet = _minute(form, "quiet_from"), _minute(form, "quiet_until")
    day_at = _minute(form, "day_at")
    lang = form["lang"] if form["lang"] in SPOKEN else "zh"
    both = None not in quiet
    usual = Manners(to="")
    return Manners(
        to="", lang=lang, quiet_from=quiet[0] if both else None, quiet_until=quiet[1] if both else None,
        day_at=usual.day_at if day_at is None else day_at, suggestions=form["suggestions"] != "off",
    )  # fmt: skip


def _minute(form: Form, field: str) -> int | None:
    typed = form[field].strip()[:5]
    if not typed:
        return None
    found = _TIME.fullmatch(typed)
    if found is None:
        raise Refused(
            "notices.time", "时间须写成 21:30 这样。", "Write a time as 21:30.", kind="invalid", field=field
        )
    return int(found[1]) * 60 + int(found[2])


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"
