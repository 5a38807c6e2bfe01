"""Who may do what: one table, told case by case."""

from dataclasses import replace

import pytest

from domain.access import ACTIONS, ADMINISTRATORS, PUBLIC, SYSTEM, Facts, Principal, acting_org, allow, decide
from domain.events import Refused
from services.command import Ask
from tests.support.world import (
    AUDITOR,
    COMMITTEE,
    DISTRICT,
    DISTRICT_OFFICE,
    EAST,
    OTHER_COMMITTEE,
    STREET,
    STREET_OFFICE,
)

HERE = Facts(parties=(EAST,), path=(EAST, STREET, DISTRICT))
HIDDEN = Facts(parties=(EAST,), path=(EAST, STREET, DISTRICT), public=False)
OTHER_STREET = Principal(id="key-2", role="street", org="office-2", area="310101002")
CLERK = Principal(id="key-3", role="street", org="office-3")
FOR_PARTIES = {action for action, who in ACTIONS.items() if "party" in who and action != "see"}
FOR_TIERS = {action for action, who in ACTIONS.items() if "tier" in who and action != "see"}


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_action_is_open_to_those_the_table_names_and_to_nobody_else(action: str):
    assert decide(SYSTEM, action, HIDDEN) is None
    assert (decide(COMMITTEE, action, HIDDEN) is None) == ("party" in ACTIONS[action])
    assert (decide(STREET_OFFICE, action, HIDDEN) is None) == ("tier" in ACTIONS[action])
    assert (decide(DISTRICT_OFFICE, action, HIDDEN) is None) == ("tier" in ACTIONS[action])
    assert (decide(AUDITOR, action, HIDDEN) is None) == (action == "see")
    for stranger in (OTHER_COMMITTEE, OTHER_STREET, CLERK):
        assert decide(stranger, action, HIDDEN) == "invisible"


@pytest.mark.parametrize("action", sorted(FOR_PARTIES | FOR_TIERS))
def test_a_stranger_is_told_no_only_of_what_they_may_see(action: str):
    assert decide(OTHER_COMMITTEE, action, HERE) == "forbidden"
    assert decide(OTHER_COMMITTEE, action, HIDDEN) == "invisible"
    assert decide(AUDITOR, action, HIDDEN) == "forbidden"


def test_an_auditor_with_a_partys_name_is_still_no_party():
    assert decide(Principal(id="key-4", role="auditor", org=EAST), "need.amend", HERE) == "forbidden"


def test_a_committee_stands_above_nobody_though_its_area_does():
    claims_a_street = Principal(id="key-5", role="committee", org=OTHER_COMMITTEE.org, area=STREET)
    assert decide(claims_a_street, "need.endorse", HERE) == "forbidden"


def test_only_the_clock_ticks():
    for who in (COMMITTEE, STREET_OFFICE, DISTRICT_OFFICE, AUDITOR):
        assert decide(who, "clock.tick", HERE) == "forbidden"


def test_asked_twice_the_answer_is_the_same_404_or_403():
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            allow(OTHER_COMMITTEE, "need.amend", HIDDEN)
        assert (refused.value.code, refused.value.kind) == ("item.not_found", "missing")
        with pytest.raises(Refused) as refused:
            allow(OTHER_COMMITTEE, "need.amend", HERE)
        assert (refused.value.code, refused.value.kind) == ("access.forbidden", "forbidden")
        assert allow(COMMITTEE, "need.amend", HERE) is None


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_unit_manager_does_for_its_unit_what_the_unit_does(action: str):
    for facts in (Facts(parties=("unit-1",)), Facts(parties=("unit-1",), public=False), HERE, HIDDEN):
        verdicts = [decide(Principal(id=f"key-{role}", role=role, org="unit-1"), action, facts) for role in ("unit", "unit_manager")]
        assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_administrators_of_the_house_neither_see_nor_do_what_is_done_in_it(role: str):
    namesake = Principal(id="key-6", role=role, org=EAST, area=DISTRICT)
    for action in sorted(ACTIONS):
        assert decide(namesake, action, HERE) == decide(namesake, action, HIDDEN) == "invisible"


@pytest.mark.parametrize("action", sorted(ACTIONS.keys() - {"see"}))
def test_the_public_sees_what_is_public_and_does_nothing(action: str):
    assert decide(PUBLIC, "see", HERE) is None
    assert (decide(PUBLIC, action, HERE), decide(PUBLIC, action, HIDDEN)) == ("forbidden", "invisible")


def test_who_acts_for_another_acts_as_that_organisation():
    own = Ask(principal=STREET_OFFICE, key="k", fingerprint="f")
    assert (acting_org(own), acting_org(replace(own, on_behalf_of=EAST, basis="phone"))) == ("street-office", EAST)
