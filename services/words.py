"""Search in Chinese without a dictionary: text is cut into pairs of characters, numbers and latin words into parts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_HAN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"(?P<han>[{_HAN}]+)|(?P<word>(?:(?![{_HAN}])[\\w-])+)")
MOST_PHRASES = 12  # of one search; what comes after is not looked at


def tokens(*texts: str | None) -> str:
    """What a text can be found by, in order, between spaces: 社区义诊 -> 社区 区义 义诊 诊; XQ-2026-007 -> the whole
    and each part. No token begins with `_`: those are for kinds of rows."""
    return " ".join(token for text in texts if text for token in _tokens(text))


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


def _tokens(text: str) -> Iterator[str]:
    for han, word in _runs(text):
        if han:
            yield from _pairs(han)
            yield han[-1]  # so that a single character is the start of some token wherever it stands
            continue
        yield word
        parts = [part for part in re.split("[-_]+", word) if part]
        if len(parts) > 1:
            yield from parts
            if (last := parts[-1].lstrip("0")) and last != parts[-1]:
                yield last  # 123 on the telephone for …-000123


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """(Chinese, "") or ("", word), widths and case made one."""
    for match in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        word = (match["word"] or "").strip("-_")
        if match["han"] or word:
            yield match["han"] or "", word


def _pairs(han: str) -> list[str]:
    return [han[i : i + 2] for i in range(len(han) - 1)]
