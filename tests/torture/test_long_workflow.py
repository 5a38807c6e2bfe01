"""The workflow against its reference model for as long as there is time, with new histories each time."""

from __future__ import annotations

import itertools
import os
import time
from random import Random, SystemRandom

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.specs.test_workflow_machine import QUIET, play
from tests.specs.workflow_machine import Workflow, WorkflowInTwoProcesses

pytestmark = pytest.mark.torture


def minutes() -> float:
    return float(os.environ.get("TORTURE_MINUTES", "1"))


@pytest.mark.parametrize("machine", [Workflow, WorkflowInTwoProcesses])
def test_whatever_is_done_for_a_long_time_the_workflow_is_as_the_model_says(machine: type[Workflow]):
    first, until = SystemRandom().randrange(2**40), time.monotonic() + 60 * minutes()
    for seed in itertools.takewhile(lambda _: time.monotonic() < until, itertools.count(first)):
        try:
            play(machine(), Random(seed))
        except AssertionError as error:
            raise AssertionError(f"history {seed}") from error


def test_a_long_search_that_can_make_its_findings_small():
    examples = max(10, int(minutes() * 200))
    run_state_machine_as_test(Workflow, settings=settings(max_examples=examples, stateful_step_count=50, **QUIET))
