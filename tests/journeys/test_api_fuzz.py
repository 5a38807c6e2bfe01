"""The API against what nobody would send: cases made from its own OpenAPI document, over real HTTP, with every role's key.
No fault of ours, and no answer that the document does not promise."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from services.boards import Page
from tests.support.engine import Caller, House, need, offer, opened_house, people

NEW = ("unit_manager", "system_admin", "security_admin")
ROLES = ("east", "unit0", "unit1", "street", "district", "auditor", "nobody", *NEW)
EXAMPLES = 3  # of each operation
CHECKS = (
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance, missing_required_header, unsupported_method,
)  # fmt: skip


@dataclass(frozen=True)
class Served:
    url: str
    keys: dict[str, str]  # by role
    ids: dict[str, list[str]]  # of items that exist, by noun
    house: House


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The house behind a real server, in a thread of its own."""
    begun: list[Served] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with opened_house(folder) as house:
            server = uvicorn.Server(uvicorn.Config(house.app, port=0, log_level="warning", lifespan="off"))
            serving = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110  uvicorn has no event to wait for
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            for role in NEW:  # of the same unit: what differs is the role alone
                house.callers[role] = Caller(house.app, house.units[1], house.keys.create(role, house.units[1]))
            keys = {name: caller.key or "" for name, caller in house.callers.items()}
            begun.append(Served(f"http://127.0.0.1:{port}", keys, await furnished(house), house))
            ready.set()
            await asyncio.to_thread(over.wait)
            house.app.state.closing.set()
            server.should_exit = True
            await serving

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30), "the server did not start"
        yield begun[0]
    finally:
        over.set()
        thread.join(10)


async def furnished(house: House) -> dict[str, list[str]]:
    """One item of every kind in several states, for cases that should get past the door."""
    east, unit = house["east"], house["unit1"]
    needs = [(await east.did("/v1/needs", need(50)))["id"] for _ in range(3)]
    offers = [(await unit.did("/v1/offers", offer(50)))["id"] for _ in range(3)]
    claims = [(await unit.did("/v1/claims", {"need": each, "lines": people(2)}))["id"] for each in needs]
    await east.did(f"/v1/claims/{claims[0]}/acceptance")
    projects = [(await east.sees(f"/v1/claims/{claims[0]}"))["project"]]
    rounds = [(await house["street"].did("/v1/rounds", {"area": "310101001"}))["id"] for _ in range(2)]
    await house["street"].did(f"/v1/rounds/{rounds[0]}/publication")
    areas = ["310101", "310101001", "310101001001"]
    return {
        "needs": needs, "offers": offers, "claims": claims, "projects": projects, "units": house.units, "areas": areas,
        "rounds": rounds,
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("fuzz")) as house:
        yield house


def test_no_case_finds_a_fault_or_an_answer_that_was_not_promised(api: Served) -> None:
    found: dict[str, str] = {}
    for operation in operations(api):
        found[operation.label] = failures(operation, api, GenerationMode.POSITIVE)
        found[operation.label] += failures(operation, api, GenerationMode.NEGATIVE)
    assert {label: said for label, said in found.items() if said} == {}


@pytest.mark.parametrize(
    ("answer", "said"), [(ZeroDivisionError(), "Server error"), (Page([{"id": "need-1"}], None, 1), "schema")]
)
def test_a_fault_and_a_broken_promise_are_found(api: Served, monkeypatch: Any, answer: Any, said: str) -> None:
    async def broken(*args: Any, **more: Any) -> Page:
        if isinstance(answer, Exception):
            raise answer
        found: Page = answer
        return found

    monkeypatch.setattr(api.house.engine.boards, "list", broken)
    listing = next(each for each in operations(api) if each.label == "GET /v1/needs")
    assert said in failures(listing, api, GenerationMode.POSITIVE)


def operations(api: Served) -> list[Any]:
    document = schemathesis.openapi.from_url(f"{api.url}/openapi.json")
    document = document.exclude(path="/v1/stream")  # it never ends; its own journey listens to it
    found = [result.ok() for result in document.get_all_operations()]
    assert len(found) > 60
    return found


def failures(operation: Any, api: Served, mode: GenerationMode) -> str:
    """What is wrong with the answers of one operation to good or to bad requests; "" when nothing is."""
    cases = operation.as_strategy(generation_mode=mode)

    @given(case=cases, role=st.sampled_from(ROLES), pick=st.integers(0, 8), real=st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=[*HealthCheck])
    def fuzz(case: schemathesis.Case, role: str, pick: int, real: bool) -> None:
        if "Min-Position" in (case.headers or {}):
            case.headers["Min-Position"] = str(pick)  # what is not there yet is waited for, then told with 503
        if real:
            made_real(case, api, pick)
        checks = (*CHECKS, negative_data_rejection) if has_bad_body(case) else CHECKS
        headers = {"Authorization": f"Bearer {api.keys[role]}"} if api.keys[role] else {}
        case.call_and_validate(base_url=api.url, headers=headers, checks=checks, timeout=10)

    try:
        fuzz()
    except (Exception, BaseExceptionGroup) as error:
        return "\n".join(str(each) for each in getattr(error, "exceptions", [error]))
    return ""


def has_bad_body(case: schemathesis.Case) -> bool:
    """Nothing but the body is wrong: keys and ids may have been put right."""
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    return body is not None and body.mode is GenerationMode.NEGATIVE


def made_real(case: schemathesis.Case, api: Served, pick: int) -> None:
    """Ids, words and amounts in the case become such as might really be sent."""
    noun = case.operation.path.split("/")[2]
    ids = api.ids.get(noun, api.ids["areas"])
    for name in case.path_parameters or {}:
        if name in ("id", "area"):
            case.path_parameters[name] = ids[pick % len(ids)]
    case.headers.pop("If-Match", None)
    known = {"need": "needs", "offer": "offers", "area": "areas", "org": "units", "into": "needs"}
    body = case.body if isinstance(case.body, dict) and not has_bad_body(case) else {}
    for field, kind in known.items():
        if field in body:
            body[field] = api.ids[kind][pick % len(api.ids[kind])]
    if "lines" in body and "funds" not in case.operation.path:
        body["lines"] = people(1 + pick)
    for field, value in {"category": "service", "reach": "district", "windows": [], "members": []}.items():
        if field in body:
            body[field] = value
    for field in ("window", "respond_by"):
        body.pop(field, None)
