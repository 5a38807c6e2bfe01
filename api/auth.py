"""Who asks: a key from `Authorization: Bearer` to a principal, and no more requests a second than are allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.requests import HTTPConnection

from domain.access import Principal
from domain.events import Refused
from services.key_office import Key

MOST_BUCKETS = 10_000


class Keys(Protocol):
    """Where keys are looked up; what was revoked is not found on the very next request."""

    def find(self, text: str) -> Key | None: ...


def principal_of(authorization: str, keys: Keys) -> Principal:
    """Whose key it is. Refused: key.missing, key.unknown."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise Refused(
            "key.missing", "请在请求头 Authorization: Bearer 中出示密钥。",
            "Show your key in the header Authorization: Bearer.", kind="unknown",
        )  # fmt: skip
    record = keys.find(text.strip())
    if record is None:
        raise Refused(
            "key.unknown", "密钥无效、已停用或已过期。", "The key is unknown, was revoked or has expired.", kind="unknown"
        )
    return Principal(
        id=f"key-{record.id}", role=record.role, org=record.org, area=record.area, scopes=record.scopes
    )


class Buckets:
    """A token bucket for each name: `rate` in `per_s` seconds, and as many at once."""

    def __init__(self, rate: int, clock_s: Callable[[], float], per_s: int = 1) -> None:
        self._rate, self._clock_s, self._per_s = rate, clock_s, per_s
        self._left: dict[str, tuple[float, float]] = {}  # name -> (tokens, when counted)

    def take(self, name: str) -> None:
        """One token. Refused: rate.exceeded."""
        now = self._clock_s()
        tokens, seen = self._left.get(name, (self._rate, now))
        tokens = min(self._rate, tokens + (now - seen) * self._rate / self._per_s)
        if len(self._left) > MOST_BUCKETS:
            self._left.clear()  # only full or nearly full buckets of the quiet are lost
        if tokens < 1:
            self._left[name] = (tokens, now)
            raise Refused(
                "rate.exceeded", f"{self._span[0]}最多 {self._rate} 次请求，请稍候。",
                f"At most {self._rate} requests a {self._span[1]}: wait a moment.", kind="many",
            )  # fmt: skip
        self._left[name] = (tokens - 1, now)

    @property
    def _span(self) -> tuple[str, str]:
        return ("每秒", "second") if self._per_s == 1 else ("每分钟", "minute")


def viewer(conn: HTTPConnection) -> Principal:
    """The principal that the door has let in."""
    found: Principal = conn.scope["principal"]
    return found


def person(conn: HTTPConnection) -> Principal | None:
    """Who is logged in on a page; None: the public."""
    found: Principal | None = conn.scope.get("principal")
    return found
