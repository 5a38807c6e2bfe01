"""Checking a round without trusting who ran it: inputs, lots, rules, optimality and result, from the ledger or from a file.

The file holds the round's own facts with the proof of their place in the ledger, what the matcher knew, and the policy: all
that the result depends on. Who has it needs no database; only the last of the findings takes a solver, and that is our own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain import rules
from domain.access import missing
from domain.events import Recorded, Refused
from domain.ledger import digest as hash_named
from domain.ledger import includes, leaf_hash
from domain.matching.digest import certificate_digest, digest, inputs_digest, plain, restored, result_digest
from domain.matching.policy import Policy
from domain.matching.snapshot import Snapshot
from domain.matching.versions import OWN, version
from domain.round import RoundComputed, RoundOpened, RoundState, evolve
from domain.round_acts import key_of
from services.market_replay import replayed
from services.ports import Codec, EventLog, Stored
from services.proofs import Proofs

FORMAT = "renling-round/1"
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and whether it holds."""

    name: str
    holds: bool
    zh: str
    en: str


class Unreadable(ValueError):
    """The file is none of ours, or was cut. The text says where."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """An exported file, read. `state`: the round as it was when it was last computed."""

    district: str
    snapshot: Snapshot
    policy: Policy
    opened: RoundOpened
    state: RoundState
    computed: RoundComputed
    sealed: bool


class RoundReplay:
    def __init__(self, log: EventLog, codec: Codec, proofs: Proofs) -> None:
        self._log, self._codec, self._proofs = log, codec, proofs

    async def exported(self, round: str) -> Doc:
        """All that the round's result depends on, as JSON. Refused: item.not_found; round.not_computed."""
        rows = await self._log.read_stream(round)
        opened, _ = _round(self._codec, rows)
        size = (await self._log.head()).position
        proofs = [await self._proofs.of(row.position, size) for row in rows]
        book = await self._book(opened)
        policy, fact = rules.policy_in_force(book, opened.meta.at)[0], _opened(opened)
        return {
            "format": FORMAT, "round": round, "district": book.book.district, "size": size,
            "root": proofs[0].root.hex(), "algorithm": proofs[0].algorithm,
            "events": [
                {
                    "position": p.row.position, "stream": p.row.stream, "version": p.row.version, "type": p.row.type,
                    "state": base64.b64encode(p.row.state).decode(), "leaf": p.row.leaf.hex(), "prev": p.prev.hex(),
                    "path": [each.hex() for each in p.path],
                }
                for p in proofs
            ],
            "policy": plain(policy), "snapshot": plain(await replayed(self._log, self._codec, fact.cutoff, fact.at)),
        }  # fmt: skip

    async def verified(self, round: str) -> list[Finding]:
        """Everything made anew from the ledger: what was known, by which rules, and what comes of it."""
        return verified_file(await self.exported(round), self._codec)

    async def _book(self, opened: Recorded) -> rules.RulesState:
        """What was in force when the round was opened."""
        state = None
        for row in await self._log.read_stream(rules.STREAM):
            if row.position < opened.position:
                state = rules.evolve(state, self._codec.decode(row).event)
        assert state is not None, "a round needs a rule book"
        return state


