"""People who log in: what is known of them, and where that is kept. What the account services need from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person. `login` is compared without case. Times are UTC."""

    id: str
    login: str
    name: str
    made_at: datetime
    made_by: str  # an account's id, or "console", or "demonstration"
    password: str | None = field(default=None, repr=False)  # argon2id; None: no log-in by password
    password_at: datetime | None = None
    totp: bytes | None = field(default=None, repr=False)  # sealed; None: no second factor yet
    totp_step: int = 0  # of the last code used: no code counts twice
    disabled_at: datetime | None = None
    demonstration: bool = False
    issuer: str | None = None  # of an identity provider, with the person's `subject` there
    subject: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """An identity (身份): the right to act in a role for an organisation. It counts from `granted_at` on: until then
    it is only asked for. `org` is a unit id, a committee's area id, or a label; `area` is a coordinator's."""

    id: str
    account: str
    role: str
    org: str
    area: str | None = None
    since: datetime
    until: datetime | None = None  # not valid from then on
    asked_by: str
    granted_by: str | None = None
    granted_at: datetime | None = None
    revoked_at: datetime | None = None

    def counts(self, at: datetime) -> bool:
        granted = self.granted_at is not None and self.revoked_at is None
        return granted and self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A browser that somebody has logged in with. `id` is the SHA-256 of what its cookie holds; nobody has the rest."""

    id: str
    account: Account
    grants: tuple[Grant, ...] = ()  # all that the account has; which of them count is a matter of time
    identity: str | None = None  # id of the grant in use
    stage: str = "in"  # "code": the password was right, the second factor is still asked for
    opened_at: datetime
    seen_at: datetime
    revoked_at: datetime | None = None

    @property
    def grant(self) -> Grant | None:
        """The identity in use."""
        return next((grant for grant in self.grants if grant.id == self.identity), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """A code that opens the page where a password is set, once. `id` is the code's SHA-256; a void one counts as used."""

    id: str
    account: str | None  # None: the account is made when the code is used, with `role`
    role: str | None
    made_by: str
    made_at: datetime
    until: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tries:
    """Failed log-ins under one name from one network."""

    failures: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None


class AccountStore(Protocol):
    """Accounts, grants, sessions and what belongs to them. Several processes share it; what one of them changes counts
    for all on the very next request. Everything raises StoreUnavailable."""

    def together(self) -> AbstractContextManager[None]:
        """All that is written within is stored whole or not at all."""

    def add_account(self, account: Account) -> bool:
        """False when the login or the (issuer, subject) is taken."""

    def change_account(self, id: str, **changes: Any) -> None:
        """Fields of Account by name."""

    def use_step(self, id: str, step: int) -> bool:
        """Notes the step of a code; False when it or a later one has been used."""

    def account(self, id: str) -> Account | None: ...
    def by_login(self, login: str) -> Account | None: ...
    def by_subject(self, issuer: str, subject: str) -> Account | None: ...
    def accounts(self) -> Sequence[Account]:
        """All, the disabled too, oldest first."""

    def add_grant(self, grant: Grant) -> None: ...
    def change_grant(self, id: str, **changes: Any) -> None: ...
    def grant(self, id: str) -> Grant | None: ...
    def grants(self, account: str | None = None) -> Sequence[Grant]:
        """Of one account or of all, oldest first; the revoked too."""

    def open_session(self, session: Session) -> None: ...
    def session(self, id: str) -> Session | None:
        """Also one that has ended, with its account and grants as they are now."""

    def sessions(self, account: str) -> Sequence[Session]:
        """Those not revoked, the one opened first first."""

    def change_session(self, id: str, **changes: Any) -> None:
        """`identity`, `stage`, `seen_at`, `revoked_at`."""

    def revoke_sessions(self, account: str, at: datetime, but: str | None = None) -> int:
        """Ends all of an account but one; how many."""

    def tries(self, name: str, network: str) -> Tries: ...
    def keep_tries(self, name: str, network: str, tries: Tries) -> None: ...
    def forget_tries(self, name: str) -> None:
        """From all networks."""

    def add_invitation(self, invitation: Invitation) -> None: ...
    def invitation(self, id: str) -> Invitation | None: ...
    def use_invitation(self, id: str, at: datetime) -> bool:
        """True for exactly one of all callers."""

    def void_invitations(self, account: str | None, role: str | None, at: datetime) -> None:
        """Those for the same account, or without one for the same role, that were not used."""

    def keep_recovery(self, account: str, codes: Sequence[str]) -> None:
        """SHA-256 of each code; the ones before are gone."""

    def use_recovery(self, account: str, code: str) -> bool:
        """True once a code."""

    def recovery_left(self, account: str) -> int: ...
    def close(self) -> None: ...


