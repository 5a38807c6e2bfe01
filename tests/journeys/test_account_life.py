"""The life and the ends of a session, and what one changes of one's own account, with a clock that is moved by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.system import SeededClock
from domain.events import Refused
from services.accounts import Accounts
from services.accounts_demo import DemoPerson
from services.accounts_sessions import AT_ONCE
from tests.support.accounts import HOME, MONDAY, PASSWORD, code, person

MINUTE = timedelta(minutes=1)


async def told(accounts: Accounts, password: str) -> str:
    try:
        return (await accounts.entrance.log_in("wang", password, HOME)).session.stage
    except Refused as refused:
        return refused.code


async def test_a_session_is_over_after_half_an_hour_without_anybody(accounts: Accounts, clock: SeededClock):
    opened = accounts.sessions.open(await person(accounts, clock))
    for _ in range(4):
        clock.advance(29 * MINUTE)
        assert accounts.sessions.find(opened.token)
    clock.advance(30 * MINUTE)
    assert accounts.sessions.find(opened.token) is None


async def test_a_page_that_refreshes_itself_keeps_no_session_alive(accounts: Accounts, clock: SeededClock):
    opened = accounts.sessions.open(await person(accounts, clock))
    for _ in range(29):
        clock.advance(MINUTE)
        assert accounts.sessions.find(opened.token, touch=False)
    clock.advance(MINUTE)
    assert accounts.sessions.find(opened.token, touch=False) is None


async def test_a_session_is_over_after_twelve_hours_whatever_is_done(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, "wang", ("unit", "unit-1"), ("unit", "unit-2"))
    opened = accounts.sessions.open(account)
    for n in range(36):
        assert accounts.sessions.find(opened.token)
        if n == 20:  # another identity does not make it longer
            opened = accounts.sessions.choose(opened.session, "grant-wang-1")
        clock.advance(20 * MINUTE)
    assert accounts.sessions.find(opened.token) is None


async def test_the_fourth_session_ends_the_first(accounts: Accounts, clock: SeededClock):
    account, opened = await person(accounts, clock), []
    for _ in range(AT_ONCE + 1):
        opened.append(accounts.sessions.open(account))
        clock.advance(MINUTE)
    assert [accounts.sessions.find(each.token) is not None for each in opened] == [False, True, True, True]


async def test_choosing_another_identity_changes_who_one_is_and_the_cookie(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, "wang", ("unit", "unit-1"), ("committee", "310101001001"))
    first = accounts.sessions.open(account)
    second = accounts.sessions.choose(first.session, "grant-wang-1")
    assert accounts.sessions.find(first.token) is None
    found = accounts.sessions.find(second.token)
    assert found is not None
    principal = accounts.sessions.principal(found)
    assert principal is not None
    assert (principal.role, principal.org) == ("committee", "310101001001")


async def test_nobody_chooses_an_identity_of_somebody_else(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock, "li", ("district", "310101"))
    opened = accounts.sessions.open(await person(accounts, clock, "wang", ("unit", "unit-1")))
    with pytest.raises(Refused, match="not_yours"):
        accounts.sessions.choose(opened.session, "grant-li-0")


async def test_an_identity_that_ran_out_is_nobody(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, "wang", ("unit", "unit-1"))
    accounts.store.change_grant("grant-wang-0", until=MONDAY + 10 * MINUTE)
    opened = accounts.sessions.open(account)
    clock.advance(10 * MINUTE)
    found = accounts.sessions.find(opened.token)
    assert found is not None
    assert accounts.sessions.principal(found) is None


# ---- passwords and second factors of one's own


async def test_changing_the_password_ends_every_other_session_and_the_old_cookie(
    accounts: Accounts, clock: SeededClock
):
    account = await person(accounts, clock)
    here, there = accounts.sessions.open(account), accounts.sessions.open(account)
    new = await accounts.own.change_password(here.session, PASSWORD, "Umbrella-9-lanterns", "Umbrella-9-lanterns")
    assert [accounts.sessions.find(each.token) is not None for each in (here, there, new)] == [False, False, True]
    assert [await told(accounts, each) for each in (PASSWORD, "Umbrella-9-lanterns")] == ["login.wrong", "in"]


@pytest.mark.parametrize(
    ("old", "new", "again", "refused"),
    [
        ("wrong", "Umbrella-9-lanterns", "Umbrella-9-lanterns", "password.wrong"),
        (PASSWORD, "Umbrella-9-lanterns", "Umbrella-9-lantern", "password.differs"),
        (PASSWORD, PASSWORD, PASSWORD, "password.same"),
        (PASSWORD, "Password-2026!", "Password-2026!", "password.guessed"),
    ],
)
async def test_a_password_is_changed_only_by_who_knows_it_and_to_a_good_one(
    accounts: Accounts, clock: SeededClock, old: str, new: str, again: str, refused: str
):
    opened = accounts.sessions.open(await person(accounts, clock))
    with pytest.raises(Refused) as caught:
        await accounts.own.change_password(opened.session, old, new, again)
    assert caught.value.code == refused
    assert accounts.sessions.find(opened.token)


async def test_a_second_factor_counts_once_its_code_was_shown_to_have_arrived(accounts: Accounts, clock: SeededClock):
    opened = accounts.sessions.open(await person(accounts, clock, "wang", ("district", "310101")))
    assert accounts.sessions.owes(opened.session) == "second"
    assert accounts.sessions.principal(opened.session) is None
    sealed = accounts.own.offered(opened.session.account)
    with pytest.raises(Refused, match=r"code\.wrong"):
        await accounts.own.enrol(opened.session, sealed, "123456", "", "")
    accounts.store.change_account("person-wang", totp=sealed)
    shown = code(accounts, opened.session.account, clock)
    accounts.store.change_account("person-wang", totp=None)
    done = await accounts.own.enrol(opened.session, sealed, shown, "", "")
    found = accounts.sessions.find(done.opened.token)
    assert found is not None
    assert accounts.sessions.principal(found)
    assert len(set(done.recovery)) == 10
    assert not accounts.entrance.accepts(found.account, shown)  # that code is used up


async def test_a_second_factor_is_replaced_only_with_the_password_and_the_old_one(
    accounts: Accounts, clock: SeededClock
):
    opened = accounts.sessions.open(await person(accounts, clock, totp=True))
    account = opened.session.account
    old = code(accounts, account, clock)
    fresh, held = accounts.own.offered(account), account.totp
    accounts.store.change_account(account.id, totp=fresh)
    new = code(accounts, account, clock)
    accounts.store.change_account(account.id, totp=held)
    for password, old_code in (("wrong", old), (PASSWORD, "000000")):
        with pytest.raises(Refused):
            await accounts.own.enrol(opened.session, fresh, new, password, old_code)
    await accounts.own.enrol(opened.session, fresh, new, PASSWORD, old)
    changed = accounts.store.account(account.id)
    assert changed is not None
    assert changed.totp == fresh


# ---- people of a demonstration


def visitor(role: str = "unit_manager") -> DemoPerson:
    also = (("unit", "unit-1", None),) if role == "unit_manager" else ()
    return DemoPerson(key=f"{role}-1", name="周明远", role=role, org="unit-1", org_name="医院", also=also)


async def test_many_visitors_are_the_same_person_at_once(accounts: Accounts):
    opened = [accounts.demo.enter(visitor()) for _ in range(10)]
    assert all(accounts.sessions.find(each.token) for each in opened)
    assert len(accounts.store.accounts()) == 1


async def test_what_one_visitor_spoils_is_there_again_for_the_next(accounts: Accounts):
    first = accounts.demo.enter(visitor())
    account = first.session.account
    accounts.store.change_account(account.id, disabled_at=MONDAY)
    for grant in accounts.store.grants(account.id):
        accounts.store.change_grant(grant.id, revoked_at=MONDAY)
    found = accounts.sessions.find(accounts.demo.enter(visitor()).token)
    assert found is not None
    assert [each.role for each in accounts.sessions.identities(found)] == ["unit_manager", "unit"]
    principal = accounts.sessions.principal(found)
    assert principal is not None
    assert principal.role == "unit_manager"


async def test_whoever_listens_is_told_nothing_after_the_session_has_ended(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, "wang", ("unit", "unit-1"))
    for end in (
        lambda opened: accounts.sessions.end(opened.session),
        lambda opened: accounts.store.change_grant("grant-wang-0", revoked_at=MONDAY),
        lambda opened: clock.advance(30 * MINUTE),
    ):
        accounts.store.change_grant("grant-wang-0", revoked_at=None)
        opened = accounts.sessions.open(account)
        assert accounts.sessions.goes_on(opened.session)
        end(opened)
        assert not accounts.sessions.goes_on(opened.session)


async def test_sessions_long_over_are_not_kept(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock)
    old = accounts.sessions.open(account)
    clock.advance(timedelta(days=8))
    accounts.sessions.open(account)
    assert accounts.store.session(old.session.id) is None
