"""What a pair is worth to the district, in points: its score and the reward of serving, fairness to askers, load of givers."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from domain.matching.candidates import Candidate
from domain.matching.network import TICKET_BITS
from domain.matching.policy import WHOLE, Policy
from domain.matching.snapshot import AskerFacts, NeedFacts


def pair_worth(policy: Policy, need: NeedFacts, candidate: Candidate, cover: int) -> int:
    """Of a pair that covers so many thousandths, without what it means to asker and giver."""
    return cover * (candidate.score + rewarded(policy, need, policy.reward_cover)) // WHOLE - policy.partner_cost


def full_worth(policy: Policy, need: NeedFacts) -> int:
    """Of nothing being left open."""
    return rewarded(policy, need, policy.reward_full)


def rewarded(policy: Policy, need: NeedFacts, points: int) -> int:
    """A reward, more for what is urgent or for people in need."""
    points = points * policy.urgent_pct[need.urgency] // 100
    return points * policy.vulnerable_pct // 100 if need.vulnerable else points


def bonuses(policy: Policy, asker: AskerFacts | None, district: AskerFacts) -> tuple[int, ...]:
    """Of an asker's first, second … need that somebody comes for. Who has been served less than the district so far gets
    the more on each. A second partner of the same need brings none: needs are not split for its sake."""
    extra = 0
    if asker is not None and asker.asked and district.served:
        even = asker.asked * district.served
        extra = policy.deficit_bonus * max(even - asker.served * district.asked, 0) // even
    return tuple(bonus + extra for bonus in policy.committee_bonus)


def loads(policy: Policy, live: int, limit: int) -> tuple[int, ...]:
    """What each further engagement of a giver costs: the square of how full it already is."""
    return tuple(policy.unit_load * n * n // (limit * limit) for n in range(live, limit))


def together(askers: Iterable[AskerFacts]) -> AskerFacts:
    """All askers as one."""
    asked = served = 0
    for asker in askers:
        asked, served = asked + asker.asked, served + asker.served
    return AskerFacts(id="", asked=asked, served=served)


def ticket(key: str, need: str, offer: str, bits: int = TICKET_BITS) -> int:
    """The pair's lot in a round: the top bits of a keyed BLAKE2b. Known to nobody before the key is fixed, the same for
    everybody after."""
    digest = blake2b(f"{need}|{offer}".encode(), key=key.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest) >> (64 - bits)
