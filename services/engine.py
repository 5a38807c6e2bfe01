"""Everything a district can be asked, in one place: the API, the pages and the command line hold one of these."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit import Trail
from services.boards import Boards
from services.claims import Claims
from services.clockwork import Clockwork
from services.comparing import Comparing
from services.dashboards import Dashboards
from services.desks import Desks
from services.joint_claims import JointClaims
from services.market import Market
from services.needs import Needs
from services.offers import Offers
from services.oversight import Oversight
from services.policies import Policies
from services.ports import EventLog
from services.projector import Projector
from services.projects import Projects
from services.proofs import Proofs
from services.register import Register
from services.round_reasons import RoundReasons
from services.round_replay import RoundReplay
from services.rounds import Rounds
from services.streams import Streams
from services.suggesting import Suggesting
from services.suggestions import Suggestions
from services.trail_search import TrailSearch


@dataclass(frozen=True, kw_only=True)
class Engine:
    streams: Streams
    log: EventLog
    needs: Needs
    offers: Offers
    claims: Claims
    joint: JointClaims
    projects: Projects
    register: Register
    policies: Policies
    clockwork: Clockwork
    boards: Boards
    desks: Desks
    dashboards: Dashboards
    trail: Trail
    search: TrailSearch
    comparing: Comparing
    oversight: Oversight
    proofs: Proofs
    projector: Projector
    replay: RoundReplay
    rounds: Rounds
    reasons: RoundReasons
    market: Market
    suggestions: Suggestions
    suggesting: Suggesting
