"""Shares out the minutes of `./dev torture --minutes N` among the long runs."""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, help="for all long runs together")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    minutes = config.getoption("--minutes", None)
    if minutes is not None:
        os.environ["TORTURE_MINUTES"] = str(minutes / max(1, len(items)))  # after deselection: those that will run
