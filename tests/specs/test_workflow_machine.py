"""Any acts in any order: the workflow equals its reference model, and each seeded fault is caught."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.specs.mutants import FAULTS, Fault
from tests.specs.workflow_machine import Workflow, WorkflowInTwoProcesses

QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
SHORT = settings(max_examples=50, stateful_step_count=30, derandomize=True, **QUIET)
HISTORIES, WEEKS = 1500, 12  # a fault is hunted through so many, until it shows


def test_whatever_is_done_the_workflow_is_as_the_model_says():
    run_state_machine_as_test(Workflow, settings=SHORT)


def test_it_is_so_too_when_two_processes_remember_each_their_own():
    run_state_machine_as_test(WorkflowInTwoProcesses, settings=SHORT)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_seeded_fault_is_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch):
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        play_all(Workflow, range(HISTORIES))


@pytest.mark.parametrize("machine", [Workflow, WorkflowInTwoProcesses])
def test_as_many_histories_without_a_fault_are_as_the_model_says(machine: type[Workflow]):
    play_all(machine, range(10_000, 10_100))


def play_all(machine: type[Workflow], seeds: Iterable[int]) -> None:
    for seed in seeds:
        play(machine(), Random(seed))


def play(workflow: Workflow, chance: Random) -> None:
    """One history that chance wrote, the same for the same seed."""
    amounts = [chance.randint(1, 8) for _ in range(4)]
    workflow.items(amounts=amounts, windows=chance.random() < 0.5, money=chance.random() < 0.3)
    for _ in range(WEEKS):
        workflow.a_busy_week(Random(chance.random()))
