"""Words that must be found nowhere in the open, and the search for them: in raw files, in answers, in spreadsheets."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

TEXT = "金丝雀鸢羽QX7canarytext"  # in every field that takes words
CONTACT = {
    "name": "秦鸢雀", "phone": "139 0427 8315", "mail": "qx7mail@example.org", "wechat": "qx7_wechat", "address": "鸢雀路4271弄83号",
}  # fmt: skip
TEXT_MARKS = (TEXT, "金丝雀", "鸢羽", "QX7canarytext")
CONTACT_MARKS = (*CONTACT.values(), "13904278315", "鸢雀", "qx7mail", "qx7_wechat")


def marks_in(data: bytes, marks: Iterable[str]) -> list[str]:
    """Those that the bytes hold, in any way that texts are written: UTF-8, UTF-16, JSON's escapes, percent signs, any
    case; also within a spreadsheet."""
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data += b"".join(archive.read(name) for name in archive.namelist())
    lower = data.lower()
    return [mark for mark in marks if any(each.lower() in lower for each in _written(mark))]


def files_with(folder: Path, marks: Iterable[str], *, but: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Files below the folder that hold a mark, whatever they are; `but`: folders that are left out."""
    wanted, found = tuple(marks), {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder)
        if file.is_file() and not set(name.parts) & set(but) and (held := marks_in(file.read_bytes(), wanted)):
            found[str(name)] = held
    return found


def _written(mark: str) -> tuple[bytes, ...]:
    percent = "".join(f"%{byte:02x}" for byte in mark.encode())
    return (
        mark.encode(),
        mark.encode("utf-16-le"),
        mark.encode("utf-16-be"),
        mark.encode("unicode_escape"),
        percent.encode(),
    )
