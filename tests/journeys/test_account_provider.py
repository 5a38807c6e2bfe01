"""Log-in by an identity provider: a real one (Canaille) answers, on this machine, over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc import jwk, jwt
from pytest_iam import Server

from adapters.oidc import OidcProvider
from api.settings import Settings
from domain.events import Refused
from services.accounts_ports import Departure
from tests.support.engine import EAST, HOST, House, opened_house
from tests.support.people import token

BACK = f"{HOST}/login/provider/back"
SECRET = "a-secret-of-the-client"
PERSON: dict[str, Any] = {"user_name": "wang", "family_name": "王", "emails": ["wang@example.cn"], "password": "correct"}


@pytest.fixture(scope="module")
def client_id(iam_server: Server) -> str:
    """Our registration at the provider."""
    client = iam_server.models.Client(
        client_id="renling", client_name="认领", client_secret=SECRET, redirect_uris=[BACK], scope=["openid"],
        grant_types=["authorization_code"], response_types=["code"], token_endpoint_auth_method="client_secret_basic",
        contacts=[], client_uri=HOST,
    )  # fmt: skip
    iam_server.backend.save(client)
    client.audience = [client]
    iam_server.backend.save(client)
    person = iam_server.models.User(**PERSON)
    iam_server.backend.save(person)
    iam_server.login(person)
    iam_server.consent(person, client)
    return "renling"


@pytest_asyncio.fixture
async def place(tmp_path: Path, iam_server: Server, client_id: str) -> AsyncIterator[House]:
    for unused in iam_server.backend.query(iam_server.models.AuthorizationCode):
        iam_server.backend.delete(unused)  # its store in memory mixes up codes of one client that are not used yet
    settings = Settings(
        data=tmp_path, requests_per_second=100_000, oidc_issuer=iam_server.url.rstrip("/"), oidc_client_id=client_id,
        oidc_client_secret=SECRET, public_url=HOST,
    )  # fmt: skip
    async with opened_house(tmp_path, settings=settings) as house:
        yield house


def browser(place: House, session: str = "") -> httpx.AsyncClient:
    """One that may be logged in already."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    cookies = {"sid": session} if session else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(place.app), base_url=HOST, headers=headers, cookies=cookies)


async def through(ours: httpx.AsyncClient, start: str) -> httpx.Response:
    """Away to the provider, who says yes, and back."""
    away = await ours.get(start)
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient() as theirs:
        vouched = await theirs.get(away.headers["location"])
        assert vouched.status_code == 302, vouched.text[:500]
    return await ours.get(vouched.headers["location"].removeprefix(HOST))


async def test_a_person_links_the_provider_once_and_then_comes_in_by_it(place: House):
    async with browser(place, token(place, "committee", EAST)) as ours:
        linked = await through(ours, "/login/provider?link=1")
        assert (linked.status_code, linked.headers["location"]) == (303, "/me?done=saved")
    async with browser(place) as ours:
        came_in = await through(ours, "/login/provider?next=/board")
        assert (came_in.status_code, came_in.headers["location"]) == (303, "/board")
        assert (await ours.get("/me")).status_code == 200
    assert [each.kind for each in place.accounts.log.page(kind="provider")] == ["provider.linked"]


async def test_whom_nobody_linked_is_told_what_to_do(place: House):
    async with browser(place) as ours:
        refused = await through(ours, "/login/provider")
        assert refused.status_code == 403
        assert "还没有与本站账号关联" in refused.text
        assert (await ours.get("/me")).status_code == 303


async def test_an_unlinked_person_comes_in_no_more(place: House):
    async with browser(place, token(place, "committee", EAST)) as ours:
        await through(ours, "/login/provider?link=1")
        assert (await ours.post("/login/provider/unlink")).status_code == 303
    async with browser(place) as ours:
        assert (await through(ours, "/login/provider")).status_code == 403


async def test_one_identity_opens_one_account_only(place: House):
    async with browser(place, token(place, "committee", EAST)) as ours:
        await through(ours, "/login/provider?link=1")
    async with browser(place, token(place, "unit", place.units[0])) as ours:
        second = await through(ours, "/login/provider?link=1")
        assert second.status_code == 409


