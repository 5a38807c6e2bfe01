"""Settings in, a running district out. The one module that knows the adapters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from adapters.accounts import AccountsFile, SqliteAccounts
from adapters.accounts_log import SqliteAccessLog
from adapters.accounts_secrets import Argon2Passwords, SystemChance, open_second_factor
from adapters.admission import LedgerDamaged
from adapters.codec import REGISTRY as EVENTS
from adapters.codec import JsonCodec
from adapters.contacts import open_contacts
from adapters.erasures import SqliteErasures
from adapters.file_lock import DataFolderInUse
from adapters.keys import KeyStore
from adapters.links import open_links
from adapters.log_stream import LogStream
from adapters.nats_binary import ServerMissing
from adapters.nats_lock import StoreInUse
from adapters.nats_reader import NatsStream
from adapters.nats_relay import Relay
from adapters.nats_server import EmbeddedNats, ExternalNats
from adapters.notice_db import SqliteNoticeBook
from adapters.notify_mail import Mail
from adapters.notify_robots import Robots
from adapters.office import SpreadsheetOffice
from adapters.oidc import OidcProvider
from adapters.ortools_solver import available as ortools_available
from adapters.ortools_solver import solve as solve_by_ortools
from adapters.outward_http import OutwardHttp, networks_of
from adapters.postgres_store import PostgresStore
from adapters.read_db import SqliteReadDb
from adapters.read_postgres import PostgresReadDb
from adapters.sqlite_store import SqliteStore
from adapters.system import SeededClock, SeededIds, SystemClock, SystemIds
from adapters.vault import NoKeys, SqliteVault, open_vault
from adapters.webhook_db import SqliteHookBook
from api.pages.notices.telling import PageTeller
from api.settings import Settings
from domain.events import Refused
from domain.matching.flow import solve as solve_ourselves
from services.accounts import Accounts
from services.accounts_demo import DemoDoor
from services.accounts_entrance import Entrance
from services.accounts_invitations import Invitations
from services.accounts_office import AccountOffice
from services.accounts_own import OwnAccount
from services.accounts_provider import Provided
from services.accounts_sessions import Sessions
from services.audit import Trail
from services.boards import Boards
from services.claims import Claims
from services.clockwork import Clockwork
from services.comparing import Comparing
from services.contacts import Contacts
from services.dashboards import Dashboards
from services.delegation import Delegations
from services.desks import Desks
from services.due import DueItems, LiveClaims
from services.engine import Engine
from services.erasure import Erasures, Forgetting
from services.joint_claims import JointClaims
from services.market import Market
from services.needs import Needs
from services.notice_follower import Follower
from services.notice_inbox import Inbox
from services.notice_outbox import Outbox
from services.notice_ports import Sender
from services.offers import Offers
from services.oversight import Oversight
from services.personal import Personal
from services.policies import Policies
from services.ports import Clock, EventLog, EventStream, Ids
from services.post import Post
from services.projector import Projector
from services.projects import Projects
from services.proofs import Proofs
from services.read_ports import ReadDb
from services.register import Register
from services.round_clock import RoundClock
from services.round_reasons import RoundReasons
from services.round_replay import RoundReplay
from services.round_solving import Solving
from services.rounds import Rounds
from services.solver_ports import Solver
from services.streams import Streams
from services.suggesting import Suggesting
from services.suggestions import Suggestions
from services.trail_search import TrailSearch
from services.webhook_sending import HookSending
from services.webhooks import Webhooks

__all__ = ["EVENTS"]  # TYPE -> class of every event

Nats = EmbeddedNats | ExternalNats
REFUSED_STARTS: tuple[type[Exception], ...] = (  # said in one line
    DataFolderInUse, StoreInUse, ServerMissing, LedgerDamaged, OSError, ValueError, Refused
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class District:
    """One district on this machine: its stores, and the engine over them."""

    settings: Settings
    engine: Engine
    log: EventLog
    vault: SqliteVault
    keys: KeyStore
    read_db: ReadDb
    office: SpreadsheetOffice
    accounts: Accounts
    post: Post
    personal: Personal

    async def close(self) -> None:
        """All but the ledger, which whoever opened it closes."""
        await self.read_db.close()
        self.vault.close()
        self.keys.close()
        self.accounts.store.close()
        self.post.close()
        self.personal.close()


async def open_district(settings: Settings, log: EventLog, nats: Nats | None = None, part: str = "run") -> District:
    """The engine over an open ledger. Without `nats` the read models follow the ledger itself. Each part that is a process
    of its own has read models of its own."""
    vault = open_vault(settings.data / "vault.db", settings.kek_file)
    read_db = open_read_db(settings, part)
    source: EventStream = NatsStream(nats, settings.district) if nats else LogStream(log)
    engine = build(
        log, vault, read_db, source, clock=SystemClock(), ids=SystemIds(), links=settings.data / "links.key",
        shared=bool(settings.store), solver=open_solver(settings), backend=settings.solver,
    )  # fmt: skip
    accounts = open_accounts(settings, SystemClock())
    return District(
        settings=settings, engine=engine, log=log, vault=vault, keys=open_keys(settings.data), read_db=read_db,
        office=SpreadsheetOffice(), accounts=accounts, post=open_post(settings, engine),
        personal=open_personal(settings, engine, accounts, part),
    )  # fmt: skip


def build(
    log: EventLog, vault: SqliteVault, read_db: ReadDb, source: EventStream, *, clock: Clock, ids: Ids, links: Path,
    shared: bool = False, solver: Solver = solve_ourselves, backend: str = "own",
) -> Engine:  # fmt: skip
    """Everything a district can be asked, over the given stores."""
    codec = JsonCodec(vault)
    streams = Streams(log, codec, vault, clock, ids, shared=shared)
    projector = Projector(read_db, source, log, codec, vault)
    needs, offers, market = Needs(streams), Offers(streams), Market(log, codec)
    claims, trail = Claims(streams, LiveClaims(read_db)), Trail(log, codec, vault, read_db)
    suggestions = Suggestions(market, streams, read_db, projector)
    rounds = Rounds(streams, (solving := Solving(log, codec, market, solver, backend)))
    return Engine(
        streams=streams, log=log, needs=needs, offers=offers, claims=claims, joint=JointClaims(claims),
        projects=Projects(streams, open_links(links)), register=Register(streams),
        policies=Policies(streams, solver),
        clockwork=Clockwork(clock, DueItems(read_db), claims, needs, offers, RoundClock(clock, read_db, streams, rounds)),
        projector=projector, boards=Boards(read_db, log, projector), desks=Desks(read_db, projector, clock),
        dashboards=Dashboards(read_db, log, projector), trail=trail, search=TrailSearch(log, read_db, trail),
        proofs=(proofs := Proofs(log)), replay=RoundReplay(log, codec, proofs), oversight=Oversight(log, codec, read_db),
        comparing=Comparing(read_db, log, projector), reasons=RoundReasons(solving, streams, read_db, projector),
        market=market, rounds=rounds, suggestions=suggestions,
        suggesting=Suggesting(streams, suggestions),
    )  # fmt: skip


def reading_codec() -> JsonCodec:
    """For files of facts, without a district: words stay sealed."""
    return JsonCodec(NoKeys())


async def open_log(settings: Settings) -> EventLog:
    """SQLite in the data folder (a second start on it is refused), or the PostgreSQL that is named; never memory by
    mistake."""
    settings.data.mkdir(parents=True, exist_ok=True)
    if not settings.store:
        return await SqliteStore.open(settings.data / "ledger.db")
    if not settings.store.startswith(("postgresql://", "postgres://")):
        raise ValueError(f"RENLING_STORE 须为 postgresql://… / must be postgresql://…, not {settings.store!r}")
    return await PostgresStore.open(settings.store, schema=f"renling_{settings.district}")


def open_read_db(settings: Settings, part: str) -> ReadDb:
    """Files in the data folder; those of the part `project` lie in PostgreSQL, where other programs may read them."""
    if part == "project" and settings.store:
        return PostgresReadDb.open(settings.store, base=f"renling_read_{settings.district}")
    return SqliteReadDb.open(settings.data / ("read" if part == "run" else f"read-{part}"))


def open_solver(settings: Settings) -> Solver:
    """Who solves rounds. Raises SolverMissing (a ValueError) when OR-Tools is asked for and not installed."""
    if settings.solver == "own":
        return solve_ourselves
    ortools_available()
    return solve_by_ortools


def open_keys(data: Path) -> KeyStore:
    return KeyStore(data / "keys.db")


def open_post(settings: Settings, engine: Engine) -> Post:
    """Notices and webhooks, in the data folder's notices.db. Raises ValueError for settings that cannot be meant."""
    streams, http = engine.streams, OutwardHttp(networks_of(settings.hook_networks))
    clock, ids, file = streams.clock, streams.ids, settings.data / "notices.db"
    book, hooks = SqliteNoticeBook(file), SqliteHookBook(file)
    robots = Robots(http, settings.hook_hosts, clock)
    senders: dict[str, Sender] = {
        "mail": Mail(settings.smtp_url, settings.mail_from, clock), "wecom": robots, "dingtalk": robots, "feishu": robots,
    }  # fmt: skip
    teller = PageTeller(engine.boards, settings.public_url or f"http://{settings.host}:{settings.port}")
    follower = Follower(streams, book)
    outbox = Outbox(streams, book, follower, senders, teller)
    source = f"urn:renling:{settings.district}"
    return Post(
        book=book, follower=follower, outbox=outbox, inbox=Inbox(book, outbox, senders, clock, ids),
        webhooks=Webhooks(hooks, http, engine.log, clock, ids, EVENTS, source),
        hooks=HookSending(streams, hooks, http, follower.tell, source), files=(book.close, hooks.close),
    )  # fmt: skip


