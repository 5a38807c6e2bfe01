"""What may be sent to the API: one model a shape, each turned into what the use case asks for."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.fields import (
    Body,
    Count,
    Day,
    FreeWord,
    Id,
    Least,
    Lines,
    Moment,
    People,
    Title,
    WindowIn,
    Windows,
    WordOrNone,
    Words,
    lines_of,
    some_lines,
    whole,
    window_of,
    windows_of,
)
from domain.calendar import Window
from domain.capacity import Line
from domain.claim_proposing import Invitation
from services.claims import ClaimDraft
from services.needs import NeedChange, NeedDraft
from services.offers import OfferChange, OfferDraft

Urgency = Annotated[int, Field(strict=True, ge=0, le=3), BeforeValidator(whole)]
Skills = Annotated[list[FreeWord], Field(max_length=50)]
Groups = Annotated[list[FreeWord], Field(max_length=50)]
Score = Annotated[int, Field(strict=True, ge=1, le=5), BeforeValidator(whole)]


class NeedIn(Body):
    """A need. `urgency` 0 (some day) to 3 (at once); without windows it has one total."""

    title: Title = Field(examples=["周末义诊志愿者"])
    category: Id = Field(examples=["health"])
    area: Id = Field(examples=["310101001001"])
    lines: Lines
    urgency: Urgency = 1
    windows: Windows = Field(default=[])
    beneficiaries: People = 0
    respond_by: Moment | None = None
    outside: FreeWord | None = Field(default=None, description="区外受益地区 / region of beneficiaries outside")
    skill: FreeWord | None = Field(default=None, description="来的人须会什么 / what somebody who comes must be able to do")
    vulnerable: bool = Field(default=False, strict=True, description="面向困难群体 / for people in difficulty")
    group: FreeWord | None = Field(default=None, description="面向的居民群体，见规则书 / a group of residents of the rule book")
    note: Words | None = None
    draft: bool = Field(default=False, strict=True)

    def asked(self) -> NeedDraft:
        return NeedDraft(
            title=self.title, category=self.category, area=self.area, lines=lines_of(self.lines), urgency=self.urgency,
            windows=windows_of(self.windows), beneficiaries=self.beneficiaries, respond_by=self.respond_by,
            outside=self.outside, note=self.note, skill=self.skill, vulnerable=self.vulnerable, group=self.group,
        )  # fmt: skip


class NeedPatch(Body):
    """Only what is to change; an empty `skill` or `group` takes it away."""

    title: Title | None = None
    lines: Lines | None = None
    urgency: Urgency | None = None
    windows: Windows | None = None
    beneficiaries: People | None = None
    respond_by: Moment | None = None
    skill: WordOrNone | None = None
    vulnerable: bool | None = Field(default=None, strict=True)
    group: WordOrNone | None = None
    note: Words | None = None

    def asked(self) -> NeedChange:
        return NeedChange(
            title=self.title, note=self.note, lines=some_lines(self.lines), urgency=self.urgency,
            windows=None if self.windows is None else windows_of(self.windows), beneficiaries=self.beneficiaries,
            respond_by=self.respond_by, skill=self.skill, vulnerable=self.vulnerable, group=self.group,
        )  # fmt: skip


class OfferIn(Body):
    """An offer. `reach`: a tier of the rule book (the area of that tier around the owner) or an area's id."""

    title: Title = Field(examples=["会议室周末开放"])
    category: Id = Field(examples=["venue"])
    lines: Lines
    reach: Id = "district"
    windows: Windows = Field(default=[])
    skills: Skills = Field(default=[], description="派来的人会什么 / what its people can do", examples=[["手语", "急救"]])
    groups: Groups = Field(default=[], description="只面向这些居民群体；空为不限 / only for these residents; none: everybody")
    minimum: Least = Field(default=0, description="一行少于此数不值得跑一趟 / fewer of a line are not worth coming for")
    note: Words | None = None
    draft: bool = Field(default=False, strict=True)

    def asked(self) -> OfferDraft:
        return OfferDraft(
            title=self.title, category=self.category, lines=lines_of(self.lines), reach=self.reach,
            windows=windows_of(self.windows), note=self.note, skills=tuple(self.skills), groups=tuple(self.groups),
            minimum=self.minimum,
        )  # fmt: skip


