"""The matrix of rights as a file: read once, complete, and a broken one stops the start with the line named."""

from importlib.resources import files
from pathlib import Path

import pytest

from domain.access_matrix import MATRIX, ROLES, read_matrix
from domain.scopes import SCOPES, covers
from services.sight import ACTS
from tests.support.rights_copy import read_copy

COPY = read_copy(Path(__file__).parents[1] / "journeys/access_rights.csv")
TEXT = files("domain").joinpath("matrix.csv").read_text("utf-8")


def broken(old: str, new: str, action: str = "need.amend") -> str:
    """The file with one line changed."""
    line = next(line for line in TEXT.splitlines() if line.startswith(f"{action},"))
    assert old in line
    return TEXT.replace(line, line.replace(old, new, 1))


def test_the_file_says_of_every_action_and_every_role_what_may_be_done():
    assert len(MATRIX) > 80
    assert all(set(rule.cells) == set(ROLES) and rule.zh and rule.en for rule in MATRIX.values())
    assert all(any(rule.cells.values()) for rule in MATRIX.values())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "heading"), (TEXT.replace("auditor,", "", 1), "heading"), (broken("need.amend", "amend"), "noun.verb"),
        (broken("need.amend", "need.post"), "noun.verb"), (broken(",O,", ",X,"), "letters"), (broken(",O,", ",OO,"), "letters"),
        (broken(",O,", ",D,"), "unit cannot have 'D'"), (broken(",-,O", ",O,O"), "public cannot have 'O'"),
        (broken(",O,", ","), "cells instead of"), (broken("need.see", "need.sea"), "no action of seeing"),
        (broken("OD,OD,-", "OD,OD,O"), "auditor writes nothing"), (broken("needs", "need"), "group"),
        (broken("O,O,O,O,OD", "O,-,O,O,OD"), "manager"), (broken("draft posted open covered met", ""), "states"),
        (broken(",P,OP,", ",P,OPW,", "need.see"), "unit cannot have"),
    ],
)  # fmt: skip
def test_a_broken_file_is_a_clear_error_that_names_the_line(text: str, said: str):
    with pytest.raises(ValueError, match=said) as raised:
        read_matrix(text)
    assert "matrix.csv" in str(raised.value)


def test_every_act_that_an_item_names_is_a_row_and_needs_a_scope_that_writes():
    acts = [action for of_kind in ACTS.values() for action in of_kind.values()]
    assert [action for action in acts if action not in MATRIX] == []
    doing = [rule.action for rule in MATRIX.values() if not rule.looks and rule.group != "lists"]
    assert [action for action in doing if covers(("read",), action)] == []
    assert [action for action in acts if not covers(tuple(SCOPES), action)] == []
    assert all(covers(None, action) for action in MATRIX)


def test_the_states_on_the_page_are_those_in_which_the_routes_were_found_to_work():
    found = 0
    for row in COPY:
        act = "amendment" if row.method == "PATCH" else row.path.rpartition("/")[2]
        action = ACTS.get(row.target, {}).get(act)
        if action is not None:
            found += 1
            assert set(MATRIX[action].states) == row.states, str(row)
    assert found > 25