def open_personal(settings: Settings, engine: Engine, accounts: Accounts, part: str = "run") -> Personal:
    """Contacts and erasures, in the data folder. Raises ValueError when the contacts' master key is missing or wrong."""
    streams, log, vault = engine.streams, accounts.log, engine.streams.vault
    store, requests = open_contacts(settings.data / "contacts.db", settings.kek_file), SqliteErasures(settings.data / "erasures.db", part)
    contacts = Contacts(streams, store, log)
    erasures = Erasures(streams, vault, store, contacts, requests, log)
    forgetting = Forgetting(engine.projector, vault, requests, erasures)
    return Personal(
        contacts=contacts, erasures=erasures, forgetting=forgetting, delegations=Delegations(streams),
        files=(store.close, requests.close),
    )  # fmt: skip


def open_accounts(settings: Settings, clock: Clock) -> Accounts:
    """Those who log in, in the data folder's accounts.db."""
    second, passwords = open_second_factor(settings.data), Argon2Passwords()
    file, chance, policy = AccountsFile(settings.data / "accounts.db"), SystemChance(SystemIds()), settings.password_policy
    store, log = SqliteAccounts(file), SqliteAccessLog(file, clock)
    sessions = Sessions(store, log, clock, chance, policy)
    entrance = Entrance(store, sessions, passwords, second, log, clock)
    own = OwnAccount(store, sessions, entrance, passwords, second, log, clock, chance, policy)
    demo = DemoDoor(store, sessions, log, clock, chance)
    invitations = Invitations(store, sessions, own, passwords, log, clock, chance)
    office = AccountOffice(store, sessions, invitations, log, clock, chance)
    provided = Provided(open_provider(settings), store, entrance, log) if settings.oidc_issuer else None
    return Accounts(
        store=store, sessions=sessions, entrance=entrance, own=own, passwords=passwords, invitations=invitations,
        office=office, demo=demo, log=log, provided=provided,
    )  # fmt: skip


def open_provider(settings: Settings) -> OidcProvider:
    return OidcProvider(
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret, settings.oidc_name
    )


def system_clock() -> Clock:
    return SystemClock()


async def start_nats(settings: Settings) -> Nats:
    """The broker that NATS_URL names, else our own child process in the data folder."""
    if settings.nats_url:
        return ExternalNats(settings.nats_url)
    return await EmbeddedNats.start(settings.data / "nats")


def relay_of(district: District, nats: Nats) -> Relay:
    return Relay(district.log, nats, district.settings.district)


def demonstration(district: District) -> tuple[Engine, SeededClock]:
    """The same district by a clock that can be set and ids that repeat: for playing the demonstration into it."""
    clock = SeededClock(datetime(2010, 1, 1, tzinfo=UTC))
    source = LogStream(district.log)
    engine = build(
        district.log, district.vault, district.read_db, source, clock=clock, ids=SeededIds("renling", clock.now),
        links=district.settings.data / "links.key",
    )  # fmt: skip
    return engine, clock
