"""`round verify` and `round export`: an auditor checks a round of matching, from the ledger or from a file alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from api.console import Data, finish, say, settings_of
from api.settings import Settings
from domain.events import Refused
from services.round_replay import Finding, Unreadable, as_text, verified_file

Say = Callable[[str], None]
rounds = typer.Typer(no_args_is_help=True, help="配对轮次的核验与导出 / check and export rounds of matching")


@rounds.command()
def verify(
    round: Annotated[str, typer.Argument(help="轮次编号 round-… 或导出的文件 / its id, or an exported file")], data: Data = None
) -> None:
    """Check a round: inputs, lots, rules, certificate, result, and solve it again. From a file without any database."""
    if Path(round).is_file() or not round.startswith("round-"):
        raise typer.Exit(verify_file(Path(round), say))
    settings = settings_of(data=data)
    finish(_verify_stored(settings, round, say), settings)


@rounds.command()
def export(
    round: Annotated[str, typer.Argument(help="轮次编号 / its id")],
    out: Annotated[Path | None, typer.Option(help="写到哪里 / where to")] = None,
    data: Data = None,
) -> None:
    """Write all that a round's result depends on into one file. The district must not be running (it has a route for it)."""
    settings = settings_of(data=data)
    finish(_export(settings, round, out or Path(f"{round}.json"), say), settings)


def verify_file(path: Path, say: Say) -> int:
    """0 when everything holds, 1 when something does not, 2 when it is no such file."""
    from api.wiring import reading_codec

    try:
        doc = json.loads(path.read_text("utf-8"))
        return _told(verified_file(doc, reading_codec()), say)
    except OSError as error:
        say(f"读不到文件 / cannot read {path}: {error.strerror}")
    except (Unreadable, UnicodeDecodeError, json.JSONDecodeError) as error:
        say(f"无法核验 / cannot be checked: {error}")
    return 2


async def _verify_stored(settings: Settings, round: str, say: Say) -> int:
    from api.loading import alone

    async with alone(settings) as district:
        try:
            return _told(await district.engine.replay.verified(round), say)
        except Refused as refused:
            say(f"{refused.zh} / {refused.en}")
            return 2


async def _export(settings: Settings, round: str, out: Path, say: Say) -> int:
    from api.loading import alone

    async with alone(settings) as district:
        try:
            out.write_text(as_text(await district.engine.replay.exported(round)), "utf-8")
        except Refused as refused:
            say(f"{refused.zh} / {refused.en}")
            return 2
    say(f"{out}")
    return 0


def _told(findings: list[Finding], say: Say) -> int:
    for finding in findings:
        say(f"{'✓' if finding.holds else '✗'} {finding.zh} / {finding.en}")
    wrong = sum(not finding.holds for finding in findings)
    say(f"不成立 / do not hold: {wrong}" if wrong else "全部成立 / everything holds")
    return 1 if wrong else 0
