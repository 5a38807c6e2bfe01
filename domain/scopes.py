"""Scopes: how much of its organisation's power a key is given."""

from __future__ import annotations

from collections.abc import Iterable

SCOPES: dict[str, tuple[str, str]] = {  # scope -> (Chinese, English)
    "read": ("只读", "read"),
    "needs:write": ("发布和修改需求", "post and change needs"),
    "offers:write": ("发布和修改资源", "publish and change offers"),
    "claims:write": ("提出、撤回和解除认领", "propose, withdraw and release claims"),
    "claims:decide": ("答复认领", "answer claims"),
    "rounds:write": ("开展统一匹配", "run rounds of matching"),
    "projects:write": ("办理项目", "carry out projects"),
    "register:write": ("登记单位和区域", "register units and areas"),
}
_BY_NOUN = {
    "need": "needs:write", "offer": "offers:write", "claim": "claims:write", "project": "projects:write",
    "unit": "register:write", "area": "register:write", "round": "rounds:write",
}  # fmt: skip
_DECIDING = ("claim.accept", "claim.refuse", "claim.counter", "claim.join", "claim.decline")
_READING = ("list.export", "list.import")  # what an import writes is decided row by row


def covers(scopes: tuple[str, ...] | None, action: str) -> bool:
    """Whether they are enough for the action. None is everything; any key may read; the affairs of the house (accounts,
    keys, contacts, erasure) take a key without scopes."""
    if scopes is None or action.endswith(".see") or action in _READING:
        return True
    noun = action.partition(".")[0]
    return ("claims:decide" if action in _DECIDING else _BY_NOUN.get(noun)) in scopes


def known_scopes(named: Iterable[str]) -> tuple[str, ...]:
    """The scopes in their fixed order, once each. Raises ValueError for one that is not known."""
    asked = set(named)
    if unknown := sorted(asked - SCOPES.keys()):
        raise ValueError(f"没有这个权限范围 / no such scope: {', '.join(unknown)}；可选 / one of: {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in asked)
