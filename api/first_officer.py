"""The first officers of a district: nobody has a password before somebody at the server's console hands out a code."""

from __future__ import annotations

from collections.abc import Callable

from api.settings import Settings
from api.wiring import District, open_accounts, system_clock
from services.accounts_demo import is_demonstration
from services.rulebooks import load_pack

FIRST = "security_admin"


async def welcome(district: District, say: Callable[[str], None]) -> None:
    """A district without a security administrator is told a code at its start; a demonstration needs none."""
    if await _lacks_officer(district):
        say(told(district.accounts.invitations.by_console(FIRST), FIRST))


async def hint(district: District, say: Callable[[str], None]) -> None:
    """The same where several processes serve one district: each with a code of its own would void the others'."""
    if await _lacks_officer(district):
        say("还没有安全管理员，请运行 / no security administrator yet, run: python -m api admin-code")


async def _lacks_officer(district: District) -> bool:
    pack = load_pack(district.settings.district)
    if district.settings.demo or await is_demonstration(district.engine.streams, pack):
        return False
    return not district.accounts.invitations.has_officer(FIRST)


def code_for(settings: Settings, role: str) -> str:
    """The same by hand, whenever an officer is needed. Raises ValueError for other roles."""
    accounts = open_accounts(settings, system_clock())
    try:
        return told(accounts.invitations.by_console(role), role)
    finally:
        accounts.store.close()


def checked_log(settings: Settings, noted: tuple[int, str] | None) -> tuple[str, bool]:
    """What is to be said of the access log, and whether it is sound."""
    accounts = open_accounts(settings, system_clock())
    try:
        broken, (n, chain) = accounts.log.verify(noted), accounts.log.head()
    finally:
        accounts.store.close()
    if broken is not None:
        return f"访问日志第 {broken} 条不符 / the access log breaks at line {broken}", False
    return f"访问日志完好 / the access log is sound: {n} {chain}", True


def told(code: str, role: str) -> str:
    who = {
        "security_admin": "安全管理员 / security administrator",
        "system_admin": "系统管理员 / system administrator",
    }[role]
    return f"{who}: 在 /setup 使用邀请码，24 小时内一次有效 / use this code at /setup, once, within 24 hours: {code}"
