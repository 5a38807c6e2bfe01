"""What a project page tells: how far it is, who must do what next and until when, and what each side said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from api.pages import shown
from api.pages.claims.told import days_left
from api.pages.places import Doc
from api.pages.words import Tongue
from domain.rules import RuleBook
from services.shapes import instant

STEPS = ("立项", "报告交付", "确认交付", "反馈结果", "双方评价", "办结")
DUE = {  # act -> who does it
    "delivery": "provider", "confirmation": "receiver", "feedback": "receiver",
}  # fmt: skip


def steps(doc: Doc) -> list[tuple[str, str]]:
    """(step, "done", "now" or "") in order; nothing is "now" when it has ended otherwise."""
    roles = {each["role"] for each in doc["evaluations"]}
    status = doc["status"]
    confirmed = status in ("confirmed", "settled", "closed") and doc["outcome"] != "failed"
    done = [
        True, confirmed or status == "reported" or any(line["reported"] for line in doc["lines"]), confirmed,
        doc["fed_back"], {"provider", "receiver"} <= roles, status == "closed",
    ]  # fmt: skip
    first = next((n for n, is_done in enumerate(done) if not is_done), len(done))
    going = status not in ("aborted", "closed")
    return [
        (step, "done" if done[n] else "now" if n == first and going else "") for n, step in enumerate(STEPS)
    ]


def next_up(doc: Doc, history: Sequence[Doc], called: Mapping[str, str], book: RuleBook, today: str, say: Tongue) -> list[dict[str, Any]]:
    """Who must do what next, and until when: [{who, what, due, left}]."""
    found = []
    for side, what, due in _open(doc, history, book):
        who = called[doc[side]] if side in ("provider", "receiver") else say(side)
        found.append({"who": who, "what": what, "due": due, "left": days_left(due, today)})
    return found


def _open(doc: Doc, history: Sequence[Doc], book: RuleBook) -> list[tuple[str, str, str | None]]:
    status, clocks = doc["status"], book.clocks
    roles = {each["role"] for each in doc["evaluations"]}
    if status == "active":
        return [("provider", "报告交付", doc["due_at"])]
    if status == "reported":
        return [("receiver", "确认交付", _after(history, "project.delivery_reported", clocks.confirm_days))]
    if status == "disputed":
        other = "receiver" if doc["disputed_by"] != doc["receiver"] else "provider"
        return [(other, "裁定争议", None), ("上级街道或区", "裁定争议", None)]
    if status not in ("confirmed", "settled"):
        return []
    since = "project.delivery_confirmed" if status == "confirmed" else "project.settled"
    found: list[tuple[str, str, str | None]] = []
    if not doc["fed_back"]:
        found.append(("receiver", "反馈结果", _after(history, since, clocks.feedback_days)))
    found += [(role, "评价对方", None) for role in ("provider", "receiver") if role not in roles]
    return found or [("receiver", "办结", None)]


def _after(history: Sequence[Doc], type_: str, days: int) -> str | None:
    at = next((entry["at"] for entry in reversed(history) if entry["type"] == type_), None)
    return instant(shown.local(at) + timedelta(days=days)) if at else None


def evaluations(history: Sequence[Doc], called: Mapping[str, str], say: Tongue) -> list[dict[str, Any]]:
    """What both sides said, and what residents said without a name."""
    words = {"provider": "提供方", "receiver": "接收方", "resident": "居民"}
    return [
        {
            "who": called.get(e["data"].get("by") or "", "") or say(words.get(e["data"]["role"], "居民")), "at": e["at"],
            "score": e["data"]["score"], "note": e["data"].get("note"),
        }
        for e in history
        if e["type"] == "project.evaluated"
    ]  # fmt: skip


def said(history: Sequence[Doc], type_: str) -> list[dict[str, Any]]:
    """The notes of such events, newest first."""
    return [{"at": e["at"], "note": e["data"].get("note")} for e in reversed(history) if e["type"] == type_]
