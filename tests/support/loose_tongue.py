"""`python -m tests.support.loose_tongue run …`: the house with a fault that a canary must catch, named by FAULT."""

from __future__ import annotations

import logging
import os
from typing import Any

from adapters import contacts as contact_store
from api.__main__ import main
from domain import personal_text
from services import contacts, erasure


def note_in_the_log() -> None:
    """What is typed is logged while it is checked."""
    check = personal_text.check

    def loose(text: str, field: str) -> None:
        logging.getLogger("renling").warning("%s: %s", field, text)
        check(text, field)

    personal_text.check = loose


def contact_unsealed() -> None:
    contact_store._seal = lambda cipher, value, subject, field: value.encode()


def contact_in_the_access_log() -> None:
    reveal = contacts.Contacts.reveal

    async def loose(self: contacts.Contacts, principal: Any, org: str, item: str = "", *, reason: str = "") -> Any:
        found = await reveal(self, principal, org, item, reason=reason)
        self._log.note("contact.shown", principal.id, item, found.phone)
        return found

    contacts.Contacts.reveal = loose  # type: ignore[method-assign]


def lists_that_remember() -> None:
    """An erasure is said to be done while the lists still hold the words."""

    async def loose(self: erasure.Forgetting) -> bool:
        self._erasures.clear()
        return False

    erasure.Forgetting.look = loose  # type: ignore[method-assign]


FAULTS = {fault.__name__: fault for fault in (
    note_in_the_log, contact_unsealed, contact_in_the_access_log, lists_that_remember
)}  # fmt: skip

if __name__ == "__main__":
    FAULTS[os.environ["FAULT"]]()
    main()
