"""Search in Chinese without a dictionary: text is cut into pairs of characters, numbers and latin words into parts."""

from __future__ import annotations

import re
import unicodedata

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"([{_HAN}]+)|((?:[^\\W{_HAN}]+-*)+)")
MOST_PHRASES = 12  # of one search; what comes after is not looked at


def tokens(*texts: str | None) -> str:
    """What a text can be found by, in order, between spaces: 社区义诊 -> 社区 区义 义诊 诊; XQ-2026-007 -> the whole
    and each part. No token begins with `_`: those are for kinds of rows."""
    found: list[str] = []
    for text in texts:
        for han, word in _runs(text) if text else ():
            found += _parts(word) if word else [han[i : i + 2] for i in range(len(han))]  # the last stands alone
    return " ".join(found)


def phrases(q: str) -> tuple[tuple[str, bool], ...]:
    """What a row must hold to be found: tokens that follow each other, and whether the last one may go on. Every word
    of `q` counts; Chinese is found wherever it stands, a single character too, a number or latin word by its start."""
    found: list[tuple[str, bool]] = []
    for han, word in _runs(q):
        if len(han) == 1:
            found.append((han, True))
        elif han:
            found.append((" ".join(_pairs(han)), False))
        else:
            found.append((word, True))
    return tuple(found[:MOST_PHRASES])


def _parts(word: str) -> list[str]:
    """A word, what stands between its hyphens, and 123 for …-000123: so it is said on the telephone."""
    parts = word.replace("_", "-").split("-")
    if len(parts) == 1:
        return [word]
    last = parts[-1].lstrip("0")
    return [word, *filter(None, parts), *([last] if last and last != parts[-1] else [])]


def _runs(text: str) -> list[tuple[str, str]]:
    """(Chinese, "") or ("", word), widths and case made one."""
    found = [(han, word.strip("-_")) for han, word in _RUN.findall(unicodedata.normalize("NFKC", text).lower())]
    return [run for run in found if run[0] or run[1]]


def _pairs(han: str) -> list[str]:
    return [han[i : i + 2] for i in range(len(han) - 1)]
