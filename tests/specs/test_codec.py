"""Facts to bytes and back, sealed on the way."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.codec import REGISTRY, JsonCodec
from adapters.vault import SqliteVault, open_vault
from domain.events import Event, Plain, Sealed, Text
from domain.need import NeedAmended, NeedWithdrawn
from services.ports import Stored
from tests.support.facts import META, example, least

TYPES = pytest.mark.parametrize("cls", REGISTRY.values(), ids=lambda cls: cls.TYPE)
PLACE = {"stream": "need-1", "version": 3}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[SqliteVault]:
    made = open_vault(tmp_path / "vault.db")
    yield made
    made.close()


def texts(fact: Any) -> list[Text]:
    """All free text in a fact, however deep."""
    if isinstance(fact, Plain | Sealed):
        return [fact]
    if dataclasses.is_dataclass(fact):
        return [text for field in dataclasses.fields(fact) for text in texts(getattr(fact, field.name))]
    return [text for part in fact for text in texts(part)] if isinstance(fact, tuple) else []


def stored(event: Event, state: bytes, version: int = 3) -> Stored:
    return Stored(1, "need-1", version, event.TYPE, state, b"")


@TYPES
def test_every_fact_comes_back_as_it_was(cls, vault):
    codec = JsonCodec(vault)
    for made in (example(cls), least(cls)):
        event = codec.seal(made, key=vault.new_key(), **PLACE) if codec.has_plain(made) else made
        recorded = codec.decode(stored(event, codec.encode(event, META)))
        assert (recorded.event, recorded.meta, recorded.version) == (event, META, 3)


@TYPES
def test_every_text_in_a_fact_is_known_sealed_and_opened_at_its_own_place(cls, vault):
    codec, key = JsonCodec(vault), vault.new_key()
    typed = example(cls, "张三家的钥匙")
    assert codec.has_plain(typed) == bool(texts(typed))
    sealed = codec.seal(typed, key=key, **PLACE)
    found = texts(sealed)
    assert all(isinstance(text, Sealed) for text in found)
    assert [vault.open(text) for text in found] == ["张三家的钥匙"] * len(found)
    assert len({text.place for text in found}) == len(found)
    assert codec.key_of(sealed) == (key if found else None)
    assert not codec.has_plain(sealed)


def test_plain_text_is_never_stored(vault):
    with pytest.raises(AssertionError, match="sealed before"):
        JsonCodec(vault).encode(NeedWithdrawn(reason=Plain("搬走了")), META)


def test_text_that_lies_in_the_bytes_as_plain_is_not_read(vault):
    codec = JsonCodec(vault)
    event = NeedWithdrawn(reason=Sealed("k", "eA=="))
    raw = json.loads(codec.encode(event, META))
    raw["data"]["reason"] = {"text": "搬走了"}
    with pytest.raises((AssertionError, ValueError)):
        codec.decode(stored(event, json.dumps(raw).encode()))


def test_text_moved_to_another_place_does_not_open(vault):
    codec = JsonCodec(vault)
    event = codec.seal(NeedWithdrawn(reason=Plain("搬走了")), key=vault.new_key(), **PLACE)
    moved = codec.decode(stored(event, codec.encode(event, META), version=4)).event
    with pytest.raises(ValueError, match="moved"):
        vault.open(moved.reason)


def test_an_erased_key_takes_the_text_and_leaves_the_fact(vault):
    codec, key = JsonCodec(vault), vault.new_key()
    event = codec.seal(NeedAmended(title=Plain("搬走了"), urgency=3), key=key, **PLACE)
    state = codec.encode(event, META)
    vault.erase(key)
    read = codec.decode(stored(event, state)).event
    assert (read.urgency, vault.open(read.title)) == (3, None)


def test_an_auditor_reads_the_figures_without_keys():
    from tests.specs.golden.vault import GoldenVault

    codec = JsonCodec(GoldenVault())
    data = json.loads(codec.encode(codec.seal(example(REGISTRY["need.posted"]), key="k", **PLACE), META))
    assert data["data"]["content"]["lines"] == [{"kind": "志愿者", "quantity": 20, "unit": "志愿者"}]
    assert set(data["data"]["content"]["title"]) == {"ref", "ciphertext"}
    assert data["at"] == "2026-03-02T01:00:00.123456Z"
    assert {"event_id", "actor", "command_id", "correlation", "rules"} <= set(data)


def test_times_are_kept_to_the_microsecond_and_in_utc(vault):
    codec = JsonCodec(vault)
    event = NeedAmended(respond_by=datetime(2026, 3, 7, 1, 2, 3, 4, tzinfo=UTC))
    assert codec.decode(stored(event, codec.encode(event, META))).event == event


def test_sealing_twice_seals_under_the_key_given_last(vault):
    codec, first, second = JsonCodec(vault), vault.new_key(), vault.new_key()
    once = codec.seal(NeedWithdrawn(reason=Plain("搬走了")), key=first, **PLACE)
    twice = codec.seal(once, key=second, stream="need-1", version=4)
    assert (twice.reason.ref, vault.open(twice.reason)) == (second, "搬走了")
