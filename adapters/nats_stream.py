"""The stream as both its ends see it: its name and promises, a fact as a message, and what can be wrong with a copy."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.nats_link import Link, Rejected
from services.ports import Stored

STREAM_NOT_FOUND = 10059
NO_MESSAGE = 10037
CONTRACT = "sequence = position"


def stream_name(district: str) -> str:
    return f"EVENTS_{district}"


def subject_of(district: str, type: str) -> str:
    """`events.huangpu.need.posted`: without ids, or the server's index grows with every item."""
    return f"events.{district}.{type}"


def headers_of(row: Stored) -> dict[str, str]:
    return {"Es-Stream": row.stream, "Es-Version": str(row.version), "Es-Leaf": row.leaf.hex()}


def stored_of(msg: Msg) -> Stored:
    """A delivered message as the fact it carries. Raises ValueError for anything that the relay did not write."""
    headers = msg.headers or {}
    try:
        return Stored(
            position=sequence_of(msg.reply),
            stream=headers["Es-Stream"],
            version=int(headers["Es-Version"]),
            type=msg.subject.split(".", 2)[2],
            state=msg.data,
            leaf=bytes.fromhex(headers["Es-Leaf"]),
        )
    except (KeyError, IndexError) as e:
        raise ValueError(f"not a fact: {msg.subject}") from e


def sequence_of(reply: str) -> int:
    """The stream sequence in a delivery's reply subject, in its old form of 9 tokens or its new one of 11 and more."""
    tokens = reply.split(".")
    return int(tokens[5] if len(tokens) == 9 else tokens[7])


def config(district: str, store_id: str, replicas: int) -> dict[str, Any]:
    """All that a projection may rely on: complete for ever, changed by appending alone."""
    return {
        "name": stream_name(district),
        "subjects": [f"events.{district}.>"],
        "retention": "limits",
        "storage": "file",
        "num_replicas": replicas,
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
        "max_age": 0,
        "max_msg_size": -1,
        "max_msgs_per_subject": -1,
        "discard": "new",
        "duplicate_window": 100_000_000,  # ns, the least; the expected sequence keeps duplicates out
        "deny_delete": True,
        "deny_purge": True,
        "allow_direct": True,
        "allow_atomic": True,
        "metadata": {"store": store_id, "contract": CONTRACT},
    }


@dataclass(frozen=True, slots=True)
class Copy:
    """What the broker says about its copy."""

    last: int
    messages: int
    deleted: int
    store: str
    settings: dict[str, Any]

    def fault(self, store_id: str) -> tuple[str, str] | None:
        """Why nothing may be appended to this copy (Chinese, English), or None."""
        if self.store != store_id:
            return "消息流属于另一个账本", "the stream is a copy of another ledger"
        if self.deleted or self.messages != self.last:
            gone = self.last - self.messages or self.deleted
            return f"消息流缺少 {gone} 条", f"{gone} messages are missing from the stream"
        if not self.settings.get("allow_atomic") or self.settings.get("max_age") or self.settings["discard"] != "new":
            return "消息流的设置不符", "the stream's settings are not ours"
        return None


async def look(link: Link, district: str) -> Copy | None:
    """The copy as it is, or None when there is none."""
    try:
        info = await link.api(f"STREAM.INFO.{stream_name(district)}")
    except Rejected as e:
        if e.code == STREAM_NOT_FOUND:
            return None
        raise
    return _copy(info)


async def create(link: Link, district: str, store_id: str, replicas: int) -> Copy:
    return _copy(await link.api(f"STREAM.CREATE.{stream_name(district)}", config(district, store_id, replicas)))


async def delete(link: Link, district: str) -> None:
    """Throw the whole copy away. What reads from it waits until it is filled again."""
    try:
        await link.api(f"STREAM.DELETE.{stream_name(district)}")
    except Rejected as e:
        if e.code != STREAM_NOT_FOUND:
            raise


async def leaf_at(link: Link, district: str, sequence: int) -> bytes | None:
    """The leaf of one message, as the broker has it; b"" when it carries none, None when it is not there."""
    try:
        answer = await link.api(f"STREAM.MSG.GET.{stream_name(district)}", {"seq": sequence})
    except Rejected as e:
        if e.code == NO_MESSAGE:
            return None
        raise
    raw = base64.b64decode(answer["message"].get("hdrs", ""))
    leaf = Client._parse_header_lines(raw).get("Es-Leaf", "")
    return bytes.fromhex(leaf)


def _copy(info: dict[str, Any]) -> Copy:
    settings, state = info["config"], info["state"]
    return Copy(
        last=state["last_seq"],
        messages=state["messages"],
        deleted=state.get("num_deleted", 0),
        store=(settings.get("metadata") or {}).get("store", ""),
        settings=settings,
    )
