"""Which way imports may point; the contracts themselves are in pyproject.toml."""

import ast
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]


def imported(source: str) -> set[str]:
    """Top-level names of all packages a module imports."""
    nodes = list(ast.walk(ast.parse(source)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in plain | named}


def strangers(source: str) -> set[str]:
    """What a module of the domain imports beyond the standard library and the domain itself."""
    return imported(source) - sys.stdlib_module_names - {"domain"}


def test_imports_point_inward_only():
    assert lint_imports() == 0


@pytest.mark.parametrize("path", sorted((ROOT / "domain").rglob("*.py")), ids=lambda path: path.stem)
def test_the_rules_import_nothing_but_the_standard_library(path):
    assert strangers(path.read_text()) == set()


def test_a_stranger_in_the_rules_would_be_found():
    source = "import dataclasses\nfrom domain import need\nimport numpy.linalg\nfrom pydantic import x"
    assert strangers(source) == {"numpy", "pydantic"}
