"""Residents' one-time links: tokens signed with a secret of this district, spent in the ledger, stored nowhere."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime
from pathlib import Path

from adapters.private_files import read_secret

_SHAPE = re.compile(r"(project-[0-9a-z]{1,40})\.([0-9]{1,12})\.([0-9a-f]{32})\.([0-9a-f]{64})")


class SignedLinks:
    """Implements `services.ports.Links`: `project.until.nonce.mac`, HMAC-SHA256."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, project: str, nonce: str, until: datetime) -> str:
        short = hashlib.sha256(nonce.encode()).hexdigest()[:32]
        body = f"{project}.{int(until.astimezone(UTC).timestamp())}.{short}"
        return f"{body}.{self._mac(body)}"

    def read(self, token: str) -> str | None:
        found = _SHAPE.fullmatch(token)
        if found is None:
            return None
        genuine = hmac.compare_digest(self._mac(token.rpartition(".")[0]), found[4])
        return found[1] if genuine else None

    def _mac(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).hexdigest()


def open_links(path: Path) -> SignedLinks:
    """The secret is made on first use, for its owner alone. Raises ValueError when it is damaged."""
    return SignedLinks(read_secret(path, length=32, make=True))
