"""Log-in by an identity provider of the government or a firm: it says who somebody is, never what they may do."""

from __future__ import annotations

import hmac

from domain.events import Refused
from services.accounts_entrance import Entrance
from services.accounts_ports import AccessLog, AccountStore, Departure, IdentityProvider, Session, Vouched
from services.accounts_sessions import Opened


class Provided:
    """Accounts and identity provider together."""

    def __init__(self, provider: IdentityProvider, store: AccountStore, entrance: Entrance, log: AccessLog) -> None:
        self.provider = provider
        self._store, self._entrance, self._log = store, entrance, log

    def log_in(self, vouched: Vouched) -> Opened:
        """Refused: provider.unknown_person."""
        opened = self._entrance.by_subject(vouched.issuer, vouched.subject)
        if opened is None:
            self._log.note("login.failed", "?", "?", "provider")
            raise Refused(
                "provider.unknown_person",
                "这个身份还没有与本站账号关联。请先用密码登录，在“我的账号”里关联，以后就可以直接进入。",
                "This identity is not linked to an account yet. Log in by password once and link it under “My account”.",
                kind="forbidden",
            )
        return opened

    def link(self, session: Session, vouched: Vouched) -> None:
        """From now on the person logs in so too. Refused: provider.taken."""
        held = self._store.by_subject(vouched.issuer, vouched.subject)
        if held is not None and held.id != session.account.id:
            raise Refused(
                "provider.taken", "这个身份已经关联到另一个账号。", "This identity is linked to another account already."
            )
        with self._store.together():
            self._store.change_account(session.account.id, issuer=vouched.issuer, subject=vouched.subject)
            self._log.note("provider.linked", session.account.id, session.account.id)

    def unlink(self, session: Session) -> None:
        """The account is no longer the provider's to open."""
        with self._store.together():
            self._store.change_account(session.account.id, issuer=None, subject=None)
            self._log.note("provider.unlinked", session.account.id, session.account.id)


def came_back(departure: Departure | None, state: str) -> Departure:
    """The departure that this return answers. Refused: provider.out_of_turn."""
    if departure is None or not hmac.compare_digest(departure.state.encode(), state.encode()):
        raise Refused(
            "provider.out_of_turn", "登录已中断或超时，请重新开始。", "This log-in was interrupted or took too long: start again.",
            kind="malformed",
        )  # fmt: skip
    return departure
