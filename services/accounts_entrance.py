"""Coming in: by password and second factor, or by an identity provider; and what becomes of those who only guess."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from domain.events import Refused
from services.accounts_ports import AccessLog, Account, AccountStore, Passwords, SecondFactor, Session, Tries
from services.accounts_rules import failed, is_locked, network_failed
from services.accounts_sessions import Opened, Sessions, digest
from services.ports import Clock

ALL_NAMES = ""  # the row of a network's failures under whatever names


class Entrance:
    def __init__(
        self,
        store: AccountStore,
        sessions: Sessions,
        passwords: Passwords,
        second: SecondFactor,
        log: AccessLog,
        clock: Clock,
    ) -> None:
        self._store, self._sessions, self._passwords = store, sessions, passwords
        self._second, self._log, self._clock = second, log, clock

    async def log_in(self, login: str, password: str, network: str) -> Opened:
        """A session; at stage "code" where the account has a second factor. Somebody unknown is answered as a wrong
        password is, after the same work. Refused: login.wrong, login.locked."""
        login = login.strip()
        account = self._store.by_login(login)
        async with self._counted(_name(login), network, account.id if account else "?"):
            fits = await self._passwords.fits(
                unicodedata.normalize("NFKC", password)[:1000], account.password if account else None
            )
            if account is None or not fits or account.disabled_at is not None:
                raise _wrong()
        return self._come_in(account, "code" if account.totp else "in", "login.password")

    async def second_factor(self, session: Session, code: str, network: str) -> Opened:
        """The whole session, under a new id, for a code that was not used before or one of the recovery codes.
        Refused: code.wrong, login.locked."""
        account = session.account
        async with self._counted(f"code {account.id}", network, account.id):
            if not self.accepts(account, code):
                raise Refused("code.wrong", CODE_WRONG[0], CODE_WRONG[1], kind="invalid", field="code")
        with self._store.together():
            self._log.note("login.succeeded", account.id, account.id, "second factor")
            return self._sessions.renew(session)

    def by_subject(self, issuer: str, subject: str) -> Opened | None:
        """A session for whom an identity provider has vouched; None when no account is theirs, or it is disabled."""
        account = self._store.by_subject(issuer, subject)
        if account is None or account.disabled_at is not None:
            return None
        return self._come_in(account, "in", "login.provider")

    def accepts(self, account: Account, code: str) -> bool:
        """Whether it is the code of now, or a recovery code; it will not be accepted again."""
        typed = "".join(code.split()).upper()
        if typed.isascii() and typed.isdigit():
            step = self._second.step(account.id, account.totp, typed, self._clock.now()) if account.totp else None
            return step is not None and self._store.use_step(account.id, step)
        if not self._store.use_recovery(account.id, digest(typed)):
            return False
        self._log.note("recovery.used", account.id, account.id)
        return True

    def _come_in(self, account: Account, stage: str, kind: str) -> Opened:
        with self._store.together():
            self._log.note(kind, account.id, account.id)
            if stage == "in":
                self._log.note("login.succeeded", account.id, account.id)
            return self._sessions.open(account, stage=stage)

    @asynccontextmanager
    async def _counted(self, name: str, network: str, who: str) -> AsyncIterator[None]:
        """A try counts as failed from its beginning, so that many at once are no more than many one after another."""
        at = self._clock.now()
        with self._store.together():
            before, everybody = self._store.tries(name, network), self._store.tries(ALL_NAMES, network)
            self._refuse_locked(before, everybody)
            now = failed(before, at)
            self._store.keep_tries(name, network, now)
            self._store.keep_tries(ALL_NAMES, network, network_failed(everybody, at))
        try:
            yield
        except Refused:
            with self._store.together():
                self._log.note("login.failed", who, who, f"{network} {now.failures}")
                if now.locked_until is not None:
                    self._log.note("login.locked", who, who, f"{network} {now.locked_until - at}")
            raise
        with self._store.together():
            self._store.keep_tries(name, network, Tries())
            left = self._store.tries(ALL_NAMES, network)
            self._store.keep_tries(
                ALL_NAMES, network, replace(left, failures=max(0, left.failures - 1), locked_until=None)
            )

    def _refuse_locked(self, *tries: Tries) -> None:
        at = self._clock.now()
        waits = [each.locked_until - at for each in tries if each.locked_until and is_locked(each, at)]
        if waits:
            minutes = -(-int(max(waits).total_seconds()) // 60)
            raise Refused(
                "login.locked", f"失败次数太多，请 {minutes} 分钟后再试，或换一个网络登录。",
                f"Too many failures: try again in {minutes} min, or from another network.", kind="many",
            )  # fmt: skip


CODE_WRONG = (
    "验证码不对，或已经用过。请核对手机时间后输入新的验证码。",
    "That code is wrong or was used. Check the clock of your telephone and type the next one.",
)


def _wrong() -> Refused:
    return Refused("login.wrong", "登录名或密码不对。", "The name or the password is wrong.", kind="unknown")


def _name(login: str) -> str:
    """Under which failures are counted; what was typed may be a password, so it is not kept."""
    return hashlib.sha256(login.casefold().encode("utf-8", "replace")).hexdigest()
