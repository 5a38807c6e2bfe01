"""Time, ids and chance: from the machine, or from a seed so that a whole run can be played again."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_RANDOM_BITS = 80
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]


class SystemClock:
    """The machine's time in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemIds:
    """Ids whose text order is the order of their making: 48 bits of milliseconds, then 80 random bits.

    Within one process each id is greater than the last, also when the machine's clock is set back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self, prefix: str) -> str:
        fresh = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | int.from_bytes(os.urandom(_RANDOM_BITS // 8), "big")
        with self._lock:
            self._last = max(fresh, self._last + 1)
            return f"{prefix}-{_text(self._last)}"

    def token(self) -> str:
        return secrets.token_urlsafe(32)


class SeededClock:
    """A clock that stands still until it is set or moved. It never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, at: datetime) -> None:
        """Raises ValueError for a time before the present one."""
        if at < self._now:
            raise ValueError(f"the clock is at {self._now.isoformat()}, {at.isoformat()} is over")
        self._now = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self.set(self._now + by)


class SeededIds:
    """The same ids and tokens for the same seed and the same calls; time-ordered by `now`. Never for real secrets."""

    def __init__(self, seed: str, now: Callable[[], datetime]) -> None:
        self._seed, self._now = seed, now
        self._count = 0
        self._last = 0

    def new(self, prefix: str) -> str:
        millis = int(self._now().timestamp()) * 1000
        chance = int.from_bytes(self._next()[:10], "big")
        self._last = max(millis << _RANDOM_BITS | chance, self._last + 1)
        return f"{prefix}-{_text(self._last)}"

    def token(self) -> str:
        return base64.urlsafe_b64encode(self._next()).rstrip(b"=").decode()

    def _next(self) -> bytes:
        self._count += 1
        return hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()


def _text(number: int) -> str:
    """128 bits as 26 characters of [0-9a-v] that sort like the number."""
    return "".join([_PAIRS[number << 2 >> place & 1023] for place in range(120, -1, -10)])
