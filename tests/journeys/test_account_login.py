"""Log-in by password and second factor, and lock-outs, with a clock that is moved by hand."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.system import SeededClock
from domain.events import Refused
from services.accounts import Accounts
from tests.support.accounts import AWAY, HOME, MONDAY, PASSWORD, code, person

MINUTE = timedelta(minutes=1)


async def told(accounts: Accounts, login: str = "wang", password: str = "wrong", network: str = AWAY) -> str:
    try:
        return (await accounts.entrance.log_in(login, password, network)).session.stage
    except Refused as refused:
        return refused.code


def kinds(accounts: Accounts) -> list[str]:
    return [line.kind for line in accounts.log.page()]


# ---- log-in


async def test_a_clerk_logs_in_with_a_password_alone(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock, "wang", ("unit", "unit-1"))
    opened = await accounts.entrance.log_in(" WANG ", PASSWORD, HOME)
    found = accounts.sessions.find(opened.token)
    assert found is not None
    principal = accounts.sessions.principal(found)
    assert principal is not None
    assert (principal.role, principal.org, principal.id) == ("unit", "unit-1", "person-wang")


async def test_the_second_factor_is_asked_for_before_anything_is_open(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, "wang", ("street", "310101001"), totp=True)
    half = await accounts.entrance.log_in("wang", PASSWORD, HOME)
    assert accounts.sessions.principal(half.session) is None
    whole = await accounts.entrance.second_factor(half.session, code(accounts, account, clock), HOME)
    principal = accounts.sessions.principal(whole.session)
    assert principal is not None
    assert principal.area == "310101001"
    assert accounts.sessions.find(half.token) is None  # a new id at log-in


async def test_half_a_log_in_is_over_after_five_minutes(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock, totp=True)
    half = await accounts.entrance.log_in("wang", PASSWORD, HOME)
    clock.advance(5 * MINUTE)
    assert accounts.sessions.find(half.token) is None


@pytest.mark.parametrize(("off_s", "good"), [(0, True), (-30, True), (30, True), (-90, False), (90, False)])
async def test_a_telephones_clock_may_be_off_by_one_step(
    accounts: Accounts, clock: SeededClock, off_s: int, good: bool
):
    account = await person(accounts, clock, totp=True)
    assert accounts.entrance.accepts(account, code(accounts, account, clock, off_s)) is good


async def test_a_code_counts_once_and_none_before_it_counts_afterwards(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, totp=True)
    now, before = code(accounts, account, clock), code(accounts, account, clock, -30)
    assert accounts.entrance.accepts(account, now)
    assert not accounts.entrance.accepts(account, now)
    assert not accounts.entrance.accepts(account, before)
    clock.advance(timedelta(seconds=30))
    assert accounts.entrance.accepts(account, code(accounts, account, clock))


async def test_a_recovery_code_stands_for_a_code_once(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, totp=True)
    first, second, *_ = accounts.own.new_recovery(account)
    assert accounts.entrance.accepts(account, f" {first.lower()} ")
    assert not accounts.entrance.accepts(account, first)
    assert accounts.entrance.accepts(account, second)
    assert accounts.store.recovery_left(account.id) == 8
    assert kinds(accounts) == ["recovery.used", "recovery.used"]


async def test_somebody_disabled_is_answered_like_somebody_unknown(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock)
    accounts.store.change_account(account.id, disabled_at=MONDAY)
    assert [await told(accounts, "wang", PASSWORD), await told(accounts, "nobody", PASSWORD)] == ["login.wrong"] * 2


async def test_the_work_for_somebody_unknown_is_the_same(accounts: Accounts, clock: SeededClock, monkeypatch):
    worked: list[bool] = []
    real = accounts.passwords.fits

    async def watched(password: str, hash: str | None) -> bool:
        worked.append(hash is None)
        return await real(password, hash)

    monkeypatch.setattr(accounts.passwords, "fits", watched)
    await person(accounts, clock)
    assert [await told(accounts, name) for name in ("wang", "nobody")] == ["login.wrong"] * 2
    assert worked == [False, True]


# ---- lock-outs


async def test_the_fifth_failure_locks_for_a_minute_the_next_for_five_then_for_fifteen(
    accounts: Accounts, clock: SeededClock
):
    await person(accounts, clock)
    assert [await told(accounts) for _ in range(5)] == ["login.wrong"] * 5
    for minutes in (1, 5, 15, 15):
        assert await told(accounts, "wang", PASSWORD) == "login.locked"
        clock.advance(minutes * MINUTE - timedelta(seconds=1))
        assert await told(accounts, "wang", PASSWORD) == "login.locked"
        clock.advance(timedelta(seconds=1))
        assert await told(accounts) == "login.wrong"
    clock.advance(15 * MINUTE)
    assert await told(accounts, "wang", PASSWORD) == "in"
    assert [await told(accounts) for _ in range(4)] == ["login.wrong"] * 4  # counted anew


async def test_strangers_lock_nobody_out_of_their_own_network(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock)
    for _ in range(10_000):
        await told(accounts)
        clock.advance(timedelta(seconds=1))
        if clock.now() - MONDAY > timedelta(minutes=60):
            break
    assert await told(accounts, "wang", PASSWORD, AWAY) == "login.locked"
    assert await told(accounts, "wang", PASSWORD, HOME) == "in"


async def test_somebody_unknown_is_locked_like_somebody_known(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock)
    answers = {name: [await told(accounts, name) for _ in range(7)] for name in ("wang", "nobody")}
    assert answers["wang"] == answers["nobody"] == ["login.wrong"] * 5 + ["login.locked"] * 2


async def test_a_network_that_tries_many_names_is_slowed_down(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock)
    answers = [await told(accounts, f"name-{n}") for n in range(30)]
    assert answers.count("login.wrong") == 21
    assert await told(accounts, "wang", PASSWORD) == "login.locked"
    assert await told(accounts, "wang", PASSWORD, HOME) == "in"
    clock.advance(MINUTE)
    assert await told(accounts, "wang", PASSWORD) == "in"


async def test_many_guesses_at_once_are_no_more_than_many_one_after_another(accounts: Accounts, clock: SeededClock):
    await person(accounts, clock)
    answers = await asyncio.gather(*(told(accounts) for _ in range(20)))
    assert answers.count("login.wrong") == 5


async def test_guessing_the_code_locks_too(accounts: Accounts, clock: SeededClock):
    account = await person(accounts, clock, totp=True)
    half = await accounts.entrance.log_in("wang", PASSWORD, HOME)
    for _ in range(5):
        with pytest.raises(Refused, match=r"code\.wrong"):
            await accounts.entrance.second_factor(half.session, "000000", HOME)
    with pytest.raises(Refused, match=r"login\.locked"):
        await accounts.entrance.second_factor(half.session, code(accounts, account, clock), HOME)


async def test_a_lock_is_noted_with_whom_and_where_from_and_without_what_was_typed(
    accounts: Accounts, clock: SeededClock
):
    await person(accounts, clock)
    for _ in range(5):
        await told(accounts, "wang", "Secret-typed-4711")
    lines = accounts.log.page()
    assert [line.kind for line in lines] == ["login.locked", *["login.failed"] * 5]
    assert lines[0].about == "person-wang"
    assert AWAY in lines[0].detail
    assert "4711" not in repr(lines)
