"""A running district as the live demonstration meets it: over HTTP, with a key for everybody who acts."""

from __future__ import annotations

import json
import random
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from domain.access import Principal
from services.demonstration.cast import COMMITTEE, Actor
from services.demonstration.dice import Dice
from services.demonstration.stage import Stage
from services.demonstration.words import Demonstration
from services.rulebooks import load_pack

KeyFor = Callable[[str, str], str]  # (role, organisation) -> an API key
Doc = dict[str, Any]
TIMEOUT_S = 10
WORDS = "huangpu"  # whose words are used where the running district's own pack has none


class NotDone(Exception):
    """The district refused an act, or nothing fits it now; the message is the district's own title."""


class Town:
    """Who is there is read once; what is going on is asked for before every act."""

    def __init__(self, base_url: str, key_for: KeyFor) -> None:
        self._base, self._key_for = base_url.rstrip("/"), key_for
        self._reader = key_for("auditor", "demo")
        self.chance = random.Random()
        self.areas = {area["id"]: area for area in self._all("areas") if area["status"] == "open"}
        units = {unit["id"]: unit for unit in self._all("units") if unit["status"] == "registered"}
        self.units = [self._actor(unit, "unit", unit["kind"]) for unit in units.values()]
        self.names = {id: doc["name"] for id, doc in (*self.areas.items(), *units.items())}
        lowest = max((self._depth(area), area) for area in self.areas)[0]
        self.committees = [
            self._actor(area, COMMITTEE, COMMITTEE) for id, area in self.areas.items() if self._depth(id) == lowest
        ]
        self.stage, self.words = self._stage()

    def dice(self) -> Dice:
        return Dice("live", self.chance.getrandbits(64))

    def say(self, occasion: str) -> str:
        return self.chance.choice(self.words.sayings[occasion])

    def known(self, traits: Doc) -> Doc:
        """Without residents whom the running district's rule book does not name."""
        groups = [group for group in traits.get("groups", ()) if group in self.groups]
        group = traits.get("group") if traits.get("group") in self.groups else None
        return {**traits, **({"groups": groups} if "groups" in traits else {"group": group})}

    def name(self, org: str) -> str:
        return str(self.names.get(org, org))

    def within(self, area: str) -> list[Actor]:
        """Committees in the area."""
        return [each for each in self.committees if area in self._path(each.home)]

    def some(self, kind: str, **query: str) -> list[Doc]:
        """The newest items of a list, in no order."""
        found: list[Doc] = self.get(f"/v1/{kind}", limit="60", **query)["items"]
        self.chance.shuffle(found)
        return found

    def get(self, path: str, **query: str) -> Any:
        url = f"{self._base}{path}?{urllib.parse.urlencode(query)}"
        return self._send(urllib.request.Request(url, headers=self._headers(self._reader)))

    def act(self, org: str, path: str, body: Doc | None = None) -> Doc:
        """A command of that organisation. Raises NotDone with the district's words."""
        headers = {**self._headers(self._key_for(self._role(org), org)), "Idempotency-Key": secrets.token_hex(16)}
        headers["Content-Type"] = "application/json"
        data = json.dumps(body or {}).encode()
        done: Doc = self._send(urllib.request.Request(f"{self._base}{path}", data, headers, method="POST"))
        return done

    def _send(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                return json.loads(reply.read())
        except urllib.error.HTTPError as error:
            try:
                problem = json.loads(error.read())
            except ValueError:
                problem = {}
            raise NotDone(problem.get("detail") or f"HTTP {error.code}") from error

    def _headers(self, key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}", "Accept-Language": "zh"}

    def _all(self, kind: str) -> list[Doc]:
        found: list[Doc] = []
        page = self.get(f"/v1/{kind}", limit="200")
        found += page["items"]
        while page["next"]:
            page = self.get(f"/v1/{kind}", limit="200", cursor=page["next"])
            found += page["items"]
        return found

    def _role(self, org: str) -> str:
        if org.startswith("unit-"):
            return "unit"
        depth = self._depth(org)
        return "district" if depth == 1 else COMMITTEE if any(org == c.home for c in self.committees) else "street"

    def _path(self, area: str) -> list[str]:
        path: list[str] = []
        here: str | None = area
        while here is not None and here in self.areas and here not in path:
            path.append(here)
            here = self.areas[here]["parent"]
        return path

    def _depth(self, area: str) -> int:
        return len(self._path(area))

    def _actor(self, doc: Doc, role: str, kind: str) -> Actor:
        home = doc["areas"][0] if role == "unit" else doc["id"]
        path = self._path(home)
        street = home if role == "unit" or len(path) < 2 else path[1]
        who = Principal(id=doc["id"], role=role, org=doc["id"])
        return Actor(who, doc["name"], kind, home, street, datetime.now(UTC))

    def _stage(self) -> tuple[Stage, Demonstration]:
        """For titles: the pack's own words if it has any."""
        book = self.get("/v1/rules")["book"]
        self.groups = {group["id"] for group in book.get("groups", ())}
        district = str(book["district"])
        pack = load_pack(district)
        if pack.demonstration is None:
            pack = load_pack(WORDS)
        assert pack.demonstration is not None
        return Stage(pack, pack.demonstration, datetime.now(UTC).date()), pack.demonstration
