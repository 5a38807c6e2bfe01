"""What is sent to units' systems: CloudEvents 1.0 in JSON, signed as Standard Webhooks say, without any free text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.events import Plain, Recorded, Sealed, Text
from services.shapes import instant, plain
from services.webhook_ports import Endpoint

MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
PREFIX = "whsec_"


def cloud_event(recorded: Recorded, type_: str, source: str) -> bytes:
    """One fact. `id` is the event's, `subject` its item, `data` as in the history of the item but for what people wrote
    themselves: that is fetched from /v1 by whoever may see it. `sequence` is the position, as a text (CloudEvents'
    extension of that name)."""
    meta = recorded.meta
    data = {
        **plain(recorded.event, _never), "position": recorded.position, "version": recorded.version,
        "actor": meta.actor, "on_behalf_of": meta.on_behalf_of, "basis": meta.basis,
    }  # fmt: skip
    return _packed({
        "specversion": "1.0", "id": meta.event_id, "source": source, "type": type_, "subject": recorded.stream,
        "time": instant(meta.at), "datacontenttype": "application/json", "sequence": str(recorded.position), "data": data,
    })  # fmt: skip


def test_event(event_id: str, source: str, at: datetime, org: str) -> bytes:
    """A greeting that concerns no item."""
    return _packed({
        "specversion": "1.0", "id": event_id, "source": source, "type": "renling.test", "subject": org,
        "time": instant(at), "datacontenttype": "application/json", "data": {},
    })  # fmt: skip


def signed(endpoint: Endpoint, event_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The headers of one call. While the old secret still counts there are two signatures."""
    stamp = str(int(at.timestamp()))
    secrets = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_until is not None and at < endpoint.old_until:
        secrets.append(endpoint.old_secret)
    return {
        "Content-Type": MEDIA_TYPE, "User-Agent": "Renling-Webhooks/1", "webhook-id": event_id, "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, event_id, stamp, body)}" for secret in secrets),
    }  # fmt: skip


def secret_of(token: str) -> str:
    """A secret of 32 bytes from an unguessable text."""
    return PREFIX + base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


def wants(endpoint: Endpoint, type_: str) -> bool:
    return not endpoint.types or any(type_ == t or (t.endswith(".") and type_.startswith(t)) for t in endpoint.types)


def _signature(secret: str, event_id: str, stamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, f"{event_id}.{stamp}.".encode() + body, "sha256")).decode()


def _never(text: Text | None) -> str | None:
    assert text is None or isinstance(text, Plain | Sealed)
    return None


def _packed(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
