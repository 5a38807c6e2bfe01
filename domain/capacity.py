"""The capacity ledger of an item: per line and occurrence, free + held + committed + delivered = quantity, each >= 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.calendar import MOST_OCCURRENCES, Span, Window, expand, key_of, occurrence_with
from domain.events import Refused

MOST_SKILLS = 10
MONEY_UNITS = ("分", "fen")


@dataclass(frozen=True, slots=True)
class Line:
    """How much of what: quantity > 0 in `unit`. Money is counted in fen (unit 分 or fen). kind and unit are free words."""

    kind: str
    quantity: int
    unit: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity of one line in one occurrence ("" for an item without windows)."""

    kind: str
    unit: str
    quantity: int
    occurrence: str = ""


Bucket = tuple[str, str, str]  # kind, unit, occurrence


@dataclass(frozen=True, slots=True)
class Used:
    held: int = 0
    committed: int = 0
    delivered: int = 0

    @property
    def total(self) -> int:
        return self.held + self.committed + self.delivered


NOTHING = Used()


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an item has in all (per occurrence) and what of it is used."""

    lines: tuple[Line, ...]
    used: Mapping[Bucket, Used] = field(default_factory=dict)

    def quantity(self, kind: str, unit: str) -> int:
        return sum(line.quantity for line in self.lines if (line.kind, line.unit) == (kind, unit))

    def free(self, kind: str, unit: str, occurrence: str = "") -> int:
        return self.quantity(kind, unit) - self.used.get((kind, unit, occurrence), NOTHING).total


def move(capacity: Capacity, amounts: Iterable[Amount], *, out_of: str = "", into: str = "") -> Capacity:
    """Amounts moved between "held", "committed", "delivered" and free ("")."""
    used = dict(capacity.used)
    for amount in amounts:
        bucket = (amount.kind, amount.unit, amount.occurrence)
        now = used.get(bucket, NOTHING)
        if out_of:
            now = replace(now, **{out_of: getattr(now, out_of) - amount.quantity})
        if into:
            now = replace(now, **{into: getattr(now, into) + amount.quantity})
        used[bucket] = now
    return replace(capacity, used={bucket: u for bucket, u in used.items() if u.total})


def totals(amounts: Iterable[Amount]) -> dict[Bucket, int]:
    """Quantities by line and occurrence; two lines of a claim may mean the same line of an item."""
    found: dict[Bucket, int] = {}
    for a in amounts:
        bucket = (a.kind, a.unit, a.occurrence)
        found[bucket] = found.get(bucket, 0) + a.quantity
    return found


def shortage(capacity: Capacity, amounts: Iterable[Amount], returning: Iterable[Amount] = ()) -> Amount | None:
    """The first amount that does not fit into what is free (after `returning` has come back), with what is free as its
    quantity; None when all fit."""
    back = totals(returning)
    for bucket, quantity in totals(amounts).items():
        left = capacity.free(*bucket) + back.get(bucket, 0)
        if quantity > left:
            return Amount(bucket[0], bucket[1], max(left, 0), bucket[2])
    return None


def place(
    lines: Sequence[Line], window: Window | None, capacity: Capacity, windows: Sequence[Window], *, every: bool
) -> tuple[Amount, ...]:
    """Where the lines of a claim fall in an item's ledger. `every`: without a window a claim takes all occurrences
    (a need), else it must name one (an offer). Refused: claim.unknown_line, claim.window_needed, claim.outside_windows,
    window.too_long."""
    named = [(_line_in(capacity.lines, line), line.quantity) for line in lines]
    if not windows:
        return tuple(Amount(own.kind, own.unit, quantity) for own, quantity in named)
    occurrences = _chosen(window, windows, every)
    return tuple(Amount(own.kind, own.unit, quantity, key_of(o)) for o in occurrences for own, quantity in named)


def all_occurrences(windows: Sequence[Window]) -> tuple[str, ...]:
    """Names of all occurrences of an item whose windows end; ("",) when it has none; () when they never end."""
    if not windows:
        return ("",)
    found: list[Span] = []
    for window in windows:
        spans = expand(window)
        if len(spans) > MOST_OCCURRENCES:
            return ()
        found.extend(spans)
    return tuple(dict.fromkeys(key_of(span) for span in sorted(found, key=lambda s: s.start)))


def check_lines(lines: Sequence[Line], field_name: str = "lines") -> None:
    """Refuses an empty list, the same line twice, nothing to count, words past 40 characters and sums beyond a ledger."""
    if not lines or len({(line.kind, line.unit) for line in lines}) < len(lines):
        raise Refused(
            "lines.invalid", "请至少写一行，同一种类和单位只写一行。",
            "Give at least one line, and each kind and unit only once.", kind="invalid", field=field_name,
        )  # fmt: skip
    for line in lines:
        if not (0 < line.quantity <= 10**12 and _free_word(line.kind) and _free_word(line.unit)):
            raise Refused(
                "lines.invalid", "数量须为正整数（不超过一万亿），种类和单位各 1–40 字。",
                "A quantity is a positive whole number (at most 10^12); kind and unit have 1 to 40 characters.",
                kind="invalid", field=field_name,
            )  # fmt: skip


def check_people(beneficiaries: int) -> None:
    if beneficiaries < 0:
        raise Refused(
            "beneficiaries.count", "受益人数不能为负数。", "Beneficiaries are counted from 0 up.", kind="invalid",
            field="beneficiaries",
        )  # fmt: skip


def check_skills(skills: Sequence[str], field_name: str) -> None:
    """Refuses too many, the same twice, and what is no word of 1 to 40 characters."""
    if len(skills) > MOST_SKILLS or len(set(skills)) < len(skills) or not all(map(_free_word, skills)):
        raise Refused(
            "skill.invalid", f"技能每项 1–40 字，最多 {MOST_SKILLS} 项，不要重复。",
            f"A skill has 1 to 40 characters; at most {MOST_SKILLS}, each once.", kind="invalid", field=field_name,
        )  # fmt: skip


def _free_word(word: str) -> bool:
    return 0 < len(word) <= 40 and word.isprintable()


def _line_in(own: Sequence[Line], claimed: Line) -> Line:
    """The item's line that a claimed line means: the same kind and unit, else the only one with that unit."""
    same = [line for line in own if (line.kind, line.unit) == (claimed.kind, claimed.unit)]
    alike = [line for line in own if line.unit == claimed.unit]
    if same:
        return same[0]
    if len(alike) == 1:
        return alike[0]
    there = "；".join(f"{line.kind}（{line.unit}）" for line in own)
    raise Refused(
        "claim.unknown_line", f"没有“{claimed.kind}（{claimed.unit}）”这一行。可认领：{there}。",
        f"There is no line “{claimed.kind} ({claimed.unit})”. There are: {there}.", kind="invalid", field="lines",
    )  # fmt: skip


