"""Decides which waiting commands a ledger can take and makes their sealed rows: one logic for every store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from domain.ledger import NO_LEAF, Frontier, digest, leaf_hash
from services.ports import Append, Conflict, Head, NewEvent, Receipt

ABSENT = (0, NO_LEAF)
EMPTY = Head(0, 0, b"")

EventRow = tuple[int, str, int, str, bytes, bytes, int]  # position, stream, version, type, state, leaf, at_us
CommandRow = tuple[str, str, bytes, int, int]  # command id, fingerprint, answer, first, last
CitationRow = tuple[str, int, str]  # target, position of the citing stream's first event here, citing stream
NumberRow = tuple[str, int]  # series, n


@dataclass(slots=True)
class Known:
    """What the one writer knows of the ledger at `head`.

    A stream that is not in `tips` counts as absent, a command or number that is not here as new: the store must either
    have looked, or have a unique key that catches the mistake.
    """

    head: Head = EMPTY
    frontier: Frontier = field(default_factory=Frontier)
    tips: dict[str, tuple[int, bytes]] = field(default_factory=dict)  # stream -> (version, leaf)
    commands: dict[str, Receipt] = field(default_factory=dict)
    citations: dict[str, int] = field(default_factory=dict)  # target -> how many streams cite it, if looked up
    numbers: set[NumberRow] = field(default_factory=set)

    def trim(self, most: int = 50_000) -> None:
        """Keep memory bounded: what is forgotten is looked up again."""
        self.numbers.clear()
        for memory in (self.tips, self.commands, self.citations):
            if len(memory) > most:
                memory.clear()


@dataclass(frozen=True, slots=True)
class Unknown:
    """What must be looked up before a batch can be decided."""

    streams: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    numbers: frozenset[NumberRow] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.streams or self.commands or self.targets or self.numbers)


class LedgerDamaged(Exception):
    """The stored rows do not fit their own seal, or were written by a newer version: nothing is served from them."""


@dataclass(slots=True)
class Batch:
    """The outcome of each waiting command, in order, and the rows of those that may be stored."""

    outcomes: list[Receipt | Conflict] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    commands: list[CommandRow] = field(default_factory=list)
    citations: list[CitationRow] = field(default_factory=list)
    numbers: list[NumberRow] = field(default_factory=list)


def check_shape(change: Append) -> None:
    """ValueError when no ledger could store this: no events, a hole in a stream, a name too long."""
    if not change.events:
        raise ValueError("a command that changes nothing is not stored")
    last: dict[str, int] = {}
    for event in change.events:
        before = last.get(event.stream, event.version - 1)
        if event.version != before + 1 or event.version < 1:
            raise ValueError(f"{event.stream} jumps from version {before} to {event.version}")
        if len(event.stream) > 255 or len(event.type) > 255 or not event.stream:
            raise ValueError("a stream's name and a TYPE have 1 to 255 characters")
        last[event.stream] = event.version


def unknown(changes: Sequence[Append], known: Known, *, trusting: bool) -> Unknown:
    """trusting: leave out what a unique key would catch: new command ids, new numbers, first events of new streams."""
    streams = {stream for change in changes for stream, _ in change.reads}
    for change in changes:
        streams.update(stream for stream, version in _starts(change.events) if version > 1 or not trusting)
    if trusting:
        commands, numbers = frozenset[str](), frozenset[NumberRow]()
    else:
        commands = frozenset(change.command_id for change in changes if change.command_id not in known.commands)
        numbers = frozenset(number for change in changes for number in change.numbers)
    return Unknown(
        streams=frozenset(stream for stream in streams if stream not in known.tips),
        commands=commands,
        targets=frozenset(target for c in changes for target, _ in c.cited if target not in known.citations),
        numbers=numbers,
    )


def admit(changes: Sequence[Append], known: Known) -> Batch:
    """Each command in turn: its first receipt when it is known, a Conflict, or a new receipt and rows.

    `known` moves on to the state after the batch: throw it away when the batch could not be stored.
    """
    batch = Batch()
    for change in changes:
        batch.outcomes.append(_outcome(change, known, batch))
    if batch.events:
        known.frontier = known.frontier.extend(row[5] for row in batch.events)
    return batch


def doubtful(changes: Sequence[Append], batch: Batch, known: Known) -> Unknown:
    """Refused commands that may have been stored long ago: whoever trusted must look for them before saying no."""
    answered = zip(changes, batch.outcomes, strict=True)
    refused = (change.command_id for change, outcome in answered if isinstance(outcome, Conflict))
    return Unknown(commands=frozenset(id for id in refused if id not in known.commands))


def recall(changes: Sequence[Append], batch: Batch, known: Known) -> None:
    """Give those that were found after all their first receipt."""
    for n, change in enumerate(changes):
        if isinstance(batch.outcomes[n], Conflict) and change.command_id in known.commands:
            batch.outcomes[n] = repeated(known.commands[change.command_id])


def _outcome(change: Append, known: Known, batch: Batch) -> Receipt | Conflict:
    first_receipt = known.commands.get(change.command_id)
    if first_receipt is not None:
        return repeated(first_receipt)
    return _conflict(change, known) or _take(change, known, batch)


def repeated(receipt: Receipt) -> Receipt:
    """The same receipt, as it is given to everyone who asks again."""
    return Receipt(receipt.first, receipt.last, receipt.leaf, receipt.answer, receipt.fingerprint, True)


def _conflict(change: Append, known: Known) -> Conflict | None:
    """What this command relied on that no longer holds. All is checked before anything is taken."""
    tips = known.tips
    if change.at_us < known.head.at_us:
        return Conflict("time", f"{change.at_us} is before the ledger's newest, {known.head.at_us}")
    for stream, version in change.reads:
        if (have := tips.get(stream, ABSENT)[0]) != version:
            return Conflict("read", f"{stream} is at {have}, not {version}")
    for stream, version in _starts(change.events):
        if (have := tips.get(stream, ABSENT)[0]) != version - 1:
            return Conflict("version", f"{stream} is at {have}, not {version - 1}")
    for target, count in change.cited:
        if (have := known.citations.get(target, 0)) != count:
            return Conflict("cited", f"{have} streams cite {target}, not {count}")
    for number in change.numbers:
        if number in known.numbers:
            return Conflict("number", f"{number[0]} {number[1]} is taken")
    return None


def _starts(events: tuple[NewEvent, ...]) -> Iterable[tuple[str, int]]:
    """Each stream that is written, with the version of its first new event."""
    if len(events) == 1:
        return ((events[0].stream, events[0].version),)
    return {event.stream: event.version for event in reversed(events)}.items()


def _take(change: Append, known: Known, batch: Batch) -> Receipt:
    first, rows = known.head.position + 1, seal(change.events, change.at_us, known)
    batch.events += rows
    last, leaf = rows[-1][0], rows[-1][5]
    receipt = Receipt(first, last, leaf, change.answer, change.fingerprint)
    batch.commands.append((change.command_id, change.fingerprint, change.answer, first, last))
    known.commands[change.command_id] = receipt
    if change.cites:
        _cite(change, rows, known, batch)
    for number in dict.fromkeys(change.numbers):
        known.numbers.add(number)
        batch.numbers.append(number)
    return receipt


def seal(events: Sequence[NewEvent], at_us: int, known: Known) -> list[EventRow]:
    """Rows with position and leaf for events that come next; moves head and tips on, but not the frontier."""
    rows: list[EventRow] = []
    tips, position, hash = known.tips, known.head.position, digest(known.frontier.algorithm)
    for event in events:
        prev = tips.get(event.stream, ABSENT)[1]
        leaf = leaf_hash(prev, position, event.stream, event.version, event.type, event.state, hash)
        position += 1
        tips[event.stream] = (event.version, leaf)
        rows.append((position, event.stream, event.version, event.type, event.state, leaf, at_us))
    if rows:
        known.head = Head(position, at_us, rows[-1][5])
    return rows


def _cite(change: Append, rows: list[EventRow], known: Known, batch: Batch) -> None:
    first_of = {row[1]: row[0] for row in reversed(rows)}
    for target, citing in dict.fromkeys(change.cites):
        batch.citations.append((target, first_of.get(citing, rows[0][0]), citing))
        if target in known.citations:
            known.citations[target] += 1
