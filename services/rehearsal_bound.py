"""Each act on a claim or a project as it would be answered now: nothing, or the refusal that it would meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from domain import claim_answers, claim_endings, claim_legal, claim_members, project_acts
from domain.capacity import Line
from domain.claim import ClaimState
from domain.claim_answers import NewProject
from domain.claim_legal import Deal
from domain.events import Plain, Refused
from domain.project import ProjectState
from services import four_eyes, rivals
from services.claims import bound_project
from services.rehearsal import Rehearsal, Try, Verdicts

CLAIM_ACTS = {
    "acceptance": "claim.accept", "counter": "claim.counter", "refusal": "claim.refuse", "joining": "claim.join",
    "declining": "claim.decline", "withdrawal": "claim.withdraw", "release": "claim.release",
    "reinstatement": "claim.reinstate", "members": "claim.invite", "lead": "claim.lead", "leaving": "claim.leave",
}  # fmt: skip
JOINT = ("joining", "declining", "leaving", "lead")  # make no sense where one unit claims alone
PROJECT_ACTS = {
    "delivery": "project.report", "confirmation": "project.confirm", "feedback": "project.feedback",
    "evaluations": "project.evaluate", "milestones": "project.plan", "marks": "project.mark", "funds": "project.funds",
    "dispute": "project.dispute", "settlement": "project.settle", "evaluation-links": "project.links",
    "closure": "project.close",
}  # fmt: skip
NEW = NewProject(id="project-new", number="new")
SOME = Plain("…")  # a text where the rule wants one: what it says is for its author


async def of_claim(rehearsed: Rehearsal, claim: ClaimState) -> Verdicts:
    """All acts of a claim; those of members only where there are some."""
    found: Verdicts = {}
    parties = (*claim.parties, *(m.org for m in claim.terms.members))
    for act, action in CLAIM_ACTS.items():
        if act in JOINT and not claim.terms.members:
            continue
        work = await rehearsed.work(claim.id)
        deal = await rivals.deal(work, claim)
        bound = await bound_project(work, deal)
        barred = await four_eyes.other_side(work, action, claim)
        found[act] = await rehearsed.judged(
            work, action, _of_claim(rehearsed, act, deal, bound), parties=parties, area=claim.terms.area, public=False,
            barred=barred,
        )  # fmt: skip
    return found


def _of_claim(rehearsed: Rehearsal, act: str, deal: Deal, bound: ProjectState | None) -> Try:
    org, at, book, claim = rehearsed.org, rehearsed.at, rehearsed.book, deal.claim
    tries: dict[str, Try] = {
        "acceptance": lambda: claim_answers.accept(deal, (), org=org, note=None, project=NEW, at=at, book=book),
        "counter": lambda: _counter(rehearsed, deal),
        "refusal": lambda: claim_answers.decline(deal, org=org, reason=None, at=at),
        "joining": lambda: claim_members.join(deal, (), org=org, project=NEW, at=at, book=book),
        "declining": lambda: claim_members.refuse(deal, (), org=org, reason=None, project=NEW, at=at, book=book),
        "withdrawal": lambda: claim_answers.withdraw(deal, org=org, reason=None, at=at),
        "release": lambda: claim_endings.release(deal, bound, org=org, reason=None, at=at),
        "reinstatement": lambda: claim_answers.reinstate(deal, (), org=org, reason=None, project=NEW, at=at, book=book),
        "members": lambda: claim_members.invite(deal, org="unit-…", by=org, lines=_one_more(deal), at=at, book=book),
        "lead": lambda: claim_members.change_lead(deal, org=_successor(claim), by=org, at=at),
        "leaving": lambda: claim_members.leave(
            deal, bound, (), org=org, reason=None, project=NEW, at=at, book=book
        ),
    }  # fmt: skip
    return tries[act]


def _counter(rehearsed: Rehearsal, deal: Deal) -> object:
    """Other lines or another window; a joint claim of what has no windows leaves nothing to change."""
    claim, item = deal.claim, deal.need or deal.offer
    claim_legal.require(claim, "counter", rehearsed.org, rehearsed.at, ("proposed",))
    if not claim.terms.members or (item and item.content.windows):
        return True
    lines = tuple(replace(line, quantity=line.quantity + 1) for line in claim.terms.lines)
    return claim_answers.counter(
        deal, org=rehearsed.org, lines=lines, window=None, note=None, at=rehearsed.at, book=rehearsed.book
    )


def _one_more(deal: Deal) -> tuple[Line, ...]:
    """The least that another unit could add."""
    wanted = deal.need.content.lines if deal.need else deal.claim.terms.lines
    return (replace(wanted[0], quantity=1),)


def _successor(claim: ClaimState) -> str:
    """Who could lead: a member that has joined; the lead itself where there is none."""
    joined = [m.org for m in claim.terms.members if m.status == "joined" and not m.lead]
    others = [m.org for m in claim.terms.members if not m.lead]
    return (joined or others or [claim.terms.provider])[0]


async def of_project(rehearsed: Rehearsal, opened: ProjectState) -> Verdicts:
    """All acts of a project; "abort" is the release of its claim."""
    found: Verdicts = {}
    for act, action in PROJECT_ACTS.items():
        work = await rehearsed.work(opened.id)
        project = project_acts.as_bound(opened, await work.state(opened.claim))
        found[act] = await rehearsed.judged(
            work, action, _of_project(rehearsed, act, project),
            parties=(project.provider, project.receiver, *project.members), area=project.area, public=False,
            barred=await four_eyes.other_side(work, action, project),
        )  # fmt: skip
    claim: Any = await (await rehearsed.work(opened.claim)).state(opened.claim)
    found["abort"] = (await of_claim(rehearsed, claim))["release"]
    return found


def _of_project(rehearsed: Rehearsal, act: str, project: ProjectState) -> Try:
    org, at, book = rehearsed.org, rehearsed.at, rehearsed.book
    tries: dict[str, Try] = {
        "delivery": lambda: project_acts.report(project, org=org, lines=None, note=None),
        "confirmation": lambda: project_acts.confirm(
            project, org=org, lines=None, beneficiaries=0, note=None, at=at, book=book
        ),
        "feedback": lambda: project_acts.feed_back(project, org=org, note=SOME),
        "evaluations": lambda: project_acts.evaluate(project, org=org, score=5, note=None),
        "milestones": lambda: project_acts.plan(project, title=SOME, due=None),
        "marks": lambda: project_acts.mark(project, milestone=_next(project), met=False, due=None, note=None),
        "funds": lambda: _funds(project),
        "dispute": lambda: project_acts.dispute(project, org=org, reason=SOME),
        "settlement": lambda: project_acts.settle(
            project, by=org, outcome="resumed", lines=None, reason=None, at=at, book=book
        ),
        "evaluation-links": lambda: project_acts.may_invite_residents(project, org=org),
        "closure": lambda: project_acts.close(project, by=org, waiver=SOME),
    }  # fmt: skip
    return tries[act]


def _next(project: ProjectState) -> int:
    return next((m.id for m in project.milestones if m.status != "met"), len(project.milestones))


def _funds(project: ProjectState) -> object:
    """One fen in, or out: nothing is left to book when neither goes."""
    try:
        return project_acts.receive_funds(project, amount_fen=1, voucher=None, note=None)
    except Refused as refused:
        if refused.code != "project.over_pledged":
            raise
        return project_acts.spend_funds(project, amount_fen=1, voucher=None, note=None)
