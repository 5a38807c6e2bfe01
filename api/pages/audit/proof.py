"""/audit/proof/{position}: that an event lies in the ledger, in its place and unchanged; for people and for programs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Path, Request, Response

from api.errors import as_json
from api.pages.audit.events import told
from api.pages.audit.subject import viewer_of
from api.pages.places import engine_of
from api.pages.site import HEADERS, Site, link, tongue
from domain.access import Principal, missing
from services.engine import Engine
from services.proofs import Proof

CHECK = '''\
import hashlib, json
p = json.load(open("proof.json"))
H = lambda data: hashlib.new(p["algorithm"], data).digest()
if "state" in p:  # the event's own bytes give its leaf
    number = lambda n, size=8: n.to_bytes(size, "big")
    text = lambda t: number(len(t.encode()), 2) + t.encode()
    state = p["state"].encode()
    leaf = H(b"\\0tc1\\n" + bytes.fromhex(p["prev"]) + number(p["index"]) + text(p["stream"])
             + number(p["version"]) + text(p["type"]) + number(len(state), 4) + state)
    assert leaf.hex() == p["leaf"], "the event was changed"
node, i, last = bytes.fromhex(p["leaf"]), p["index"], p["size"] - 1
for other in map(bytes.fromhex, p["path"]):  # RFC 6962
    if i & 1 or i == last:
        node = H(b"\\1" + other + node)
        while not i & 1 and i:
            i, last = i >> 1, last >> 1
    else:
        node = H(b"\\1" + node + other)
    i, last = i >> 1, last >> 1
assert last == 0 and node.hex() == p["root"], "not in this ledger"
print("OK", p["position"], p["root"])
'''

Position = Path(ge=1, le=2**53)


def install(router: APIRouter, site: Site) -> None:
    @router.api_route("/audit/proof/{position:int}.json", methods=["GET", "HEAD"])
    async def proof_json(request: Request, position: int = Position, size: int | None = None) -> Response:
        proof = await _proof(engine_of(request), viewer_of(request), position, size)
        body = as_json(document(proof, viewer_of(request)))
        headers = {**HEADERS, "Content-Disposition": 'attachment; filename="proof.json"'}
        return Response(body, 200, headers, "application/json")

    @router.api_route("/audit/proof/{position:int}", methods=["GET", "HEAD"])
    async def proof_page(request: Request, position: int = Position, size: int | None = None) -> Response:
        engine, viewer, say = engine_of(request), viewer_of(request), tongue(request)
        proof = await _proof(engine, viewer, position, size)
        (event,) = await told(engine, [engine.trail.record(proof.row)], viewer, say)
        return site.page(
            request, "audit/proof", proof=proof, event=event, check=CHECK, has_state=viewer.role != "public",
            path_hex=[node.hex() for node in proof.path], root=proof.root.hex(), prev=proof.prev.hex(),
            as_json=link(f"/audit/proof/{position}.json", size=size),
        )  # fmt: skip


def document(proof: Proof, viewer: Principal) -> dict[str, Any]:
    """What anybody needs to check it. The stored bytes, whose free text is ciphertext, go to those who are logged in."""
    row = proof.row
    found = {
        "position": row.position, "index": proof.index, "size": proof.size, "algorithm": proof.algorithm,
        "root": proof.root.hex(), "leaf": row.leaf.hex(), "path": [node.hex() for node in proof.path],
        "stream": row.stream, "version": row.version, "type": row.type, "prev": proof.prev.hex(), "holds": proof.holds,
    }  # fmt: skip
    return found if viewer.role == "public" else {**found, "state": row.state.decode()}


async def _proof(engine: Engine, viewer: Principal, position: int, size: int | None) -> Proof:
    """Refused: item.not_found, also when the event is of something that the viewer may not see."""
    proof = await engine.proofs.of(position, size)
    if proof.row.stream not in await engine.trail.visible({proof.row.stream}, viewer):
        raise missing()
    return proof
