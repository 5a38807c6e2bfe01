"""Forms of the pages: what was typed as a command, and back onto the page with what is wrong beside its field."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError
from starlette.responses import RedirectResponse

from api.auth import person
from api.errors import TABLE
from api.pages.site import LogIn, link, tongue
from api.validation import found_wrong, refusal
from domain.access import Principal
from domain.events import Refused
from services.command import Ask, Done
from services.ports import Conflict, StoreUnavailable

MOST_FIELDS = 400
NUMBERS = frozenset({"quantity", "urgency", "beneficiaries", "score", "amount_fen", "households", "headcount", "minimum", "engagements"})
SENT_BEFORE = Refused(
    "form.sent_before", "这份表单已经提交过一次。要再提交一份，请再按一次按钮。",
    "This form has been sent once already. To send another one, press the button again.",
)  # fmt: skip
NOT_NOW = Refused(
    "form.not_now", "暂时不能保存。填写的内容都在，请稍后再按一次按钮；不会重复办理。",
    "It cannot be saved right now. What you typed is still here: press the button again in a moment; nothing is done twice.",
    kind="unavailable",
)  # fmt: skip
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_VERSION = re.compile(r"[0-9]{1,15}", re.ASCII)

Read = TypeVar("Read", bound=BaseModel)


class Sentences(dict[str, str]):
    """field -> what is wrong with it; nothing is wrong with the others."""

    def __missing__(self, name: str) -> str:
        return ""


class NotRead(Exception):
    """What was typed cannot be read. `errors()` are as pydantic has them: type, loc, ctx."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(f"{len(errors)} wrong")
        self._errors = tuple(errors)

    def errors(self) -> Sequence[Mapping[str, Any]]:
        return self._errors


Wrong = Refused | ValidationError | NotRead


@dataclass(frozen=True, slots=True)
class Form:
    """Fields as they were typed, NAME or NAME-0-PART for lists. Names that begin with _ are the form's own."""

    fields: Mapping[str, str]
    wrong: Sentences = field(default_factory=Sentences)  # field -> sentence; "" for the whole form
    key: str = ""
    next: str = ""  # the field that is filled in next

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def rows(self, name: str, least: int = 1) -> list[int]:
        """The numbers of a list's rows that were typed, at least so many."""
        found = {int(m[1]) for each in self.fields if (m := re.fullmatch(rf"{name}-(\d{{1,3}})-.+", each, re.ASCII))}
        return sorted(found | set(range(least)))

    def read(self, model: type[Read], **more: Any) -> Read:
        """What was typed as a body of the API; blank fields are left out. Raises ValidationError."""
        return model.model_validate({**nested(self.fields), **more})


async def form_of(request: Request) -> Form:
    """The fields of a posted form, the last of a name counting; files are not among them."""
    sent = await request.form(max_fields=MOST_FIELDS, max_files=0)
    fields = {name: value for name, value in sent.multi_items() if isinstance(value, str)}
    return Form(fields, key=fields.get("_key", ""))


def blank(**fields: str) -> Form:
    """A form to be filled in, with some fields filled already."""
    return Form(fields, key=fresh_key())


def fresh_key() -> str:
    """Names the act that a form is going to ask for, so that sending it twice does it once."""
    return secrets.token_urlsafe(16)


def someone(request: Request) -> Principal:
    """Who is logged in. Raises LogIn: the page is shown after log-in."""
    found = person(request)
    if found is None:
        raise LogIn
    return found


