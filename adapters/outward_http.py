"""HTTP to addresses that others have typed in: public ones only, looked at when the connection is made, not before."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore
from httpcore import AnyIOBackend, AsyncNetworkStream

from services.webhook_ports import Answer, Unreachable

TIMEOUT_S = 10.0
MOST_BYTES = 65_536  # of an answer; more is not read

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def networks_of(text: str) -> tuple[Network, ...]:
    """"10.1.0.0/16, 127.0.0.1" as networks. Raises ValueError for anything else."""
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


def parts_of(url: str) -> SplitResult | None:
    """The parts of an http(s) address without user name and fragment; None for anything else."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    printable = url.isascii() and url.isprintable() and " " not in url and len(url) <= 2000
    plain = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.password
    return parts if printable and plain and not parts.fragment else None


class OutwardHttp:
    """POST without redirects. Private, loopback and other special addresses only inside `networks`; plain http only
    there, too. A name is resolved once and the connection goes to the very address that was looked at."""

    def __init__(self, networks: Iterable[Network] = (), context: ssl.SSLContext | None = None) -> None:
        self._networks = tuple(networks)
        self._context = context or ssl.create_default_context()

    def speaks_to(self, address: Address) -> bool:
        return any(address in network for network in self._networks) or _is_public(address)

    async def check(self, url: str) -> str | None:
        """Looked at now, for whoever types it in; what counts is looked at again when it is called."""
        parts = parts_of(url)
        if parts is None or not parts.hostname:
            return "address"
        try:
            found = await _resolved(parts.hostname, parts.port or 443)
        except Unreachable:
            return "unknown"
        spoken = [address for address in found if self.speaks_to(address)]
        if not spoken:
            return "private"
        return None if parts.scheme == "https" or any(not _is_public(address) for address in spoken) else "insecure"

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises Unreachable."""
        if parts_of(url) is None:
            raise Unreachable("not an address", refused=True)
        backend = _Looking(self, secure=url.startswith("https:"))
        timeout = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_S)}
        pairs = [(name.encode(), value.encode()) for name, value in {**headers, "Connection": "close"}.items()]
        try:
            async with (
                asyncio.timeout(TIMEOUT_S * 2),
                httpcore.AsyncConnectionPool(ssl_context=self._context, network_backend=backend) as pool,
                pool.stream("POST", url, headers=pairs, content=body, extensions=timeout) as answer,
            ):
                read = await _read(answer)
        except Unreachable:
            raise
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, TimeoutError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from error
        given = {name.lower(): value for name, value in answer.headers}
        return Answer(answer.status, read, _seconds(given.get(b"retry-after", b"")))


class _Looking(AnyIOBackend):
    """Connects only to addresses that the caller speaks to."""

    def __init__(self, http: OutwardHttp, *, secure: bool) -> None:
        self._http, self._secure = http, secure

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Any = None,
    ) -> AsyncNetworkStream:  # fmt: skip
        for address in await _resolved(host, port):
            private = not _is_public(address)
            if self._http.speaks_to(address) and (self._secure or private):
                return await super().connect_tcp(str(address), port, timeout, local_address, socket_options)
        raise Unreachable(f"{host} is no address that we speak to", refused=True)


async def _resolved(host: str, port: int) -> Sequence[Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} is not known: {error}") from error
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def _is_public(address: Address) -> bool:
    """An address of the open internet, also behind IPv6's ways of writing IPv4."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _is_public(inner)
        if address in _NAT64:
            return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


async def _read(answer: httpcore.Response) -> bytes:
    read = b""
    async for chunk in answer.aiter_stream():
        read += chunk
        if len(read) >= MOST_BYTES:
            break
    return read[:MOST_BYTES]


def _seconds(given: bytes) -> int:
    return min(int(given), 86_400) if given.isdigit() and len(given) < 10 else 0