async def test_a_return_that_this_browser_did_not_set_out_for_is_refused(place: House):
    async with browser(place) as victim, browser(place) as attacker:
        away = await attacker.get("/login/provider")
        async with httpx.AsyncClient() as theirs:
            answer = (await theirs.get(away.headers["location"])).headers["location"].removeprefix(HOST)
        assert (await victim.get(answer)).status_code == 400
        await victim.get("/login/provider")
        assert (await victim.get(answer)).status_code == 400


async def test_a_code_works_once(place: House):
    async with browser(place, token(place, "committee", EAST)) as ours:
        await through(ours, "/login/provider?link=1")
    async with browser(place) as ours:
        away = await ours.get("/login/provider")
        async with httpx.AsyncClient() as theirs:
            answer = (await theirs.get(away.headers["location"])).headers["location"].removeprefix(HOST)
        kept = dict(ours.cookies)
        assert (await ours.get(answer)).status_code == 303
    async with browser(place) as again:
        again.cookies.update(kept)
        assert (await again.get(answer)).status_code == 403


async def test_a_provider_that_does_not_answer_is_said(tmp_path: Path):
    settings = Settings(data=tmp_path, oidc_issuer="http://127.0.0.1:9", oidc_client_id="x", public_url=HOST)
    async with opened_house(tmp_path, settings=settings) as house, browser(house) as ours:
        answer = await ours.get("/login/provider", headers={"Accept-Language": "en"})
        assert answer.status_code == 503
        assert "does not answer" in answer.text


# ---- what a forged proof is worth


def claims(provider: OidcProvider, **more: Any) -> dict[str, Any]:
    now = 4_000_000_000
    return {"iss": "http://127.0.0.1:9", "aud": "renling", "sub": "s", "exp": now, "iat": 1, "nonce": "n", **more}


@pytest.fixture
def key() -> Any:
    made = jwk.RSAKey.generate_key(2048)
    made.ensure_kid()
    return made


@pytest.fixture
def provider(key: Any) -> OidcProvider:
    """One whose discovery and keys are known already."""
    made = OidcProvider("http://127.0.0.1:9", "renling", "", "认证")
    made._keys = jwk.KeySet([key])

    async def known(metadata: Any, *, fresh: bool) -> Any:
        return made._keys

    made._key_set = known  # type: ignore[method-assign]
    return made


def signed(key: Any, said: dict[str, Any], algorithm: str = "RS256") -> str:
    return jwt.encode({"alg": algorithm, "kid": key.kid}, said, key)


async def test_a_proof_that_holds_is_taken(provider: OidcProvider, key: Any):
    found = await provider._claims(signed(key, claims(provider)), "n", {"issuer": "http://127.0.0.1:9"})
    assert found["sub"] == "s"


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "other"}, {"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"sub": None},
        {"azp": "another"}, {"iat": 3_999_999_999},
    ],
    ids=str,
)  # fmt: skip
async def test_a_proof_for_somebody_else_or_another_time_is_not(provider: OidcProvider, key: Any, wrong: dict[str, Any]):
    said = {name: value for name, value in claims(provider, **wrong).items() if value is not None}
    with pytest.raises(Refused, match=r"provider\.failed"):
        await provider._claims(signed(key, said), "n", {"issuer": "http://127.0.0.1:9"})


async def test_a_proof_without_the_providers_signature_is_not(provider: OidcProvider, key: Any):
    other = jwk.RSAKey.generate_key(2048, {"kid": key.kid})
    whole = signed(key, claims(provider))
    head, body, _ = whole.split(".")
    for forged in (signed(other, claims(provider)), f"{head}.{body}.", f"eyJhbGciOiJub25lIn0.{body}.", "", "x.y.z"):
        with pytest.raises(Refused, match=r"provider\.failed"):
            await provider._claims(forged, "n", {"issuer": "http://127.0.0.1:9"})


async def test_each_departure_is_unguessable_and_its_verifier_stays_here(place: House):
    provided = place.accounts.provided
    assert provided is not None
    (first, one), (second, two) = [await provided.provider.begin(BACK) for _ in range(2)]
    assert {one.state, one.nonce, one.verifier}.isdisjoint({two.state, two.nonce, two.verifier})
    asked = parse_qs(urlsplit(first).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["state"], asked["nonce"]) == ([one.state], [one.nonce])
    assert one.verifier not in first
    assert re.search(r"redirect_uri=", second)
    assert isinstance(one, Departure)
