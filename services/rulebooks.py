"""District packs: the rule book, the register and the demonstration of one district, read from TOML and checked."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain import rules, units
from domain.events import Refused
from domain.matching import policy
from services.demonstration.words import Demonstration, Thing
from services.pack_file import PackFile, Template, UnitPart
from services.register import AreaDraft, UnitDraft

PACKS = Path(__file__).parents[1].joinpath("districts")  # data that is shipped with the program, like its code


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """A district as it is set up. `areas` come parents first, the district itself at the head; `joined` is the year of
    the demonstration in which each unit was registered, 0 the first."""

    book: rules.RuleBook
    areas: tuple[AreaDraft, ...]
    units: tuple[UnitDraft, ...]
    joined: tuple[int, ...]
    demonstration: Demonstration | None
    templates: tuple[Template, ...] = ()  # never part of the book: what was adopted stays as it was adopted


def load_pack(district: str) -> Pack:
    """The pack of a district that is shipped with the program. Refused: pack.unknown, pack.invalid."""
    there = sorted(path.stem for path in PACKS.glob("*.toml"))
    if district not in there:
        raise Refused(
            "pack.unknown", f"没有地区包“{district}”。可用：{'、'.join(there)}。",
            f"There is no district pack “{district}”. There are: {', '.join(there)}.", kind="invalid", field="district",
        )  # fmt: skip
    return parse(PACKS.joinpath(f"{district}.toml").read_text("utf-8"), f"districts/{district}.toml")


def parse(text: str, source: str = "pack") -> Pack:
    """The pack in a TOML text; `source` is its name in messages. Refused: pack.invalid, naming line and field."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(source, "", f"不是有效的 TOML：{error} / no valid TOML: {error}") from error
    try:
        file = PackFile.model_validate_json(json.dumps(raw, default=str))  # as JSON: strict, yet lists become tuples
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _invalid(f"{source}{_line(text, first['loc'])}", _field(first["loc"]), _said(first)) from error
    for place, wrong in _contradictions(file):
        raise _invalid(f"{source}{_line(text, place)}", _field(place), wrong)
    return Pack(
        book=_book(file), areas=tuple(_areas(file)), units=tuple(_unit(unit) for unit in file.units),
        joined=tuple(unit.joined for unit in file.units), demonstration=file.demonstration, templates=file.templates,
    )  # fmt: skip


Place = tuple[int | str, ...]


def _contradictions(file: PackFile) -> Iterator[tuple[Place, str]]:
    """What is well-formed but does not fit together, in the order of the file."""
    yield from _wrong_policies(file)
    kinds = [tier.kind for tier in file.tiers]
    yield from _twice(("tiers", "kind"), kinds)
    categories = [category.id for category in file.categories]
    yield from _twice(("categories", "id"), categories)
    yield from _twice(("groups", "id"), [group.id for group in file.groups])
    known = [file.area]
    for i, area in enumerate(file.areas):
        for kind, field in ((area.kind, "kind"), (area.inside, "inside")):
            if kind is not None and kind not in kinds:
                yield ("areas", i, field), f"层级“{kind}”未定义 / there is no tier “{kind}”"
        if area.parent is not None and area.parent not in known:
            yield ("areas", i, "parent"), f"上级“{area.parent}”须写在前面 / the parent “{area.parent}” must come first"
        if area.parts and area.inside is None:
            yield ("areas", i, "inside"), "请写明 parts 的层级 / say of which tier the parts are"
        known += [area.id, *(part.id for part in area.parts)]
    yield from _twice(("areas", "id"), known)
    yield from _wrong_units(file, known)
    yield from _wrong_templates(file, categories)
    yield from _unknown_categories(file, categories)
    yield from _unknown_groups(file)


def _policies(file: PackFile) -> dict[str, policy.Policy]:
    """By the field of the rule book; not checked yet."""
    return {"matching": file.matching.policy(policy.NORMAL), "emergency": file.emergency.policy(policy.EMERGENCY)}


def _wrong_policies(file: PackFile) -> Iterator[tuple[Place, str]]:
    for table, wanted in _policies(file).items():
        try:
            policy.check(wanted)
        except Refused as refused:
            yield (table, refused.field or ""), f"{refused.zh.rstrip('。')} / {refused.en}"


def _wrong_units(file: PackFile, known: list[str]) -> Iterator[tuple[Place, str]]:
    yield from _twice(("units", "code"), [unit.code for unit in file.units])
    for i, unit in enumerate(file.units):
        if not units.valid_code(unit.code):
            yield ("units", i, "code"), f"统一社会信用代码不正确：{unit.code} / not a valid unified social credit code"
        for area in unit.areas:
            if area not in known:
                yield ("units", i, "areas"), f"没有区域“{area}” / there is no area “{area}”"


