"""The matrix of rights: matrix.csv, read once and checked, because every decision rests on it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

ROLES = (
    "public", "unit", "unit_manager", "unit_system", "committee", "street", "district", "auditor", "system_admin",
    "security_admin", "system",
)  # fmt: skip
UNIT_ROLES = ("unit", "unit_manager", "unit_system")  # all three act for their unit
COORDINATORS = ("street", "district")
ADMINISTRATORS = ("system_admin", "security_admin")  # keep the house; what is done in it they neither see nor do
PARTIES = (*UNIT_ROLES, "committee", *COORDINATORS)  # whose organisation can own an item or be bound by it
GROUPS = ("see", "needs", "offers", "claims", "rounds", "projects", "register", "lists", "personal", "house")
LETTERS = "OADPRWS"
_READING = "OAPR"  # letters of a row that only looks
_MAY_HOLD = {  # letters that a role can have at all
    "public": "PR", "auditor": "OPR", "system_admin": "OPRW", "security_admin": "OPRW", "system": "S",
    **dict.fromkeys(COORDINATORS, "OADPR"), **dict.fromkeys(("unit", "unit_manager", "unit_system", "committee"), "OPR"),
}  # fmt: skip
_HEAD = ["action", "group", "zh", "en", "states", "seen_by", *ROLES, "note_zh", "note_en"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One action. `cells`: role → letters: O own organisation, A inside one's own area, D for another on record, P what
    is public, R everything to read, W the whole district, S the service itself. `states`: where it is legal; ("any",),
    ("new",) for what makes an item. `seen_by`: the action that tells "not there" (404) from "not yours" (403)."""

    action: str
    group: str
    zh: str
    en: str
    states: tuple[str, ...]
    seen_by: str | None
    cells: Mapping[str, str]
    note_zh: str
    note_en: str

    @property
    def looks(self) -> bool:
        """Whether it only reads."""
        return self.action.endswith((".see", ".reveal", ".export"))


Matrix = Mapping[str, Rule]


def read_matrix(text: str) -> Matrix:
    """Action → rule, in the order of the file. Raises ValueError, naming the line, for anything that is not exactly so."""
    rows = list(csv.reader(text.splitlines()))
    if not rows or rows[0] != _HEAD:
        raise ValueError(f"matrix.csv: the heading is not {','.join(_HEAD)}")
    rules: dict[str, Rule] = {}
    for number, row in enumerate(rows[1:], 2):
        wrong = f"{len(row)} cells instead of {len(_HEAD)}" if len(row) != len(_HEAD) else None
        rule = None if wrong else _rule(row)
        wrong = wrong or next(_wrong(rule, rules), None) if rule else wrong
        if wrong or rule is None:
            raise ValueError(f"matrix.csv line {number}: {wrong}")
        rules[rule.action] = rule
    for rule in rules.values():
        if rule.seen_by and (rule.seen_by not in rules or not rule.seen_by.endswith(".see")):
            raise ValueError(f"matrix.csv: {rule.action} is seen by {rule.seen_by!r}, which is no action of seeing")
    return MappingProxyType(rules)


def _rule(row: list[str]) -> Rule:
    cells = zip(ROLES, row[6:-2], strict=True)
    return Rule(
        action=row[0], group=row[1], zh=row[2], en=row[3], states=tuple(row[4].split()), seen_by=row[5] or None,
        cells=MappingProxyType({role: "" if cell == "-" else cell for role, cell in cells}), note_zh=row[-2], note_en=row[-1],
    )  # fmt: skip


def _wrong(rule: Rule, known: Mapping[str, Rule]) -> Iterator[str]:
    """Why this row cannot be."""
    noun, _, verb = rule.action.partition(".")
    if not (noun.isidentifier() and verb.isidentifier()) or rule.action in known:
        yield f"{rule.action!r} is no new noun.verb"
    if rule.group not in GROUPS or not rule.zh or not rule.en or not rule.states or bool(rule.note_zh) != bool(rule.note_en):
        yield "group, name, states or note is missing"
    for role, cell in rule.cells.items():
        if cell and (not set(cell) <= set(LETTERS) or len(set(cell)) < len(cell)):
            yield f"{role} has {cell!r}; the letters are {', '.join(LETTERS)}, or - for nothing"
        if not set(cell) <= set(_MAY_HOLD[role]):
            yield f"{role} cannot have {cell!r}"
        if rule.looks and not set(cell) <= set(_READING + "S"):
            yield f"{role} has {cell!r}, but {rule.action} only looks"
    if not rule.looks and rule.group != "see" and set(rule.cells["auditor"]) - {"P"}:
        yield "an auditor writes nothing"
    if set(rule.cells["unit_manager"]) < set(rule.cells["unit"]):
        yield "a unit's manager may do what the unit may do"


MATRIX: Matrix = read_matrix(files("domain").joinpath("matrix.csv").read_text("utf-8"))
