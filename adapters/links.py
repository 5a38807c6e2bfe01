"""Residents' one-time links: codes that people can type, signed with a secret of this district, spent in the ledger."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from adapters.private_files import read_secret
from domain.evaluation_code import LETTERS, NONCE, SIZE

_SHAPE = re.compile(rf"(project-[0-9a-z]{{1,40}})\.([{LETTERS}]{{{SIZE}}})")
_FIRST = re.compile(r"(project-[0-9a-z]{1,40})\.([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")  # as they were first made


class SignedLinks:
    """Implements `services.ports.Links`: `project.code`, the code 6 letters of chance and 10 of HMAC-SHA256 over both.
    50 bits are enough where each guess is a request, and requests are counted."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, project: str, nonce: str) -> str:
        chance = _spelled(hashlib.sha256(nonce.encode()).digest(), NONCE)
        return f"{project}.{chance}{self._mark(project, chance)}"

    def read(self, token: str) -> str | None:
        if found := _SHAPE.fullmatch(token):
            chance, mark = found[2][:NONCE], found[2][NONCE:]
            return found[1] if hmac.compare_digest(self._mark(found[1], chance), mark) else None
        if found := _FIRST.fullmatch(token):
            return found[1] if hmac.compare_digest(self._mac(token.rpartition(".")[0]).hex(), found[4]) else None
        return None

    def _mark(self, project: str, chance: str) -> str:
        return _spelled(self._mac(f"{project}.{chance}"), SIZE - NONCE)

    def _mac(self, body: str) -> bytes:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).digest()


def open_links(path: Path) -> SignedLinks:
    """The secret is made on first use, for its owner alone. Raises ValueError when it is damaged."""
    return SignedLinks(read_secret(path, length=32, make=True))


def _spelled(digest: bytes, size: int) -> str:
    """The first 5 · size bits."""
    number = int.from_bytes(digest, "big") >> (len(digest) * 8 - 5 * size)
    return "".join(LETTERS[number >> 5 * (size - 1 - n) & 31] for n in range(size))
