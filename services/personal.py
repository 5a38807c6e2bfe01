"""What a district keeps of people apart from its ledger, in one place: contacts, erasures, what was done in others' names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from services.contacts import Contacts
from services.delegation import Delegations
from services.erasure import Erasures, Forgetting


@dataclass(frozen=True, kw_only=True)
class Personal:
    contacts: Contacts
    erasures: Erasures
    forgetting: Forgetting
    delegations: Delegations
    files: tuple[Callable[[], None], ...]

    def close(self) -> None:
        for close in self.files:
            close()
