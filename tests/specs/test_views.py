"""What the API shows of an item: amounts always add up, times carry their zone, erased text is gone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.calendar import Slot, Span, Weekly, expand, key_of
from domain.capacity import Amount, Line
from domain.events import Event, Meta, Plain, Recorded, Text
from domain.need import NeedCommitted, NeedContent, NeedPosted
from domain.offer import OfferContent, OfferDrafted, OfferHeld, OfferPublished
from domain.project import DeliveryConfirmed, DeliveryReported, Disputed, ProjectAborted, ProjectOpened
from services.items import fold
from services.shapes import Doc, instant, plain
from services.views import render
from services.words import phrases, tokens
from tests.support.story import played

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SATURDAYS = Weekly((Slot(6, "09:00", "11:00"),), date(2026, 4, 1), date(2026, 4, 30), (date(2026, 4, 11),))
EVERY_WEDNESDAY = Weekly((Slot(3, "09:00", "11:00"),), date(2026, 4, 1))
PEOPLE = Line("志愿者", 20, "人")


def opened(text: Text | None) -> str | None:
    return text.text if isinstance(text, Plain) else None


def shown(*events: Event, stream: str) -> Doc:
    meta = Meta(event_id="e", at=AT, actor="key", command_id="c", correlation=stream, rules="r")
    item = fold(Recorded(event=e, meta=meta, stream=stream, version=n, position=n) for n, e in enumerate(events, 1))
    assert item is not None
    return render(item, opened)


def need(*windows: Weekly | Span) -> NeedPosted:
    content = NeedContent(
        owner="nb", area="nb", category="service", title=Plain("义诊"), lines=(PEOPLE,), urgency=1, windows=windows
    )
    return NeedPosted(number="XQ-1", opens=True, content=content)


def offer(*windows: Weekly | Span) -> OfferPublished:
    content = OfferContent(
        owner="unit-1", area="st", category="service", title=Plain("义诊队"), lines=(PEOPLE,), reach="d",
        windows=windows,
    )  # fmt: skip
    return OfferPublished(number="ZY-1", content=content)


def people(quantity: int, occurrence: str = "") -> tuple[Amount, ...]:
    return (Amount("志愿者", "人", quantity, occurrence),)


def adds_up(line: Doc) -> bool:
    return line["free"] + line["held"] + line["committed"] + line["delivered"] == line["quantity"]


def test_a_line_without_windows_shows_what_is_committed_and_what_is_free():
    doc = shown(need(), NeedCommitted(claim="claim-1", provider="unit-1", amounts=people(8)), stream="need-1")
    assert doc["lines"] == [
        {"kind": "志愿者", "unit": "人", "quantity": 20, "held": 0, "committed": 8, "delivered": 0, "free": 12}
    ]
    assert (doc["cover_pct"], doc["status"], doc["version"]) == (40, "open", 2)


def test_an_offer_shows_its_fullest_occurrence_and_a_need_its_emptiest():
    first, second, third = (key_of(span) for span in expand(SATURDAYS))
    held = shown(offer(SATURDAYS), OfferHeld(claim="c", receiver="nb", amounts=people(15, second)), stream="offer-1")
    asked = shown(need(SATURDAYS), NeedCommitted(claim="c", provider="u", amounts=people(15, second)), stream="need-1")
    (of_offer,), (of_need,) = held["lines"], asked["lines"]
    assert (of_offer["free"], of_offer["held"], of_need["free"], of_need["committed"]) == (5, 15, 20, 0)
    assert [(w["start"], w["free"]) for w in of_offer["by_window"]] == [(first, 20), (second, 5), (third, 20)]
    assert of_offer["by_window"][0]["end"] == "2026-04-04T03:00:00Z"
    assert all(adds_up(line) for line in (of_offer, of_need, *of_offer["by_window"], *of_need["by_window"]))


def test_windows_without_end_list_only_the_occurrences_that_are_used():
    doc = shown(
        offer(EVERY_WEDNESDAY), OfferHeld(claim="c", receiver="nb", amounts=people(20, "2026-04-08T01:00:00Z")),
        stream="offer-1",
    )  # fmt: skip
    (line,) = doc["lines"]
    assert [w["start"] for w in line["by_window"]] == ["2026-04-08T01:00:00Z"]
    assert (line["free"], doc["status"]) == (0, "published")
    assert doc["windows"] == [
        {"weekly": [{"day": 3, "from": "09:00", "to": "11:00"}], "from": "2026-04-01", "until": None, "except": []}
    ]


def test_a_window_is_shown_in_utc_and_a_skipped_day_is_named():
    span = Span(AT, AT + timedelta(hours=2))
    doc = shown(need(SATURDAYS, span), stream="need-1")
    assert doc["windows"][0]["except"] == ["2026-04-11"]
    assert doc["windows"][1] == {"start": "2026-03-02T01:00:00Z", "end": "2026-03-02T03:00:00Z"}


def test_the_time_of_opening_is_not_that_of_the_draft():
    content = offer().content
    assert content is not None
    doc = shown(OfferDrafted(number="ZY-1", content=content), stream="offer-1")
    assert (doc["status"], doc["created_at"], doc["unit"]) == ("draft", "2026-03-02T01:00:00Z", "unit-1")


PROJECT = ProjectOpened(
    number="XM-1", claim="claim-1", need=None, offer="offer-1", provider="unit-1", members=("unit-1",), receiver="nb",
    area="nb", category="service", lines=(PEOPLE,), due_at=AT,
)  # fmt: skip
SOME = (Line("志愿者", 12, "人"),)
REPORTED = DeliveryReported(by="unit-1", lines=(PEOPLE,))
CONFIRMED = DeliveryConfirmed(by="nb", lines=SOME)


@pytest.mark.parametrize(
    ("events", "committed", "delivered", "free"),
    [
        ((), 20, 0, 0),
        ((REPORTED,), 20, 0, 0),
        ((REPORTED, CONFIRMED), 0, 12, 8),
        ((REPORTED, CONFIRMED, Disputed(by="unit-1", reason=Plain("数目"))), 0, 12, 8),
        ((ProjectAborted(cause="released"),), 0, 0, 20),
    ],
)
def test_a_projects_promise_is_delivered_only_when_it_is_confirmed(events, committed, delivered, free):
    (line,) = shown(PROJECT, *events, stream="project-1")["lines"]
    assert (line["committed"], line["delivered"], line["free"], line["promised"]) == (committed, delivered, free, 20)


async def test_amounts_add_up_in_every_item_of_a_district_at_every_moment(tmp_path):
    story = await played(tmp_path, seed=7, steps=600)
    log, codec, checked = story.world.log, story.world.codec, 0
    streams = {row.stream for row in await log.read_all(0, 10_000)} - {"rules-book"}
    for stream in sorted(streams):
        history = [codec.decode(row) for row in await log.read_stream(stream)]
        for cut in range(1, len(history) + 1):
            doc = render(fold(history[:cut]), lambda text: None)
            for line in doc["lines"]:
                levels = [line, *line.get("by_window", ())]
                assert all(adds_up(level) and min(level["free"], level["held"]) >= 0 for level in levels), (doc, line)
                checked += 1
    assert checked > 300


def test_text_whose_key_is_gone_is_null_and_the_rest_stays():
    doc = shown(need(), stream="need-1")
    assert doc["title"] == "义诊"
    event = plain(need(SATURDAYS), lambda text: None)
    assert event["content"]["title"] is None
    assert event["content"]["windows"][0]["since"] == "2026-04-01"
    assert instant(AT.replace(microsecond=5)) == "2026-03-02T01:00:00.000005Z"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("社区义诊", "社区 区义 义诊 诊"),
        ("ＣＯＶＩＤ-19 专场", "covid-19 covid 19 专场 场"),
        ("XQ-310101-2026-000123", "xq-310101-2026-000123 xq 310101 2026 000123 123"),
        ("_need 急！", "need 急"),
    ],
)
def test_text_is_cut_so_that_it_can_be_found(text, found):
    assert tokens(text) == found


def test_a_search_asks_for_every_word():
    assert phrases("义诊队 急 XQ-3101") == (("义诊 诊队", False), ("急", True), ("xq-3101", True))
    assert phrases(" ，。 ") == ()
