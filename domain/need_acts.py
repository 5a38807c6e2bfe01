"""What may be done with a need: post, endorse, amend, withdraw, reopen, merge, lapse, close."""

from __future__ import annotations

from datetime import datetime

from domain.calendar import MOST_OCCURRENCES, Window, check, keeps
from domain.capacity import all_occurrences, check_lines, check_people, check_skills
from domain.claim_legal import Changes
from domain.events import Event, Refused, Text
from domain.need import (
    NeedAmended,
    NeedClosed,
    NeedContent,
    NeedDrafted,
    NeedEndorsed,
    NeedLapsed,
    NeedMerged,
    NeedPosted,
    NeedRejected,
    NeedReopened,
    NeedState,
    NeedWithdrawn,
    evolve,
)
from domain.rules import RuleBook


def post(content: NeedContent, *, number: str, draft: bool, at: datetime, book: RuleBook) -> tuple[Event, ...]:
    """A draft, or at once posted (and open, where no endorsement is asked for)."""
    _check(content, book)
    _check_respond_by(content.respond_by, at)
    if draft:
        return (NeedDrafted(number=number, content=content),)
    return (NeedPosted(number=number, opens=not book.endorse_needs, content=content),)


def publish(need: NeedState, *, at: datetime, book: RuleBook) -> tuple[Event, ...]:
    if need.phase in ("posted", "open"):
        return ()
    _require(need, "publication", ("draft",))
    _check(need.content, book)
    _check_respond_by(need.content.respond_by, at)
    return (NeedPosted(number=need.number, opens=not book.endorse_needs),)


def endorse(need: NeedState) -> tuple[Event, ...]:
    if need.phase == "open":
        return ()
    _require(need, "endorsement", ("posted",))
    return (NeedEndorsed(),)


def reject(need: NeedState, *, reason: Text | None) -> tuple[Event, ...]:
    _require(need, "rejection", ("posted",))
    return (NeedRejected(reason=reason),)


def amend(need: NeedState, change: NeedAmended, *, at: datetime, book: RuleBook) -> tuple[Event, ...]:
    """Text and numbers of a draft or an open need; never below what is committed or delivered, and windows with
    commitments stay."""
    _require(need, "amendment", ("draft", "posted", "open"))
    after = evolve(need, change, need.id)
    _check(after.content, book)
    _check_respond_by(change.respond_by, at)
    windows, new = need.content.windows, after.content.windows
    short = [
        bucket for bucket, used in need.capacity.used.items()
        if after.capacity.quantity(*bucket[:2]) < used.total or not keeps(windows, new, bucket[2])
    ]  # fmt: skip
    if short:
        raise Refused(
            "need.below_committed", f"“{short[0][0]}”已有认领，不能减到已认领的数量以下，也不能撤掉已认领的时段。",
            f"“{short[0][0]}” is partly committed: it cannot go below that, nor lose a committed window.",
        )  # fmt: skip
    return () if after == need else (change,)


def withdraw(need: NeedState, *, reason: Text | None) -> tuple[Event, ...]:
    """Only while nothing is committed: a promise is released first."""
    _require(need, "withdrawal", ("draft", "posted", "open"))
    if need.by_claim or need.status in ("met",):
        raise Refused(
            "need.committed", "已有单位认领，请先解除认领（release）再撤回需求。",
            "Units have committed to it: release those claims first.", legal=("release",),
        )  # fmt: skip
    return (NeedWithdrawn(reason=reason),)


def reopen(need: NeedState, *, reason: Text | None) -> tuple[Event, ...]:
    """Back where it was, with its whole past: a draft is a draft again, what was never endorsed still waits for that. The
    old answer date is gone."""
    _require(need, "reopening", ("withdrawn", "lapsed", "closed"))
    return (NeedReopened(cause="owner", reason=reason),)


def merge(need: NeedState, into: NeedState, *, reason: Text | None) -> tuple[Event, ...]:
    """A double is linked to the need it repeats, never deleted; with commitments it stays its own."""
    if need.merged_into == into.id:
        return ()
    _require(need, "merge", ("draft", "posted", "open"))
    if need.capacity.used or into.id == need.id or into.phase not in ("posted", "open"):
        raise Refused(
            "need.cannot_merge", "只能并入另一条进行中的需求，且自身尚无认领。",
            "A need without commitments can be merged into another need that is open.", kind="invalid", field="into",
        )  # fmt: skip
    return (NeedMerged(into=into.id, reason=reason),)


def lapse(need: NeedState, *, at: datetime) -> tuple[Event, ...]:
    """By the clock: nobody committed before its respond-by date."""
    due = need.content.respond_by
    if need.status != "open" or need.answered or due is None or at < due:
        return ()
    return (NeedLapsed(),)


def close(need: NeedState, *, waiver: Text | None) -> Changes:
    """Met, fed back and evaluated (or waived): done."""
    return ((need.id, NeedClosed(waiver=waiver)),) if need.status == "met" else ()


def legal(need: NeedState) -> tuple[str, ...]:
    """Acts of the owner that the state allows."""
    acts = {
        "draft": ("publication", "amendment", "withdrawal"),
        "posted": ("amendment", "withdrawal", "endorsement"),
        "open": ("claim", "amendment", "withdrawal", "merge"),
        "covered": ("claim", "amendment"),
        "withdrawn": ("reopening",), "lapsed": ("reopening",), "closed": ("reopening",),
    }  # fmt: skip
    return acts.get(need.status, ())


def _require(need: NeedState, act: str, phases: tuple[str, ...]) -> None:
    if need.phase not in phases:
        acts = legal(need)
        raise Refused(
            "need.wrong_state", f"需求 {need.number} 现为“{need.status}”，不能办理。可以办理：{'、'.join(acts) or '—'}。",
            f"Need {need.number} is {need.status}: {act} is not possible. Possible: {', '.join(acts) or '—'}.", legal=acts,
        )  # fmt: skip


def _check(content: NeedContent, book: RuleBook) -> None:
    book.category(content.category)
    check_lines(content.lines)
    check(content.windows)
    _check_windows(content.windows)
    if not 0 <= content.urgency <= 3:
        raise Refused("need.urgency", "紧急程度为 0–3。", "Urgency is 0 to 3.", kind="invalid", field="urgency")
    check_people(content.beneficiaries)
    check_skills(() if content.skill is None else (content.skill,), "skill")
    if content.group is not None:
        book.group(content.group)


def _check_respond_by(respond_by: datetime | None, at: datetime) -> None:
    if respond_by is not None and respond_by <= at:
        raise Refused(
            "need.respond_by", "答复期限已过，请改为以后的时间。", "respond_by has passed: give a later time.",
            kind="invalid", field="respond_by",
        )  # fmt: skip


def _check_windows(windows: tuple[Window, ...]) -> None:
    occurrences = all_occurrences(windows)
    if not occurrences or len(occurrences) > MOST_OCCURRENCES:
        raise Refused(
            "window.too_long", f"需求的时段须有截止日期，且不超过 {MOST_OCCURRENCES} 场。",
            f"A need's windows must end and have at most {MOST_OCCURRENCES} occurrences.", kind="invalid", field="windows",
        )  # fmt: skip
