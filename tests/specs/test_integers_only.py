"""Matching computes in integers alone: no float can come in, so every machine comes to the same result."""

import ast
from pathlib import Path

import pytest

MODULES = sorted((Path(__file__).parents[2] / "domain" / "matching").rglob("*.py"))
MAKERS = {"float", "round", "complex", "pow"}  # `round` without a module before it; the module of that name is called by its parts
FLOATING = {"math", "cmath", "decimal", "fractions", "random", "numpy"}
MEANS = {"mean", "median", "fmean", "stdev", "pstdev", "variance", "fsum", "sqrt", "log", "exp", "timestamp", "total_seconds"}


def floats(source: str) -> list[str]:
    """Where a float could arise: literals, true division, makers of floats, modules that compute in them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Constant(value=float() | complex()):
                found.append(f"{node.lineno}: a literal")
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                found.append(f"{node.lineno}: /")
            case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
                found.append(f"{node.lineno}: ** -n")
            case ast.Call(func=ast.Name(id=name)) if name in MAKERS:
                found.append(f"{node.lineno}: {name}()")
            case ast.Call(func=ast.Attribute(attr=name)) if name in MEANS:
                found.append(f"{node.lineno}: .{name}()")
            case ast.Import(names=names) if any(alias.name.split(".")[0] in FLOATING for alias in names):
                found.append(f"{node.lineno}: import")
            case ast.ImportFrom(module=module, names=names):
                if (module or "").split(".")[0] in FLOATING or any(alias.name in MEANS for alias in names):
                    found.append(f"{node.lineno}: import")
            case ast.Attribute(attr="truediv"):
                found.append(f"{node.lineno}: truediv")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_float_can_arise_in_matching(path):
    assert floats(path.read_text()) == []


@pytest.mark.parametrize("source", [
    "x = 0.5", "x = 1e3", "x = 2j", "x = a / b", "x /= 2", "x = 2 ** -1", "x = float('1')", "x = round(y, 2)", "x = pow(2, -1)",
    "import math", "import math as m", "from math import sqrt", "import numpy.linalg", "from statistics import mean, median_low",
    "from fractions import Fraction", "x = at.timestamp()", "x = span.total_seconds()", "import operator; operator.truediv(1, 2)",
    "import statistics; statistics.mean(x)",
])  # fmt: skip
def test_each_way_to_a_float_would_be_found(source):
    assert floats(source)


@pytest.mark.parametrize("source", [
    "x = a // b", "x = 7 % 3", "x = 2 ** 5", "from statistics import median_low", "x = 'a / b, 0.5'", "x = round.solve(y)", "x //= 2",
])  # fmt: skip
def test_integers_and_words_are_left_alone(source):
    assert floats(source) == []