def verified_file(doc: Any, codec: Codec) -> list[Finding]:
    """What holds and what does not, in the order it was looked at. Raises Unreadable."""
    file = _read(doc, codec)
    policy, opened, computed = file.policy, file.opened, file.computed
    given = (file.snapshot, file.state.scope, policy, opened.key)
    inputs = inputs_digest(file.snapshot, file.state.scope)
    size, root = doc["size"], f"{doc['root'][:16]}…"

    def optimal() -> bool:
        version(opened.algorithm).check(*given, computed.outcome)
        return True

    return [
        Finding("seals", file.sealed, f"事件未被改动，在总账（{size} 条，根 {root}）之中",
                f"the events are unchanged and lie in the ledger ({size} events, root {root})"),
        Finding("lots", opened.key == key_of(file.district, opened.number, opened.policy), "签号在看到数据之前已经固定",
                "the key of the lots was fixed before the data was read"),
        Finding("rules", digest(policy) == opened.policy, "所用规则与本轮引用的一致", "the policy is the one that the round cites"),
        Finding("inputs", inputs == computed.inputs, "输入与当时总账一致", "the inputs are what the ledger held at the cut-off"),
        Finding("certificate digest", certificate_digest(computed.outcome.certificate) == computed.certificate,
                "证书与摘要一致", "the certificate is the one that was recorded"),
        _holds("optimal", "证书逐弧核验通过，结果由它所证明的选法得出",
               "the certificate holds on every arc, and the result follows from the choice it proves", optimal),
        Finding("result digest", result_digest(computed.outcome) == computed.result, "结果与摘要一致",
                "the result is the one that was recorded"),
        _holds("again", "重新计算得到同一结果", "solved again, it gives the same result",
               lambda: result_digest(version(opened.algorithm).solve(*given, OWN)) == computed.result),
    ]  # fmt: skip


def _holds(name: str, zh: str, en: str, look: Callable[[], bool]) -> Finding:
    """What takes some work to find out, and may not even be possible."""
    try:
        return Finding(name, look(), zh, en)
    except (Refused, ValueError) as error:
        return Finding(name, False, f"{zh}：{error}", f"{en}: {error}")


def _round(codec: Codec, rows: Sequence[Stored]) -> tuple[Recorded, RoundState]:
    """The opening, and the round as it was when it was last computed."""
    if not rows or not rows[0].type.startswith("round."):
        raise missing()
    history = [codec.decode(row) for row in rows]
    last = max((n for n, each in enumerate(history) if isinstance(each.event, RoundComputed)), default=None)
    if last is None:
        raise Refused("round.not_computed", "这一轮还没有计算结果。", "This round has not been computed yet.")
    state = None
    for each in history[: last + 1]:
        state = evolve(state, each.event, each.stream)
    assert state is not None
    return history[0], state


def _opened(recorded: Recorded) -> RoundOpened:
    assert isinstance(recorded.event, RoundOpened)
    return recorded.event


def _read(doc: Any, codec: Codec) -> _File:
    if not isinstance(doc, dict) or doc.get("format") != FORMAT:
        raise Unreadable(f"不是 {FORMAT} 文件 / not a {FORMAT} file")
    try:
        rows = list(_rows(doc))
        recorded, state = _round(codec, rows)
        return _File(
            district=doc["district"], snapshot=restored(Snapshot, doc["snapshot"]), policy=restored(Policy, doc["policy"]),
            opened=_opened(recorded), state=state, computed=_computed(codec, rows), sealed=_sealed(doc, rows),
        )  # fmt: skip
    except (AssertionError, AttributeError, LookupError, Refused, TypeError, ValueError) as error:
        raise Unreadable(f"文件不完整 / the file is not whole: {error}") from error


def _sealed(doc: Doc, rows: Sequence[Stored]) -> bool:
    """Each fact's leaf comes of its bytes, and lies in the tree with the root that the file names."""
    algorithm, size, root = doc["algorithm"], doc["size"], bytes.fromhex(doc["root"])
    hash = hash_named(algorithm)
    return all(
        leaf_hash(bytes.fromhex(of["prev"]), row.position - 1, row.stream, row.version, row.type, row.state, hash) == row.leaf
        and includes(row.leaf, row.position - 1, size, [bytes.fromhex(p) for p in of["path"]], root, algorithm=algorithm)
        for of, row in zip(doc["events"], rows, strict=True)
    )


def _computed(codec: Codec, rows: Sequence[Stored]) -> RoundComputed:
    return next(event for row in reversed(rows) if isinstance(event := codec.decode(row).event, RoundComputed))


def _rows(doc: Doc) -> Iterator[Stored]:
    for of in doc["events"]:
        yield Stored(
            of["position"], of["stream"], of["version"], of["type"], base64.b64decode(of["state"], validate=True),
            bytes.fromhex(of["leaf"]),
        )  # fmt: skip


def as_text(doc: Doc) -> str:
    return json.dumps(doc, ensure_ascii=False, indent=1) + "\n"
