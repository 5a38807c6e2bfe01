"""`python -m tests.specs.golden RELEASE` adds to RELEASE.jsonl the facts without golden bytes as they are now."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from adapters.codec import REGISTRY, JsonCodec
from tests.specs.golden.vault import GoldenVault
from tests.support.facts import META, example, least

HERE = Path(__file__).parent


def missing() -> Iterator[str]:
    """A line with everything that a fact can hold, and one with as little as it must."""
    known = {line for file in HERE.glob("*.jsonl") for line in file.read_text().splitlines()}
    codec = JsonCodec(GoldenVault())
    for type, cls in sorted(REGISTRY.items()):
        for of, made in (("all", example(cls)), ("least", least(cls))):
            event = codec.seal(made, stream="stream-golden", version=7, key="key-golden")
            state = codec.encode(event, META).decode()
            line = json.dumps({"type": type, "of": of, "state": state}, ensure_ascii=False)
            if line not in known:
                yield line


target = HERE / f"{sys.argv[1]}.jsonl"
lines = list(missing())
if lines:
    with target.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))
print(f"{len(lines)} lines")
