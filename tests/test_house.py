"""The rules of the house that no linter knows. Each check is also shown something that it must catch."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from api.settings import Settings

ROOT = Path(__file__).parents[1]
SETTINGS = Settings.model_fields
MOST_LINES_A_FILE = 300
MOST_LINES_A_FUNCTION = 40
RULES = [*(ROOT / "domain").rglob("*.py"), *(ROOT / "services").rglob("*.py")]
CODE = [*RULES, *(ROOT / "adapters").rglob("*.py"), *(ROOT / "api").rglob("*.py")]
ALL = sorted([*CODE, *(ROOT / "tests").rglob("*.py"), *(ROOT / "districts").rglob("*.py"), ROOT / "dev"])

UNREPEATABLE = {
    *"now utcnow today time time_ns monotonic perf_counter uuid1 uuid4 uuid7".split(),
    *"random randint randrange choice shuffle sample urandom token_hex token_urlsafe".split(),
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def long_functions(source: str) -> list[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, functions)]
    lengths = [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in nodes]
    return [f"{function}: {lines}" for function, lines in lengths if lines > MOST_LINES_A_FUNCTION]


def floats(source: str) -> list[int]:
    """Lines with a float literal, the name float, or a true division. Seconds to wait (`…_s`) decide nothing."""
    lines = source.splitlines()
    found = {node.lineno for node in ast.walk(ast.parse(source)) if _is_float(node)}
    return sorted(number for number in found if not re.search(r"[a-z]_s\b", lines[number - 1], re.IGNORECASE))


def _is_float(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=float()) | ast.Name(id="float") | ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
    return False


def unrepeatable(source: str) -> list[str]:
    """Calls that would answer differently when everything is played again, and calls that reach outside."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    methods = [func.attr for func in calls if isinstance(func, ast.Attribute) and func.attr in UNREPEATABLE]
    methods = [method for method in methods if f"clock.{method}()" not in source]  # the port may be asked
    outside = (
        {"print", "input"} if re.search(r"\bopen: ", source) else {"print", "input", "open"}
    )  # `open` was passed in
    return methods + [func.id for func in calls if isinstance(func, ast.Name) and func.id in outside]


def loose_dataclasses(source: str) -> list[str]:
    """Dataclasses that can be changed after they were made."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return [node.name for node in classes for mark in node.decorator_list if _is_loose(ast.unparse(mark))]


def _is_loose(decorator: str) -> bool:
    return decorator.startswith("dataclass") and "frozen=True" not in decorator


def bad_refusals(source: str) -> list[str]:
    """Refusals whose code is no `noun.word`, or whose sentences are not Chinese first and English second."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    refusals = [node.args for node in calls if isinstance(node.func, ast.Name) and node.func.id == "Refused"]
    return [ast.unparse(args[0]) for args in refusals if len(args) >= 3 and not _is_good_refusal(args)]


def _is_good_refusal(args: list[ast.expr]) -> bool:
    code, zh, en = (_words(arg) for arg in args[:3])
    named = code is None or re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code)
    return bool(named and (zh is None or _chinese(zh)) and (en is None or not _chinese(en)))


def _chinese(sentence: str) -> bool:
    """Whether it is Chinese rather than an English sentence that quotes a word such as 分."""
    return len(re.findall("[一-鿿]", sentence)) > len(re.findall("[A-Za-z]+", sentence)) // 2


def _words(node: ast.expr) -> str | None:
    """The fixed words of a text; None when it is made elsewhere."""
    if not isinstance(node, ast.Constant | ast.JoinedStr):
        return None
    return "".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_file_says_first_what_it_is_for_and_stays_short(path):
    source = path.read_text()
    assert ast.get_docstring(ast.parse(source)) or not source
    assert len(source.splitlines()) <= MOST_LINES_A_FILE
    assert long_functions(source) == []


@pytest.mark.parametrize("path", RULES, ids=name)
def test_the_rules_give_the_same_answer_when_played_again(path):
    source = path.read_text()
    assert unrepeatable(source) == []
    assert floats(source) == []


@pytest.mark.parametrize("path", sorted((ROOT / "domain").rglob("*.py")), ids=name)
def test_nothing_in_the_domain_changes_in_place(path):
    assert loose_dataclasses(path.read_text()) == []


@pytest.mark.parametrize("path", CODE, ids=name)
def test_every_refusal_has_a_code_and_speaks_chinese_then_english(path):
    assert bad_refusals(path.read_text()) == []


@pytest.mark.parametrize("path", CODE, ids=name)
def test_nothing_is_left_for_later(path):
    assert not re.search(r"\b(TODO|FIXME|XXX|NotImplementedError)\b", path.read_text())


def test_no_file_names_a_place_of_its_making():
    pattern = r"/w[o]rk/|/f[a]rm/|python[h]osted|index-url[ =]http|/r[o]ot/"
    found = subprocess.run(["git", "grep", "-nIE", pattern], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout == ""
    assert found.returncode == 1, found.stderr


def test_the_lock_names_no_host_and_has_a_hash_for_every_package():
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^[a-z0-9].*==.*$(?:\n    --hash=sha256:[0-9a-f]{64}.*)+", lock, re.MULTILINE)
    assert "://" not in lock
    assert len(packages) == len(re.findall(r"^[a-z0-9]", lock, re.MULTILINE)) > 50


def test_every_package_that_is_asked_for_is_locked():
    asked = re.findall(r'^    "([a-z0-9-]+)[\[>=]', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    locked = set(re.findall(r"^([a-z0-9-]+)(?:\[.*])?==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert len(asked) > 20
    assert set(asked) - locked == set()


def test_the_composed_services_are_the_commands_of_the_house():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert {"postgres", "nats", "api", "relay", "project", "clock"} <= set(services)
    for process in ("api", "relay", "project", "clock"):
        assert services[process]["command"] == [process]
        assert set(services[process]["environment"]) - {"NATS_URL"} <= {f"RENLING_{name.upper()}" for name in SETTINGS}
        assert services[process]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert "-js" in services["nats"]["command"]


def test_the_image_installs_what_is_locked_and_runs_as_nobody_special():
    recipe = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in recipe
    assert re.search(r"^USER (?!root)", recipe, re.MULTILINE)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (long_functions, "def f():\n" + "    x = 1\n" * MOST_LINES_A_FUNCTION),
        (floats, "share = done / all"),
        (floats, "share = 0.5"),
        (floats, "def f(x: float): ..."),
        (unrepeatable, "at = datetime.now()"),
        (unrepeatable, "key = uuid.uuid4()"),
        (unrepeatable, "text = open('x').read()"),
        (loose_dataclasses, "@dataclass\nclass Need: ..."),
        (loose_dataclasses, "@dataclass(slots=True)\nclass Need: ..."),
        (bad_refusals, "Refused('need_closed', '已关闭', 'Closed')"),
        (bad_refusals, "Refused('need.closed', 'Closed', '已关闭')"),
        (bad_refusals, "Refused('need.closed', f'{n} closed', 'Closed')"),
    ],
)
def test_what_breaks_a_rule_is_caught(check, source):
    assert check(source)


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (floats, "half = whole // 2"),
        (floats, "def wait(timeout_s: float = 0.5): ..."),
        (unrepeatable, "at = self._clock.now()"),
        (loose_dataclasses, "@dataclass(frozen=True, slots=True)\nclass Need: ..."),
        (bad_refusals, "Refused('need.closed', f'需求 {n} 已关闭', f'Need {n} is closed')"),
    ],
)
def test_what_keeps_the_rules_is_let_through(check, source):
    assert not check(source)
