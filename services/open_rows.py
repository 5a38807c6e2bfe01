"""What everybody may know of an item: without notes, and without the names of those who only asked."""

from __future__ import annotations

from dataclasses import dataclass

from services.command import kind_of
from services.read_ports import Doc

STANDING = ("accepted", "fulfilled")  # claims whose two sides are public
HIDDEN = ("note", "disputed_by", "links_until", "evaluations", "milestones")  # of lists that anybody may take away


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRow:
    """`orgs`: who asks or gives, first the giver; `href`: the page of the item, or of what it is about."""

    kind: str
    id: str
    number: str
    status: str
    title: str | None
    orgs: tuple[str, ...]
    href: str | None
    hidden: bool = False  # it counts, and is not for everybody


def open_row(doc: Doc) -> OpenRow:
    """Of the document of a need, offer, claim, project or unit."""
    kind, id = kind_of(doc["id"]), doc["id"]
    if kind in ("need", "offer"):
        return _item(kind, doc)
    if kind in ("claim", "project"):
        about = doc["need"] or doc["offer"]
        named = doc["status"] in STANDING if kind == "claim" else doc["status"] != "aborted"
        return OpenRow(
            kind=kind, id=id, number=doc["number"], status=doc["status"], title=doc["title"],
            orgs=(doc["provider"], doc["receiver"]) if named else (), href=f"/{kind_of(about)}s/{about}" if about else None,
        )  # fmt: skip
    return OpenRow(
        kind=kind, id=id, number=doc["number"], status=doc["status"], title=doc["title"], orgs=(), href=f"/orgs/{id}"
    )


def _item(kind: str, doc: Doc) -> OpenRow:
    if not doc["public"]:
        return OpenRow(
            kind=kind, id=doc["id"], number="", status=doc["status"], title=None, orgs=(), href=None, hidden=True
        )
    return OpenRow(
        kind=kind, id=doc["id"], number=doc["number"], status=doc["status"], title=doc["title"], orgs=(doc["owner"],),
        href=f"/{kind}s/{doc['id']}",
    )  # fmt: skip


def open_doc(doc: Doc) -> Doc:
    """The document without what is for its parties alone."""
    return {name: value for name, value in doc.items() if name not in HIDDEN}
