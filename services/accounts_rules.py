"""The rules of log-in: what a password must be, who needs a second factor, how long failures are held against somebody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from domain.events import Refused
from services.accounts_ports import Account, Tries

POLICIES = ("modern", "mlps")  # OWASP ASVS 5.0 §6.2; GB/T 22239-2019 §8.1.4.1, which wants classes and change
LEAST, MOST = 12, 128  # characters
CLASSES = 3  # of four, under mlps
OFFICERS = ("system_admin", "security_admin", "auditor")
SECOND_FACTOR = frozenset({"unit_manager", "street", "district", *OFFICERS})
CHANGED_EVERY = timedelta(days=90)  # an officer's password, under mlps
LOCKED = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
FREE = 5  # failures before the first lock
FORGOTTEN = timedelta(hours=24)  # failures older than this no longer count
NETWORK_FREE = 20  # failures of a whole network, under whatever names; one is forgiven a minute
NETWORK_LOCKED = timedelta(minutes=1)

_GUESSED = (  # what passwords are made of when they are made to be remembered
    "password", "passw0rd", "p@ssword", "p@ssw0rd", "mima", "qwertyuiop", "qwerty", "asdfghjkl", "asdfgh", "zxcvbnm", "1qaz2wsx",
    "1q2w3e4r", "qazwsx", "abcdefg", "abc", "iloveyou", "woaini", "woaiwojia", "admin", "administrator", "root", "welcome",
    "letmein", "monkey", "dragon", "sunshine", "princess", "football", "master", "superman", "shanghai", "huangpu", "beijing",
    "zhongguo", "china", "jiedao", "juwei", "renling", "认领", "双向认领", "上海", "黄浦", "密码", "我爱你", "5201314", "1314", "520",
    "888", "666", "test", "login", "system", "security", "audit",
)  # fmt: skip
_LEFT = 6  # characters that must be left when all that is easily guessed is taken out


def good_password(password: str, *, about: Iterable[str], policy: str) -> str:
    """The password as it is kept (Unicode NFKC). `about`: words that have to do with the person.
    Refused: password.length, password.guessed, password.classes."""
    kept = unicodedata.normalize("NFKC", password)
    if not LEAST <= len(kept) <= MOST:
        raise _bad("password.length", f"密码须为 {LEAST} 到 {MOST} 个字符。", f"A password has {LEAST} to {MOST} characters.")
    if len(_hard_part(kept, about)) < _LEFT:
        raise _bad(
            "password.guessed", "这个密码太容易猜到：常用词、姓名、登录名、连续或重复的字符不算数。",
            "This password is easily guessed: common words, names, sequences and repetitions do not count.",
        )  # fmt: skip
    if policy == "mlps" and _classes(kept) < CLASSES:
        raise _bad(
            "password.classes", f"密码须含大写字母、小写字母、数字、符号四类中的 {CLASSES} 类。",
            f"A password has {CLASSES} of the four: capital letters, small letters, digits, signs.",
        )  # fmt: skip
    return kept


def owed(account: Account, roles: Collection[str], at: datetime, policy: str) -> str | None:
    """What somebody with these roles must do before anything else: "password", "second" or nothing. People of a
    demonstration and of an identity provider have neither here."""
    if account.demonstration or account.password is None:
        return None
    old = account.password_at is not None and at - account.password_at >= CHANGED_EVERY
    if old and policy == "mlps" and not set(roles).isdisjoint(OFFICERS):
        return "password"
    return "second" if account.totp is None and not SECOND_FACTOR.isdisjoint(roles) else None


def failed(before: Tries, at: datetime) -> Tries:
    """One more failure: from the fifth on it locks, for longer each time, never for longer than a quarter of an hour."""
    old = before.last_at is not None and at - before.last_at >= FORGOTTEN
    failures = 1 if old else before.failures + 1
    lock = at + LOCKED[min(failures - FREE, len(LOCKED) - 1)] if failures >= FREE else None
    return Tries(failures=failures, last_at=at, locked_until=lock)


def network_failed(before: Tries, at: datetime) -> Tries:
    """One more failure from a network, whoever it was meant for."""
    forgiven = (at - before.last_at) // timedelta(minutes=1) if before.last_at else 0
    failures = max(0, before.failures - forgiven) + 1
    return Tries(failures=failures, last_at=at, locked_until=at + NETWORK_LOCKED if failures > NETWORK_FREE else None)


def is_locked(tries: Tries, at: datetime) -> bool:
    return tries.locked_until is not None and at < tries.locked_until


def _hard_part(password: str, about: Iterable[str]) -> str:
    left = password.casefold()
    words = [word.casefold() for word in about if len(word) >= 2]
    for word in sorted({*_GUESSED, *words}, key=lambda word: (-len(word), word)):
        left = left.replace(word, "")
    left = re.sub(r"(.)\1{2,}", r"\1", re.sub(r"(19|20)\d\d", "", left))  # years too
    return _without_runs(left)


def _without_runs(text: str) -> str:
    """Of `1234` or `fedcba` only the first character."""
    kept, n = "", 0
    while n < len(text):
        end = n + 1
        while end < len(text) and end - n < 20 and abs(ord(text[end]) - ord(text[end - 1])) == 1:
            end += 1
        kept += text[n] if end - n >= 3 else text[n:end]
        n = end
    return kept


def _classes(password: str) -> int:
    kinds = (str.isupper, str.islower, str.isdigit, lambda c: not c.isalnum())
    return sum(any(kind(c) for c in password) for kind in kinds)


def _bad(code: str, zh: str, en: str) -> Refused:
    return Refused(code, zh, en, kind="invalid", field="new")
