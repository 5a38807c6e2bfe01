"""What several kinds of tests share: one PostgreSQL server for the whole run."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import postgres_server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Where a PostgreSQL server for tests listens; make a schema of your own in it."""
    with postgres_server() as url:
        yield url
