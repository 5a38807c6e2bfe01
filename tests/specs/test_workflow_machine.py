"""Any acts in any order: the workflow equals its reference model, and each seeded fault is caught."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.specs.mutants import FAULTS, Fault
from tests.specs.workflow_machine import Workflow

QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
SHORT = settings(max_examples=110, stateful_step_count=30, derandomize=True, **QUIET)
HUNT = settings(max_examples=300, stateful_step_count=30, derandomize=True, phases=(Phase.generate,), **QUIET)


def test_whatever_is_done_the_workflow_is_as_the_model_says():
    run_state_machine_as_test(Workflow, settings=SHORT)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_seeded_fault_is_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Workflow, settings=HUNT)
