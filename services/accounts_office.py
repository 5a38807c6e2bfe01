"""The offices that look after accounts: one opens them, another gives the roles, and nobody does both for the same person."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access import Facts, Principal, allow, decide, may_hold, missing
from domain.events import Refused
from services.accounts_invitations import Invitations, good_login, good_name, taken
from services.accounts_ports import AccessLog, Account, AccountStore, Chance, Grant, Session
from services.accounts_sessions import Sessions
from services.ports import Clock

GIVEN = ("unit", "unit_manager", "committee", "street", "district", "auditor", "system_admin", "security_admin")
OFFICES = ("auditor", "district", "system_admin", "security_admin")  # of the district itself
MANAGED = "unit"  # what a unit's manager may make somebody
LONGEST = timedelta(days=366 * 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """An account as those see it who look after it. `live`: grants that count or are asked for."""

    account: Account
    grants: tuple[Grant, ...]
    sessions: tuple[Session, ...]

    def live(self) -> tuple[Grant, ...]:
        return tuple(each for each in self.grants if each.revoked_at is None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """What somebody is to be: a role for an organisation. `area` for coordinators."""

    role: str
    org: str
    area: str | None = None
    until: datetime | None = None


class AccountOffice:
    def __init__(
        self, store: AccountStore, sessions: Sessions, invitations: Invitations, log: AccessLog, clock: Clock, chance: Chance
    ) -> None:
        self._store, self._sessions, self._invitations = store, sessions, invitations
        self._log, self._clock, self._chance = log, clock, chance

    def all(self, by: Principal) -> Sequence[Dossier]:
        """Whom `by` may see, newest first. Refused: access.forbidden, for those who look after nobody."""
        allow(by, "account.see", Facts(parties=(by.org,)))
        grants: dict[str, list[Grant]] = {}
        for grant in self._store.grants():
            grants.setdefault(grant.account, []).append(grant)
        found = [Dossier(account=each, grants=tuple(grants.get(each.id, ())), sessions=()) for each in self._store.accounts()]
        return [each for each in reversed(found) if decide(by, "account.see", _facts(by, each)) is None]

    def one(self, by: Principal, id: str, action: str = "account.see") -> Dossier:
        """Refused: item.not_found, access.forbidden."""
        account = self._store.account(id)
        if account is None:
            raise missing()
        found = Dossier(account=account, grants=tuple(self._store.grants(id)), sessions=tuple(self._sessions.live(id)))
        if decide(by, "account.see", _facts(by, found)) is not None:
            raise missing()
        allow(by, action, _facts(by, found))
        return found

    def open_account(self, by: Principal, *, login: str, name: str, post: Post) -> tuple[Account, str]:
        """A new account with the role asked for, and the code for its owner. A unit's manager gives its clerks their role
        at once; else the security administrator has to. Refused: access.forbidden, login.form, login.taken, name.missing."""
        self._may_open(by, post)
        at = self._clock.now()
        account = Account(id=self._chance.new("person"), login=good_login(login), name=good_name(name), made_at=at, made_by=by.id)
        grant = self._grant(account.id, post, by, granted=by.role == "unit_manager")
        with self._store.together():
            if not self._store.add_account(account):
                raise taken()
            self._log.note("account.opened", by.id, account.id, post.role)
            self._keep(grant)
            return account, self._invitations.invite(account, by.id)

    def ask_for(self, by: Principal, id: str, post: Post) -> None:
        """One more role for somebody: asked for by who opens accounts, given at once by who gives roles.
        Refused: grant.own, grant.two_persons, grant.together, access.forbidden."""
        found = self.one(by, id)
        gives = decide(by, "grant.give", Facts(parties=(post.org,))) is None and by.role != "unit_manager"
        if not gives:
            self._may_open(by, post)
        self._fits(found, post.role)
        if gives:
            self._two_persons(by, found)
        grant = self._grant(id, post, by, granted=gives or by.role == "unit_manager")
        with self._store.together():
            self._keep(grant)

    def give(self, by: Principal, grant: str) -> None:
        """What was asked for counts from now on. Refused: as ask_for."""
        asked, found = self._asked(by, grant, "grant.give")
        self._two_persons(by, found)
        self._fits(found, asked.role, but=asked.id)
        if asked.granted_at is None and asked.revoked_at is None:
            with self._store.together():
                self._store.change_grant(grant, granted_by=by.id, granted_at=self._clock.now())
                self._log.note("grant.given", by.id, found.account.id, f"{asked.role} {asked.org}")

    def revoke(self, by: Principal, grant: str) -> None:
        """The role is gone, and with it every session of that person. Refused: grant.own, access.forbidden."""
        asked, found = self._asked(by, grant, "grant.end")
        _not_self(by, found.account)
        if asked.revoked_at is None:
            with self._store.together():
                self._store.change_grant(grant, revoked_at=self._clock.now())
                self._log.note("grant.revoked", by.id, found.account.id, f"{asked.role} {asked.org}")
                self._sessions.end_all(found.account.id, by=by.id)

    def disable(self, by: Principal, id: str) -> None:
        """Nobody comes in with it any more, at once. Refused: grant.own."""
        found = self.one(by, id, "account.disable")
        _not_self(by, found.account)
        with self._store.together():
            self._store.change_account(id, disabled_at=self._clock.now())
            self._log.note("account.disabled", by.id, id)
            self._sessions.end_all(id, by=by.id)

    def enable(self, by: Principal, id: str) -> None:
        self._done(by, id, "account.unlock", "account.enabled", disabled_at=None)

    def unlock(self, by: Principal, id: str) -> None:
        """Failures under that name are forgotten, from whatever network."""
        found = self.one(by, id, "account.unlock")
        login = hashlib.sha256(found.account.login.casefold().encode()).hexdigest()
        with self._store.together():
            for name in (login, f"code {id}"):
                self._store.forget_tries(name)
            self._log.note("account.unlocked", by.id, id)

    def end_sessions(self, by: Principal, id: str) -> None:
        self.one(by, id, "session.end")
        self._sessions.end_all(id, by=by.id)

    def new_code(self, by: Principal, id: str) -> tuple[Account, str]:
        """For somebody who forgot the password; the second factor stays. Refused: access.forbidden, grant.own."""
        found = self.one(by, id, "account.open")
        _not_self(by, found.account)
        return found.account, self._invitations.invite(found.account, by.id)

    def drop_second(self, by: Principal, id: str) -> None:
        """For somebody whose telephone is lost; the password stays, and another officer has to give a new one of those."""
        found = self.one(by, id, "account.unlock")
        _not_self(by, found.account)
        with self._store.together():
            self._store.keep_recovery(id, ())
            self._done(by, id, "account.unlock", "second.dropped", totp=None)
            self._sessions.end_all(id, by=by.id)

    def _done(self, by: Principal, id: str, action: str, kind: str, **changes: object) -> None:
        found = self.one(by, id, action)
        _not_self(by, found.account)
        with self._store.together():
            self._store.change_account(id, **changes)
            self._log.note(kind, by.id, id)

    def _asked(self, by: Principal, grant: str, action: str) -> tuple[Grant, Dossier]:
        asked = self._store.grant(grant)
        if asked is None:
            raise missing()
        found = self.one(by, asked.account)
        allow(by, action, Facts(parties=(asked.org,)))
        if by.role == "unit_manager" and asked.role != MANAGED:
            raise _clerks_only()
        return asked, found

    def _may_open(self, by: Principal, post: Post) -> None:
        allow(by, "account.open", Facts(parties=(post.org,)))
        if by.role == "unit_manager" and post.role != MANAGED:
            raise _clerks_only()

    def _fits(self, found: Dossier, role: str, but: str = "") -> None:
        held = [each.role for each in found.live() if each.id != but]
        if role not in GIVEN or not may_hold(held, role):
            raise Refused(
                "grant.together", "系统管理员、安全管理员、审计员三者不能由一人兼任，审计员也不能参与业务。",
                "Nobody is two of system administrator, security administrator and auditor, and an auditor does no business.",
                kind="invalid", field="role",
            )  # fmt: skip

    def _two_persons(self, by: Principal, found: Dossier) -> None:
        _not_self(by, found.account)
        if found.account.made_by == by.id:
            raise Refused(
                "grant.two_persons", "账号是您开立的，身份须由另一位管理员授予。",
                "You opened this account: another officer has to give it a role.", kind="forbidden",
            )  # fmt: skip

    def _grant(self, account: str, post: Post, by: Principal, *, granted: bool) -> Grant:
        at = self._clock.now()
        until = min(post.until or at + LONGEST, at + LONGEST)
        return Grant(
            id=self._chance.new("grant"), account=account, role=post.role, org=post.org, area=post.area, since=at,
            until=until if post.until else None, asked_by=by.id, granted_by=by.id if granted else None,
            granted_at=at if granted else None,
        )  # fmt: skip

    def _keep(self, grant: Grant) -> None:
        self._store.add_grant(grant)
        kind = "grant.given" if grant.granted_at else "grant.asked"
        self._log.note(kind, grant.asked_by, grant.account, f"{grant.role} {grant.org}")


def _facts(by: Principal, found: Dossier) -> Facts:
    """An account is a unit's own when nothing about it is anybody else's."""
    orgs = {each.org for each in found.live()}
    return Facts(parties=(by.org,) if orgs == {by.org} else ())


def _not_self(by: Principal, account: Account) -> None:
    if by.id == account.id:
        raise Refused(
            "grant.own", "不能办理自己的账号和身份，请另一位管理员办理。", "Nobody does this for themselves: ask another officer.",
            kind="forbidden",
        )  # fmt: skip


def _clerks_only() -> Refused:
    return Refused(
        "grant.clerks_only", "单位负责人只能管理本单位经办。", "A unit's manager looks after its clerks alone.", kind="forbidden"
    )
