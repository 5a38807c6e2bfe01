"""Scopes of keys: each covers its own acts, and no set of scopes covers what is the house's own."""

import pytest

from domain.access import ACTIONS, Facts, Principal, decide
from domain.scopes import SCOPES, covers, known_scopes

OWN = Facts(parties=("unit-1",), path=("street", "district"), public=False)


def key(*scopes: str) -> Principal:
    return Principal(id="key-1", role="unit_system", org="unit-1", scopes=scopes)


@pytest.mark.parametrize(
    ("scope", "action"),
    [
        ("needs:write", "need.post"), ("offers:write", "offer.amend"), ("claims:write", "claim.provide"),
        ("claims:write", "claim.release"), ("claims:decide", "claim.accept"), ("claims:decide", "claim.counter"),
        ("projects:write", "project.report"),
    ],
)  # fmt: skip
def test_an_act_takes_its_own_scope_and_no_other(scope, action):
    assert decide(key(scope), action, OWN) is None
    others = [other for other in SCOPES if other != scope]
    assert decide(key(*others), action, OWN) == "scope"


def test_a_key_without_scopes_named_does_all_that_its_organisation_may():
    whole = Principal(id="key-1", role="unit_system", org="unit-1")
    assert decide(whole, "claim.accept", OWN) is None


def test_any_key_may_read_what_its_organisation_may_read():
    assert decide(key(), "claim.see", OWN) is None
    assert decide(key(), "claim.see", Facts(parties=("unit-2",), public=False)) == "invisible"


def test_scopes_never_give_more_than_the_role_has():
    assert decide(key(*SCOPES), "need.endorse", OWN) == "forbidden"
    assert decide(key(*SCOPES), "claim.accept", Facts(parties=("unit-2",), public=False)) == "invisible"


def test_every_act_of_business_has_a_scope_and_no_act_of_the_house_has_one():
    for action, rule in ACTIONS.items():
        if action in ("rules.adopt", "hook.keep") or action.startswith("policy."):
            continue  # the house's own, and an organisation's
        business = rule.group in ("needs", "offers", "claims", "rounds", "projects", "register", "lists", "see")
        alone = any(covers((scope,), action) for scope in SCOPES)
        assert alone == (business or action.endswith(".see")), action


def test_scopes_are_kept_in_their_order_and_once():
    assert known_scopes(["claims:decide", "read", "claims:decide"]) == ("read", "claims:decide")
    with pytest.raises(ValueError, match="fly"):
        known_scopes(["fly"])