def asking_by_form(request: Request, form: Form) -> Ask:
    """The command of a form: `_key` names it, `_version` is the version it was filled in on, `_for` and `_basis` say
    for whom one acts and on what basis. Raises LogIn."""
    principal = someone(request)
    if not _KEY.fullmatch(form.key):
        raise Refused(
            "form.key_missing", "表单已失效，请刷新页面后重填。", "This form is out of date: reload the page.", kind="malformed"
        )
    typed = "\n".join(f"{name}={value}" for name, value in sorted(form.fields.items()))
    mark = hashlib.sha256(f"FORM {request.url.path}\n{typed}".encode()).hexdigest()
    version = form["_version"]
    return Ask(
        principal=principal, key=f"form-{form.key}", fingerprint=mark,
        if_match=int(version) if _VERSION.fullmatch(version) else None,
        on_behalf_of=form["_for"] or None, basis=form["_basis"] or None if form["_for"] else None,
    )  # fmt: skip


async def answered(
    request: Request, form: Form, act: Callable[[], Awaitable[Done]], *, then: Callable[[Done], str],
    again: Callable[[Form, int], Awaitable[Response]], said: str = "",
) -> Response:  # fmt: skip
    """Does what the form asks for and goes on to the page `then`; when it is refused, the form is shown `again` with what
    was typed, what is wrong, and the refusal's status. `said`: a key of words.DONE."""
    try:
        done = await act()
    except (Refused, ValidationError, NotRead, StoreUnavailable, Conflict) as failure:
        error = NOT_NOW if isinstance(failure, StoreUnavailable | Conflict) else failure
        refused = error if isinstance(error, Refused) else refusal(error.errors())
        if refused.kind == "missing":
            raise
        key, said_wrong = form.key or fresh_key(), error
        if refused.code == "command.misused":  # the page was gone back to and changed after it had been sent
            key, said_wrong = fresh_key(), SENT_BEFORE
        wrong = wrong_fields(said_wrong, zh=tongue(request).lang == "zh")
        return await again(Form(form.fields, wrong, key), TABLE[refused.kind].status)
    return gone_on(then(done), said, done.position)


def gone_on(path: str, said: str = "", position: int | None = None) -> Response:
    """On to another page, which says what was done and shows at least this position."""
    return RedirectResponse(link(path, done=said, seen=position), 303)


def wrong_fields(error: Wrong, *, zh: bool) -> Sentences:
    """field of the form -> sentence."""
    if isinstance(error, Refused):
        return Sentences({_typed_name(error.field or ""): error.zh if zh else error.en})
    found = {_typed_name(each["field"]): each["zh" if zh else "en"] for each in found_wrong(error.errors())}
    return Sentences(found)


def seen(request: Request) -> int | None:
    """The position that this page must at least show, after a form."""
    asked = request.query_params.get("seen", "")
    return int(asked) if _VERSION.fullmatch(asked) else None


def nested(fields: Mapping[str, str]) -> dict[str, Any]:
    """{"lines-0-kind": "x"} to {"lines": [{"kind": "x"}]}; rows left blank altogether are no rows."""
    found: dict[str, Any] = {}
    rows: dict[str, dict[int, dict[str, Any]]] = {}
    for name, value in fields.items():
        if name.startswith("_") or not value.strip():
            continue
        if match := re.fullmatch(r"(\w+)-(\d{1,3})-(\w+)", name, re.ASCII):
            rows.setdefault(match[1], {}).setdefault(int(match[2]), {})[match[3]] = _value(match[3], value.strip())
        else:
            found[name] = _value(name, value.strip())
    return {**found, **{name: [each[n] for n in sorted(each)] for name, each in rows.items()}}


def _value(name: str, typed: str) -> Any:
    """Numbers as numbers, also with 1,000s commas and in full width; what is none is refused by the body."""
    plain = unicodedata.normalize("NFKC", typed).replace(",", "")
    return int(plain) if name in NUMBERS and re.fullmatch(r"-?\d{1,15}", plain, re.ASCII) else typed


def _typed_name(name: str) -> str:
    """lines[0].quantity -> lines-0-quantity."""
    name = {"on_behalf_of": "_for", "basis": "_basis"}.get(name, name)
    return re.sub(r"\[(\d+)\]\.?", r"-\1-", name).strip("-").replace(".", "-")
