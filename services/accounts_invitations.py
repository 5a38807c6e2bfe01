"""Codes that let somebody set a password, once: for the first officers, for new people, for those who forgot theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from domain.events import Refused
from services.accounts_own import OwnAccount
from services.accounts_ports import AccessLog, Account, AccountStore, Chance, Grant, Invitation, Passwords
from services.accounts_sessions import Opened, Sessions, digest
from services.ports import Clock

LASTS = timedelta(hours=24)
BY_CONSOLE = ("security_admin", "system_admin")  # whom the one at the server's console may let in
CONSOLE = "console"


class Invitations:
    def __init__(
        self, store: AccountStore, sessions: Sessions, own: OwnAccount, passwords: Passwords, log: AccessLog, clock: Clock,
        chance: Chance,
    ) -> None:  # fmt: skip
        self._store, self._sessions, self._own, self._passwords = store, sessions, own, passwords
        self._log, self._clock, self._chance = log, clock, chance

    def has_officer(self, role: str) -> bool:
        """Whether a person can act in that role today; those of a demonstration do not count."""
        at = self._clock.now()
        real = {each.id for each in self._store.accounts() if not each.demonstration and each.disabled_at is None}
        return any(each.role == role and each.account in real and each.counts(at) for each in self._store.grants())

    def by_console(self, role: str) -> str:
        """A code that makes an account of that role; the one before it no longer counts.
        Raises ValueError for other roles."""
        if role not in BY_CONSOLE:
            raise ValueError(f"只能邀请 / only for: {', '.join(BY_CONSOLE)}")
        return self._made(None, role, CONSOLE)

    def invite(self, account: Account, by: str) -> str:
        """A code that sets that account's password; the one before it no longer counts."""
        return self._made(account.id, None, by)

    def read(self, code: str) -> tuple[Invitation, Account | None]:
        """A code that still counts, and whose password it sets. Refused: invitation.void."""
        found = self._store.invitation(_digest(code))
        if found is None or found.used_at is not None or self._clock.now() >= found.until:
            raise _void()
        account = self._store.account(found.account) if found.account else None
        if found.account and (account is None or account.disabled_at is not None):
            raise _void()
        return found, account

    async def accept(self, code: str, *, login: str, name: str, new: str, again: str, org: str) -> Opened:
        """The password is set and one is in; a first officer's account is made, for the organisation `org`. Nothing of
        the code is used up by a refusal. Refused: invitation.void, login.taken, login.form, name.missing, password.…"""
        invitation, known = self.read(code)
        account = known or self._draft(login, name)
        hash = await self._passwords.hash(self._own.checked(account, new, again))
        at = self._clock.now()
        with self._store.together():
            if not self._store.use_invitation(invitation.id, at):
                raise _void()
            if known is None:
                account = replace(account, password=hash, password_at=at)
                self._found_officer(account, str(invitation.role), org)
            else:
                self._store.change_account(account.id, password=hash, password_at=at)
                self._sessions.end_all(account.id, by=account.id)
            self._log.note("invitation.used", account.id, account.id)
            fresh = self._store.account(account.id)
            assert fresh is not None
            return self._sessions.open(fresh, stage="code" if fresh.totp else "in")

    def _made(self, account: str | None, role: str | None, by: str) -> str:
        code, at = self._chance.code(), self._clock.now()
        with self._store.together():
            self._store.void_invitations(account, role, at)
            self._store.add_invitation(
                Invitation(id=_digest(code), account=account, role=role, made_by=by, made_at=at, until=at + LASTS)
            )
            self._log.note("invitation.made", by, account or str(role))
        return code

    def _draft(self, login: str, name: str) -> Account:
        return Account(
            id=self._chance.new("person"), login=good_login(login), name=good_name(name), made_at=self._clock.now(),
            made_by=CONSOLE,
        )  # fmt: skip

    def _found_officer(self, account: Account, role: str, org: str) -> None:
        if not self._store.add_account(account):
            raise taken()
        self._store.add_grant(
            Grant(
                id=self._chance.new("grant"), account=account.id, role=role, org=org, since=account.made_at,
                asked_by=CONSOLE, granted_by=CONSOLE, granted_at=account.made_at,
            )
        )  # fmt: skip
        self._log.note("account.opened", CONSOLE, account.id)
        self._log.note("grant.given", CONSOLE, account.id, role)


def good_login(login: str) -> str:
    """Refused: login.form."""
    kept = login.strip()
    if not (2 <= len(kept) <= 60) or not kept.isprintable() or any(c.isspace() for c in kept) or kept.startswith("demo-"):
        raise Refused(
            "login.form", "登录名为 2 到 60 个字符，不含空格，例如姓名拼音或邮箱。",
            "A log-in name has 2 to 60 characters without spaces: a name or a mail address, say.", kind="invalid", field="login",
        )  # fmt: skip
    return kept


def good_name(name: str) -> str:
    """Refused: name.missing."""
    kept = " ".join(name.split())
    if not (1 <= len(kept) <= 60) or not kept.isprintable():
        raise Refused("name.missing", "请填写姓名，最多 60 个字。", "A name has 1 to 60 characters.", kind="invalid", field="name")
    return kept


def taken() -> Refused:
    return Refused("login.taken", "这个登录名已有人使用。", "Somebody has that log-in name.", kind="invalid", field="login")


def _void() -> Refused:
    return Refused(
        "invitation.void", "邀请码不对、已经用过或过了 24 小时。请向发给您的人要一个新的。",
        "That code is wrong, was used, or is older than 24 hours. Ask whoever gave it to you for a new one.",
        kind="invalid", field="code",
    )  # fmt: skip


def _digest(code: str) -> str:
    return digest("".join(c for c in code.upper() if c.isalnum()))