def _wrong_templates(file: PackFile, categories: list[str]) -> Iterator[tuple[Place, str]]:
    yield from _twice(("templates", "id"), [template.id for template in file.templates])
    for i, template in enumerate(file.templates):
        if template.category not in categories:
            yield ("templates", i, "category"), f"没有类别“{template.category}” / no category “{template.category}”"


def _unknown_categories(file: PackFile, categories: list[str]) -> Iterator[tuple[Place, str]]:
    if file.demonstration is None:
        return
    told = file.demonstration
    for name, used in (
        ("things", [thing.category for thing in told.things]), ("wants", [want.category for want in told.wants]),
        ("aid", [aid.category for aid in told.aid]),
    ):  # fmt: skip
        for i, category in enumerate(used):
            if category not in categories:
                yield ("demonstration", name, i, "category"), f"没有类别“{category}” / no category “{category}”"


def _unknown_groups(file: PackFile) -> Iterator[tuple[Place, str]]:
    known = [group.id for group in file.groups]
    things = [(("demonstration", "things", i), thing.groups) for i, thing in enumerate(_things(file))]
    templates = [(("templates", i), template.groups) for i, template in enumerate(file.templates)]
    for place, groups in (*things, *templates):
        for group in groups:
            if group not in known:
                yield (*place, "groups"), f"没有居民群体“{group}” / no group of residents “{group}”"


def _things(file: PackFile) -> tuple[Thing, ...]:
    return file.demonstration.things if file.demonstration else ()


def _twice(place: tuple[str, str], ids: list[str]) -> Iterator[tuple[Place, str]]:
    for i, each in enumerate(ids):
        if each in ids[:i]:
            yield (place[0], place[1]), f"“{each}”写了两次 / “{each}” is written twice"


def _book(file: PackFile) -> rules.RuleBook:
    return rules.RuleBook(
        district=file.id, area=file.area, zh=file.zh, en=file.en,
        tiers=tuple(rules.Tier(**tier.model_dump()) for tier in file.tiers),
        categories=tuple(rules.Category(**category.model_dump()) for category in file.categories),
        endorse_needs=file.endorse_needs, clocks=rules.Clocks(**file.clocks.model_dump()),
        limits=rules.Limits(**file.limits.model_dump()), kinds=file.suggestions.kinds, units=file.suggestions.units,
        skills=file.suggestions.skills, groups=tuple(rules.Group(**group.model_dump()) for group in file.groups),
        **_policies(file),
    )  # fmt: skip


def _areas(file: PackFile) -> Iterator[AreaDraft]:
    yield AreaDraft(area=file.area, name=file.zh, kind=file.tiers[0].kind, parent=None)
    for area in file.areas:
        yield AreaDraft(
            area=area.id, name=area.name, kind=area.kind, parent=area.parent or file.area, households=area.households
        )
        for part in area.parts:
            yield AreaDraft(
                area=part.id, name=part.name, kind=area.inside or "", parent=area.id, households=part.households
            )


def _unit(unit: UnitPart) -> UnitDraft:
    return UnitDraft(name=unit.name, code=unit.code, kind=unit.kind, areas=unit.areas)


def _field(place: Place) -> str:
    """("units", 3, "code") → units[4].code: people count from one."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _line(text: str, place: Place) -> str:
    """Where in the text a place most likely is: its n-th [[table]], then the key in it; "" when not found."""
    path = [part for part in place if isinstance(part, str)]
    index = next((part for part in place if isinstance(part, int)), 0)
    lines, found = text.splitlines(), 0
    for depth in (2, 1):
        header = re.compile(rf"\[\[?{re.escape('.'.join(path[:depth]))}\]")
        headers = [n for n, line in enumerate(lines, 1) if header.match(line)]
        if len(headers) > index and depth <= len(path):
            found = headers[index]
            break
    for n, line in enumerate(lines[found:], found + 1):
        if line.startswith("["):
            break
        if path and re.match(rf"{re.escape(path[-1])}\s*=", line):
            return f":{n}"
    return f":{found}" if found else ""


def _said(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    zh = {"missing": "缺少这一项", "extra_forbidden": "不认识这一项"}.get(error["type"], "填写不正确")
    return f"{zh} / {error['msg']}"


def _invalid(where: str, field: str, wrong: str) -> Refused:
    zh, _, en = wrong.partition(" / ")
    named = f" {field}" if field else ""
    return Refused(
        "pack.invalid", f"地区包有误（{where}{named}）：{zh}。",
        f"The district pack is wrong ({where}{named}): {(en or zh).rstrip('.')}.", kind="invalid", field=field or None,
    )  # fmt: skip
