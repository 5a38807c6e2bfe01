"""What passwords must be, who needs a second factor, and how long failures count."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.events import Refused
from services.accounts_ports import Account, Tries
from services.accounts_rules import LOCKED, failed, good_password, is_locked, network_failed, owed

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ABOUT = ("wangfang", "王芳")


def refused(password: str, policy: str = "mlps") -> str:
    with pytest.raises(Refused) as caught:
        good_password(password, about=ABOUT, policy=policy)
    return caught.value.code


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Abc-1-x", "password.length"), ("x" * 129, "password.length"),
        ("Password-2026!", "password.guessed"), ("Admin123456789!", "password.guessed"), ("Shanghai@2026", "password.guessed"),
        ("WangFang-2026!", "password.guessed"), ("王芳-Wangfang-88", "password.guessed"), ("Qwertyuiop123!", "password.guessed"),
        ("Aaaaaaaaaaaa1!", "password.guessed"), ("Renling-renling-1", "password.guessed"), ("87654321-Abcdefgh", "password.guessed"),
        ("wander lust teapots", "password.classes"), ("WANDERLUST-TEAPOT", "password.classes"), ("4072 8831 5596 2", "password.classes"),
    ],
)  # fmt: skip
def test_a_bad_password_is_refused_with_what_would_help(password: str, code: str):
    assert refused(password) == code


@pytest.mark.parametrize("password", ["Wanderlust-7-teapots", "苹果树下 Blue 茶壶 42", "correct.Horse.battery9"])
def test_a_good_password_is_taken_under_both_policies(password: str):
    assert good_password(password, about=ABOUT, policy="mlps") == password
    assert good_password(password, about=ABOUT, policy="modern") == password


def test_the_modern_policy_asks_for_length_and_not_for_classes():
    assert good_password("wander lust teapots", about=ABOUT, policy="modern")
    assert refused("password password", "modern") == "password.guessed"


def test_full_width_letters_are_the_same_password():
    assert good_password("Ｗanderlust-7-teapots", about=ABOUT, policy="mlps") == "Wanderlust-7-teapots"


@given(st.text(max_size=200))
def test_any_text_at_all_is_taken_or_refused(text: str):
    try:
        taken = good_password(text, about=ABOUT, policy="mlps")
    except Refused as refusal:
        taken = str(refusal.field) * 4
    assert 12 <= len(taken) <= 128


def held(**more: object) -> Account:
    values = {"password": "x", "password_at": NOW, "id": "p", "login": "l", "name": "n", "made_at": NOW, "made_by": "t"}
    return Account(**{**values, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", ["unit_manager", "street", "district", "auditor", "system_admin", "security_admin"])
def test_who_decides_for_others_needs_a_second_factor(role: str):
    assert owed(held(), [role], NOW, "modern") == "second"
    assert owed(held(totp=b"sealed"), [role], NOW, "modern") is None


def test_clerks_and_committees_may_do_without():
    assert owed(held(), ["unit", "committee"], NOW, "mlps") is None


def test_an_officer_changes_the_password_every_ninety_days_under_mlps():
    late = NOW + timedelta(days=90)
    for role, policy, due in (
        ("auditor", "mlps", "password"), ("auditor", "modern", None), ("street", "mlps", None), ("unit", "mlps", None),
    ):  # fmt: skip
        assert owed(held(totp=b"sealed"), [role], late, policy) == due
    assert owed(held(totp=b"sealed"), ["auditor"], late - timedelta(seconds=1), "mlps") is None


def test_people_of_a_demonstration_owe_nothing():
    assert owed(held(demonstration=True, password=None), ["security_admin"], NOW + timedelta(days=900), "mlps") is None


def test_the_fifth_failure_locks_and_later_ones_lock_for_longer():
    tries, locks = Tries(), []
    for _ in range(9):
        tries = failed(tries, NOW)
        locks.append(tries.locked_until - NOW if tries.locked_until else None)
    assert locks == [None] * 4 + [*LOCKED, LOCKED[-1], LOCKED[-1]]


def test_no_number_of_failures_locks_for_more_than_a_quarter_of_an_hour():
    tries = Tries(failures=10**9, last_at=NOW)
    assert not is_locked(failed(tries, NOW), NOW + timedelta(minutes=15))


def test_failures_of_yesterday_are_forgotten():
    tries = Tries(failures=9, last_at=NOW - timedelta(hours=24))
    assert failed(tries, NOW).failures == 1


def test_a_network_is_forgiven_one_failure_a_minute():
    tries = Tries(failures=20, last_at=NOW)
    assert is_locked(network_failed(tries, NOW), NOW)
    assert not is_locked(network_failed(tries, NOW + timedelta(minutes=1)), NOW + timedelta(minutes=1))
