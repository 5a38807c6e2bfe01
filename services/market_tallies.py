"""The ledger counted as it lies there, without its facts being made: what is live, and what organisations have done so far.

Only fields that are stored for ever are read, and only of facts that change a count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from domain.matching.times import day_of, minutes_of
from services.command import kind_of
from services.market_facts import NOTHING, Asked, Count, Promise, counted, promised
from services.ports import Codec, Stored

Raw = dict[str, Any]
_OVER = ("declined", "withdrawn", "expired", "superseded", "failed", "fulfilled")  # nothing follows; a release may be undone
_NEED_PHASES = {
    "need.endorsed": "open", "need.rejected": "rejected", "need.closed": "closed", "need.withdrawn": "withdrawn",
    "need.merged": "merged", "need.lapsed": "lapsed",
}  # fmt: skip
_CLAIM_STATUSES = {f"claim.{status}": status for status in _OVER} | {
    "claim.waitlisted": "waitlisted", "claim.promoted": "proposed",
}  # fmt: skip
_OFFER_OFF = ("offer.paused", "offer.retired", "offer.expired")
_NOBODY = Promise(status="", givers=())


class Tallies:
    """`take` every event once and in order; what it touched is gathered until somebody empties it."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._needs: dict[str, tuple[Asked, str]] = {}  # and the phase that an owner's reopening goes back to
        self._claims: dict[str, tuple[str | None, Promise]] = {}  # and its need; those that are over are left out
        self._claims_of: dict[str, list[str]] = {}
        self._published: set[str] = set()
        self._counts: dict[str, Count] = {}
        self.touched: set[str] = set()  # streams
        self.orgs: set[str] = set()  # whose counts may have changed

    def take(self, row: Stored) -> None:
        take = _TAKERS.get(kind_of(row.stream))
        if take is not None:
            take(self, row)
            self.touched.add(row.stream)

    def live(self, stream: str) -> bool:
        """Whether its state is wanted: an open need, a claim on one, a published offer, every unit and area."""
        match kind_of(stream):
            case "need":
                return self._needs[stream][0].phase == "open"
            case "offer":
                return stream in self._published
            case kind:
                return kind in ("unit", "area")

    def forget_touched(self) -> None:
        """What was touched has been looked after."""
        self.touched.clear()
        self.orgs.clear()

    def claims_on(self, need: str) -> tuple[str, ...]:
        """In the order they were made; ended ones too."""
        return tuple(self._claims_of.get(need, ()))

    def since(self, need: str) -> int:
        """The local day it was first posted."""
        return self._needs[need][0].since or 0

    def count(self, org: str) -> Count:
        return self._counts.get(org, NOTHING)

    def _need(self, row: Stored) -> None:
        before = self._needs.get(row.stream)
        after = self._need_after(before, row)
        if after is before:
            return
        self._needs[row.stream] = after
        if before is not None:
            self._add(before[0].owner, counted(before[0]), -1)
        self._add(after[0].owner, counted(after[0]))

    def _need_after(self, known: tuple[Asked, str] | None, row: Stored) -> tuple[Asked, str]:
        if row.type in ("need.drafted", "need.posted"):
            return self._put_up(known, row)
        assert known is not None, f"{row.stream} begins with {row.type}"
        asked, before = known
        match row.type:
            case "need.committed" if not asked.answered:
                return replace(asked, answered=True), before
            case "need.reopened" if self._data(row)["cause"] == "owner":
                return replace(asked, phase=before), before
            case "need.endorsed":
                return replace(asked, phase="open"), "open"
            case type if phase := _NEED_PHASES.get(type):
                return replace(asked, phase=phase), before
        return known

    def _put_up(self, known: tuple[Asked, str] | None, row: Stored) -> tuple[Asked, str]:
        raw = self._codec.peek(row)
        data: Raw = raw["data"]
        phase = "draft" if row.type == "need.drafted" else "open" if data["opens"] else "posted"
        asked = known[0] if known is not None else Asked(owner=data["content"]["owner"], phase=phase)
        day = None if phase == "draft" else day_of(minutes_of(datetime.fromisoformat(raw["at"])))
        return replace(asked, phase=phase, since=day), phase

    def _offer(self, row: Stored) -> None:
        if row.type in ("offer.published", "offer.resumed"):
            self._published.add(row.stream)
        elif row.type in _OFFER_OFF:
            self._published.discard(row.stream)

    def _claim(self, row: Stored) -> None:
        need, before, after = self._begun(row) if row.type == "claim.proposed" else self._gone_on(row)
        if need is not None:
            self.touched.add(need)
        if after is not before:
            for times, promise in ((-1, before), (1, after)):
                for org, count in promised(promise):
                    self._add(org, count, times)
        self._claims[row.stream] = need, after
        if after.status in _OVER:
            del self._claims[row.stream]

    def _begun(self, row: Stored) -> tuple[str | None, Promise, Promise]:
        terms = self._data(row)["terms"]
        need: str | None = terms.get("need")
        if need is not None:
            self._claims_of.setdefault(need, []).append(row.stream)
        members = tuple(m["org"] for m in terms.get("members", ()) if m["status"] in ("invited", "joined"))
        return need, _NOBODY, Promise(status="proposed", givers=members or (terms["provider"],))

    def _gone_on(self, row: Stored) -> tuple[str | None, Promise, Promise]:
        need, before = self._claims[row.stream]
        return need, before, self._claim_after(before, row)

    def _claim_after(self, promise: Promise, row: Stored) -> Promise:
        if status := _CLAIM_STATUSES.get(row.type):
            return replace(promise, status=status)
        match row.type:
            case "claim.accepted" | "claim.reinstated" if self._data(row)["final"]:
                return replace(promise, status="accepted", released_by=None)
            case "claim.released":
                return replace(promise, status="released", released_by=self._data(row)["by"])
            case "claim.member_invited":
                others = _without(promise.givers, org := self._data(row)["org"])
                return replace(promise, givers=(*others, org))
            case "claim.member_declined" | "claim.member_left":
                org = self._data(row)["org"]
                broke = promise.status == "accepted"
                left = (*promise.left, org) if broke else promise.left
                return replace(promise, givers=_without(promise.givers, org), left=left)
        return promise

    def _data(self, row: Stored) -> Raw:
        data: Raw = self._codec.peek(row)["data"]
        return data

    def _add(self, org: str, more: Count, times: int = 1) -> None:
        self._counts[org] = self.count(org).plus(more, times)
        self.orgs.add(org)


def _without(orgs: tuple[str, ...], org: str) -> tuple[str, ...]:
    return tuple(each for each in orgs if each != org)


def _nothing(tallies: Tallies, row: Stored) -> None:
    """Units and areas are held whole: there is nothing to count."""


_TAKERS: dict[str, Callable[[Tallies, Stored], None]] = {
    "need": Tallies._need, "offer": Tallies._offer, "claim": Tallies._claim, "unit": _nothing, "area": _nothing,
}  # fmt: skip
