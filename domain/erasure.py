"""Erasing what was said of people: asked for by one, approved by another, done by a third; what is left is a certificate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from domain.events import Refused

KINDS = {"text": ("一项的全部文字", "All words of an item"), "person": ("联系人", "A contact")}
REASONS = {  # a closed list, since the certificate is kept
    "mistake": ("误填了个人信息", "Personal details were typed by mistake"),
    "consent": ("本人撤回同意", "The person has withdrawn consent"),
    "done": ("目的已经实现，不再需要", "It has served its purpose"),
    "law": ("依法应当删除", "The law demands it"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Erasure:
    """A request and what became of it. `about` is an item ("" for a contact of the organisation), `org` whose it is,
    `path` the area and all above it when it was asked for. Times are UTC. No word of what is erased."""

    id: str
    kind: str
    about: str
    org: str
    path: tuple[str, ...]
    reason: str
    asked_by: str
    asked_org: str
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    declined_at: datetime | None = None
    executed_by: str | None = None
    executed_at: datetime | None = None
    keys: int = 0  # destroyed
    cleared_at: datetime | None = None  # lists and search were made anew without it

    @property
    def status(self) -> str:
        if self.declined_at:
            return "declined"
        if self.executed_at:
            return "cleared" if self.cleared_at else "executed"
        return "approved" if self.approved_at else "asked"


def approve(erasure: Erasure, *, by: str, at: datetime) -> Erasure:
    _in(erasure, "asked")
    return replace(erasure, approved_by=by, approved_at=at)


def decline(erasure: Erasure, *, by: str, at: datetime) -> Erasure:
    _in(erasure, "asked")
    return replace(erasure, approved_by=by, declined_at=at)


def execute(erasure: Erasure, *, by: str, at: datetime, keys: int) -> Erasure:
    _in(erasure, "approved")
    return replace(erasure, executed_by=by, executed_at=at, keys=keys)


def may_execute(erasure: Erasure) -> None:
    _in(erasure, "approved")


def clear(erasure: Erasure, *, at: datetime) -> Erasure:
    """The lists no longer hold it. Again: nothing more."""
    return erasure if erasure.status != "executed" else replace(erasure, cleared_at=at)


def checked(kind: str, reason: str) -> None:
    """Refused: erasure.kind, erasure.reason."""
    if kind not in KINDS:
        raise Refused("erasure.kind", "请选择删除文字还是联系人。", "Say whether words or a contact are to be erased.",
                      kind="invalid", field="kind")  # fmt: skip
    if reason not in REASONS:
        raise Refused("erasure.reason", "请选择删除的理由。", "Say why: choose a reason.", kind="invalid", field="reason")


def _in(erasure: Erasure, status: str) -> None:
    if erasure.status != status:
        raise Refused(
            "erasure.state", "这项删除申请已经到了下一步，请刷新页面。", "This request has moved on: reload the page.", kind="state"
        )
