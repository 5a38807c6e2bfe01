"""One connection to the broker, and the answers that are awaited on it.

nats-py leaves requests pending when a connection breaks and re-sends in another order after it has healed. So a link
never heals: when it is lost, everything awaited on it fails at once, and its user opens another and looks again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError, NoServersError

FLOOR = (2, 12)
CLOSE_S = 1.0

Headers = dict[str, str]
Answer = asyncio.Future[Msg | None]

logger = logging.getLogger(__name__)


class Broker(Protocol):
    """Where the broker is and what we may do to it."""

    owned: bool  # True: ours alone, so a damaged copy may be deleted and the server restarted
    replicas: int

    def connect_options(self) -> dict[str, Any]: ...

    async def restart(self) -> None: ...


class BrokerTrouble(Exception):
    """Something that another try may heal."""


class Unreachable(BrokerTrouble):
    """Nobody listens, or the link was lost."""


class Silent(BrokerTrouble):
    """The server is there and does not answer."""


class Rejected(BrokerTrouble):
    """The server said no. `code` is JetStream's err_code, or the status of a bare answer (503: no such thing)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


class Unfit(Exception):
    """This broker cannot be used, or cannot take this; somebody has to act."""


class Link:
    """Use through `open_link`."""

    def __init__(self, client: Client, timeout_s: float) -> None:
        self.client, self.timeout_s = client, timeout_s
        self.lost = asyncio.Event()
        self._inbox = client.new_inbox()
        self._asked = 0
        self._open: dict[str, Answer] = {}
        self._on_loss: list[Callable[[], None]] = []

    async def send(self, subject: str, body: bytes, headers: Headers | None = None) -> Answer:
        """Publish; the future holds the answer, or None when the link is lost first."""
        self._asked += 1
        reply = f"{self._inbox}.{self._asked}"
        answer: Answer = asyncio.get_running_loop().create_future()
        self._open[reply] = answer
        answer.add_done_callback(lambda _: self._open.pop(reply, None))
        await self.publish(subject, body, reply, headers)
        return answer

    async def publish(self, subject: str, body: bytes, reply: str = "", headers: Headers | None = None) -> None:
        try:
            await self.client.publish(subject, body, reply, headers)
        except MaxPayloadError as e:
            most = self.client.max_payload
            raise Unfit(f"消息超过消息服务器的上限 {most} 字节 / larger than the broker's limit of {most} bytes") from e
        except (NatsError, OSError) as e:
            raise Unreachable(repr(e)) from e

    async def request(self, subject: str, body: bytes, headers: Headers | None = None) -> dict[str, Any]:
        """The JSON answer. Raises Rejected, Silent, Unreachable."""
        return (await self.answers([await self.send(subject, body, headers)]))[0]

    async def answers(self, sent: list[Answer]) -> list[dict[str, Any]]:
        """All JSON answers in the order of sending; the first refusal is raised."""
        _, late = await asyncio.wait(sent, timeout=self.timeout_s)
        for one in late:
            one.cancel()
        return [_json(one) for one in sent]

    async def api(self, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call of the JetStream API, e.g. `STREAM.INFO.EVENTS`."""
        return await self.request(f"$JS.API.{verb}", json.dumps(body).encode() if body is not None else b"")

    async def subscribe(self, subject: str, take: Callable[[Msg], Awaitable[None]]) -> None:
        try:
            await self.client.subscribe(subject, cb=take)
        except (NatsError, OSError) as e:
            raise Unreachable(repr(e)) from e

    def when_lost(self, tell: Callable[[], None]) -> None:
        self._on_loss.append(tell)

    async def _answered(self, msg: Msg) -> None:
        waiting = self._open.get(msg.subject)
        if waiting is not None and not waiting.done():
            waiting.set_result(msg)

    def _lose(self) -> None:
        self.lost.set()
        for waiting in list(self._open.values()):
            if not waiting.done():
                waiting.set_result(None)
        for tell in self._on_loss:
            tell()


@asynccontextmanager
async def open_link(broker: Broker, timeout_s: float = 3.0) -> AsyncIterator[Link]:
    """A fresh connection to a server that is new enough. Raises Unreachable, Silent, Unfit."""
    client = Client()
    link: Link | None = None

    async def lost(error: Exception | None = None) -> None:
        if not _only_told(error) and link is not None:
            link._lose()

    try:
        await _connect(client, broker, lost)
        link = Link(client, timeout_s)
        await link.subscribe(f"{link._inbox}.*", link._answered)
        yield link
    finally:
        await _close(client)


async def _connect(client: Client, broker: Broker, lost: Callable[..., Awaitable[None]]) -> None:
    options = {**broker.connect_options(), "allow_reconnect": False, "max_reconnect_attempts": 1}
    options |= {"reconnect_time_wait": 0.05, "error_cb": lost, "disconnected_cb": lost, "closed_cb": lost}
    try:
        await asyncio.wait_for(client.connect(**options), 2 + 2 * options.get("connect_timeout", 2))
    except (NoServersError, ConnectionError) as e:
        raise Unreachable(repr(e)) from e
    except TimeoutError as e:
        raise Silent("no greeting") from e
    except (NatsError, OSError) as e:
        if "authorization violation" in str(e).lower():
            raise Unfit("消息服务器拒绝了我们的凭据 / the broker refuses our credentials") from e
        raise Unreachable(repr(e)) from e
    version = client.connected_server_version
    if (version.major, version.minor) < FLOOR:
        raise Unfit(f"nats-server {version} 太旧，需要 2.12 以上 / nats-server {version} is older than 2.12")


async def _close(client: Client) -> None:
    """A stopped server can keep a closing socket waiting for ever; we do not."""
    try:
        await asyncio.wait_for(client.close(), CLOSE_S)
    except (TimeoutError, NatsError, OSError, AssertionError):
        logger.debug("the connection did not close in order")
    # When nats-py's own closing fails it forgets tasks that then wait for ever, and an error that nobody asks for.
    for subscription in client._subs.values():
        subscription._stop_processing()
    if client._flusher_task is not None:
        client._flusher_task.add_done_callback(lambda task: task.cancelled() or task.exception())


def _only_told(error: Exception | None) -> bool:
    """Whether the link goes on. A refused permission is told nowhere else: its asker sees only silence."""
    told = "permissions violation" in str(error).lower()
    logger.log(logging.ERROR if told else logging.DEBUG, "nats: %r", error)
    return told


def _json(answer: Answer) -> dict[str, Any]:
    if answer.cancelled():
        raise Silent("no answer")
    msg = answer.result()
    if msg is None:
        raise Unreachable("link lost")
    status = (msg.headers or {}).get("Status")
    if status is not None:
        raise Rejected(int(status), "nobody answers for this")
    said: dict[str, Any] = json.loads(msg.data or b"{}")
    if "error" in said:
        error = said["error"]
        raise Rejected(int(error.get("err_code", error["code"])), str(error.get("description", "")))
    return said
