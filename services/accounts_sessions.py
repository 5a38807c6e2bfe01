"""Sessions: opened at log-in, found by what the cookie holds, ended by time, by hand, or by what happens to the account."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.access import Principal
from domain.events import Refused
from services.accounts_ports import AccessLog, Account, AccountStore, Chance, Grant, Session
from services.accounts_rules import owed
from services.ports import Clock

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
HALF = timedelta(minutes=5)  # between the password and the code
AT_ONCE = 3  # sessions of one account; the oldest gives way
VISITORS = 500  # the same for a ready-made person, whom many may be at once
SEEN_EVERY = timedelta(minutes=1)  # so often is it stored that somebody is still there


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A new session, and the only copy of what its cookie holds."""

    token: str
    session: Session


class Sessions:
    def __init__(self, store: AccountStore, log: AccessLog, clock: Clock, chance: Chance, policy: str) -> None:
        self._store, self._log, self._clock, self._chance, self._policy = store, log, clock, chance, policy

    def find(self, token: str, *, touch: bool = True) -> Session | None:
        """The live session of a cookie. `touch`: a person did something, so the idle time starts again."""
        session, at = self._store.session(digest(token)), self._clock.now()
        if session is None or not alive(session, at):
            return None
        if touch and at - session.seen_at >= SEEN_EVERY:
            self._store.change_session(session.id, seen_at=at)
            return replace(session, seen_at=at)
        return session

    def open(self, account: Account, *, identity: str | None = None, stage: str = "in") -> Opened:
        """Under an id never used before. The account's oldest sessions make room for it."""
        at, token = self._clock.now(), self._chance.token()
        live = [grant for grant in self._store.grants(account.id) if grant.counts(at)]
        if identity is None and live:
            identity = live[0].id
        session = Session(
            id=digest(token),
            account=account,
            grants=tuple(live),
            identity=identity,
            stage=stage,
            opened_at=at,
            seen_at=at,
        )
        with self._store.together():
            held, most = self.live(account.id), VISITORS if account.demonstration else AT_ONCE
            for old in held[: max(0, len(held) - most + 1)]:
                self._end(old, "session.displaced")
            self._store.open_session(session)
        return Opened(token=token, session=session)

    def renew(self, session: Session, *, identity: str | None = None) -> Opened:
        """The same person, fully logged in, under a new id: after the second factor, or as another identity. The twelve
        hours go on from the first log-in."""
        token = self._chance.token()
        fresh = replace(
            session, id=digest(token), identity=identity or session.identity, stage="in", seen_at=self._clock.now()
        )
        with self._store.together():
            self._store.change_session(session.id, revoked_at=self._clock.now())
            self._store.open_session(fresh)
        return Opened(token=token, session=fresh)

    def choose(self, session: Session, grant: str) -> Opened:
        """Another of one's identities. Refused: grant.not_yours."""
        if not any(each.id == grant for each in self.identities(session)):
            raise Refused(
                "grant.not_yours",
                "这个身份不属于您，或已被收回。",
                "That identity is not yours, or was revoked.",
                kind="forbidden",
            )
        with self._store.together():
            self._log.note("identity.chosen", session.account.id, grant)
            return self.renew(session, identity=grant)

    def end(self, session: Session) -> None:
        """Logs out."""
        with self._store.together():
            self._end(session, "session.closed")

    def end_all(self, account: str, *, by: str, but: str | None = None) -> int:
        """Of one account, everywhere; how many there were."""
        with self._store.together():
            ended = self._store.revoke_sessions(account, self._clock.now(), but)
            if ended:
                self._log.note("session.ended", by, account, str(ended))
        return ended

    def live(self, account: str) -> Sequence[Session]:
        """Where somebody is logged in now, the longest first."""
        at = self._clock.now()
        return tuple(each for each in self._store.sessions(account) if alive(each, at))

    def goes_on(self, session: Session) -> bool:
        """Whether it is still open, for the same identity: asked by what lasts longer than a request."""
        now = self._store.session(session.id)
        return now is not None and alive(now, self._clock.now()) and self.principal(now) == self.principal(session)

    def identities(self, session: Session) -> Sequence[Grant]:
        """The grants that count now."""
        at = self._clock.now()
        return tuple(grant for grant in session.grants if grant.counts(at))

    def owes(self, session: Session) -> str | None:
        """What must be done before anything else: "password", "second", or nothing."""
        roles = {grant.role for grant in self.identities(session)}
        return owed(session.account, roles, self._clock.now(), self._policy)

    def principal(self, session: Session) -> Principal | None:
        """Who it acts as; None while the log-in is not finished, something is owed, or the identity in use has gone."""
        grant = session.grant
        if session.stage != "in" or grant is None or not grant.counts(self._clock.now()) or self.owes(session):
            return None
        return Principal(id=session.account.id, role=grant.role, org=grant.org, area=grant.area)

    def _end(self, session: Session, kind: str) -> None:
        self._store.change_session(session.id, revoked_at=self._clock.now())
        self._log.note(kind, session.account.id, session.account.id)


def alive(session: Session, at: datetime) -> bool:
    if session.revoked_at is not None or session.account.disabled_at is not None:
        return False
    if session.stage == "code" and at - session.opened_at >= HALF:
        return False
    return at - session.seen_at < IDLE and at - session.opened_at < ABSOLUTE


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
