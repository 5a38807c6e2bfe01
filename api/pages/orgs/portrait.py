"""An organisation's figures in words; each says of how many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.pages import shown
from api.pages.charts import Part, stack
from api.pages.words import Tongue
from services.portraits import Portrait, Reliability, Side


def facts(portrait: Portrait, say: Tongue) -> list[tuple[str, str]]:
    return [
        (say("发布的需求"), f"{portrait.needs:,} {say('项')}"), (say("发布的资源"), f"{portrait.offers:,} {say('项')}"),
        (say("往来的对方"), say("{n} 家", n=len(portrait.partners))),
    ]  # fmt: skip


def side(found: Side, categories: Mapping[str, str], say: Tongue) -> dict[str, Any]:
    most_year, most_category = max(found.by_year.values(), default=1), max(found.by_category.values(), default=1)
    return {
        "projects": found.projects, "joint": found.joint, "beneficiaries": found.beneficiaries,
        "pledged": shown.money(found.pledged_fen, say), "received": shown.money(found.received_fen, say),
        "has_money": bool(found.pledged_fen or found.received_fen),
        "quantities": [(unit, n) for unit, n in sorted(found.quantities.items(), key=lambda pair: (-pair[1], pair[0])) if n],
        "years": [(year, n, _bar(n, most_year, "bound")) for year, n in sorted(found.by_year.items(), reverse=True)],
        "categories": [
            (categories.get(category, category), n, _bar(n, most_category, "done"))
            for category, n in sorted(found.by_category.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
    }  # fmt: skip


def _bar(n: int, most: int, tone: str) -> Any:
    return stack([Part(tone, n, "")], most, numbers=False)


def reliability(found: Reliability, say: Tongue) -> list[tuple[str, str, str]]:
    """(what, share, of how many)."""
    pairs = (
        ("按时答复", found.answered, "别人提出的认领，在期限内答复的"),
        ("承诺而交付", found.delivered, "已有结果的项目，确认交付的"),
        ("按期交付", found.in_time, "已交付的项目，不迟于约定期限确认的"),
        ("中途解除", found.released, "成立过的认领，后来任何一方解除的"),
    )
    return [
        (say(what), f"{100 * n // whole}%" if whole else "—", f"{n:,} / {whole:,} · {say(meaning)}")
        for what, (n, whole), meaning in pairs
    ]
