"""Figures as tiles and table rows; each says what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.pages import shown
from api.pages.site import link
from api.pages.words import Tongue

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tally:
    """One figure. `note` sets it in proportion; `href` leads to what it counts, where everybody may see that."""

    label: str
    value: str
    unit: str
    note: str = ""
    href: str = ""


def headline(figures: Figures, say: Tongue) -> tuple[Tally, ...]:
    """The four figures of the front page."""
    return tuple(tally for tally in tallies(figures, say, None, None) if tally.label in _headline(say))


def _headline(say: Tongue) -> tuple[str, ...]:
    return say("待认领需求"), say("可认领资源"), say("认领成立"), say("惠及居民")


def tallies(figures: Figures, say: Tongue, area: str | None, at: str | None) -> tuple[Tally, ...]:
    """All figures of an area, each unit of count apart."""
    needs, offers = figures["needs"], figures["offers"]
    claimed, waiting, active = figures["items_claimed"], figures["claims"]["proposed"], figures["projects"]["active"]
    n = shown.number

    def board(kind: str, status: str) -> str:
        return link("/board", kind=kind, area=area, status=status, at=at)

    def behind(figure: str) -> str:
        return link(f"/dashboards/{area}/events", figure=figure, at=at) if area else ""

    return (
        Tally(
            say("待认领需求"), n(needs["open"] + needs["posted"]), say("项"),
            say("需求共 {n} 项", n=n(needs["total"])), board("needs", "open,posted"),
        ),
        Tally(
            say("需求已办成"), n(figures["needs_met"]), say("项"), say("平均覆盖率 {n}", n=cover(figures)),
            board("needs", "met,closed"),
        ),
        Tally(
            say("可认领资源"), n(offers["published"]), say("项"), say("资源共 {n} 项", n=n(offers["total"])),
            board("offers", "published"),
        ),
        Tally(say("资源已动用"), n(figures["offers_used"]), say("项"), say("供需共 {n} 项被认领", n=n(claimed)), behind("offers_used")),
        Tally(say("认领成立"), n(figures["claims_accepted"]), say("次"), say("待答复 {n} 次", n=n(waiting)), behind("claims_accepted")),
        Tally(
            say("项目已交付"), n(figures["projects_delivered"]), say("个"), say("实施中 {n} 个", n=n(active)),
            behind("projects_delivered"),
        ),
        Tally(say("惠及居民"), n(figures["beneficiaries"]), say("人次"), say("以接收方确认为准"), behind("beneficiaries")),
        _money(figures["money"], say, behind("money/received_fen")),
    )  # fmt: skip


def _money(money: Mapping[str, int], say: Tongue, href: str) -> Tally:
    value, unit = shown.money_parts(money["received_fen"], say)
    pledged, spent = shown.money(money["pledged_fen"], say), shown.money(money["spent_fen"], say)
    return Tally(say("资金到账"), value, unit, say("承诺 {pledged} · 支出 {spent}", pledged=pledged, spent=spent), href)


def cover(figures: Figures) -> str:
    """Of no needs there is no cover."""
    return f"{figures['cover_pct']}%" if figures["needs"]["total"] else "—"


def category_rows(board: Figures, words: Mapping[str, str], say: Tongue) -> list[dict[str, Any]]:
    """One row a category, in the order of the rule book, then those it no longer has."""
    found = {row["category"]: row["figures"] for row in board["by_category"]}
    ordered = [c for c in words if c in found] + [c for c in found if c not in words]
    return [{"id": c, "name": words.get(c, c), **_columns(found[c])} for c in ordered]



def _columns(figures: Figures) -> dict[str, Any]:
    needs = figures["needs"]
    return {
        "figures": figures, "needs": needs["total"], "waiting": needs["open"] + needs["posted"],
        "met": figures["needs_met"], "offers": figures["offers"]["total"], "used": figures["offers_used"],
        "claims": figures["claims_accepted"], "delivered": figures["projects_delivered"], "cover": cover(figures),
        "beneficiaries": figures["beneficiaries"],
    }  # fmt: skip
