"""OpenID Connect through Authlib (the extra [oidc]): discovery, authorisation code with PKCE, ID token checked."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Mapping
from typing import Any

import httpx

from domain.events import Refused
from services.accounts_ports import Departure, Vouched

TIMEOUT_S = 10
LEEWAY_S = 60  # between the provider's clock and ours
ALGORITHMS = [*(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)), "EdDSA"]  # no shared secrets
_METADATA = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


class OidcProvider:
    """One provider, found by its issuer's discovery document (OpenID Connect Discovery 1.0). Raises ValueError when the
    extra is not installed or the settings cannot be meant."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, name: str) -> None:
        try:
            import joserfc  # noqa: F401  comes with the extra
        except ImportError as error:
            raise ValueError("缺少 OIDC 组件 / the extra is missing: pip install 'renling[oidc]'") from error
        if not client_id or not issuer.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ValueError("RENLING_OIDC_ISSUER 须为 https 地址，并配 RENLING_OIDC_CLIENT_ID / must be https, with a client id")
        self.name = name
        self._issuer, self._client_id, self._secret = issuer.rstrip("/"), client_id, client_secret
        self._known: Mapping[str, Any] | None = None
        self._keys: Any = None

    async def begin(self, back: str) -> tuple[str, Departure]:
        metadata = await self._metadata()
        departure = Departure(
            state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
        )
        async with self._client(back) as client:
            address, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], state=departure.state, nonce=departure.nonce,
                code_verifier=departure.verifier,
            )  # fmt: skip
        return str(address), departure

    async def finish(self, departure: Departure, code: str, back: str) -> Vouched:
        from authlib.common.errors import AuthlibBaseError

        metadata = await self._metadata()
        try:
            async with self._client(back) as client:
                token = await client.fetch_token(
                    metadata["token_endpoint"], code=code, code_verifier=departure.verifier, grant_type="authorization_code"
                )
        except (AuthlibBaseError, ValueError) as error:
            raise _failed() from error
        except httpx.HTTPError as error:
            raise _unreachable() from error
        claims = await self._claims(str(token.get("id_token", "")), departure.nonce, metadata)
        return Vouched(issuer=self._issuer, subject=str(claims["sub"]))

    async def _claims(self, id_token: str, nonce: str, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the ID token says, when all of it holds (OpenID Connect Core 1.0, 3.1.3.7)."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S, iss={"essential": True, "value": metadata["issuer"]}, sub={"essential": True},
            aud={"essential": True, "value": self._client_id}, exp={"essential": True}, iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )  # fmt: skip
        for fresh in (False, True):  # the provider may have taken new keys since
            try:
                found = jwt.decode(id_token, await self._key_set(metadata, fresh=fresh), algorithms=ALGORITHMS)
                registry.validate(found.claims)
                if found.claims.get("azp", self._client_id) != self._client_id:
                    raise _failed()
                return found.claims
            except (JoseError, ValueError) as error:
                if fresh:
                    raise _failed() from error
        raise AssertionError("the second look ends it")

    async def _metadata(self) -> Mapping[str, Any]:
        if self._known is None:
            known = await _fetched(f"{self._issuer}/.well-known/openid-configuration")
            if any(not known.get(name) for name in _METADATA) or str(known["issuer"]).rstrip("/") != self._issuer:
                raise _failed()
            self._known = known
        return self._known

    async def _key_set(self, metadata: Mapping[str, Any], *, fresh: bool) -> Any:
        from joserfc.jwk import KeySet

        if self._keys is None or fresh:
            self._keys = KeySet.import_key_set(await _fetched(str(metadata["jwks_uri"])))  # type: ignore[arg-type]
        return self._keys

    def _client(self, back: str) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Authlib announces httpx's successor
            from authlib.integrations.httpx_client import AsyncOAuth2Client
        return AsyncOAuth2Client(
            self._client_id, self._secret or None, scope="openid", redirect_uri=back, code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none", timeout=TIMEOUT_S,
        )  # fmt: skip


async def _fetched(url: str) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
            return found
    except (httpx.HTTPError, ValueError) as error:
        raise _unreachable() from error


def _unreachable() -> Refused:
    return Refused(
        "provider.unreachable", "身份认证服务暂时没有应答。请稍后再试，或用密码登录。",
        "The identity provider does not answer. Try again later, or log in by password.", kind="unavailable",
    )  # fmt: skip


def _failed() -> Refused:
    return Refused(
        "provider.failed", "身份认证没有通过。请重新开始；若一再失败，请联系管理员。",
        "The identity provider did not vouch for you. Start again; if it keeps failing, tell the administrator.",
        kind="forbidden",
    )  # fmt: skip
