"""Passwords by argon2id, one-time codes by TOTP, and chance for what nobody may guess."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from functools import cache
from os import urandom
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.private_files import read_secret
from services.ports import Ids

AT_ONCE = 2  # argon2 takes 19 MiB and a core each time: guessers must not have all of them
STEP_S = 30
ISSUER = "双向认领"
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NONCE = 12
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, without 0 O 1 I


class Argon2Passwords:
    """Implements `services.accounts_ports.Passwords`, in threads."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._turn:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def fits(self, password: str, hash: str | None) -> bool:
        async with self._turn:
            return await asyncio.to_thread(_fits, password, hash)


class SealedTotp:
    """Implements `services.accounts_ports.SecondFactor`; secrets are sealed with AES-GCM under one key of the house."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def new(self, account: str) -> bytes:
        nonce = urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, pyotp.random_base32().encode(), account.encode())

    def shown(self, account: str, login: str, sealed: bytes) -> tuple[str, str]:
        secret = self._open(account, sealed)
        return secret, pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)

    def step(self, account: str, sealed: bytes, code: str, at: datetime) -> int | None:
        totp, now = pyotp.TOTP(self._open(account, sealed)), int(at.timestamp()) // STEP_S
        fitting = [
            step
            for step in (now, now - 1, now + 1)
            if secrets.compare_digest(totp.at(step * STEP_S).encode(), code.encode())
        ]
        return fitting[0] if fitting else None

    def _open(self, account: str, sealed: bytes) -> str:
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], account.encode()).decode()
        except InvalidTag as error:
            raise ValueError(f"the second factor of {account} was not sealed with this key") from error


class SystemChance:
    """Implements `services.accounts_ports.Chance`."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def new(self, prefix: str) -> str:
        return self._ids.new(prefix)

    def token(self) -> str:
        return secrets.token_urlsafe(32)

    def code(self) -> str:
        return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


def open_second_factor(data: Path) -> SealedTotp:
    """Its key is in `accounts.kek`, made with the accounts. Raises ValueError when it is missing or readable by others."""
    return SealedTotp(read_secret(data / "accounts.kek", length=32, make=not (data / "accounts.db").exists()))


def _fits(password: str, hash: str | None) -> bool:
    try:
        return _HASHER.verify(hash or _nobody(), password) and hash is not None
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    """What the password of somebody unknown is compared with: as much work as any other."""
    return _HASHER.hash(secrets.token_urlsafe(32))
