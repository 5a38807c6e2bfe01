"""Calls to addresses that others typed in: TLS with the name checked, the address looked at, answers cut off."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.outward_http import MOST_BYTES, OutwardHttp, networks_of, parts_of
from services.webhook_ports import Unreachable
from tests.support.receiver import Receiver, receiving

LOCAL = networks_of("127.0.0.0/8, ::1")


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """(the server's, a caller's who trusts it) of a certificate for that name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    kept = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pair.pem").write_bytes(kept + pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pair.pem")
    return server, ssl.create_default_context(cadata=pem.decode())


@asynccontextmanager
async def receiving_tls(context: ssl.SSLContext) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def test_a_call_over_tls_arrives_with_its_headers(tmp_path: Path):
    server, trusting = certified(tmp_path, "localhost")
    async with receiving_tls(server) as receiver:
        answer = await OutwardHttp(LOCAL, trusting).post(f"https://localhost:{receiver.port}/in?a=1", {"X-A": "b"}, b"{}")
    assert answer.status == 200
    got = receiver.received[0]
    assert (got.path, got.headers["x-a"], got.body) == ("/in?a=1", "b", b"{}")
    assert got.headers["host"] == f"localhost:{receiver.port}"


@pytest.mark.parametrize("whose", ["another name", "nobody we trust"])
async def test_a_certificate_for_another_name_or_by_a_stranger_is_not_accepted(tmp_path: Path, whose: str):
    server, trusting = certified(tmp_path, "other.example" if whose == "another name" else "localhost")
    http = OutwardHttp(LOCAL, trusting if whose == "another name" else None)
    async with receiving_tls(server) as receiver:
        with pytest.raises(Unreachable):
            await http.post(f"https://localhost:{receiver.port}/", {}, b"{}")
    assert receiver.received == []


async def test_a_private_address_is_called_only_inside_the_networks_named():
    async with receiving() as receiver:
        for http in (OutwardHttp(), OutwardHttp(networks_of("10.0.0.0/8"))):
            with pytest.raises(Unreachable) as refused:
                await http.post(f"http://127.0.0.1:{receiver.port}/", {}, b"")
            assert refused.value.refused
        assert (await OutwardHttp(LOCAL).post(f"http://127.0.0.1:{receiver.port}/", {}, b"")).status == 200
    assert len(receiver.received) == 1


async def test_an_endless_answer_is_cut_off():
    async with receiving() as receiver:
        receiver.answer = b"x" * (MOST_BYTES * 3)
        answer = await OutwardHttp(LOCAL).post(f"http://127.0.0.1:{receiver.port}/", {}, b"")
    assert len(answer.body) == MOST_BYTES


async def test_nobody_at_home_is_no_answer():
    async with receiving() as receiver:
        port = receiver.port
    with pytest.raises(Unreachable) as gone:
        await OutwardHttp(LOCAL).post(f"http://127.0.0.1:{port}/", {}, b"")
    assert not gone.value.refused


@pytest.mark.parametrize(
    "special",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:1", "ff02::1",
    ],
)  # fmt: skip
def test_no_special_address_is_taken_for_a_public_one(special: str):
    assert not OutwardHttp().speaks_to(ipaddress.ip_address(special))


def test_public_addresses_are_spoken_to_and_networks_are_read_as_written():
    assert OutwardHttp().speaks_to(ipaddress.ip_address("223.5.5.5"))
    assert OutwardHttp().speaks_to(ipaddress.ip_address("2400:3200::1"))
    assert networks_of("") == ()
    with pytest.raises(ValueError, match="anywhere"):
        networks_of("anywhere")


@pytest.mark.parametrize("url", ["", "x", "ftp://a/", "http://", "https://a:b@c/", "https://a/#f", "https://a b/", "https://é/"])
def test_what_is_no_plain_address_has_no_parts(url: str):
    assert parts_of(url) is None
