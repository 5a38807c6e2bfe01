"""The OpenAPI document: whole, true to the routes, and without a word that needs another place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from api.errors import PROBLEM
from tests.support.engine import House, opened_house

NOUNS = ("needs", "offers", "claims", "projects", "units", "areas")
VERBS = {
    "needs": "publication endorsement rejection withdrawal reopening merge",
    "offers": "publication pause resumption retirement",
    "claims": "acceptance refusal counter withdrawal release reinstatement lead members members/{org}/acceptance "
    "members/{org}/refusal members/{org}/withdrawal",
    "projects": "milestones milestones/{n}/met milestones/{n}/slip delivery confirmation dispute settlement funds feedback "
    "evaluations evaluation-links closure",
    "units": "suspension resumption areas",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    async with opened_house(Path(tmp_path_factory.mktemp("openapi"))) as house:
        return documented(house)


def documented(house: House) -> dict[str, Any]:
    described: dict[str, Any] = house.app.openapi()
    routes = {
        (method.lower(), str(c.path))
        for c in iter_route_contexts(house.app.routes)
        for method in c.methods or ()
        if str(c.path).startswith("/v1/")
    }
    return {**described, "routes": routes}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_route_is_in_the_document_and_the_other_way_round(document: dict[str, Any]):
    assert {(method, path) for method, path, _ in operations(document)} == document["routes"]


def test_every_noun_and_verb_is_there(document: dict[str, Any]):
    wanted = {("get", f"/v1/{noun}{rest}") for noun in NOUNS for rest in ("", "/{id}", "/{id}/history")}
    wanted |= {("post", f"/v1/{noun}") for noun in NOUNS if noun != "projects"}
    wanted |= {("post", f"/v1/{noun}/{{id}}/{verb}") for noun, verbs in VERBS.items() for verb in verbs.split()}
    wanted |= {("patch", "/v1/needs/{id}"), ("patch", "/v1/offers/{id}"), ("post", "/v1/imports/{kind}")}
    wanted |= {("get", path) for path in ("/v1/dashboards/{area}", "/v1/desk", "/v1/events", "/v1/stream", "/v1/rules", "/v1/me")}
    assert wanted <= document["routes"]


def test_every_command_asks_for_an_idempotency_key_and_declares_its_refusals(document: dict[str, Any]):
    for method, path, operation in operations(document):
        if method == "get" or path == "/v1/evaluations":
            continue
        names = {p["name"]: p["required"] for p in operation.get("parameters", []) if p["in"] == "header"}
        assert names.get("Idempotency-Key") is (path != "/v1/imports/{kind}"), path  # a dry run is no command
        declared = {"400", "401", "403", "404", "409", "413", "415", "422", "429", "503", "507"}
        assert declared <= set(operation["responses"]), path


def test_refusals_are_problem_documents_and_the_rest_is_not(document: dict[str, Any]):
    for method, path, operation in operations(document):
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status >= "400":
                assert list(content) == [PROBLEM], (method, path, status)
                assert content[PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"}
            else:
                assert PROBLEM not in content, (method, path, status)
                assert content or status == "304", (method, path, status)


def test_every_operation_is_told_in_two_languages_and_has_a_name_of_its_own(document: dict[str, Any]):
    found = list(operations(document))
    assert len({operation["operationId"] for _, _, operation in found}) == len(found)
    for method, path, operation in found:
        assert re.search("[一-鿿]", operation["description"]), (method, path)
        assert re.search("[a-z]{3}", operation["description"]), (method, path)


def test_a_key_is_asked_for_everywhere_but_from_residents(document: dict[str, Any]):
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert [path for _, path, operation in operations(document) if "security" in operation] == ["/v1/evaluations"]


def test_no_body_lets_unknown_fields_pass(document: dict[str, Any]):
    schemas = document["components"]["schemas"]
    inputs = [name for name in schemas if name.endswith(("In", "Patch", "Evaluation"))]
    assert len(inputs) > 20
    assert [name for name in inputs if schemas[name].get("additionalProperties") is not False] == []
