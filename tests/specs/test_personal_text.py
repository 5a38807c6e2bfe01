"""What people type is published: a phone, an id, a card, a mail box, a WeChat id or a door in it is refused at entry."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import personal_text
from domain.events import Refused
from domain.personal_text import check, first_found, is_card, is_identity
from services.needs import NeedChange
from tests.support.telling import lines, refused
from tests.support.world import COMMITTEE, World, people

DIGITS = "0123456789"
FULL_WIDTH = str.maketrans(DIGITS, "０１２３４５６７８９")
SPELLED = str.maketrans(DIGITS, "零一二三四五六七八九")
AROUND = st.sampled_from(("", "请联系", "电话：", "王老师 ", "（", "周末义诊志愿者，", "2026-03-02 "))
AFTER = st.sampled_from(("", "。", "，谢谢", " 王老师", "）", "（晚上打）", "/微信同号"))


def kind(text: str) -> str | None:
    found = first_found(text)
    return found.kind if found else None


@st.composite
def mobiles(draw: st.DrawFn) -> str:
    digits = "1" + draw(st.sampled_from("3456789")) + draw(st.text(DIGITS, min_size=9, max_size=9))
    apart = draw(st.sampled_from((" ", "-", "－", "·", "—", " - ")))
    cut = draw(st.sampled_from(((3, 7), (3, 6), (4, 8), (4, 7), (3, 3), (7, 7), (5, 5))))
    parts = [part for part in (digits[: cut[0]], digits[cut[0] : cut[1]], digits[cut[1] :]) if part]
    written = draw(st.sampled_from((digits, apart.join(parts), " ".join(digits), digits.translate(SPELLED))))
    return draw(st.sampled_from((written, written.translate(FULL_WIDTH), "+86 " + digits, "0086" + digits)))


@st.composite
def identities(draw: st.DrawFn) -> str:
    born = draw(st.dates(date(1920, 1, 1), date(2025, 12, 31)))
    body = draw(st.sampled_from(("310101", "320583", "110105"))) + f"{born:%Y%m%d}" + f"{draw(st.integers(0, 999)):03}"
    check_character = next(c for c in "0123456789X" if is_identity(body + c))
    return draw(
        st.sampled_from((body + check_character, f"{body[:6]} {body[6:14]} {body[14:]}{check_character.lower()}"))
    )


@st.composite
def cards(draw: st.DrawFn) -> str:
    size = draw(st.sampled_from((16, 17, 18, 19)))
    body = "62" + draw(st.text(DIGITS, min_size=size - 3, max_size=size - 3))
    number = next(body + c for c in DIGITS if is_card(body + c))
    return draw(st.sampled_from((number, " ".join(number[n : n + 4] for n in range(0, size, 4)))))


@st.composite
def harmless(draw: st.DrawFn) -> str:
    """Amounts, days, hours, numbers of items, rooms and rows of marks, as people write them."""
    n, day = draw(st.integers(0, 99_999)), date(2020, 1, 1) + timedelta(draw(st.integers(0, 4000)))
    return draw(
        st.sampled_from((
            f"资助 {n:,} 元", f"{n}万元", f"{n:,}.00元", f"1{n:05}00000 元", f"{n % 2000} 人参加", f"约{n}份", f"{n % 100}间教室",
            f"{day:%Y-%m-%d} 至 {day + timedelta(30):%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day:%Y.%m.%d}", f"{day:%Y%m%d}",
            f"{day.year}年{day.month}月{day.day}号", f"{day.month}月{day.day}号 9:00-11:30", f"{day:%Y%m%d}{n:05}号文",
            f"XQ-310101-{day.year}-{n:06}", f"RL-310101-{day.year}-{n:06}", f"见 ZY-310101-{day.year}-{n:06} 和 "
            f"XM-310101-{day.year}-{n % 7:06}", f"第{n % 90}号会议室", f"{n % 90}号楼大厅", f"{n % 9 + 1}室{n % 3}厅",
            f"{n % 900} 平方米", f"地铁{n % 20}号线", "请拨 12345 或 110", "热线 400-820-8820", "关注微信公众号：shequ_huangpu",
            "微信小程序 hello", "加入微信群", "用WeChat联系", "1 2 3 4 5 6 7 8 9 10 11 12 13", "13 14 15 16 17 18", "1-3年级",
            f"{n}-{n + 300}", f"{n % 100}%", f"版本 {n % 9}.{n % 13}.{n % 17}", f"{n}/{n + 1}", "3.1415926535", "一二三四五",
        ))
    )  # fmt: skip


@given(AROUND, mobiles(), AFTER)
def test_a_mobile_number_is_found_however_it_is_written(before, number, after):
    assert kind(f"{before}{number}{after}") == "mobile"


@given(AROUND, identities(), AFTER)
def test_an_identity_number_with_a_right_check_character_is_found(before, number, after):
    assert kind(f"{before}{number}{after}") == "identity"


@given(AROUND, cards(), AFTER)
def test_a_bank_card_number_is_found(before, number, after):
    assert kind(f"{before}{number}{after}") == "card"


@given(st.lists(harmless(), min_size=1, max_size=4), st.sampled_from(("，", "；", "\n", "。")))
def test_amounts_days_item_numbers_and_rooms_pass(pieces, apart):
    text = apart.join(pieces)
    assert first_found(text) is None, text


@given(st.text(alphabet="周末义诊志愿者号室弄单元微信电话 -·，。：0７٣三九@vxa", max_size=40))
def test_a_text_that_is_passed_at_a_glance_is_clean_on_a_closer_look(text):
    plain = personal_text._as_ascii(text)
    if not personal_text._TELLING.search(plain):
        assert list(personal_text._all(plain)) == []


@given(st.text(max_size=300))
def test_any_text_is_answered(text):
    first_found(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("座机021-63211234", "landline"), ("(021) 6321 1234", "landline"), ("0512 63211234", "landline"),
        ("联系电话：63211234", "landline"), ("Tel. 6321-1234", "landline"),
        ("写信到 wang.li+1@example.com.cn", "mail"), ("ｗａｎｇ＠example.com", "mail"),
        ("阳光花苑3号602室", "door"), ("复兴中路1350弄8号", "door"), ("1350 弄 8 号", "door"), ("三号楼二单元六零二室", "door"),
        ("2单元301", "door"), ("５号楼１２０３室", "door"), ("8幢 402 室", "door"), ("12号楼1203", "door"),
        ("加微信 wangli_88", "messenger"), ("微信号：wanglilaoshi", "messenger"), ("vx: zhang-2020", "messenger"),
        ("WeChat ID: lilei1990", "messenger"), ("QQ 12345678", "messenger"), ("QQ号：1234567", "messenger"),
        ("130503670401001", "identity"), ("微信同号 1\u200b3800138000", "mobile"), ("幺三八零零幺三八零零零", "mobile"),
    ],
)  # fmt: skip
def test_other_ways_to_reach_somebody_are_found(text, expected):
    assert kind(text) == expected


@pytest.mark.parametrize(
    "number",
    ["310101199003070001", "110105194912310021", "990101199003070000", "310101199013070001", "310101001002001"],
)
def test_long_digits_that_are_no_identity_pass(number):
    assert kind(f"凭证 {number}") is None


@pytest.mark.parametrize("number", ["6222021001112220000", "2026030112345678", "91310101123456789"])
def test_long_numbers_that_are_no_card_pass(number):
    assert kind(f"凭证 {number}") is None


def test_what_was_found_is_named_but_not_repeated():
    with pytest.raises(Refused) as caught:
        check("请打13800138000", "note")
    assert caught.value.code == "text.personal"
    assert caught.value.field == "note"
    assert "手机号（138…）" in caught.value.zh
    assert "a mobile number (138…)" in caught.value.en
    assert "13800138000" not in str(caught.value)


async def test_titles_notes_reasons_and_evaluations_are_checked_where_they_are_typed(tmp_path: Path):
    world = await World(tmp_path).begin()
    said, ask = "请打13800138000", world.ask
    await refused(world.need(COMMITTEE, title=said), "text.personal")
    await refused(world.need(COMMITTEE, note=said), "text.personal")
    await refused(world.offer(world.units[0], note=said), "text.personal")
    await refused(world.need(COMMITTEE, outside=said), "text.personal")
    for post, who in ((world.need, COMMITTEE), (world.offer, world.units[0])):
        told = await refused(post(who, lines=lines(("志愿者", 1, "人"), (said, 1, "人"))), "text.personal")
        assert told.field == "lines[1].kind"
    need = await world.need(COMMITTEE)
    await refused(world.needs.amend(ask(COMMITTEE), need.id, NeedChange(note=said)), "text.personal")
    await refused(world.needs.withdraw(ask(COMMITTEE), need.id, reason=said), "text.personal")
    await refused(world.claim(world.units[0], need=need.id, note=said), "text.personal")
    claim = await world.claim(world.units[0], need=need.id, lines=people(20))
    await world.claims.accept(ask(COMMITTEE), claim.id)
    project = (await world.state(claim.id)).project
    await refused(world.projects.report(ask(world.units[0]), project, note=said), "text.personal")
    await refused(world.projects.evaluate(ask(COMMITTEE), project, score=5, note=said), "text.personal")
    world.vault.close()
