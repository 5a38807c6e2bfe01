"""The code of a resident's link as people read it aloud and type it: no letter is taken for a digit."""

from __future__ import annotations

import unicodedata

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
SIZE, NONCE = 16, 6  # letters; of these by chance
_MISTAKEN = str.maketrans({"O": "0", "I": "1", "L": "1"})


def as_typed(code: str) -> str:
    """What was meant by what was typed, in any case, width and grouping; "" when it can be no code."""
    plain = unicodedata.normalize("NFKC", code).upper().translate(_MISTAKEN)
    letters = "".join(c for c in plain if c.isalnum())
    return letters if len(letters) == SIZE and set(letters) <= set(LETTERS) else ""


def grouped(code: str) -> str:
    """In fours."""
    return " ".join(code[n : n + 4] for n in range(0, len(code), 4))
