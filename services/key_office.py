"""API keys of organisations: who may make, renew and revoke them. Each act is noted in the access log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.access import Facts, Principal, allow, decide, missing
from domain.events import Refused
from services.accounts_ports import AccessLog
from services.common import MOST_TITLE

GIVEN = ("unit_system", "unit", "committee", "street", "district", "auditor")  # for whom a security administrator makes keys
OWN = ("unit_system",)  # what a unit's manager makes for its own programs
LIVES = (30, 90, 180, 366)  # days to choose from


class Key(Protocol):
    """Whose key it is; `scopes` None: all. Times are UTC."""

    @property
    def id(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def org(self) -> str: ...
    @property
    def area(self) -> str | None: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def revoked_at(self) -> datetime | None: ...
    @property
    def scopes(self) -> tuple[str, ...] | None: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def used_at(self) -> datetime | None: ...
    @property
    def label(self) -> str: ...
    def lives(self, at: datetime) -> bool: ...


class KeyFile(Protocol):
    """Where keys are kept, as hashes only."""

    def create(
        self, role: str, org: str, area: str | None = None, *, scopes: Iterable[str] | None = None,
        lives: timedelta = ..., label: str = "", made_by: str | None = None,
    ) -> str:  # fmt: skip
        """The new key's text, this once. Raises ValueError."""

    def rotate(self, key_id: str, made_by: str | None = None) -> str | None: ...
    def revoke(self, key_id: str) -> bool: ...
    def list(self) -> Sequence[Key]: ...


class KeyOffice:
    def __init__(self, keys: KeyFile, log: AccessLog) -> None:
        self._keys, self._log = keys, log

    def all(self, by: Principal) -> Sequence[Key]:
        """Those that `by` may see, newest first. Refused: access.forbidden, for those who look after none."""
        allow(by, "key.see", Facts(parties=(by.org,)))
        return [key for key in reversed(self._keys.list()) if decide(by, "key.see", Facts(parties=(key.org,))) is None]

    def permit(self, by: Principal) -> None:
        """Refused: access.forbidden, for those who make no keys at all."""
        allow(by, "key.make", Facts(parties=(by.org,)))

    def make(
        self, by: Principal, *, role: str, org: str, area: str | None, scopes: Sequence[str], days: int, label: str
    ) -> str:
        """The new key's text, shown this once. Refused: access.forbidden, role.unknown, key.label, key.scopes, key.days."""
        allow(by, "key.make", Facts(parties=(org,)))
        if role not in (OWN if by.role == "unit_manager" else GIVEN):
            raise Refused("role.unknown", "请选择身份。", "Choose a role.", kind="invalid", field="role")
        if not 1 <= len(label.strip()) <= MOST_TITLE:
            raise Refused(
                "key.label", f"请写明密钥的用途，最多 {MOST_TITLE} 字。", f"Say what the key is for, in at most {MOST_TITLE} characters.",
                kind="invalid", field="label",
            )  # fmt: skip
        if not scopes:
            raise Refused(
                "key.scopes", "请至少选择一项权限范围。", "Choose at least one scope.", kind="invalid", field="scopes"
            )
        if days not in LIVES:
            raise Refused("key.days", "请选择有效期。", "Choose how long it lives.", kind="invalid", field="days")
        self._log.note("key.made", by.id, org, f"{role} {','.join(scopes)}")
        return self._keys.create(
            role, org, area, scopes=scopes, lives=timedelta(days=days), label=label.strip(), made_by=by.id
        )

    def rotate(self, by: Principal, key_id: str) -> str:
        """A new key with the same rights, shown this once; the old one works for a week more. Refused: key.dead."""
        key = self._one(by, key_id, "key.make")
        self._log.note("key.rotated", by.id, key.org, key.id)
        text = self._keys.rotate(key.id, by.id)
        if text is None:
            raise Refused(
                "key.dead", "这个密钥已作废或过期，请发放新的。", "This key is revoked or has expired: make a new one."
            )
        return text

    def revoke(self, by: Principal, key_id: str) -> None:
        """Counts for the very next request; a revoked key stays revoked."""
        key = self._one(by, key_id, "key.revoke")
        self._log.note("key.revoked", by.id, key.org, key.id)
        self._keys.revoke(key.id)

    def _one(self, by: Principal, key_id: str, action: str) -> Key:
        found = next((key for key in self.all(by) if key.id == key_id), None)
        if found is None:
            raise missing()
        allow(by, action, Facts(parties=(found.org,)))
        return found
