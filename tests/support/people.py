"""Somebody who is logged in: an account with one grant and a live session, made in the data folder's accounts.db."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, Protocol

from adapters.system import SystemClock
from api.settings import Settings
from api.wiring import open_accounts
from services.accounts_ports import Account, Grant
from services.ports import Clock

_numbers = itertools.count(1)


class Place(Protocol):
    """A running district, or the API in this process (whose clock is then used)."""

    data: Path


def cookie(district: Place, role: str, org: str, area: str | None = None) -> dict[str, str]:
    """Headers of requests that somebody sends from our own pages: `http.get(path, headers=cookie(district, "unit", id))`.
    A new person each time."""
    return headers_of(token(district, role, org, area))


def headers_of(held: str) -> dict[str, str]:
    return {"Cookie": f"sid={held}", "Sec-Fetch-Site": "same-origin"}


def browser_cookie(district: Any, role: str, org: str, area: str | None = None) -> dict[str, str]:
    """For Playwright: `context.add_cookies([browser_cookie(…)])`."""
    return {"name": "sid", "value": token(district, role, org, area), "url": district.url}


def token(district: Place, role: str, org: str, area: str | None = None, name: str = "") -> str:
    """What the cookie of a new session holds. A street's area is its organisation unless it is named."""
    clock: Clock = getattr(district, "clock", None) or SystemClock()
    accounts = open_accounts(Settings(data=district.data), clock)
    n, at = next(_numbers), clock.now()
    account = Account(
        id=f"person-{role}-{org}-{n}", login=f"{role}-{org}-{n}", name=name or f"测试{n}", made_at=at, made_by="test",
        demonstration=True,
    )  # fmt: skip
    area = area or (org if role == "street" else None)
    grant = Grant(
        id=f"grant-{account.id}", account=account.id, role=role, org=org, area=area, since=at, asked_by="test",
        granted_by="test", granted_at=at,
    )  # fmt: skip
    assert accounts.store.add_account(account)
    accounts.store.add_grant(grant)
    opened = accounts.sessions.open(account)
    accounts.store.close()
    return opened.token
