"""Robots of group chats: WeCom, DingTalk and Feishu, each in its own format, on hosts that the district allows.

Formats: the vendors' documentation of custom robots (WeCom 91770, DingTalk custom-robot-access, Feishu bot v2 hook)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from adapters.outward_http import OutwardHttp, parts_of
from domain.events import Refused
from services.notice_ports import Channel, Letter, NotSent
from services.ports import Clock
from services.webhook_ports import Answer, Unreachable

HOSTS = "qyapi.weixin.qq.com, oapi.dingtalk.com, open.feishu.cn"
WECOM_BYTES = 4096  # of a markdown text
DINGTALK_BYTES = 18_000
FEISHU_BYTES = 18_000  # the whole body has at most 20 kB
TOO_MANY = {"45009", "130101", "410100", "11232", "9499"}  # codes that ask for patience
PATIENCE_S = 60
_MARKS = str.maketrans("[]()*_`<>#!|\\~", "［］（）＊＿｀＜＞＃！｜＼～")  # a title must not become a link


class Robots:
    """One sender for all three; the channel says which."""

    def __init__(self, http: OutwardHttp, hosts: str, clock: Clock) -> None:
        """`hosts`: "host" or "host:port", with commas; each stands for https, and for http where the network allows."""
        self._http, self._clock = http, clock
        self._hosts = frozenset(host.strip().lower() for host in hosts.split(",") if host.strip())

    def check(self, channel: Channel) -> None:
        parts = parts_of(channel.address)
        if parts is None:
            raise Refused(
                "channel.address", "请粘贴机器人的完整网址（https://…）。", "Paste the robot's whole address (https://…).",
                kind="invalid", field="address",
            )  # fmt: skip
        if parts.netloc.lower() not in self._hosts:
            allowed = "、".join(sorted(self._hosts))
            raise Refused(
                "channel.host_not_allowed", f"只能用这些主机的机器人：{allowed}。其他主机请管理员在 RENLING_HOOK_HOSTS 中加上。",
                f"Robots may be on these hosts only: {', '.join(sorted(self._hosts))}. An administrator adds others to "
                "RENLING_HOOK_HOSTS.", kind="invalid", field="address",
            )  # fmt: skip

    async def send(self, channel: Channel, letter: Letter, message_id: str) -> None:
        try:
            self.check(channel)  # the list of hosts may have become shorter since
        except Refused as refused:
            raise NotSent(refused.code, final=True) from refused
        at_s = int(self._clock.now().timestamp())
        url, body = _MADE[channel.kind](channel, letter, at_s)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        try:
            answer = await self._http.post(url, headers, json.dumps(body, ensure_ascii=False).encode())
        except Unreachable as trouble:
            raise NotSent(_safe(str(trouble), channel), final=trouble.refused) from trouble
        _taken(answer, channel)


def _taken(answer: Answer, channel: Channel) -> None:
    """All three answer 200 and say in the body whether they took it."""
    if answer.status == 429 or answer.status >= 500:
        raise NotSent(f"HTTP {answer.status}", after_s=answer.retry_after_s)
    if answer.status != 200:
        raise NotSent(f"HTTP {answer.status}", final=300 <= answer.status < 500)
    try:
        told = json.loads(answer.body)
        code = str(told.get("errcode", told.get("code", told.get("StatusCode"))))
        words = str(told.get("errmsg", told.get("msg", "")))[:120]
    except (ValueError, AttributeError):
        raise NotSent("the answer is no JSON object") from None
    if code != "0":
        raise NotSent(_safe(f"{code}: {words}", channel), after_s=PATIENCE_S if code in TOO_MANY else 0)


def _wecom(channel: Channel, letter: Letter, at_s: int) -> tuple[str, Any]:
    content = _markdown(f"**{_plain(letter.subject)}**\n", "> ", letter, WECOM_BYTES)
    return channel.address, {"msgtype": "markdown", "markdown": {"content": content}}


def _dingtalk(channel: Channel, letter: Letter, at_s: int) -> tuple[str, Any]:
    """Signed: base64 of HMAC-SHA256(secret, "milliseconds\\nsecret"), both in the address."""
    url = channel.address
    if channel.secret:
        stamp = f"{at_s * 1000}"
        signed = _hmac(channel.secret.encode(), f"{stamp}\n{channel.secret}".encode())
        url += f"{'&' if '?' in url else '?'}timestamp={stamp}&sign={quote(signed, safe='')}"
    text = _markdown(f"#### {_plain(letter.subject)}\n", "- ", letter, DINGTALK_BYTES)
    return url, {"msgtype": "markdown", "markdown": {"title": _plain(letter.subject), "text": text}}


def _feishu(channel: Channel, letter: Letter, at_s: int) -> tuple[str, Any]:
    """Signed: base64 of HMAC-SHA256("seconds\\nsecret", nothing), both in the body."""
    lines, left = list(letter.lines), 0
    while len(body := json.dumps(_post(letter, lines, left), ensure_ascii=False).encode()) > FEISHU_BYTES and lines:
        left += len(lines) - len(lines := lines[: len(lines) * FEISHU_BYTES // (len(body) + 1)])
    made = _post(letter, lines, left)
    if channel.secret:
        made = {"timestamp": str(at_s), "sign": _hmac(f"{at_s}\n{channel.secret}".encode(), b""), **made}
    return channel.address, made


_MADE = {"wecom": _wecom, "dingtalk": _dingtalk, "feishu": _feishu}


def _post(letter: Letter, lines: list[tuple[str, str]], left: int) -> dict[str, Any]:
    rows: list[list[dict[str, str]]] = [[{"tag": "a", "text": text, "href": href}] for text, href in lines]
    if left:
        rows.append([{"tag": "text", "text": letter.more.format(n=left)}])
    rows.append([{"tag": "a", "text": letter.foot[0], "href": letter.foot[1]}])
    return {"msg_type": "post", "content": {"post": {"zh_cn": {"title": letter.subject, "content": rows}}}}


def _markdown(head: str, bullet: str, letter: Letter, most_bytes: int) -> str:
    """As many lines as fit, and how many did not."""
    foot = f"\n[{_plain(letter.foot[0])}]({letter.foot[1]})"
    kept: list[str] = []
    left = most_bytes - len((head + foot + letter.more).encode()) - 20
    for text, href in letter.lines:
        line = f"{bullet}[{_plain(text)}]({href})\n"
        left -= len(line.encode())
        if left < 0:
            break
        kept.append(line)
    missing = len(letter.lines) - len(kept)
    return head + "".join(kept) + (f"{bullet}{letter.more.format(n=missing)}\n" if missing else "") + foot


def _plain(text: str) -> str:
    return " ".join(text.translate(_MARKS).split())


def _hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(key, message, hashlib.sha256)).decode()


def _safe(words: str, channel: Channel) -> str:
    """Without the address and the secret: whoever knows them can write to the group."""
    hidden: Iterable[str] = (channel.address, channel.secret, *channel.address.partition("?")[2].split("="))
    for secret in hidden:
        if len(secret) >= 8:
            words = words.replace(secret, "…")
    return words
