"""Free text must name nobody's phone, id, card, mail box, WeChat or door: those belong into the contact field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.events import Refused

WORDS = {
    "mobile": ("手机号", "a mobile number"),
    "landline": ("固定电话", "a telephone number"),
    "identity": ("身份证号", "an identity number"),
    "card": ("银行卡号", "a bank card number"),
    "mail": ("邮箱", "an e-mail address"),
    "door": ("门牌房号", "a door number"),
    "messenger": ("微信或QQ号", "a WeChat or QQ id"),
}

_N = "[0-9一二三四五六七八九十百〇零两]"
_APART = r"[ \t\u00a0._·‐‑–—-]"
_NUMBERS = re.compile(rf"[0-9]+(?:{_APART}{{1,3}}[0-9]+)*")
_AMOUNT = re.compile(r"\s*(元|万|亿|人次)")
_IDENTITY = re.compile(rf"(?<![0-9])([0-9]{{6}}){_APART}?([0-9]{{8}}){_APART}?([0-9]{{3}}[0-9Xx])(?![0-9A-Za-z])")
_OLD_IDENTITY = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9A-Za-z])")
_LANDLINE = re.compile(
    rf"(?<![0-9.])\(?0(?:10|2[0-9]|[3-9][0-9]{{2}})\)?{_APART}{{0,2}}[2-8][0-9]{{2,3}}{_APART}?[0-9]{{4}}(?![0-9])"
    r"|(?:电话|座机|致电|tel|phone|call)[^0-9]{0,6}[2-8][0-9]{2,3}[ -]?[0-9]{4}(?![0-9年])",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_DOOR = re.compile(
    rf"(?<![月0-9]){_N}{{1,5}}\s?弄\s?{_N}{{1,5}}\s?(?:支弄\s?{_N}{{1,5}}\s?)?号"
    rf"|(?<![月0-9第]){_N}{{1,5}}\s?(?:号楼?|幢|栋|单元)\s?(?:{_N}{{1,3}}\s?(?:单元|门|楼|层)\s?)?{_N}{{1,5}}\s?室(?!\s?{_N}\s?厅)"
    r"|(?<![月0-9第])[0-9]{1,5}\s?(?:号楼?|幢|栋|单元)\s?[0-9]{3,4}(?![0-9年月日号户元人名个份米㎡%])"
)
_MESSENGER = re.compile(
    r"(?:微信|威信|薇信|v信|(?<![a-z])(?:we ?chat|weixin|vx|wx)(?![a-z]))(?!公众|小程序|群|服务号)\s?"
    r"(?:(?:号码?|id)?\s?[:是为]\s?[a-z][a-z0-9_-]{5,19}|(?:号码?|id|加)?\s?(?=[a-z_-]*[0-9_])[a-z][a-z0-9_-]{5,19})"
    r"|(?<![a-z])qq\s?(?:号码?)?\s?[:是为]?\s?[1-9][0-9]{4,11}(?![0-9])",
    re.IGNORECASE,
)
_SPELLED = re.compile("[〇零一二三四五六七八九幺]{11,}")
_DIGITS = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_ASCII = str.maketrans({**{chr(0xFF01 + n): chr(0x21 + n) for n in range(94)}, "\u3000": " "})
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")  # of any other script
_UNSEEN = re.compile("[\u200b-\u200d\u2060\ufe0f\u20e3\ufeff]")
_PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)
_TELLING = re.compile("[0-9A-Za-z@一二三四五六七八九十百〇零两]")  # every pattern needs one of these
_SIZES = frozenset((11, 13, 15, 16, 17, 18, 19))  # digits of mobile numbers, with 86 or 0086 before them, and of cards
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999


@dataclass(frozen=True, slots=True)
class Found:
    """What kind of thing a text names, and how it begins: enough to find it again, too little to use it."""

    kind: str
    hint: str


def check(text: str, field: str) -> None:
    """Refused (text.personal) when the text names somebody's number or door."""
    found = first_found(text)
    if found is None:
        return
    zh, en = WORDS[found.kind]
    raise Refused(
        "text.personal",
        f"文字里有{zh}（{found.hint}），公开后无法收回。请删去；联系方式请填在“联系人”栏，只有认领成立的对方可以查看。",
        f"The text names {en} ({found.hint}). Leave it out: contacts belong into the contact field, which only the "
        "accepted other side may see.",
        kind="invalid", field=field,
    )  # fmt: skip


