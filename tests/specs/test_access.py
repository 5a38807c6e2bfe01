"""Who may do what: the letters of the matrix, acting for another, four eyes, and which roles one person may hold."""

from dataclasses import replace

import pytest

from domain.access import (
    ACTIONS,
    ADMINISTRATORS,
    PARTIES,
    PUBLIC,
    SYSTEM,
    Facts,
    Principal,
    acting_org,
    allow,
    decide,
    may_hold,
)
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
FOR_EAST = replace(HERE, acting_for=EAST, basis="phone", stands=(EAST, STREET, DISTRICT))
OTHER_STREET = Principal(id="key-2", role="street", org="office-2", area="310101002")
CLERK = Principal(id="key-3", role="street", org="office-3")
BUSINESS = [rule.action for rule in ACTIONS.values() if rule.group in ("needs", "offers", "claims", "projects", "register")]
DOING = [action for action in BUSINESS if action != "project.resident"]


@pytest.mark.parametrize("action", DOING)
def test_an_action_is_open_to_those_the_matrix_names_and_to_nobody_else(action: str):
    cells = ACTIONS[action].cells
    assert decide(SYSTEM, action, HIDDEN) is None
    assert (decide(COMMITTEE, action, HIDDEN) is None) == ("O" in cells["committee"])
    assert (decide(STREET_OFFICE, action, HIDDEN) is None) == ("A" in cells["street"])
    assert (decide(DISTRICT_OFFICE, action, HIDDEN) is None) == ("A" in cells["district"])
    for stranger in (AUDITOR, OTHER_COMMITTEE, OTHER_STREET, CLERK, PUBLIC):
        assert decide(stranger, action, HIDDEN) in ("forbidden", "invisible")


@pytest.mark.parametrize("action", [a for a in DOING if ACTIONS[a].seen_by in ("need.see", "offer.see")])
def test_a_stranger_is_told_no_only_of_what_they_may_see(action: str):
    assert decide(OTHER_COMMITTEE, action, HERE) == "forbidden"
    assert decide(OTHER_COMMITTEE, action, HIDDEN) == "invisible"
    assert decide(PUBLIC, action, HERE) == "forbidden"
    assert decide(AUDITOR, action, HIDDEN) == "forbidden"


@pytest.mark.parametrize("action", [a for a in DOING if ACTIONS[a].seen_by in ("claim.see", "project.see")])
def test_a_claim_is_not_even_there_for_who_is_no_party_to_it(action: str):
    for facts in (HERE, HIDDEN):
        assert decide(OTHER_COMMITTEE, action, facts) == decide(OTHER_STREET, action, facts) == "invisible"


def test_an_auditor_with_a_partys_name_is_still_no_party():
    assert decide(Principal(id="key-4", role="auditor", org=EAST), "need.amend", HERE) == "forbidden"


def test_a_committee_stands_above_nobody_though_its_area_does():
    claims_a_street = Principal(id="key-5", role="committee", org=OTHER_COMMITTEE.org, area=STREET)
    assert decide(claims_a_street, "need.endorse", HERE) == "forbidden"


def test_areas_are_compared_whole_and_not_by_how_they_begin():
    for area in ("310", STREET[:-1], DISTRICT[:-2], STREET + "0"):
        near = Principal(id="key-7", role="street", org="office-7", area=area)
        assert decide(near, "need.endorse", HERE) == "forbidden"
        assert decide(near, "need.amend", FOR_EAST) == "not_for_them"


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_unit_manager_does_for_its_unit_what_the_unit_does(action: str):
    unit, manager = (Principal(id=f"key-{role}", role=role, org="unit-1") for role in ("unit", "unit_manager"))
    for facts in (Facts(parties=("unit-1",)), Facts(parties=("unit-1",), public=False), HERE, HIDDEN):
        if decide(unit, action, facts) is None:
            assert decide(manager, action, facts) is None


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_administrators_of_the_house_neither_see_nor_do_what_is_done_in_it(role: str):
    namesake = Principal(id="key-6", role=role, org=EAST, area=DISTRICT)
    for action in [*DOING, "need.see", "offer.see", "claim.see", "project.see", "contact.reveal", "list.export"]:
        assert decide(namesake, action, HERE) is not None
        assert decide(namesake, action, FOR_EAST) is not None


