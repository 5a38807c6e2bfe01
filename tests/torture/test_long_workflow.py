"""The state machine of the workflow for as long as there is time, with a new seed each time."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.specs.test_workflow_machine import QUIET
from tests.specs.workflow_machine import Workflow

EXAMPLES_A_MINUTE = 250

pytestmark = pytest.mark.torture


def test_whatever_is_done_for_a_long_time_the_workflow_is_as_the_model_says():
    minutes = float(os.environ.get("TORTURE_MINUTES", "1"))
    examples = max(10, int(minutes * EXAMPLES_A_MINUTE))
    run_state_machine_as_test(Workflow, settings=settings(max_examples=examples, stateful_step_count=50, **QUIET))
