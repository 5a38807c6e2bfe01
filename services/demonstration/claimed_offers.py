"""Committees (and firms, for a neighbourhood's room) claim what is given: the demonstration's connected resources."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.capacity import Line
from services.demonstration.cast import COMMITTEE, Actor
from services.demonstration.delivery import Job, deliver
from services.demonstration.dice import Dice
from services.demonstration.handshake import HOW, Proposal, answer, propose
from services.demonstration.moments import later
from services.demonstration.offer_stories import Stock, ends, in_reach, occurrences
from services.demonstration.stage import Stage

HOW_MANY = ((0, 425), (1, 405), (2, 120), (3, 50))  # claims on one offer, of a thousand offers
WAITING = 34  # offers with a claim that waits for its answer today
RELEASED = 25  # of a thousand accepted claims


def claims_on_offers(stage: Stage, stocks: list[Stock]) -> None:
    for stock in stocks:
        dice = stage.dice("claims on", stock.offer)
        number = dice.weighted(HOW_MANY)
        claimants = dice.some(_claimants(stage, stock, dice), number)
        at = stock.at
        for n, claimant in enumerate(claimants):
            at = later(at, 6, 160, dice)
            if stock.open_at(at) and claimant.since < at:
                last = n == len(claimants) - 1
                _claim(stage, stock, claimant, f"{stock.offer}c{n}", at, dice, all_of_it=last and dice.happens(160))


def claims_waiting(stage: Stage, stocks: list[Stock]) -> None:
    """Proposals of the last days that nobody has answered yet."""
    dice = stage.dice("waiting")
    soon = stage.script.end - timedelta(days=9)
    fresh = [s for s in stocks if s.open_at(soon, 40) and s.left > 1 and s.at > soon - timedelta(days=500)]
    for stock in dice.some(fresh, WAITING):
        claimant = dice.pick([each for each in _claimants(stage, stock, dice) if each.who.org not in stock.asked])
        proposal = _proposal(stage, stock, claimant, f"{stock.offer}w", stage.ago(1, 7, dice), dice, all_of_it=False)
        if proposal is not None:
            propose(stage, proposal, dice)


def _claim(
    stage: Stage, stock: Stock, claimant: Actor, name: str, at: datetime, dice: Dice, *, all_of_it: bool
) -> None:
    proposal = _proposal(stage, stock, claimant, name, at, dice, all_of_it=all_of_it)
    if proposal is None:
        return
    propose(stage, proposal, dice)
    bargain = answer(stage, proposal, "accept" if all_of_it else dice.weighted(HOW), dice)
    if bargain is None:
        return
    if dice.happens(RELEASED):
        side = dice.pick((claimant, stock.owner))
        stage.script.add(
            later(bargain.at, 0, 3, dice), side.who, "claim.release", name, reason=stage.say("release", dice)
        )
        return
    opens = ends(proposal.window) if proposal.window else None
    job = Job(
        claim=name, bargain=bargain, provider=stock.owner, receiver=claimant, people=dice.between(12, 160), opens=opens
    )
    deliver(stage, job, dice)


def _proposal(
    stage: Stage, stock: Stock, claimant: Actor, name: str, at: datetime, dice: Dice, *, all_of_it: bool
) -> Proposal | None:
    """None when nothing is left, or no hour."""
    thing, window = stock.thing, None
    wanted = dice.between(*thing.asks)
    if stock.windows:
        window = occurrences(stock, at + timedelta(days=14), dice.weighted(((1, 70), (4, 20), (8, 10))), dice)
        quantity = min(wanted, stock.line.quantity)
    else:
        quantity = stock.take(stock.left if all_of_it else wanted)
    if quantity == 0 or (stock.windows and window is None):
        return None
    lines = (Line(thing.kind, quantity, thing.unit),)
    stock.asked.add(claimant.who.org)
    return Proposal(claim=name, at=at, by=claimant, to=stock.owner, lines=lines, offer=stock.offer, window=window)


def _claimants(stage: Stage, stock: Stock, dice: Dice) -> list[Actor]:
    """Committees in reach; a neighbourhood's rooms are asked for by firms as well."""
    committees = list(in_reach(stage, stock))
    if stock.owner.kind != COMMITTEE:
        return committees
    units = [unit for unit in stage.cast.units if not stock.street_only or unit.street == stock.owner.street]
    return list(dice.some(committees, 6)) + list(dice.some(units, 6))
