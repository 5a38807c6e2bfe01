"""Events as the audit shows them: what happened, who did it for whom on what basis, and what seals it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.pages.audit.subject import NOUNS
from api.pages.places import names
from api.pages.sentences import dot, people_in, sentence
from api.pages.site import link
from api.pages.words import Tongue, bases
from domain.access import Principal
from services.command import kind_of
from services.engine import Engine

Record = Mapping[str, Any]


async def told(engine: Engine, records: Sequence[Record], viewer: Principal, say: Tongue) -> list[dict[str, Any]]:
    """Each with its sentence, its item and its proof. Accounts are named to those who are logged in."""
    people = [org for record in records for org in (*people_in(record), record["on_behalf_of"]) if org]
    called = await names(engine, [*people, *(id_of(record["stream"]) for record in records)], None)
    return [_told(record, called, viewer, say) for record in records]


def id_of(stream: str) -> str:
    """How lists know a stream's item: areas go by their own id."""
    return stream.removeprefix("area-")


def _told(record: Record, called: Mapping[str, str], viewer: Principal, say: Tongue) -> dict[str, Any]:
    stream, kind = record["stream"], kind_of(record["stream"])
    id = id_of(stream)
    name = called[id] if called[id] != id else ""
    noun = say({**NOUNS, "rules": "规则书", "suggestion": "推荐"}.get(kind, ""))
    return {
        **record, "told": sentence(record, lambda org: called.get(org, org), say), "tone": dot(record),
        "item": " ".join(part for part in (noun, name) if part),
        "href": link("/audit", what=stream, at=record["position"]) if kind in NOUNS else None,
        "proof": f"/audit/proof/{record['position']}",
        "who": record["actor"] if viewer.role != "public" else "",
        "whom": called.get(record["on_behalf_of"] or "", record["on_behalf_of"]),
        "basis": bases(say).get(record["basis"], record["basis"]),
    }  # fmt: skip
