"""The fields that bodies are made of, checked before a rule sees them: words, counts, moments, lines and windows."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from domain.calendar import Slot, Span, Weekly, Window
from domain.capacity import Line

YEARS = range(1900, 2200)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAYS = {name: n for n, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), start=1)}


class Body(BaseModel):
    """Nothing is ignored: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


def clean(value: str) -> str:
    """NFC, without control characters but line breaks and tabs."""
    if _CONTROL.search(value):
        raise PydanticCustomError("control_characters", "control characters")
    return unicodedata.normalize("NFC", value)


def whole(value: Any) -> Any:
    """3.0 is the whole number 3, in JSON Schema too."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _no_unit(value: str) -> str:
    """An area's id must not look like a unit's: both name organisations."""
    if value.startswith("unit-"):
        raise PydanticCustomError("area_id", "must not begin with unit-")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise PydanticCustomError("moment", "RFC 3339 with its offset")
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("moment", "RFC 3339 with its offset") from None
    if at.year not in YEARS:
        raise PydanticCustomError("moment", "RFC 3339 with its offset")
    return at


def _day(value: Any) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = date.min
        if day.year in YEARS:
            return day
    raise PydanticCustomError("day", "a day as YYYY-MM-DD")


def _weekday(value: Any) -> Any:
    return _DAYS.get(value, value) if isinstance(value, str) else value


def _shape(value: Any) -> str:
    return "=weekly" if isinstance(value, dict) and "weekly" in value else "=span"


_CLEAN: JsonDict = {"pattern": r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$"}  # as `clean` has it
_WORD: JsonDict = {"pattern": r"^[^\u0000-\u0020\u007F]+( [^\u0000-\u0020\u007F]+)*$"}  # some letters in it
Words = Annotated[str, Field(max_length=4000, json_schema_extra=_CLEAN), AfterValidator(clean)]  # kept in the vault
Title = Annotated[str, Field(min_length=1, max_length=120, json_schema_extra=_WORD), AfterValidator(clean)]
Name = Annotated[str, Field(min_length=1, max_length=60, json_schema_extra=_WORD), AfterValidator(clean)]
FreeWord = Annotated[
    str, Field(min_length=1, max_length=40, json_schema_extra=_WORD), AfterValidator(clean), AfterValidator(str.strip)
]
_MAYBE: JsonDict = {"pattern": r"^([^\u0000-\u0020\u007F]+( [^\u0000-\u0020\u007F]+)*)?$"}
WordOrNone = Annotated[  # "" says: none any more
    str, Field(max_length=40, json_schema_extra=_MAYBE), AfterValidator(clean), AfterValidator(str.strip)
]
Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,80}$")]
AreaId = Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,40}$"), AfterValidator(_no_unit)]
Count = Annotated[int, Field(strict=True, ge=1, le=10**12), BeforeValidator(whole)]
Least = Annotated[int, Field(strict=True, ge=0, le=10**12), BeforeValidator(whole)]
People = Annotated[int, Field(strict=True, ge=0, le=10**9), BeforeValidator(whole)]
_WHEN = {"type": "string", "format": "date-time", "examples": ["2026-03-07T09:00:00+08:00"]}
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(_WHEN, mode="validation")]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"}, mode="validation")]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:30"])]
_WEEKDAY = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 7}, {"type": "string", "enum": [*_DAYS]}]}
Weekday = Annotated[
    int, Field(strict=True, ge=1, le=7), BeforeValidator(_weekday), WithJsonSchema(_WEEKDAY, mode="validation")
]


class LineIn(Body):
    """How much of what. Money is counted in fen (unit 分 or fen)."""

    kind: FreeWord = Field(examples=["志愿者"])
    quantity: Count = Field(examples=[20])
    unit: FreeWord = Field(examples=["人"])

    def asked(self) -> Line:
        return Line(self.kind, self.quantity, self.unit)


class SpanIn(Body):
    """One stretch of time, RFC 3339 with offset."""

    start: Moment
    end: Moment

    def asked(self) -> Window:
        return Span(self.start, self.end)


class SlotIn(Body):
    """Part of a weekday, local time; day 1 is Monday (or mon … sun)."""

    day: Weekday
    from_: Clock = Field(alias="from")
    to: Clock

    def asked(self) -> Slot:
        return Slot(self.day, self.from_, self.to)


class WeeklyIn(Body):
    """Slots that come again every week from one day until another (inclusive), except on some."""

    weekly: list[SlotIn] = Field(min_length=1, max_length=50)
    from_: Day = Field(alias="from")
    until: Day | None = None
    except_: list[Day] = Field(default=[], alias="except", max_length=400)

    def asked(self) -> Window:
        slots = tuple(slot.asked() for slot in self.weekly)
        return Weekly(slots, self.from_, self.until, tuple(sorted(set(self.except_))))


WindowIn = Annotated[
    Annotated[SpanIn, Tag("=span")] | Annotated[WeeklyIn, Tag("=weekly")], Discriminator(_shape)
]
Lines = Annotated[list[LineIn], Field(min_length=1, max_length=50)]
Windows = Annotated[list[WindowIn], Field(max_length=50)]


def lines_of(lines: list[LineIn]) -> tuple[Line, ...]:
    return tuple(line.asked() for line in lines)


def some_lines(lines: list[LineIn] | None) -> tuple[Line, ...] | None:
    return None if lines is None else lines_of(lines)


def windows_of(windows: list[WindowIn]) -> tuple[Window, ...]:
    return tuple(window.asked() for window in windows)


def window_of(window: WindowIn | None) -> Window | None:
    return None if window is None else window.asked()
