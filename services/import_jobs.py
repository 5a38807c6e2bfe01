"""Imports that take a while: looked through, then taken over when somebody says so, watched and cancelled meanwhile.

Jobs live in this process; what they have stored lives in the ledger. A job that a restart has ended has written nothing,
or all of it: its command, found by the job's id, tells which."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.access import Principal
from domain.events import Refused
from services.command import Ask
from services.imports import ImportRefused, ImportRow, Imports, RowError
from services.ports import StoreUnavailable
from services.streams import Streams

KEPT = timedelta(hours=2)  # after that a list is uploaded again
MOST_JOBS = 40  # held at once; the oldest that rest go first
MOST_OWN = 3  # of one person at work at once
AT_WORK = ("checking", "importing")


@dataclass(slots=True)
class Job:
    """One list of one person. `state`: checking → checked (see `errors`, `refused`) → importing → imported; cancelled and
    failed write nothing. `shown` is for whoever shows it."""

    id: str
    owner: Principal
    fingerprint: str
    rows: Sequence[ImportRow]
    wrong: Sequence[RowError]
    total: int
    made_at: datetime
    shown: Any
    state: str = "checking"
    done: int = 0
    errors: Sequence[RowError] = ()
    refused: Refused | None = None
    ids: Sequence[str] = ()
    position: int = 0
    is_cancelled: bool = False
    finished: asyncio.Event = field(default_factory=asyncio.Event)  # with what it is doing now

    @property
    def ask(self) -> Ask:
        return Ask(principal=self.owner, key=f"import-{self.id}", fingerprint=self.fingerprint)

    def looked_at(self, rows: int) -> None:
        """Refused: import.cancelled."""
        self.done = rows
        if self.is_cancelled:
            raise Refused("import.cancelled", "导入已取消，什么都没有写入。", "The import was cancelled; nothing was written.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger says of a job that is no longer here."""

    rows: int
    ids: tuple[str, ...]
    position: int


class ImportJobs:
    def __init__(self, imports: Imports, streams: Streams) -> None:
        self._imports, self._streams = imports, streams
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(
        self, owner: Principal, fingerprint: str, rows: Sequence[ImportRow], wrong: Sequence[RowError], total: int,
        shown: Any,
    ) -> Job:  # fmt: skip
        """Begin to look through a list; nothing is written. Refused: import.too_many."""
        at_work = [job for job in self._jobs.values() if job.owner.id == owner.id and job.state in AT_WORK]
        if len(at_work) >= MOST_OWN:
            raise Refused(
                "import.too_many", "您已有几份清单正在处理，请等它们完成或先取消。",
                "Some of your lists are being worked on: wait for them, or cancel one.", kind="many",
            )  # fmt: skip
        now = self._streams.clock.now()
        self._tidy(now)
        job = Job(
            id=self._streams.ids.token()[:24], owner=owner, fingerprint=fingerprint, rows=rows, wrong=wrong, total=total,
            made_at=now, shown=shown,
        )  # fmt: skip
        self._jobs[job.id] = job
        self._run(job, self._check(job))
        return job

    def of(self, owner: Principal, id: str) -> Job | None:
        """Only the one who began it sees it."""
        job = self._jobs.get(id)
        return job if job is not None and job.owner.id == owner.id else None

    def mine(self, owner: Principal) -> list[Job]:
        """Newest first."""
        return [job for job in self._jobs.values() if job.owner.id == owner.id][::-1]

    async def outcome(self, owner: Principal, id: str) -> Outcome | None:
        """Of a job that is no longer here: what it has stored; None when that is nothing."""
        receipt = await self._streams.log.command(Ask(principal=owner, key=f"import-{id}", fingerprint="").command_id)
        if receipt is None:
            return None
        ids = self._streams.codec.unpack(receipt.answer).get("extra", {}).get("ids", ())
        return Outcome(len(ids), tuple(ids), receipt.last)

    def take(self, job: Job) -> None:
        """Begin to take it over, when it was looked through and nothing is wrong with it; else nothing happens."""
        if job.state == "checked" and not job.errors and job.refused is None:
            job.state, job.done, job.finished = "importing", 0, asyncio.Event()
            self._run(job, self._take(job))

    async def cancel(self, job: Job) -> None:
        """Stop before anything is stored; once it is being stored it is too late, and it will say so."""
        job.is_cancelled = True
        if job.state in AT_WORK:
            await job.finished.wait()
        elif job.state == "checked":
            job.state = "cancelled"

    async def _check(self, job: Job) -> None:
        job.errors = await self._imports.check(job.ask, job.rows, job.wrong, job)
        job.state = "checked"

    async def _take(self, job: Job) -> None:
        done = await self._imports.take(job.ask, job.rows, (), job)
        job.ids, job.position, job.state = done.extra["ids"], done.position, "imported"

    def _run(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._watched(job, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watched(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        """Whatever becomes of it is kept with the job; nobody else hears of it."""
        try:
            await work
        except ImportRefused as refused:  # somebody else has changed something since it was looked through
            job.errors, job.state = refused.rows, "checked"
        except Refused as refused:
            job.refused, job.state = refused, "cancelled" if job.is_cancelled else "checked"
        except StoreUnavailable:
            job.state = "failed"
        except BaseException:
            job.state = "failed"
            raise
        finally:
            job.finished.set()

    def _tidy(self, now: datetime) -> None:
        resting = [job for job in self._jobs.values() if job.state not in AT_WORK]
        too_many = len(self._jobs) - MOST_JOBS
        for n, job in enumerate(resting):
            if n <= too_many or now - job.made_at > KEPT:
                del self._jobs[job.id]