class Passwords(Protocol):
    """argon2id, a few at once."""

    async def hash(self, password: str) -> str: ...
    async def fits(self, password: str, hash: str | None) -> bool:
        """The same work, and False, when there is no hash."""


class SecondFactor(Protocol):
    """Time-based one-time codes (RFC 6238: SHA-1, 6 digits, 30 s). Secrets are sealed for one account each."""

    def new(self, account: str) -> bytes:
        """A sealed fresh secret."""

    def shown(self, account: str, login: str, sealed: bytes) -> tuple[str, str]:
        """(the secret in base 32, the otpauth:// address) for enrolment."""

    def step(self, account: str, sealed: bytes, code: str, at: datetime) -> int | None:
        """The time step that the code belongs to, at most one off; None: wrong."""


class Chance(Protocol):
    """Ids and unguessable texts."""

    def new(self, prefix: str) -> str: ...
    def token(self) -> str:
        """256 bits, URL-safe."""

    def code(self) -> str:
        """100 bits to be typed: groups of letters and digits that are not mistaken for each other."""


class AccessLog(Protocol):
    """Who came in, was refused, was given a right, saw personal data: appended, chained, never changed."""

    def note(self, kind: str, who: str, about: str, detail: str = "") -> None:
        """Stored before it returns. `kind` is `noun.verb` ("contact.revealed"), `who` an account's or principal's id,
        `about` what or whom it was done to, `detail` a short text without personal data. Raises StoreUnavailable: then
        the act itself must not happen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One line of the access log. `chain` is the SHA-256 over the line before and this one."""

    n: int  # from 1, without holes
    at: datetime
    kind: str
    who: str
    about: str
    detail: str
    chain: str  # hex


class AccessTrail(AccessLog, Protocol):
    """The access log as those read it who may."""

    def page(self, *, before: int | None = None, kind: str = "", limit: int = 50) -> Sequence[Access]:
        """Newest first; `kind` is a kind or its noun."""

    def head(self) -> tuple[int, str]:
        """(number of lines, chain of the last): whoever has noted an earlier one can tell whether lines were cut off."""

    def verify(self, noted: tuple[int, str] | None = None) -> int | None:
        """The first line that was changed, removed or put in, or that is not what was `noted`; None: all is sound."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """What the browser keeps while it is at the provider, and has to bring back."""

    state: str
    nonce: str
    verifier: str  # of PKCE (RFC 7636)


@dataclass(frozen=True, kw_only=True, slots=True)
class Vouched:
    """Whom the provider vouches for."""

    issuer: str
    subject: str


class IdentityProvider(Protocol):
    """OpenID Connect, authorisation code with PKCE. Refused: provider.unreachable, provider.failed."""

    name: str  # on the log-in button

    async def begin(self, back: str) -> tuple[str, Departure]:
        """The provider's address to send the browser to; `back` is where it returns."""

    async def finish(self, departure: Departure, code: str, back: str) -> Vouched:
        """Trades the code for a proof and checks its signature, issuer, audience, time and nonce."""
