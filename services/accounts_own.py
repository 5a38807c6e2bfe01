"""One's own account: the password and the second factor."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from domain.events import Refused
from services.accounts_entrance import CODE_WRONG, Entrance
from services.accounts_ports import AccessLog, Account, AccountStore, Chance, Passwords, SecondFactor, Session
from services.accounts_rules import good_password
from services.accounts_sessions import Opened, Sessions, digest
from services.ports import Clock

RECOVERY_CODES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """`recovery` are shown this once."""

    opened: Opened
    recovery: tuple[str, ...]


class OwnAccount:
    def __init__(
        self, store: AccountStore, sessions: Sessions, entrance: Entrance, passwords: Passwords, second: SecondFactor,
        log: AccessLog, clock: Clock, chance: Chance, policy: str,
    ) -> None:  # fmt: skip
        self._store, self._sessions, self._entrance, self._passwords = store, sessions, entrance, passwords
        self._second, self._log, self._clock, self._chance, self._policy = second, log, clock, chance, policy

    async def change_password(self, session: Session, old: str, new: str, again: str) -> Opened:
        """All other sessions end, and this one goes on under a new id.
        Refused: password.wrong, password.differs, password.same, and what good_password refuses."""
        account = session.account
        await self._prove(account, old)
        kept = self.checked(account, new, again)
        if await self._passwords.fits(kept, account.password):
            raise Refused(
                "password.same",
                "新密码不能和旧密码一样。",
                "The new password is the old one.",
                kind="invalid",
                field="new",
            )
        hash = await self._passwords.hash(kept)
        with self._store.together():
            self._store.change_account(account.id, password=hash, password_at=self._clock.now())
            self._log.note("password.changed", account.id, account.id)
            self._sessions.end_all(account.id, by=account.id, but=session.id)
            return self._sessions.renew(session)

    def checked(self, account: Account, new: str, again: str) -> str:
        """A new password as it is kept. Refused: password.differs, and what good_password refuses."""
        if new != again:
            raise Refused(
                "password.differs",
                "两次输入的新密码不一样。",
                "The two new passwords differ.",
                kind="invalid",
                field="again",
            )
        return good_password(new, about=(account.login, account.name, *account.login.split("@")), policy=self._policy)

    def offered(self, account: Account) -> bytes:
        """A fresh second factor to be shown; nothing is kept until a code proves that it has arrived."""
        return self._second.new(account.id)

    def shown(self, account: Account, sealed: bytes) -> tuple[str, str]:
        """(secret, otpauth:// address). Refused: second.stale, when it was not offered to this account."""
        try:
            return self._second.shown(account.id, account.login, sealed)
        except ValueError as error:
            raise Refused(
                "second.stale", "页面已失效，请重新打开。", "This page is out of date: open it again.", kind="malformed"
            ) from error

    async def enrol(self, session: Session, sealed: bytes, code: str, password: str, old_code: str) -> Enrolled:
        """The second factor counts from now on; all other sessions end. Who has one already proves the password and a
        code of it. Refused: code.wrong, password.wrong, second.stale."""
        account = session.account
        self.shown(account, sealed)
        step = self._second.step(account.id, sealed, "".join(code.split()), self._clock.now())
        if step is None:
            raise Refused("code.wrong", CODE_WRONG[0], CODE_WRONG[1], kind="invalid", field="code")
        if account.totp is not None:
            await self._prove(account, password)
            if not self._entrance.accepts(account, old_code):
                raise Refused("code.wrong", CODE_WRONG[0], CODE_WRONG[1], kind="invalid", field="old_code")
        with self._store.together():
            self._store.change_account(account.id, totp=sealed, totp_step=step)
            self._log.note("second.enrolled", account.id, account.id)
            self._sessions.end_all(account.id, by=account.id, but=session.id)
            return Enrolled(opened=self._sessions.renew(session), recovery=tuple(self.new_recovery(account)))

    def new_recovery(self, account: Account) -> Sequence[str]:
        """Codes for the day when the telephone is lost, each good once; the earlier ones are gone."""
        codes = [self._chance.code()[:11] for _ in range(RECOVERY_CODES)]
        self._store.keep_recovery(account.id, [digest(code) for code in codes])
        return codes

    async def _prove(self, account: Account, password: str) -> None:
        if not await self._passwords.fits(unicodedata.normalize("NFKC", password)[:1000], account.password):
            raise Refused(
                "password.wrong", "现在的密码不对。", "That is not your password.", kind="invalid", field="old"
            )
