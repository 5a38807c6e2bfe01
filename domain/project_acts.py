"""The life of a project: milestones, delivery, confirmation, money, disputes, feedback, evaluation, closing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from domain.capacity import Line, check_lines, check_people
from domain.claim import ClaimState
from domain.events import Event, Refused, Text
from domain.project import (
    DeliveryConfirmed,
    DeliveryReported,
    Disputed,
    Evaluated,
    FundsReceived,
    FundsSpent,
    MilestoneMet,
    MilestonePlanned,
    MilestoneSlipped,
    ProjectClosed,
    ProjectState,
    ResultFedBack,
    Settled,
)
from domain.rules import RuleBook

DONE = ("confirmed", "settled")
_ACTS = {
    "active": ("milestones", "dispute", "funds"), "reported": ("milestones", "dispute", "funds"),
    "confirmed": ("dispute", "funds"), "settled": ("funds",), "disputed": ("funds",),
}  # fmt: skip


def plan(project: ProjectState, *, title: Text, due: date | None) -> tuple[Event, ...]:
    _require(project, "milestones", ("active", "reported"))
    return (MilestonePlanned(milestone=len(project.milestones) + 1, title=title, due=due),)


def mark(project: ProjectState, *, milestone: int, met: bool, due: date | None, note: Text | None) -> tuple[Event, ...]:
    """A planned milestone is met, or slips to another day."""
    _require(project, "milestones", ("active", "reported", "disputed"))
    found = [m for m in project.milestones if m.id == milestone]
    if not found:
        raise Refused(
            "project.no_milestone", f"没有第 {milestone} 个里程碑。", f"There is no milestone {milestone}.",
            kind="invalid", field="milestone",
        )  # fmt: skip
    if found[0].status == "met":
        return ()
    if met:
        return (MilestoneMet(milestone=milestone, note=note),)
    return (MilestoneSlipped(milestone=milestone, due=due, note=note),)


def report(project: ProjectState, *, org: str, lines: tuple[Line, ...] | None, note: Text | None) -> tuple[Event, ...]:
    """The provider says what was delivered; without lines, all that was promised."""
    _side(project, org, "provider", "delivery")
    _require(project, "delivery", ("active",))
    delivered = lines or project.lines
    check_lines(delivered)
    _within(project, delivered)
    return (DeliveryReported(by=org, lines=delivered, note=note),)


def confirm(
    project: ProjectState, *, org: str, lines: tuple[Line, ...] | None, beneficiaries: int, note: Text | None,
    at: datetime, book: RuleBook,
) -> tuple[Event, ...]:  # fmt: skip
    """The receiver says what arrived; never the one who reported it."""
    _side(project, org, "receiver", "confirmation")
    _require(project, "confirmation", ("reported",))
    arrived = lines or project.reported
    check_lines(arrived)
    _within(project, arrived)
    check_people(beneficiaries)
    until = at + timedelta(days=book.clocks.link_days)
    return (DeliveryConfirmed(by=org, lines=arrived, beneficiaries=beneficiaries, links_until=until, note=note),)


def dispute(project: ProjectState, *, org: str, reason: Text | None) -> tuple[Event, ...]:
    _party(project, org, "dispute")
    _require(project, "dispute", ("active", "reported", "confirmed"))
    if reason is None:
        raise Refused(
            "reason.required", "请写明争议的理由。", "Say why it is disputed.", kind="invalid", field="reason"
        )
    return (Disputed(by=org, reason=reason),)


def settle(
    project: ProjectState, *, by: str, outcome: str | None, lines: tuple[Line, ...] | None, reason: Text | None,
    at: datetime, book: RuleBook,
) -> tuple[Event, ...]:  # fmt: skip
    """By a coordinator, or by the side that did not raise it. outcome: resumed, delivered or failed; with lines and no
    outcome, those lines count as delivered."""
    _require(project, "settlement", ("disputed",))
    side = project.side_of(by)
    if by == project.disputed_by or (side is not None and side == project.disputing_side):
        raise Refused(
            "project.own_dispute", "提出争议的一方不能自行裁定，请由对方或上级协调员办理。",
            "Whoever raised the dispute does not settle it: the other side or a coordinator does.", kind="forbidden",
        )  # fmt: skip
    outcome = outcome or ("delivered" if lines else "resumed")
    if outcome not in ("resumed", "delivered", "failed"):
        raise Refused(
            "project.outcome", "结果须为 resumed（继续）、delivered（按交付）或 failed（未交付）。",
            "The outcome is resumed, delivered or failed.", kind="invalid", field="outcome",
        )  # fmt: skip
    if outcome == "delivered" and side == "provider":
        raise Refused(
            "project.own_work", "提供方不能自行认定已交付，请由接收方或上级协调员裁定。",
            "The provider does not confirm its own work: the receiver or a coordinator settles it as delivered.",
            kind="forbidden",
        )  # fmt: skip
    if outcome != "resumed" and project.before_dispute == "confirmed":
        raise Refused(
            "project.already_confirmed", "交付已确认，只能以 resumed 结束争议；余下问题请另行提出需求。",
            "Delivery was confirmed: settle as resumed; what is left is a new need.", kind="invalid", field="outcome",
        )  # fmt: skip
    counted = (lines or project.reported or project.lines) if outcome == "delivered" else ()
    if counted:
        check_lines(counted)
    _within(project, counted)
    until = at + timedelta(days=book.clocks.link_days)
    return (Settled(by=by, outcome=outcome, lines=counted, links_until=until, reason=reason),)


def receive_funds(project: ProjectState, *, amount_fen: int, voucher: str | None, note: Text | None) -> tuple[Event, ...]:
    """Money that has really arrived; never more than was pledged."""
    _money(project, amount_fen)
    if project.received_fen + amount_fen > project.pledged_fen:
        raise Refused(
            "project.over_pledged", f"到账合计不能超过承诺的 {project.pledged_fen} 分；追加请另行认领。",
            f"No more can arrive than the {project.pledged_fen} fen pledged; make another claim for more.",
            kind="invalid", field="amount_fen",
        )  # fmt: skip
    return (FundsReceived(amount_fen=amount_fen, voucher=voucher, note=note),)


def spend_funds(project: ProjectState, *, amount_fen: int, voucher: str | None, note: Text | None) -> tuple[Event, ...]:
    """Money used, never more than has arrived."""
    _money(project, amount_fen)
    if project.spent_fen + amount_fen > project.received_fen:
        left = project.received_fen - project.spent_fen
        raise Refused(
            "project.over_received", f"账上只有 {left} 分，不能支出 {amount_fen} 分。",
            f"Only {left} fen are there; {amount_fen} cannot be spent.", kind="invalid", field="amount_fen",
        )  # fmt: skip
    return (FundsSpent(amount_fen=amount_fen, voucher=voucher, note=note),)


def feed_back(project: ProjectState, *, org: str, note: Text | None) -> tuple[Event, ...]:
    """The one who heard the need tells the asker what came of it."""
    _side(project, org, "receiver", "feedback")
    if project.fed_back:
        return ()
    _require(project, "feedback", DONE)
    if note is None:
        raise Refused(
            "note.required", "请写明反馈的内容。", "Say what was fed back to the asker.", kind="invalid", field="note"
        )
    return (ResultFedBack(by=org, note=note),)


def evaluate(project: ProjectState, *, org: str, score: int, note: Text | None) -> tuple[Event, ...]:
    """Each side once, about the other's part; score 1–5."""
    side = project.side_of(org)
    _party(project, org, "evaluations")
    _require(project, "evaluations", DONE)
    _score(score)
    if any(role == side for role, _ in project.evaluations):
        raise Refused("project.evaluated", "贵方已评价过。", "Your side has evaluated already.")
    return (Evaluated(role=side or "", score=score, by=org, note=note),)


