"""Codes of residents' links: short enough to type, made by this district alone, each another."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.links import SignedLinks, open_links
from domain.evaluation_code import LETTERS, SIZE, as_typed, grouped

PROJECT = "project-06ebg2kqd8"
LINKS = SignedLinks(b"s" * 32)


def test_a_code_is_known_again_with_its_project_and_no_other():
    token = LINKS.sign(PROJECT, "nonce")
    code = token.partition(".")[2]
    assert LINKS.read(token) == PROJECT
    assert len(code) == SIZE
    assert LINKS.read(f"project-06ebg2kqd9.{code}") is None
    assert SignedLinks(b"t" * 32).read(token) is None


def test_the_same_nonce_gives_the_same_code_and_another_gives_another():
    assert LINKS.sign(PROJECT, "a1") == LINKS.sign(PROJECT, "a1")
    assert len({LINKS.sign(PROJECT, f"a{n}") for n in range(2000)}) == 2000


@pytest.mark.parametrize("place", range(SIZE))
def test_a_single_wrong_letter_is_noticed(place):
    project, _, code = LINKS.sign(PROJECT, "nonce").partition(".")
    others = [letter for letter in LETTERS if letter != code[place]]
    assert [LINKS.read(f"{project}.{code[:place]}{letter}{code[place + 1 :]}") for letter in others] == [None] * 31


@pytest.mark.parametrize("token", ["", PROJECT, f"{PROJECT}.", f"{PROJECT}.{'0' * 16}", "need-1.0000000000000000", "…"])
def test_what_is_no_token_is_nothing(token):
    assert LINKS.read(token) is None


def test_one_code_has_one_spelling_so_that_it_works_once():
    token = LINKS.sign(PROJECT, "nonce")
    assert LINKS.read(token.lower()) is None


def test_links_that_are_out_already_go_on_working():
    body = f"{PROJECT}.1790000000.{'ab' * 16}"
    mark = hmac.new(b"s" * 32, body.encode(), hashlib.sha256).hexdigest()
    assert LINKS.read(f"{body}.{mark}") == PROJECT
    assert LINKS.read(f"{body}.{'0' * 64}") is None


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path):
    token = open_links(tmp_path / "links.key").sign(PROJECT, "nonce")
    assert open_links(tmp_path / "links.key").read(token) == PROJECT
    assert (tmp_path / "links.key").stat().st_mode & 0o777 == 0o600


@given(st.text(LETTERS, min_size=SIZE, max_size=SIZE), st.sampled_from(("{}", " {} ", "{}\n")))
def test_a_code_is_understood_however_it_is_typed(code, around):
    typed = [
        code,
        code.lower(),
        grouped(code),
        grouped(code).replace(" ", "-"),
        code.replace("0", "O").replace("1", "l"),
    ]
    assert {as_typed(around.format(each)) for each in typed} == {code}


@given(st.text(max_size=30))
def test_anything_typed_is_a_code_or_nothing(typed):
    assert as_typed(typed) == "" or set(as_typed(typed)) <= set(LETTERS)
