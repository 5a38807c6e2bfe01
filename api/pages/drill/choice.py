"""What a reader has chosen to look at: category, line, days and moment, as the address says it and as links keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import Request

from api.pages import shown
from api.pages.places import category_words, engine_of, rule_book, standing, tier_words
from api.pages.site import link, tongue
from api.pages.words import Tongue
from domain.access import SYSTEM, missing
from domain.events import Refused
from services.asof import moment
from services.drill import Choice
from services.engine import Engine

VIEWS = (("", "总览"), ("/process", "过程与时效"), ("/areas", "区域与公平"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """As typed; empty is not chosen."""

    area: str
    category: str = ""
    line: str = ""
    since: str = ""
    until: str = ""
    at: str = ""

    @property
    def choice(self) -> Choice:
        return Choice(
            area=self.area, category=self.category or None, line=self.line or None, since=self.since or None,
            until=self.until or None,
        )  # fmt: skip

    def href(self, view: str, **more: Any) -> str:
        """The same choice on another view, or with something chosen otherwise."""
        kept = {"category": self.category, "line": self.line, "from": self.since, "to": self.until, "at": self.at}
        area = more.pop("area", self.area)
        return link(f"/dashboards/{area}{view}", **(kept | more))


def asked_of(request: Request, area: str) -> Asked:
    """Refused: days.invalid."""
    typed = {name: request.query_params.get(name, "").strip() for name in ("category", "line", "at")}
    since, until = days_of(request)
    return Asked(
        area=area, category=typed["category"], line=typed["line"], since=since, until=until, at=typed["at"]
    )


def days_of(request: Request) -> tuple[str, str]:
    """`from` and `to`; "" where none is named. Refused: days.invalid."""
    days = [request.query_params.get(name, "").strip() for name in ("from", "to")]
    for name, day in zip(("from", "to"), days, strict=True):
        if day and not shown.is_day(day):
            raise Refused(
                "days.invalid", "起止日期须写成 2026-03-01 的样子。", "Days are written like 2026-03-01.",
                kind="invalid", field=name,
            )  # fmt: skip
    return days[0], days[1]


async def frame(request: Request, asked: Asked, view: str) -> dict[str, Any]:
    """What every view of an area has around it: its name and path, the filters, the presets, position and lag."""
    engine, say = engine_of(request), tongue(request)
    trail = await engine.dashboards.trail(asked.area, asked.at or None)
    book, state = await rule_book(engine), await standing(engine)
    position = await engine.dashboards.position(asked.at or None)
    return {
        "asked": asked, "area": trail[-1], "trail": trail, "view": view, "at": asked.at, "position": position,
        "standing": state, "categories": category_words(book, say), "tier_words": tier_words(book, say),
        "lines": await engine.dashboards.drill.lines(asked.area, asked.at or None),
        "views": views(asked, view, say),
        "presets": presets(asked, view, state.today, say), "live": "" if asked.at else asked.area,
    }  # fmt: skip


def views(asked: Asked, view: str, say: Tongue) -> list[tuple[str, str, bool]]:
    """(address, words, here) of the pages of a dashboard."""
    return [(asked.href(suffix), say(word), suffix == view) for suffix, word in VIEWS]


def presets(asked: Asked, view: str, today: str, say: Tongue) -> list[tuple[str, str, bool]]:
    """(address, words, chosen): all of time, this quarter, the last one, this year, the last one."""
    day = date.fromisoformat(today)
    quarter = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    before = (quarter - timedelta(days=1)).replace(day=1)
    last = date(before.year, (before.month - 1) // 3 * 3 + 1, 1)
    spans = (
        ("全部时间", "", ""), ("本季度", quarter, _end(quarter, 3)), ("上季度", last, _end(last, 3)),
        ("今年", date(day.year, 1, 1), date(day.year, 12, 31)),
        ("去年", date(day.year - 1, 1, 1), date(day.year - 1, 12, 31)),
    )  # fmt: skip
    return [
        (asked.href(view, **{"from": since, "to": until}), say(word), (str(since), str(until)) == (asked.since, asked.until))
        for word, since, until in spans
    ]  # fmt: skip


async def moment_of(engine: Engine, at: str, position: int) -> datetime:
    """The time that "overdue" is told by: now, the time asked for, or that of the event at the position asked for."""
    now = engine.streams.clock.now()
    if not at:
        return now
    if not at.isdigit():
        return min(now, moment(at))
    found = (await engine.trail.events(position - 1, 1, SYSTEM))["items"] if position else []
    return datetime.fromisoformat(found[0]["at"]) if found else now


def one_of(value: str, known: Sequence[str], otherwise: str) -> str:
    return value if value in known else otherwise


def found(value: Any) -> Any:
    """Missing when there is nothing."""
    if not value:
        raise missing()
    return value


def _end(first: date, months: int) -> date:
    after = date(first.year + (first.month - 1 + months) // 12, (first.month - 1 + months) % 12 + 1, 1)
    return after - timedelta(days=1)
