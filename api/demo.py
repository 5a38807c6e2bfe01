"""Live activity for a running district: units and committees post, claim, answer, deliver and evaluate, on and on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.error import URLError

from api.demo_acts import ACTS
from api.demo_town import KeyFor, NotDone, Town


def play(base_url: str, key_for: KeyFor, rate_per_s: float, seconds: float | None = None) -> int:
    """Plays over HTTP until the time is over, or for ever; prints one line an act. Returns how many acts were done.
    `key_for(role, organisation)` gives the API key under which somebody acts. Ends with a line when nobody listens."""
    done, started = 0, time.monotonic()
    try:
        town = Town(base_url, key_for)
        acts, weights = zip(*ACTS, strict=True)
        if not town.units or not town.committees:
            _say("这个区还没有单位或居民区 / this district has no units or no neighbourhoods yet")
            return 0
        for number in _beats(started, rate_per_s, seconds):
            act = town.chance.choices(acts, weights)[0]
            try:
                _say(f"{time.strftime('%H:%M:%S')}  {act(town)}")
                done += 1
            except NotDone as refused:
                _say(f"{time.strftime('%H:%M:%S')}  （第 {number} 步未办成：{refused}）")
    except KeyboardInterrupt:
        pass
    except (URLError, ConnectionError, TimeoutError) as error:
        _say(f"{base_url} 没有应答，请先 ./dev run / nobody answers there, start ./dev run first ({error})")
    _say(f"共 {done} 步 / {done} acts in {time.monotonic() - started:.0f} s")
    return done


def _beats(started: float, rate_per_s: float, seconds: float | None) -> Iterator[int]:
    """1, 2, … at that rate; what was slow is made up for."""
    number = 0
    while seconds is None or time.monotonic() - started < seconds:
        number += 1
        yield number
        time.sleep(max(0.0, started + number / rate_per_s - time.monotonic()))


def _say(line: str) -> None:
    print(line, flush=True)
