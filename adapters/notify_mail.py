"""E-mail over SMTP: plain text, one message at a time, in a thread of its own."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from domain.events import Refused
from services.notice_ports import Channel, Letter, NotSent
from services.ports import Clock

TIMEOUT_S = 20
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,200}[A-Za-z0-9])?")


class Mail:
    """`url` is smtp[s]://user:password@host:port, "" where nobody has set up mail; `sender` the From address."""

    def __init__(self, url: str, sender: str, clock: Clock) -> None:
        """Raises ValueError when the settings cannot be meant."""
        self._clock, self._sender = clock, sender
        self._parts = urlsplit(url) if url else None
        if self._parts is not None and (self._parts.scheme not in ("smtp", "smtps") or not self._parts.hostname):
            raise ValueError("RENLING_SMTP_URL 须为 smtp[s]://user:pass@host:port / must be smtp[s]://user:pass@host:port")
        if self._parts is not None and not _ADDRESS.fullmatch(sender):
            raise ValueError("RENLING_MAIL_FROM 须为发件地址 / must be the address that mail comes from")

    def check(self, channel: Channel) -> None:
        if self._parts is None:
            raise Refused(
                "channel.no_mail", "这里没有设置邮件服务器，请管理员设置 RENLING_SMTP_URL。",
                "No mail server is set up here: an administrator sets RENLING_SMTP_URL.", kind="invalid", field="kind",
            )  # fmt: skip
        if not _ADDRESS.fullmatch(channel.address):
            raise Refused(
                "channel.address", "邮箱地址不正确，例如 office@example.cn。",
                "That is no e-mail address, such as office@example.cn.", kind="invalid", field="address",
            )  # fmt: skip

    async def send(self, channel: Channel, letter: Letter, message_id: str) -> None:
        try:
            self.check(channel)
        except Refused as refused:
            raise NotSent(refused.code, final=True) from refused
        try:
            await asyncio.to_thread(self._send, self._written(channel, letter, message_id))
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise NotSent(f"recipient refused: {code}", final=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"SMTP {error.smtp_code}", final=False) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"{type(error).__name__}: {error}"[:200]) from error

    def _written(self, channel: Channel, letter: Letter, message_id: str) -> EmailMessage:
        """The id stays the same when it is sent again, so that mailboxes can drop the second one."""
        message = EmailMessage()
        message["From"] = Address("认领 Renling", addr_spec=self._sender)
        message["To"] = Address(addr_spec=channel.address)
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(self._clock.now())
        message["Message-ID"] = f"<{message_id}@{self._sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        lines = [f"{text}\n{href}\n" for text, href in letter.lines]
        message.set_content("\n".join([*lines, "-- ", f"{letter.foot[0]} {letter.foot[1]}"]) + "\n")
        return message

    def _send(self, message: EmailMessage) -> None:
        assert self._parts is not None
        host, secure = self._parts.hostname or "", self._parts.scheme == "smtps"
        if secure:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self._parts.port or 465, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, self._parts.port or 25, timeout=TIMEOUT_S)
        with server:
            server.ehlo()
            if not secure and server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
                secure = True
            if self._parts.username:
                if not secure:
                    raise smtplib.SMTPException("the server offers no TLS: the password is not sent")
                server.login(unquote(self._parts.username), unquote(self._parts.password or ""))
            server.send_message(message)
