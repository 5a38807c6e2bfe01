"""Checking a round without trusting who ran it: inputs, lots, rules, optimality and result, from the ledger or from a file.

The file holds the round's own facts with the proof of their place in the ledger, what the matcher knew, and the policy: all
that the result depends on. Who has it needs neither the database nor a solver."""

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
from domain.matching.network import TooLarge
from domain.matching.outcome import Outcome
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


class RoundReplay:
    def __init__(self, log: EventLog, codec: Codec, proofs: Proofs) -> None:
        self._log, self._codec, self._proofs = log, codec, proofs

    async def exported(self, round: str) -> Doc:
        """All that the round's result depends on, as JSON. Refused: item.not_found; round.not_computed."""
        rows = await self._log.read_stream(round)
        opened, _ = _round(self._codec, rows)
        size = (await self._log.head()).position
        proofs = [await self._proofs.of(row.position, size) for row in rows]
        policy = await self._policy(opened)
        fact = _opened(opened)
        return {
            "format": FORMAT, "round": round, "district": await self._district(), "size": size,
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

    async def _policy(self, opened: Recorded) -> Policy:
        """What was in force when the round was opened."""
        state = None
        for row in await self._log.read_stream(rules.STREAM):
            if row.position < opened.position:
                state = rules.evolve(state, self._codec.decode(row).event)
        assert state is not None, "a round needs a rule book"
        return rules.policy_in_force(state, opened.meta.at)[0]

    async def _district(self) -> str:
        state = None
        for row in await self._log.read_stream(rules.STREAM):
            state = rules.evolve(state, self._codec.decode(row).event)
        return state.book.district if state is not None else ""


def verified_file(doc: Any, codec: Codec) -> list[Finding]:
    """What holds and what does not, in the order it was looked at. Raises Unreadable."""
    rows, snapshot, policy = _read(doc)
    try:
        recorded, state = _round(codec, rows)
    except (ValueError, KeyError, AssertionError) as error:
        raise Unreadable(f"events: {error}") from error
    opened = _opened(recorded)
    computed = next(event for row in reversed(rows) if isinstance(event := codec.decode(row).event, RoundComputed))
    return [
        _seals(doc, rows),
        _said("lots", opened.key == key_of(doc["district"], opened.number, opened.policy), "签号在看到数据之前已经固定",
              "the key of the lots was fixed before the data was read"),
        _said("rules", digest(policy) == opened.policy, "所用规则与本轮引用的一致", "the policy is the one that the round cites"),
        _said("inputs", inputs_digest(snapshot, state.scope) == computed.inputs, "输入与当时总账一致",
              "the inputs are what the ledger held at the cut-off"),
        _said("certificate digest", certificate_digest(computed.outcome.certificate) == computed.certificate,
              "证书与摘要一致", "the certificate is the one that was recorded"),
        _holds("optimal", "证书逐弧核验通过，结果由它所证明的选法得出",
               "the certificate holds on every arc, and the result follows from the choice it proves",
               lambda: version(opened.algorithm).check(snapshot, state.scope, policy, opened.key, computed.outcome)),
        _said("result digest", result_digest(computed.outcome) == computed.result, "结果与摘要一致",
              "the result is the one that was recorded"),
        _again(snapshot, state, policy, opened, computed),
    ]  # fmt: skip


def recomputed(snapshot: Snapshot, state: RoundState, policy: Policy, opened: RoundOpened) -> Outcome:
    """By the version that the round names, with our own solver."""
    return version(opened.algorithm).solve(snapshot, state.scope, policy, opened.key, OWN)


def _again(snapshot: Snapshot, state: RoundState, policy: Policy, opened: RoundOpened, computed: RoundComputed) -> Finding:
    zh, en = "重新计算得到同一结果", "solved again, it gives the same result"
    try:
        return _said("again", result_digest(recomputed(snapshot, state, policy, opened)) == computed.result, zh, en)
    except (Refused, TooLarge, ValueError) as error:
        return Finding("again", False, f"{zh}：{error}", f"{en}: {error}")


def _seals(doc: Doc, rows: Sequence[Stored]) -> Finding:
    """Each fact's leaf comes of its bytes, and lies in the tree with the root that the file names."""
    algorithm, size, root = doc["algorithm"], doc["size"], bytes.fromhex(doc["root"])
    hash = hash_named(algorithm)
    sealed = all(
        leaf_hash(bytes.fromhex(of["prev"]), row.position - 1, row.stream, row.version, row.type, row.state, hash) == row.leaf
        and includes(row.leaf, row.position - 1, size, [bytes.fromhex(p) for p in of["path"]], root, algorithm=algorithm)
        for of, row in zip(doc["events"], rows, strict=True)
    )
    short = f"{doc['root'][:16]}…"
    return _said("seals", sealed, f"事件未被改动，在总账（{size} 条，根 {short}）之中",
                 f"the events are unchanged and lie in the ledger ({size} events, root {short})")  # fmt: skip


def _said(name: str, holds: bool, zh: str, en: str) -> Finding:
    return Finding(name, holds, zh, en)


def _holds(name: str, zh: str, en: str, look: Callable[[], None]) -> Finding:
    try:
        look()
    except (Refused, TooLarge, ValueError) as error:
        return Finding(name, False, f"{zh}：{error}", f"{en}: {error}")
    return Finding(name, True, zh, en)


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


def _read(doc: Any) -> tuple[list[Stored], Snapshot, Policy]:
    if not isinstance(doc, dict) or doc.get("format") != FORMAT:
        raise Unreadable(f"不是 {FORMAT} 文件 / not a {FORMAT} file")
    try:
        rows = list(_rows(doc))
        return rows, restored(Snapshot, doc["snapshot"]), restored(Policy, doc["policy"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"文件不完整 / the file is not whole: {error}") from error


def _rows(doc: Doc) -> Iterator[Stored]:
    for of in doc["events"]:
        yield Stored(
            of["position"], of["stream"], of["version"], of["type"], base64.b64decode(of["state"], validate=True),
            bytes.fromhex(of["leaf"]),
        )  # fmt: skip


def as_text(doc: Doc) -> str:
    return json.dumps(doc, ensure_ascii=False, indent=1) + "\n"