def evaluate_by_link(
    project: ProjectState, *, link: str, score: int, note: Text | None, at: datetime, book: RuleBook
) -> tuple[Event, ...]:
    """A resident's word; `link` is the sha256 of the one-time token and works once, until its day; not more of them than
    the rule book lets a project have."""
    _score(score)
    if link in project.used_links:
        raise Refused("link.used", "这个链接已经用过，谢谢您的评价。", "This link was used already. Thank you.", kind="gone")
    if project.status not in (*DONE, "closed") or project.links_until is None or at >= project.links_until:
        raise Refused("link.expired", "这个链接已过期。", "This link has expired.", kind="gone")
    if len(project.used_links) >= book.limits.links:
        raise Refused("link.too_many", "这个项目的评价名额已用完。", "All links of this project are used.", kind="gone")
    return (Evaluated(role="resident", score=score, link=link, note=note),)


def may_invite_residents(project: ProjectState, *, org: str) -> None:
    """The receiver asks its residents, once delivery is confirmed."""
    _side(project, org, "receiver", "evaluation-links")
    if project.links_until is None:
        raise Refused(
            "project.wrong_state", "交付确认之后才能邀请居民评价。", "Residents are asked once delivery is confirmed.",
            legal=legal(project, org),
        )  # fmt: skip


