"""How a district without anybody gets its first officer, and how the access log is checked from the command line."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.__main__ import cli
from api.first_officer import hint, welcome
from api.settings import Settings
from domain.access import SYSTEM
from services.demonstration.script import asked
from tests.support.accounts import person
from tests.support.engine import DISTRICT, House, opened_house
from tests.support.people import cookie
from tests.support.world import BOOK

CODE = re.compile(r"[2-9A-Z]{5}(-[2-9A-Z]{5}){3}")


def as_district(place: House, **settings: Any) -> Any:
    return SimpleNamespace(engine=place.engine, accounts=place.accounts, settings=Settings(data=place.data, **settings))


async def said(place: House, **settings: Any) -> list[str]:
    told: list[str] = []
    await welcome(as_district(place, **settings), told.append)
    return told


async def test_each_start_says_a_new_code_until_there_is_a_security_administrator(tmp_path: Path):
    async with opened_house(tmp_path) as place:
        first, second = [CODE.search(" ".join(await said(place))) for _ in range(2)]
        assert first
        assert second
        assert first[0] != second[0]
        cookie(place, "security_admin", DISTRICT)  # of a demonstration: that is nobody
        assert len(await said(place)) == 1
        await person(place.accounts, place.clock, "zhao", ("security_admin", DISTRICT))
        assert await said(place) == []
        place.accounts.store.change_account("person-zhao", disabled_at=place.clock.now())
        assert len(await said(place)) == 1  # locked out of one's own district: the console helps


async def test_a_demonstration_says_no_code(tmp_path: Path):
    async with opened_house(tmp_path) as place:
        assert await said(place, demo=True) == []
        first = asked(SYSTEM, "rules.1.rules.adopt", "rules.adopt")
        await place.engine.register.adopt(first, replace(BOOK, zh=f"{BOOK.zh}（演示）"))
        assert await said(place) == []


async def test_one_of_several_processes_only_points_to_the_command(tmp_path: Path):
    async with opened_house(tmp_path) as place:
        told: list[str] = []
        await hint(as_district(place), told.append)
        assert "admin-code" in told[0]
        assert not CODE.search(told[0])


def command(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--data", str(folder)])


@pytest.mark.parametrize("role", ["security_admin", "system_admin"])
def test_a_code_for_an_officer_is_printed_at_the_console_and_noted(tmp_path: Path, role: str):
    assert CODE.search(command(tmp_path, "admin-code", "--role", role).stdout)
    assert command(tmp_path, "admin-code", "--role", "auditor").exit_code == 1
    checked = command(tmp_path, "access-log")
    assert checked.exit_code == 0
    assert re.search(r": 1 [0-9a-f]{64}$", checked.stdout.strip())


def cut(folder: Path, n: int) -> None:
    """Somebody with the file in hand; the trigger is back at the next start."""
    db = sqlite3.connect(folder / "accounts.db")
    db.execute("DROP TRIGGER access_is_kept")
    db.execute("DELETE FROM access WHERE n = ?", (n,))
    db.commit()
    db.close()


def test_the_command_line_finds_what_was_changed_and_what_was_cut_off(tmp_path: Path):
    for _ in range(3):
        command(tmp_path, "admin-code")
    n, chain = command(tmp_path, "access-log").stdout.strip().split()[-2:]
    cut(tmp_path, 3)
    assert command(tmp_path, "access-log").exit_code == 0
    assert command(tmp_path, "access-log", "--noted", f"{n}:{chain}").exit_code == 1
    cut(tmp_path, 1)
    found = command(tmp_path, "access-log")
    assert (found.exit_code, "1" in found.stdout) == (1, True)