def first_found(text: str) -> Found | None:
    """The first kind of personal detail in a text, whatever digits and dashes it is written with; None when clean."""
    plain = _as_ascii(text)
    if not _TELLING.search(plain):
        return None
    return next((Found(kind, begun) for kind, begun in _all(plain)), None)


def _all(plain: str) -> Iterator[tuple[str, str]]:
    for match in _IDENTITY.finditer(plain):
        if is_identity("".join(match.groups())):
            yield "identity", _hint(match[0])
    for match in _OLD_IDENTITY.finditer(plain):
        if _of_a_province(match[0]) and match[0][6] != "0" and _is_day(f"19{match[0][6:12]}"):  # area ids have 0 there
            yield "identity", _hint(match[0])
    for match in _NUMBERS.finditer(plain):
        if not _AMOUNT.match(plain, match.end()):
            yield from _numbers(re.split(rf"{_APART}+", match[0]))
    for kind, pattern in (("landline", _LANDLINE), ("mail", _MAIL), ("door", _DOOR), ("messenger", _MESSENGER)):
        if found := pattern.search(plain):
            yield kind, _hint(found[0])


def _numbers(groups: list[str]) -> Iterator[tuple[str, str]]:
    """Mobile and card numbers among groups of digits that stand side by side, in any way people group them."""
    for first in range(len(groups)):
        joined = ""
        for last in range(first, len(groups)):
            joined += groups[last]
            if len(joined) > 19:
                break
            if len(joined) in _SIZES and (kind := _kind_of(joined, groups, first, last + 1)):
                yield kind, _hint(joined)


def _kind_of(joined: str, groups: list[str], first: int, end: int) -> str | None:
    sizes = [len(group) for group in groups[first:end]]
    if _is_mobile(joined) and (len(sizes) == 1 or min(sizes) >= 3 or _digit_by_digit(groups, first, end)):
        return "mobile"
    if _grouped_as_a_card(sizes) and is_card(joined):
        return "card"
    return None


def _digit_by_digit(groups: list[str], first: int, end: int) -> bool:
    """Each digit stands alone and none of its kind stands beside: not a part of a longer list of marks."""
    alone = all(len(group) == 1 for group in groups[first:end])
    beside = (first > 0 and len(groups[first - 1]) == 1) or (end < len(groups) and len(groups[end]) == 1)
    return alone and not beside


def _is_mobile(digits: str) -> bool:
    bare = digits.removeprefix("00").removeprefix("86") if len(digits) in (13, 15) else digits
    return len(bare) == 11 and bare[0] == "1" and bare[1] in "3456789"


def _grouped_as_a_card(sizes: list[int]) -> bool:
    return len(sizes) == 1 or sizes == [6, 13] or (set(sizes[:-1]) == {4} and sizes[-1] <= 4)


def is_card(digits: str) -> bool:
    """16 to 19 digits that begin like a bank card and whose check digit is right (ISO/IEC 7812)."""
    if not 16 <= len(digits) <= 19 or not digits.startswith(("4", "5", "6", "35")):
        return False
    doubled = (int(d) * (1 + n % 2) for n, d in enumerate(reversed(digits)))
    return sum(n // 10 + n % 10 for n in doubled) % 10 == 0


def is_identity(number: str) -> bool:
    """18 characters: a province, a day of birth, and the right check character (GB 11643-1999)."""
    if not (_of_a_province(number) and _is_day(number[6:14])):
        return False
    rest = sum(int(d) * w for d, w in zip(number, _WEIGHTS, strict=False)) % 11
    return "10X98765432"[rest] == number[17].upper()


def _of_a_province(number: str) -> bool:
    return int(number[:2]) in _PROVINCES


def _is_day(digits: str) -> bool:
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2099
    except ValueError:
        return False


def _hint(found: str) -> str:
    return f"{found[: 3 if found[:1].isdigit() else 2]}…"


def _as_ascii(text: str) -> str:
    """Full-width and other scripts' digits as ASCII, signs that nobody sees left out, numbers spelled 一三八… as digits."""
    if not text.isascii():
        text = _UNSEEN.sub("", text).translate(_ASCII)
        text = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
        text = _SPELLED.sub(lambda match: match[0].translate(_DIGITS), text)
    return text
