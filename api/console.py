"""What all commands share: settings from options, running to the end, and saying in one line what stops them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from api.settings import Settings, usable

Data = Annotated[Path | None, typer.Option(help="数据目录 / data folder")]


def settings_of(**given: Any) -> Settings:
    return Settings(**{name: value for name, value in given.items() if value is not None})


def must_be_usable(settings: Settings) -> None:
    if (why := usable(settings.data)) is not None:
        fail(why)


def finish(work: Coroutine[Any, Any, int], settings: Settings) -> NoReturn:
    """Run to the end; what stops a start is said in one line."""
    from api.wiring import REFUSED_STARTS

    try:
        with asyncio.Runner(loop_factory=fast_loop()) as runner:
            sys.exit(runner.run(work))
    except REFUSED_STARTS as error:
        taken = isinstance(error, OSError) and error.errno == 98
        hint = f"端口 {settings.port} 已被占用，请用 --port 换一个 / the port is taken: pass another with --port"
        fail(hint if taken else str(error))


def fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one; Windows has none."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


def say(text: str) -> None:
    print(text, flush=True)


def fail(text: str) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(1)
