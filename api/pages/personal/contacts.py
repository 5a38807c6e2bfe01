"""How to reach the people of an item: masked on its page, filled in on a form, shown in full on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request, Response

from api.auth import person
from api.errors import TABLE
from api.pages.forms import Form, blank, form_of, gone_on, someone, wrong_fields
from api.pages.personal.stores import personal_of
from api.pages.places import engine_of, names
from api.pages.site import Site, link, tongue
from domain.contact import FIELDS, REASONS, Contact
from domain.events import Refused
from services.contacts import Glance

MOST_ID = 200  # characters of an item or organisation in an address


@dataclass(frozen=True, slots=True)
class Box:
    """A contact as a page shows it: `lines` are (word, value), masked."""

    org: str
    name: str
    glance: Glance
    lines: tuple[tuple[str, str], ...]
    edit: str
    reasons: tuple[tuple[str, str], ...]


async def contact_boxes(request: Request, item: str) -> list[Box]:
    """For `personal/contact_box.html`: the people of a need, offer, claim or project that its reader may know of."""
    principal, personal = person(request), getattr(request.app.state, "personal", None)
    if principal is None or personal is None:
        return []
    glances = await personal.contacts.around(principal, item)
    called = await names(engine_of(request), [glance.subject.org for glance in glances], None)
    return [_box(request, item, called[glance.subject.org], glance) for glance in glances]


def add(router: APIRouter, site: Site) -> None:
    @router.api_route("/contacts", methods=["GET", "HEAD"])
    async def contact(request: Request, about: str = "", org: str = "") -> Response:
        """The form of one's own contact; what is kept is shown masked and not filled in."""
        return await _form(request, site, about[:MOST_ID], org[:MOST_ID], None)

    @router.post("/contacts")
    async def keep(request: Request) -> Response:
        who, form = someone(request), await form_of(request)
        contact = Contact(**{name: form[name] for name in FIELDS})
        try:
            await personal_of(request).contacts.put(who, form["org"] or who.org, contact, form["about"])
        except Refused as refused:
            if refused.kind != "invalid":
                raise
            wrong = wrong_fields(refused, zh=tongue(request).lang == "zh")
            again = Form(form.fields, wrong, form.key)
            return await _form(request, site, form["about"], form["org"], again, TABLE[refused.kind].status)
        return gone_on(back_to(form["about"], form["org"]), "saved")

    @router.post("/contacts/reveal")
    async def reveal(request: Request) -> Response:
        """In the answer itself, never in an address; the look is recorded first."""
        who, form = someone(request), await form_of(request)
        about, org = form["about"], form["org"]
        found = await personal_of(request).contacts.reveal(who, org, about, reason=form["reason"])
        called = await names(engine_of(request), [org], None)
        page = site.page(
            request, "personal/contact_shown", lines=lines_of(request, found), org_name=called[org], phone=found.phone,
            back=back_to(about, org),
        )  # fmt: skip
        page.headers["Cache-Control"] = "no-store"
        return page


def lines_of(request: Request, contact: Contact) -> tuple[tuple[str, str], ...]:
    """(word, value) of each field that is there."""
    word = 0 if tongue(request).lang == "zh" else 1
    return tuple((FIELDS[name][word], value) for name, value in asdict(contact).items() if value)


def back_to(about: str, org: str) -> str:
    """The page that the contact belongs to."""
    kind = about.partition("-")[0]
    if kind in ("need", "offer", "claim", "project"):
        return f"/{kind}s/{about}"
    return link("/contacts", org=org)


async def _form(request: Request, site: Site, about: str, org: str, form: Form | None, status: int = 200) -> Response:
    who = someone(request)
    org = org or who.org
    glance = await personal_of(request).contacts.own(who, org, about)
    called = await names(engine_of(request), [org], None)
    page = site.page(
        request, "personal/contact_form", status=status, form=form or blank(), about=about, org=org, org_name=called[org],
        box=_box(request, about, called[org], glance), back=back_to(about, org) if about else "",
    )  # fmt: skip
    page.headers["Cache-Control"] = "no-store"
    return page


def _box(request: Request, item: str, name: str, glance: Glance) -> Box:
    word = 0 if tongue(request).lang == "zh" else 1
    reasons: Sequence[tuple[str, str]] = [(code, words[word]) for code, words in REASONS.items()]
    return Box(
        org=glance.subject.org, name=name, glance=glance,
        lines=lines_of(request, glance.masked) if glance.masked else (),
        edit=link("/contacts", about=item, org=glance.subject.org),
        reasons=tuple(reasons) if glance.needs_reason else (),
    )  # fmt: skip
