"""How SQLite goes about the questions: a page ends when it is full, however many rows would match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters import read_sqlite_query, read_sqlite_schema
from services.read_ports import Query
from services.words import phrases


class Explained:
    """A connection that keeps the plans of what it is asked for."""

    def __init__(self, path: Path) -> None:
        self.db = read_sqlite_schema.connect(path, writes=True)
        self.plans: list[str] = []

    def execute(self, sql: str, arguments: list[object] | tuple[()] = ()) -> object:
        self.plans += [row[3] for row in self.db.execute(f"EXPLAIN QUERY PLAN {sql}", arguments)]
        return self.db.execute(sql, arguments)


@pytest.fixture
def explained(tmp_path: Path) -> Iterator[Explained]:
    read_sqlite_schema.create(tmp_path / "set.db")
    asked = Explained(tmp_path / "set.db")
    yield asked
    asked.db.close()


@pytest.mark.parametrize("at", [None, 1000])
@pytest.mark.parametrize("asked", ["志愿者", "XQ-310101-2026-000123", "志"])
def test_a_search_goes_through_the_matches_in_order_and_sorts_nothing(explained: Explained, asked: str, at: int | None):
    query = Query(groups=(("need",), ("need/v",)), phrases=(("_need", False), *phrases(asked)), at=at, limit=20)
    read_sqlite_query.page(explained, query)  # type: ignore[arg-type]  # asked like a connection
    assert any("VIRTUAL TABLE" in step for step in explained.plans)
    assert [step for step in explained.plans if "TEMP B-TREE" in step] == []


def test_a_list_by_one_label_sorts_nothing(explained: Explained):
    read_sqlite_query.page(explained, Query(groups=(("need",), ("need/s/open",)), limit=20))  # type: ignore[arg-type]
    assert [step for step in explained.plans if "TEMP B-TREE" in step] == []
