"""What may be done with an offer: publish, amend, pause, resume, retire, expire."""

from __future__ import annotations

from datetime import datetime

from domain.calendar import check, keeps, last_end
from domain.capacity import check_lines, check_skills
from domain.events import Event, Refused, Text
from domain.offer import (
    OfferAmended,
    OfferContent,
    OfferDrafted,
    OfferExpired,
    OfferPaused,
    OfferPublished,
    OfferResumed,
    OfferRetired,
    OfferState,
    evolve,
)
from domain.rules import RuleBook


def post(content: OfferContent, *, number: str, draft: bool, book: RuleBook) -> tuple[Event, ...]:
    """A draft, or at once published."""
    _check(content, book)
    if draft:
        return (OfferDrafted(number=number, content=content),)
    return (OfferPublished(number=number, content=content),)


def publish(offer: OfferState, *, book: RuleBook) -> tuple[Event, ...]:
    if offer.phase == "published":
        return ()
    _require(offer, "publication", ("draft",))
    _check(offer.content, book)
    return (OfferPublished(number=offer.number),)


def amend(offer: OfferState, change: OfferAmended, *, book: RuleBook) -> tuple[Event, ...]:
    """Capacity is never cut below what is held, committed or delivered."""
    _require(offer, "amendment", ("draft", "published", "paused"))
    after = evolve(offer, change, offer.id)
    _check(after.content, book)
    for (kind, unit, occurrence), used in offer.capacity.used.items():
        kept = keeps(offer.content.windows, after.content.windows, occurrence)
        if after.capacity.quantity(kind, unit) < used.total or not kept:
            raise Refused(
                "offer.below_held", f"“{kind}”已被占用或认领 {used.total} {unit}，不能减到以下，也不能撤掉该时段。",
                f"{used.total} {unit} of “{kind}” are held or committed: it cannot go below that, nor lose the window.",
                kind="state", field="lines",
            )  # fmt: skip
    return () if after == offer else (change,)


def pause(offer: OfferState, *, reason: Text | None) -> tuple[Event, ...]:
    if offer.phase == "paused":
        return ()
    _require(offer, "pause", ("published",))
    return (OfferPaused(reason=reason),)


def resume(offer: OfferState) -> tuple[Event, ...]:
    if offer.phase == "published":
        return ()
    _require(offer, "resumption", ("paused",))
    return (OfferResumed(),)


def retire(offer: OfferState, *, reason: Text | None) -> tuple[Event, ...]:
    """No new claims; open proposals are superseded, accepted ones stay binding."""
    if offer.phase == "retired":
        return ()
    _require(offer, "retirement", ("draft", "published", "paused"))
    return (OfferRetired(reason=reason),)


def expire(offer: OfferState, *, at: datetime) -> tuple[Event, ...]:
    """By the clock: its last occurrence is over."""
    end = last_end(offer.content.windows)
    if offer.phase not in ("published", "paused") or end is None or at < end:
        return ()
    return (OfferExpired(),)


def legal(offer: OfferState) -> tuple[str, ...]:
    acts = {
        "draft": ("publication", "amendment", "retirement"),
        "published": ("claim", "amendment", "pause", "retirement"),
        "exhausted": ("amendment", "pause", "retirement"),
        "paused": ("resumption", "amendment", "retirement"),
    }
    return acts.get(offer.status, ())


def _require(offer: OfferState, act: str, phases: tuple[str, ...]) -> None:
    if offer.phase not in phases:
        acts = legal(offer)
        raise Refused(
            "offer.wrong_state", f"资源 {offer.number} 现为“{offer.status}”，不能办理。可以办理：{'、'.join(acts) or '—'}。",
            f"Offer {offer.number} is {offer.status}: {act} is not possible. Possible: {', '.join(acts) or '—'}.", legal=acts,
        )  # fmt: skip


def _check(content: OfferContent, book: RuleBook) -> None:
    book.category(content.category)
    check_lines(content.lines)
    check(content.windows)
    check_skills(content.skills, "skills")
    for group in content.groups:
        book.group(group, "groups")
    most = max(line.quantity for line in content.lines)
    if not 0 <= content.minimum <= most:
        raise Refused(
            "offer.minimum", f"起领数量为 0–{most}，不能多于明细中最大的数量。",
            f"The least that can be asked for is 0 to {most}: not more than its biggest line has.",
            kind="invalid", field="minimum",
        )  # fmt: skip