def close(project: ProjectState, *, by: str, waiver: Text | None) -> tuple[Event, ...]:
    """Fed back and evaluated by both sides, or with the reason why not."""
    if project.status == "closed":
        return ()
    _require(project, "closure", DONE)
    roles = {role for role, _ in project.evaluations}
    missing = [] if project.fed_back else ["feedback"]
    missing += [] if {"provider", "receiver"} <= roles else ["evaluations"]
    if missing and waiver is None:
        raise Refused(
            "project.unfinished", "尚缺反馈或双方评价；如确需办结，请写明理由（reason）。",
            f"Still missing: {', '.join(missing)}. To close all the same, give a reason.", legal=tuple(missing),
        )  # fmt: skip
    return (ProjectClosed(by=by, waiver=waiver if missing else None),)


def legal(project: ProjectState, org: str) -> tuple[str, ...]:
    """The acts that `org` may do now."""
    side = project.side_of(org)
    if side is None:
        return ()
    found = list(_ACTS.get(project.status, ()))
    if project.status == "active" and side == "provider":
        found = ["delivery", *found]
    if project.status == "reported" and side == "receiver":
        found = ["confirmation", *found]
    if project.status in DONE:
        found = ["evaluations", "closure", *found]
        found += ["feedback", "evaluation-links"] if side == "receiver" else []
    if project.status == "disputed" and side != project.disputing_side:
        found = ["settlement", *found]
    if project.pledged_fen == 0 or project.outcome == "failed":
        found = [act for act in found if act != "funds"]
    return tuple(found)


def as_bound(project: ProjectState, claim: ClaimState) -> ProjectState:
    """The project with those who are still in its claim: a member who left neither owes nor speaks any more."""
    return replace(
        project, provider=claim.terms.provider, members=tuple(org for org, _ in claim.shares), lines=claim.lines
    )


def _require(project: ProjectState, act: str, states: tuple[str, ...]) -> None:
    if project.status not in states:
        raise Refused(
            "project.wrong_state", f"项目 {project.number} 现为“{project.status}”，不能办理。",
            f"Project {project.number} is {project.status}: {act} is not possible now.",
            legal=tuple(dict.fromkeys(legal(project, project.receiver) + legal(project, project.provider))),
        )  # fmt: skip


def _side(project: ProjectState, org: str, side: str, act: str) -> None:
    if project.side_of(org) != side:
        who, en = ("提供方", "provider") if side == "provider" else ("接收方", "receiver")
        raise Refused(
            "project.not_yours", f"这一步须由{who}办理：谁也不能确认自己的工作。",
            f"The {en} does this ({act}): nobody confirms their own work.", kind="forbidden",
            legal=legal(project, org),
        )  # fmt: skip


def _party(project: ProjectState, org: str, act: str) -> None:
    if project.side_of(org) is None:
        raise Refused(
            "project.not_yours", "这一步须由项目双方办理。", f"The two sides of the project do this ({act}).", kind="forbidden"
        )


def _within(project: ProjectState, lines: tuple[Line, ...]) -> None:
    """No line beyond the promise."""
    for line in lines:
        promised = [p for p in project.lines if p.unit == line.unit and (p.kind == line.kind or len(project.lines) == 1)]
        if not promised or line.quantity > promised[0].quantity:
            raise Refused(
                "project.over_promise", f"“{line.kind}”超出承诺的数量；多给的部分请另行认领。",
                f"“{line.kind}” is beyond what was promised: make another claim for the rest.", kind="invalid", field="lines",
            )  # fmt: skip


def _money(project: ProjectState, amount_fen: int) -> None:
    if project.pledged_fen == 0:
        raise Refused(
            "project.no_money", "这个项目没有资金承诺（单位为“分”的明细）。",
            "No money was pledged in this project (a line with unit 分).",
        )  # fmt: skip
    if amount_fen <= 0:
        raise Refused("money.amount", "金额须大于零，单位为分。", "The amount is above zero, in fen.", kind="invalid", field="amount_fen")
    _require(project, "funds", () if project.outcome == "failed" else tuple(_ACTS))


def _score(score: int) -> None:
    if not 1 <= score <= 5:
        raise Refused("evaluation.score", "评分为 1–5 分。", "A score is 1 to 5.", kind="invalid", field="score")