class OfferPatch(Body):
    """Only what is to change."""

    title: Title | None = None
    lines: Lines | None = None
    windows: Windows | None = None
    skills: Skills | None = None
    groups: Groups | None = None
    minimum: Least | None = None
    note: Words | None = None

    def asked(self) -> OfferChange:
        windows = None if self.windows is None else windows_of(self.windows)
        return OfferChange(
            title=self.title, note=self.note, lines=some_lines(self.lines), windows=windows, minimum=self.minimum,
            skills=None if self.skills is None else tuple(self.skills),
            groups=None if self.groups is None else tuple(self.groups),
        )  # fmt: skip


class MemberIn(Body):
    """A unit that is to join a joint claim, with what it commits."""

    org: Id
    lines: Lines


class ClaimIn(Body):
    """A unit claims a need with lines that it commits (citing an offer uses that offer's capacity); a committee claims
    an offer with lines that it wants (citing a need counts towards it). `members`: the other units of a joint claim."""

    need: Id | None = None
    offer: Id | None = None
    lines: Lines
    window: WindowIn | None = None
    note: Words | None = None
    members: list[MemberIn] = Field(default=[], max_length=50)
    respond_by: Moment | None = None

    def asked(self) -> ClaimDraft:
        return ClaimDraft(
            need=self.need, offer=self.offer, lines=lines_of(self.lines), window=window_of(self.window), note=self.note,
            members=tuple(Invitation(org=m.org, lines=lines_of(m.lines)) for m in self.members),
            respond_by=self.respond_by,
        )  # fmt: skip


class ActIn(Body):
    """What every act takes; an act that needs none of it takes an empty body too."""

    reason: Words | None = None
    lines: Lines | None = None
    window: WindowIn | None = None
    note: Words | None = None

    def why(self) -> str | None:
        """The reason, and the note under it when there are both."""
        return "\n".join(text for text in (self.reason, self.note) if text) or None

    def remark(self) -> str | None:
        """The note, and the reason under it when there are both."""
        return "\n".join(text for text in (self.note, self.reason) if text) or None

    def own_lines(self) -> tuple[Line, ...] | None:
        return some_lines(self.lines)

    def own_window(self) -> Window | None:
        return window_of(self.window)


class MergeIn(ActIn):
    into: Id = Field(description="进行中的需求 / the need that stays")


class LeadIn(ActIn):
    org: Id


class InviteIn(ActIn):
    org: Id
    lines: Lines


class MilestoneIn(ActIn):
    title: Title
    due: Day | None = None


class MarkIn(ActIn):
    """A milestone that slips: to when."""

    due: Day | None = None


class ConfirmIn(ActIn):
    beneficiaries: People = 0


class SettleIn(ActIn):
    """resumed: back to work; delivered: `lines` count as confirmed; failed: nothing does."""

    outcome: Literal["resumed", "delivered", "failed"] | None = None


class FundsLine(Body):
    kind: Literal["received", "spent"]
    quantity: Count
    unit: Literal["分", "fen"]


class FundsIn(Body):
    """Money that has arrived or was spent, in fen: kind and amount_fen, or one line that says the same."""

    kind: Literal["received", "spent"] | None = None
    amount_fen: Count | None = None
    voucher: str | None = Field(default=None, pattern="^[0-9a-f]{64}$", description="sha256 of the voucher 凭证")
    lines: Annotated[list[FundsLine], Field(min_length=1, max_length=1)] | None = None
    reason: Words | None = None
    window: WindowIn | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.lines is None) == (self.kind is None) or (self.kind is None) != (self.amount_fen is None):
            raise PydanticCustomError("funds", "kind and amount_fen, or one line")
        return self

    def booked(self) -> tuple[str, int]:
        """("received" or "spent", fen)."""
        if self.lines is not None:
            return self.lines[0].kind, self.lines[0].quantity
        assert self.kind is not None
        assert self.amount_fen is not None
        return self.kind, self.amount_fen

    def remark(self) -> str | None:
        return "\n".join(text for text in (self.note, self.reason) if text) or None


class EvaluationIn(ActIn):
    score: Score


class ResidentEvaluation(Body):
    """A resident's word through a one-time link: the token is the credential."""

    token: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,600}$")
    score: Score
    note: Words | None = None


class LinksIn(ActIn):
    count: Annotated[int, Field(strict=True, ge=1, le=1000), BeforeValidator(whole)] = 1
