"""Accounts over real files and a clock that stands still until it is moved; and people with a password and an authenticator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pyotp

from adapters.system import SeededClock
from api.settings import Settings
from api.wiring import open_accounts
from services.accounts import Accounts
from services.accounts_ports import Account, Grant
from services.ports import Clock

MONDAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
PASSWORD = "Wanderlust-7-teapots"
HOME, AWAY = "203.0.113.0/24", "198.51.100.0/24"  # networks


@contextmanager
def accounts_in(folder: Path, clock: Clock, policy: Literal["modern", "mlps"] = "mlps") -> Iterator[Accounts]:
    opened = open_accounts(Settings(data=folder, password_policy=policy), clock)
    yield opened
    opened.store.close()


async def person(
    accounts: Accounts, clock: SeededClock, login: str = "wang", *roles: tuple[str, str], totp: bool = False
) -> Account:
    """Somebody with PASSWORD and with these (role, organisation)."""
    at = clock.now()
    account = Account(
        id=f"person-{login}", login=login, name="王芳", made_at=at, made_by="test", password_at=at,
        password=await accounts.passwords.hash(PASSWORD),
    )  # fmt: skip
    assert accounts.store.add_account(account)
    for n, (role, org) in enumerate(roles):
        accounts.store.add_grant(
            Grant(
                id=f"grant-{login}-{n}", account=account.id, role=role, org=org, area=org if role == "street" else None,
                since=at, asked_by="test", granted_by="test", granted_at=at,
            )
        )  # fmt: skip
    if totp:
        accounts.store.change_account(account.id, totp=accounts.own.offered(account))
    found = accounts.store.account(account.id)
    assert found is not None
    return found


def code(accounts: Accounts, account: Account, clock: Clock, off_s: int = 0) -> str:
    """What the authenticator shows now, or so many seconds away."""
    held = accounts.store.account(account.id)
    assert held is not None
    assert held.totp is not None
    return code_of(accounts.own.shown(held, held.totp)[0], clock, off_s)


def code_of(secret: str, clock: Clock, off_s: int = 0) -> str:
    return pyotp.TOTP(secret.replace(" ", "")).at(int(clock.now().timestamp()) + off_s)
