"""How to reach a natural person: what is kept, how it is shown to those who need no more than a glance, who has it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields, replace

from domain.claim import ClaimState
from domain.events import Refused

FIELDS = {  # field -> (Chinese, English)
    "name": ("姓名", "Name"), "phone": ("电话", "Phone"), "mail": ("邮箱", "E-mail"), "wechat": ("微信", "WeChat"),
    "address": ("地址", "Address"),
}  # fmt: skip
REASONS = {  # why a coordinator looks; a closed list, since it is kept with the look
    "arrange": ("协助对接", "To bring both sides together"), "verify": ("核实情况", "To check the facts"),
    "complaint": ("处理投诉", "To handle a complaint"), "urgent": ("紧急情况", "An emergency"),
}  # fmt: skip
BOUND = ("accepted", "fulfilled")  # claims whose sides may reach each other
_MOST = {"name": 40, "phone": 30, "mail": 120, "wechat": 40, "address": 120}
_SHAPES = {
    "phone": (
        re.compile(r"\+?[0-9][0-9 ()-]{5,24}(?:[#x转][0-9]{1,6})?"),
        "电话号码只含数字、空格和横线。", "A telephone number: digits, spaces and dashes.",
    ),
    "mail": (
        re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+"),
        "邮箱形如 name@example.com。", "An address like name@example.com.",
    ),
    "wechat": (
        re.compile(r"[A-Za-z0-9_+-]{5,30}"),
        "微信号为 5–30 位字母、数字、下划线或横线。", "A WeChat id has 5 to 30 letters, digits, _ or -.",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A natural person, "" where nothing is kept."""

    name: str = ""
    phone: str = ""
    mail: str = ""
    wechat: str = ""
    address: str = ""

    @property
    def empty(self) -> bool:
        return not any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Whose contact it is: the person an organisation names for one item, or for all that have none of their own."""

    org: str
    about: str = ""  # an item; "" for all

    def __str__(self) -> str:
        return f"{self.about}/{self.org}"


def checked(contact: Contact) -> Contact:
    """As it is kept. Refused: contact.malformed, contact.empty, contact.unreachable."""
    kept = replace(contact, **{name: _tidy(name, getattr(contact, name)) for name in FIELDS})
    if kept.empty:
        raise Refused("contact.empty", "请至少填写姓名和一种联系方式。", "Give a name and one way to reach them.",
                      kind="invalid", field="name")  # fmt: skip
    if not (kept.phone or kept.mail or kept.wechat):
        raise Refused("contact.unreachable", "请填写电话、邮箱或微信中的至少一项。",
                      "Give a phone number, an e-mail address or a WeChat id.", kind="invalid", field="phone")  # fmt: skip
    return kept


def masked(contact: Contact) -> Contact:
    """Enough to tell people apart, too little to reach them: 张** 138****1234."""
    user, _, host = contact.mail.partition("@")
    return Contact(
        name=contact.name[:1] + "**" if contact.name else "", phone=_masked_phone(contact.phone),
        mail=f"{user[:1]}***@{host}" if contact.mail else "",
        wechat=f"{contact.wechat[:1]}***" if contact.wechat else "", address="***" if contact.address else "",
    )  # fmt: skip


def sides_of(claim: ClaimState) -> frozenset[str]:
    """The organisations a claim binds: nobody before it is accepted."""
    if claim.status not in BOUND:
        return frozenset()
    joined = [member.org for member in claim.terms.members if member.status == "joined"]
    return frozenset((claim.terms.provider, claim.terms.receiver, *joined))


def _tidy(name: str, typed: str) -> str:
    value = " ".join(unicodedata.normalize("NFKC", typed).split())
    if len(value) > _MOST[name] or not value.isprintable():
        zh, en = FIELDS[name]
        raise Refused("contact.malformed", f"{zh}最多 {_MOST[name]} 字。", f"{en}: at most {_MOST[name]} characters.",
                      kind="invalid", field=name)  # fmt: skip
    shape = _SHAPES.get(name)
    if value and shape and not shape[0].fullmatch(value):
        raise Refused("contact.malformed", shape[1], shape[2], kind="invalid", field=name)
    return value


def _masked_phone(phone: str) -> str:
    digits = re.sub("[^0-9]", "", phone)
    if not digits:
        return ""
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"***{digits[-2:]}"
