"""`./dev bench matching [--short | --full]`: rounds against OR-Tools and scipy, quantities against a bound that HiGHS proved,
what checking a certificate costs, a hundred districts in one process, and suggestions.

Times are processor time, each part in a process of its own, and peers take turns with us: on a busy machine the ratios
stay. `--short` leaves out the largest round, the hundred districts and most seeds; `--full` also proves the bounds anew
(ten minutes) and writes them beside this file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bench._rows import median, row

ROOT = Path(__file__).resolve().parents[2]
BOUNDS = Path(__file__).with_name("matching_bounds.json")
QUANTITIES = ((1000, 400, 1), (1000, 400, 2), (500, 500, 1), (500, 500, 2), (600, 1000, 1), (600, 1000, 2))
BOUND_S = 120  # of HiGHS for one instance
MOST = {"s": 5, "m": 10, "t": 10, "l": 40}
SUGGEST_MS = {10_000: 1, 100_000: 15}
MOST_DISTRICTS_S, MOST_DISTRICTS_MB = 45, 100
CLOCK = "processor time"


def main() -> None:
    short, full = "--short" in sys.argv, "--full" in sys.argv
    if full:
        prove()
    suggestions(short)
    checked = {
        shape: rounds(shape, seeds=1 if shape == "l" else 2 if short else 5, times=1 if shape == "l" else 3)
        for shape in ("sm" if short else "smtl")
    }  # fmt: skip
    row(
        "certificate.share", checked["m"], "", 0.10, least=False, shape="m", each=checked, clock=CLOCK,
        what="checking ÷ solving; both build the network anew, which at s is most of either",
    )  # fmt: skip
    for shape in "sm":
        one_slot(shape, 1 if short else 3)
    memory("m")
    quantities(QUANTITIES[:2] if short else QUANTITIES)
    if not short:
        districts()


def part(name: str, *args: object) -> Any:
    """What a part tells, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench._matching_part", name, *map(str, args)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if told.returncode:
        sys.exit(f"{name} {args}: {told.returncode}\n{told.stderr}")
    return json.loads(told.stdout)


def suggestions(short: bool) -> None:
    for offers in list(SUGGEST_MS)[: 1 if short else 2]:
        took = sorted(part("suggest", offers, 400 if short else 1000)["ms"])
        of = "" if offers == 10_000 else f".{offers // 1000}k"
        row(
            f"suggest.p99_ms{of}", took[-len(took) // 100 - 1], "ms", SUGGEST_MS[offers], least=False, samples=len(took),
            offers=offers, best=10, clock=CLOCK, median_ms=round(median(took), 3),
        )  # fmt: skip


def rounds(shape: str, seeds: int, times: int) -> float:
    """What checking a certificate takes of what solving takes."""
    told = part("rounds", shape, seeds, times)
    own, peer, check = (median(told[name]) for name in ("own", "peer", "check"))
    config = {"seeds": seeds, "edges": median(told["edges"]), "pairs": median(told["pairs"]), "clock": CLOCK}
    row(
        f"round.{shape}.ratio", own / peer, "×", MOST[shape], least=False, floor=1, samples=len(told["own"]), **config,
        own_ms=round(own * 1000, 1), ortools_ms=round(peer * 1000, 1), ortools="network, arrays and solving",
    )  # fmt: skip
    row(
        f"greedy.{shape}.value", max(told["greedy"]), "", 0.999, least=False, samples=seeds, **config,
        what="the best scored pair first ÷ the round, the seed where it comes nearest",
    )  # fmt: skip
    if told["nothing"]:
        fair, unfair, least = (sum(each) for each in zip(*told["nothing"], strict=True))
        row(
            f"nothing.{shape}", fair - least, "committees", (unfair - least) // 5, least=False, floor=unfair - least, samples=seeds,
            **config, unavoidable=least, what="with nothing though all of them could be served; the floor is without their bonus",
        )  # fmt: skip
    return round(check / own, 3)


def memory(shape: str) -> None:
    """Beside that of the instance; the others' holds their libraries."""
    own, ortools, scipy = (part("memory", shape, who)["mb"] for who in ("own", "ortools", "scipy"))
    row(
        f"round.{shape}.mb", own, "MB", ortools, least=False, floor=min(ortools, scipy), ortools_mb=round(ortools, 1),
        scipy_mb=round(scipy, 1), what="largest resident memory that solving adds to a process that has the instance",
    )  # fmt: skip


def one_slot(shape: str, seeds: int) -> None:
    told = part("oneslot", shape, seeds, 3)
    own, peer = median(told["own"]), median(told["peer"])
    row(
        f"oneslot.{shape}.ratio", own / peer, "×", 5, least=False, floor=1, samples=len(told["own"]), seeds=seeds, clock=CLOCK,
        own_ms=round(own * 1000, 1), scipy_ms=round(peer * 1000, 1), scipy="places as columns, and its assignment",
    )  # fmt: skip


def quantities(instances: tuple[tuple[int, int, int], ...]) -> None:
    known = json.loads(BOUNDS.read_text())
    shares, told = {}, {}
    for each in instances:
        name = "{}x{}.{}".format(*each)
        told[name] = part("quantity", *each)
        if told[name]["of"] != known[name]["of"]:
            sys.exit(f"{name}: another instance than the bound was proved for; run ./dev bench matching --full")
        shares[name] = told[name]["value"] / known[name]["bound"]
    config = {
        "each": {name: round(share, 4) for name, share in shares.items()},
        "gap_of_bound": {name: round(known[name]["bound"] / max(known[name]["reached"], 1) - 1, 4) for name in shares},
        "s": {name: round(of["s"], 2) for name, of in told.items()}, "bounds": BOUNDS.name, "clock": CLOCK,
    }  # fmt: skip
    row("quantity.vs_bound", sum(shares.values()) / len(shares), "", 0.985, least=True, samples=len(shares), **config)
    row("quantity.vs_bound.least", min(shares.values()), "", 0.98, least=True, samples=len(shares), bounds=BOUNDS.name)


def districts() -> None:
    told = part("districts", 100)
    row(
        "districts100.s", told["s"], "s", MOST_DISTRICTS_S, least=False, samples=100, clock=CLOCK, worst_s=round(told["worst"], 2),
        what="1,000 offers × 1,000 needs each: solved, checked, uniqueness told, one after the other in one process",
    )  # fmt: skip
    row("districts100.mb", told["mb"], "MB", MOST_DISTRICTS_MB, least=False, what="largest resident memory of that process")


def prove() -> None:
    """Bounds of all instances, with what they were proved for."""
    found = {}
    for offers, needs, seed in QUANTITIES:
        told = part("bound", offers, needs, seed, BOUND_S)
        ours = part("quantity", offers, needs, seed)
        found[f"{offers}x{needs}.{seed}"] = {
            "offers": offers, "needs": needs, "seed": seed, "of": ours["of"], "candidates": ours["candidates"], **told, "limit_s": BOUND_S,
            "solver": "HiGHS by scipy.optimize.milp",
        }  # fmt: skip
        print(json.dumps(found), file=sys.stderr, flush=True)
    BOUNDS.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