def _chosen(window: Window | None, windows: Sequence[Window], every: bool) -> tuple[Span, ...]:
    """The item's occurrences that a claim's window means."""
    if window is None:
        mine = _once(span for w in windows for span in expand(w))
        if (every or len(mine) == 1) and len(mine) <= MOST_OCCURRENCES:
            return tuple(mine)
        raise Refused(
            "claim.window_needed", "这一项按时段提供，请用 window 写明时段。",
            "This item is given by windows: name one in `window`.", kind="invalid", field="window",
        )  # fmt: skip
    spans = expand(window)
    if not spans or len(spans) > MOST_OCCURRENCES:
        raise Refused(
            "window.too_long", f"一次最多认领 {MOST_OCCURRENCES} 场，请写明截止日期。",
            f"At most {MOST_OCCURRENCES} occurrences at a time: give an end day.", kind="invalid", field="window",
        )  # fmt: skip
    found = [occurrence_with(windows, span) for span in spans]
    if None in found:
        raise Refused(
            "claim.outside_windows", "所选时间不在可用时段之内。", "The window is not inside the item's windows.",
            kind="invalid", field="window",
        )  # fmt: skip
    return tuple(_once(o for o in found if o is not None))


def _once(occurrences: Iterable[Span]) -> list[Span]:
    """Each occurrence of the ledger once, also when windows overlap."""
    return list({key_of(o): o for o in occurrences}.values())
