"""Everything that people who log in can be asked, in one place: the door, the pages and the command line hold one of these."""

from __future__ import annotations

from dataclasses import dataclass

from services.accounts_demo import DemoDoor
from services.accounts_entrance import Entrance
from services.accounts_invitations import Invitations
from services.accounts_office import AccountOffice
from services.accounts_own import OwnAccount
from services.accounts_ports import AccessTrail, AccountStore, Passwords
from services.accounts_provider import Provided
from services.accounts_sessions import Sessions


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """`log` is where others note reveals too: `AccessLog.note(kind, who, about, detail)`."""

    store: AccountStore
    sessions: Sessions
    entrance: Entrance
    own: OwnAccount
    invitations: Invitations
    office: AccountOffice
    passwords: Passwords
    demo: DemoDoor
    log: AccessTrail
    provided: Provided | None = None  # where an identity provider is used