@pytest.mark.parametrize("action", [rule.action for rule in ACTIONS.values() if not rule.looks])
def test_an_auditor_reads_and_writes_nothing(action: str):
    for org in ("audit", EAST):
        auditor = Principal(id="key-8", role="auditor", org=org, area=DISTRICT)
        assert (decide(auditor, action, HERE) is None) == (action == "project.resident")
        assert decide(auditor, action, FOR_EAST) is not None


def test_asked_twice_the_answer_is_the_same_404_or_403():
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            allow(OTHER_COMMITTEE, "need.amend", HIDDEN)
        assert (refused.value.code, refused.value.kind) == ("item.not_found", "missing")
        with pytest.raises(Refused) as refused:
            allow(OTHER_COMMITTEE, "need.amend", HERE)
        assert (refused.value.code, refused.value.kind) == ("access.forbidden", "forbidden")
        assert allow(COMMITTEE, "need.amend", HERE) is None


def test_who_acts_for_another_acts_as_that_organisation():
    own = Ask(principal=STREET_OFFICE, key="k", fingerprint="f")
    assert (acting_org(own), acting_org(replace(own, on_behalf_of=EAST, basis="phone"))) == ("street-office", EAST)


def test_a_coordinator_acts_for_a_party_of_its_own_area_on_a_basis_that_is_named():
    assert decide(STREET_OFFICE, "need.amend", HERE) == "forbidden"
    assert decide(STREET_OFFICE, "need.amend", FOR_EAST) is None
    assert decide(DISTRICT_OFFICE, "need.amend", FOR_EAST) is None
    for basis in (None, "", "because"):
        assert decide(STREET_OFFICE, "need.amend", replace(FOR_EAST, basis=basis)) == "no_basis"
    with pytest.raises(Refused) as refused:
        allow(STREET_OFFICE, "need.amend", replace(FOR_EAST, basis=None))
    assert (refused.value.code, refused.value.kind, refused.value.field) == ("access.no_basis", "invalid", "basis")


@pytest.mark.parametrize(
    ("who", "facts"),
    [
        (OTHER_STREET, FOR_EAST), (CLERK, FOR_EAST), (OTHER_COMMITTEE, FOR_EAST), (AUDITOR, FOR_EAST),
        (COMMITTEE, FOR_EAST), (replace(STREET_OFFICE, org=EAST), FOR_EAST),
        (STREET_OFFICE, replace(FOR_EAST, acting_for="unit-1")), (STREET_OFFICE, replace(FOR_EAST, stands=())),
        (STREET_OFFICE, replace(FOR_EAST, stands=("310101002", DISTRICT))),
    ],
)  # fmt: skip
def test_nobody_else_acts_for_another_and_a_coordinator_for_no_stranger(who: Principal, facts: Facts):
    with pytest.raises(Refused) as refused:
        allow(who, "need.amend", facts)
    assert refused.value.code == "access.not_for_them"


@pytest.mark.parametrize("action", ["need.endorse", "claim.match", "project.settle", "project.evaluate", "unit.register"])
def test_what_is_ones_own_judgement_is_done_for_nobody_else(action: str):
    assert decide(STREET_OFFICE, action, FOR_EAST) == "not_for_them"


def test_nobody_judges_their_own_work_whatever_right_they_have():
    for barred in ((STREET_OFFICE.id,), (STREET_OFFICE.org,)):
        assert decide(STREET_OFFICE, "need.endorse", replace(HERE, barred=barred)) == "own_work"
        assert decide(DISTRICT_OFFICE, "need.endorse", replace(HERE, barred=barred)) is None
    assert decide(STREET_OFFICE, "need.amend", replace(FOR_EAST, barred=(EAST,))) == "own_work"
    assert decide(OTHER_STREET, "need.endorse", replace(HERE, barred=(OTHER_STREET.id,))) == "forbidden"


@pytest.mark.parametrize(
    ("held", "new", "may"),
    [
        ((), "unit", True), (("unit",), "committee", True), (("unit",), "unit_manager", True), (("street",), "district", True),
        ((), "auditor", True), (("auditor",), "auditor", True), (("system_admin",), "system_admin", True),
        (("system_admin",), "security_admin", False), (("security_admin",), "system_admin", False),
        (("system_admin",), "auditor", False), (("auditor",), "security_admin", False),
        *(((role,), "auditor", False) for role in PARTIES), *((("auditor",), role, False) for role in PARTIES),
        ((), "public", False), ((), "system", False), ((), "king", False),
    ],
)  # fmt: skip
def test_those_who_keep_those_who_watch_and_those_who_do_are_different_people(held: tuple[str, ...], new: str, may: bool):
    assert may_hold(held, new) is may
