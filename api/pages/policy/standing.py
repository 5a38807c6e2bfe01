"""What all pages of the matching rules say at their head."""

from __future__ import annotations

from typing import Any

from domain.access import Facts, Principal, decide
from domain.matching.digest import digest
from domain.rules import RuleBook
from services.policies import Standing
from services.shapes import instant

VARIANT = {"matching": "平时规则", "emergency": "应急规则"}


def about(standing: Standing) -> dict[str, Any]:
    """When it was adopted and by which event; the emergency; the draft."""
    emergency = standing.emergency
    return {
        "adopted_at": instant(standing.adopted_at), "position": standing.position, "by": standing.by, "mode": standing.mode,
        "digest": digest(standing.policy), "until": instant(emergency.until) if emergency else None,
        "reason": standing.reason, "draft": standing.draft, "note": standing.note, "variants": VARIANT,
    }  # fmt: skip


def may(who: Principal | None, action: str, book: RuleBook) -> bool:
    return who is not None and decide(who, action, Facts(path=(book.area,))) is None
