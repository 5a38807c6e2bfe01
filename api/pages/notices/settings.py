"""How an organisation wants to be told: channels with their paces, quiet hours, language; with a test button each."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def routes(site: Site) -> APIRouter:
    router = APIRouter(route_class=route_class(site), include_in_schema=False)

    async def shown(request: Request, form: Form, status: int = 200, **more: Any) -> Response:
        manners, channels = await post_of(request).inbox.settings(someone(request))
        values = _values(manners, channels, tongue(request))
        return site.page(request, "notices/settings", status=status, **{"tested": "", **values, "form": form, **more})

    @router.api_route("/notices/settings", methods=["GET", "HEAD"])
    async def settings(request: Request) -> Response:
        return await shown(request, blank())

    @router.post("/notices/settings")
    async def manners(request: Request) -> Response:
        who, form = someone(request), await form_of(request)
        try:
            await post_of(request).inbox.set_manners(who, _manners(form))
        except Refused as refused:
            return await _again(request, form, refused)
        return gone_on("/notices/settings", "saved")

    @router.post("/notices/channels")
    async def add(request: Request) -> Response:
        who, form = someone(request), await form_of(request)
        try:
            await post_of(request).inbox.add_channel(who, form["kind"], form["address"], form["secret"])
        except Refused as refused:
            return await _again(request, form, refused)
        return gone_on("/notices/settings", "saved")

    @router.post("/notices/channels/{id}")
    async def paces(request: Request, id: str) -> Response:
        form = await form_of(request)
        await post_of(request).inbox.set_paces(someone(request), id, form.fields)
        return gone_on("/notices/settings", "saved")

    @router.post("/notices/channels/{id}/removal")
    async def remove(request: Request, id: str) -> Response:
        await post_of(request).inbox.drop_channel(someone(request), id)
        return gone_on("/notices/settings", "done")

    @router.post("/notices/channels/{id}/test")
    async def test(request: Request, id: str) -> Response:
        """Sent now; the page says how it went."""
        trouble, say = await post_of(request).inbox.test(someone(request), id), tongue(request)
        words = say("没有发出：{why}", why=trouble) if trouble else say("测试消息已发出，请查收。")
        return await shown(request, blank(), tested=words, failed=bool(trouble), tested_channel=id)

    async def _again(request: Request, form: Form, refused: Refused) -> Response:
        if refused.kind in ("forbidden", "missing"):
            raise refused
        wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
        return await shown(request, Form(form.fields, wrong), TABLE[refused.kind].status)

    return router


def _values(manners: Manners, channels: Sequence[Channel], say: Tongue) -> dict[str, Any]:
    return {
        "manners": manners, "channels": [(channel, masked(channel)) for channel in channels], "failed": False,
        "tested_channel": "", "channel_words": {kind: say(zh) for kind, zh in CHANNELS.items()}, "spoken": SPOKEN,
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
        day_at=usual.day_at if day_at is None else day_at,
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
