"""Which roles one person may hold together: those who keep the house, those who watch it and those who live in it."""

from __future__ import annotations

from collections.abc import Iterable

from domain.access_matrix import ADMINISTRATORS, PARTIES, ROLES

_WATCH = (*ADMINISTRATORS, "auditor")  # 三员分立: nobody holds two of them
_NOT_GIVEN = ("public", "system")


def may_hold(roles_held: Iterable[str], new_role: str) -> bool:
    """Whether a person with these roles may be given another. Nobody is two of system administrator, security
    administrator and auditor; an auditor has no part in the business."""
    held = set(roles_held)
    if new_role not in ROLES or new_role in _NOT_GIVEN:
        return False
    if new_role in _WATCH and held & (set(_WATCH) - {new_role}):
        return False
    if new_role == "auditor":
        return not held & set(PARTIES)
    return not ("auditor" in held and new_role in PARTIES)
