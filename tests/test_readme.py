"""What README shows can be done: its commands, options, paths and links are real."""

import importlib.machinery
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"^\./dev .*?(?= *#|$)", README, re.MULTILINE)))


def dev():
    """The set-up script as a module."""
    loader = importlib.machinery.SourceFileLoader("dev", str(ROOT / "dev"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("dev", loader))
    loader.exec_module(module)
    return module


def help_of(*command: str) -> str:
    """What the command line says of a command, without colours or breaks within an option."""
    env = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    said = subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_in_the_readme_is_one_that_runs(command):
    _, verb, *args = shlex.split(command)
    assert verb in dev().VERBS
    named = args[:2] if args[:1] == ["round"] else args[:1]  # a group, and its verb
    behind = {"run": ["-m", "api", "run"], "demo": ["-m", "api", "demo"], "cli": ["-m", "api", *named]}.get(verb)
    if behind:
        said = help_of(*behind)
        assert [option for option in args if option.startswith("--") and option not in said] == []


def test_the_options_of_run_are_real():
    said = help_of("-m", "api", "run")
    assert [option for option in re.findall(r"`(--[a-z]+)[ `]", README) if option not in said] == []


def test_every_verb_is_in_the_readme_and_in_the_scripts_own_list():
    for verb in dev().VERBS:
        assert f"./dev {verb}" in README
        assert f"./dev {verb}" in dev().__doc__


def test_every_bench_in_the_readme_exists():
    for bench in re.findall(r"\./dev bench (\w+)", README):
        assert list((ROOT / "tests" / "bench").glob(f"*{bench}*")), bench


def test_every_path_and_link_in_the_readme_exists():
    paths = re.findall(r"`((?:domain|services|adapters|api|districts|tests)/[\w./]*|\w+\.(?:yml|lock))`", README)
    links = re.findall(r"\]\(([^):]+)\)", README)
    assert len(paths) > 5
    assert [path for path in [*paths, *links] if not (ROOT / path).exists()] == []


def test_the_tree_shows_every_package():
    for package in ("domain", "services", "adapters", "api", "districts", "tests"):
        assert re.search(rf"^{package}/ +\w", README, re.MULTILINE), package
