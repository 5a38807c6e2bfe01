"""When something is sent: at once, with the next hourly or daily summary, never in quiet hours; and when again."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.calendar import ZONE
from services.notice_ports import Manners

TRIES = 12  # then a message is dead: after about two days
FIRST_AGAIN_S = 30
LAST_AGAIN_S = 6 * 3600


def send_at(now: datetime, pace: str, manners: Manners) -> datetime:
    """The first moment, UTC, at which a reader wants to hear of something that is known now."""
    local = now.astimezone(ZoneInfo(ZONE))
    if pace == "hour":
        local = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    elif pace == "day":
        local = _next(local, manners.day_at)
    if _is_quiet(local, manners):
        local = _next(local, manners.quiet_until or 0)
    return local.astimezone(now.tzinfo)


def again_after_s(attempts: int, name: str) -> int:
    """Seconds before the next try: doubled each time, up to six hours, and up to a quarter more or less. The same name
    and attempt give the same seconds; different names are spread."""
    base = min(FIRST_AGAIN_S << min(attempts, 20), LAST_AGAIN_S)
    chance = int.from_bytes(hashlib.sha256(f"{name}/{attempts}".encode()).digest()[:4], "big")
    return base - base // 4 + chance * (base // 2) // 2**32


def _next(local: datetime, minute_of_day: int) -> datetime:
    found = local.replace(hour=minute_of_day // 60, minute=minute_of_day % 60, second=0, microsecond=0)
    return found if found > local else found + timedelta(days=1)


def _is_quiet(local: datetime, manners: Manners) -> bool:
    since, until = manners.quiet_from, manners.quiet_until
    if since is None or until is None or since == until:
        return False
    minute = local.hour * 60 + local.minute
    return since <= minute < until if since < until else minute >= since or minute < until
