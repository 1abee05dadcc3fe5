"""Identity keys and the document ids made from them: stable, apart from each other, and as the dashboard has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.contacts import is_placeholder_email
from lib.domain.identity import (
    IdentityKey,
    IdentityKind,
    customer_id_for,
    identity_id,
    is_self_made,
    legacy_customer_ids,
    normalise_pos_id,
    placeholder_email,
)
from lib.domain.ids import check_id

POS = IdentityKey(IdentityKind.POS, "4711")
UID = IdentityKey(IdentityKind.UID, "aB3xYz")
PHONE = IdentityKey(IdentityKind.PHONE, "+14155552671")
EMAIL = IdentityKey(IdentityKind.EMAIL, "ana@example.com")

ORGS = st.sampled_from(["a", "a_b", "org_thrive", "org"])
VALUES = st.text(min_size=1, max_size=40)
KEYS = st.one_of(
    st.builds(IdentityKey, st.sampled_from([IdentityKind.POS, IdentityKind.UID, IdentityKind.EMAIL]), VALUES),
    st.integers(10**9, 10**13).map(lambda digits: IdentityKey(IdentityKind.PHONE, f"+{digits}")),
)


@pytest.mark.parametrize(
    ("keys", "customer_id"),
    [
        ([EMAIL, PHONE, UID, POS], "org_a_4711"),
        ([EMAIL, PHONE, UID], "org_a_aB3xYz"),
        ([EMAIL, PHONE], "org_a_phone_14155552671"),
        ([IdentityKey(IdentityKind.PHONE, "+2348031234567")], "org_a_phone_2348031234567"),
        ([IdentityKey(IdentityKind.UID, "4711")], "org_a_uid_4711"),
        ([IdentityKey(IdentityKind.POS, "a/b_c d")], "org_a_a%2Fb%5Fc%20d"),
    ],
)
def test_new_customers_are_named_after_their_strongest_key(keys: list[IdentityKey], customer_id: str) -> None:
    assert customer_id_for("org_a", keys) == customer_id


def test_an_address_is_not_readable_in_an_id() -> None:
    customer_id = customer_id_for("org_a", [EMAIL])

    assert customer_id.startswith("org_a_email_")
    assert "ana" not in customer_id.removeprefix("org_a")
    assert customer_id != customer_id_for("org_b", [EMAIL]).replace("org_b", "org_a")


def test_without_a_key_there_is_no_customer() -> None:
    with pytest.raises(ValueError, match="empty"):
        customer_id_for("org_a", [])


@given(ORGS, KEYS)
def test_ids_are_document_ids(org_id: str, key: IdentityKey) -> None:
    check_id(customer_id_for(org_id, [key]), pointer="")
    check_id(identity_id(org_id, key), pointer="")
    for legacy in legacy_customer_ids(org_id, key):
        check_id(legacy, pointer="")
        assert legacy.startswith(f"{org_id}_")


@given(ORGS, KEYS, ORGS, KEYS)
def test_identities_of_orgs_and_kinds_are_apart(org: str, key: IdentityKey, other_org: str, other: IdentityKey) -> None:
    same = (org, key) == (other_org, other)

    assert (identity_id(org, key) == identity_id(other_org, other)) == same
    assert identity_id(org, key).startswith(f"{key.kind}:")


@given(ORGS, st.text(min_size=1, max_size=40), ORGS, st.text(min_size=1, max_size=40))
def test_pos_customers_of_two_orgs_never_share_a_document(org: str, value: str, other_org: str, other: str) -> None:
    """Org ids hold underscores: without care, customer `b_1` of org `a` would be customer `1` of org `a_b`."""
    one = customer_id_for(org, [IdentityKey(IdentityKind.POS, value)])
    two = customer_id_for(other_org, [IdentityKey(IdentityKind.POS, other)])

    assert (one == two) == ((org, value) == (other_org, other))


@given(ORGS, st.integers(0, 10**6).map(str))
def test_a_uid_of_digits_is_not_the_pos_customer_of_that_number(org_id: str, number: str) -> None:
    pos, uid = IdentityKey(IdentityKind.POS, number), IdentityKey(IdentityKind.UID, number)

    assert customer_id_for(org_id, [pos]) != customer_id_for(org_id, [uid])


@pytest.mark.parametrize(
    ("key", "ids"),
    [
        (POS, ("org_a_4711", "org_a_alleaves_4711")),
        (PHONE, ("org_a_phone_14155552671", "org_a_phone_4155552671")),
        (UID, ("org_a_aB3xYz",)),
        (IdentityKey(IdentityKind.UID, "a_b"), ("org_a_a%5Fb", "org_a_a_b")),
        (IdentityKey(IdentityKind.POS, "a/b"), ("org_a_a%2Fb",)),
        (EMAIL, (customer_id_for("org_a", [EMAIL]),)),
    ],
)
def test_ids_a_customer_may_already_have(key: IdentityKey, ids: tuple[str, ...]) -> None:
    assert legacy_customer_ids("org_a", key) == ids


@pytest.mark.parametrize(
    ("raw", "pos_id"),
    [
        (4711, "4711"),
        ("4711", "4711"),
        (" cid_4711 ", "4711"),
        ("alleaves_customer", None),
        ("cid_", None),
        ("", None),
        (None, None),
        (True, None),
        (4711.0, None),
        (["4711"], None),
    ],
)
def test_pos_ids(raw: object, pos_id: str | None) -> None:
    assert normalise_pos_id(raw) == pos_id


@pytest.mark.parametrize(
    ("document_id", "self_made"),
    [
        ("kYV2pXo6ZnRr1bTq8sWd4uEaLcM3", True),
        ("7pXo6ZnRr1bTq8sWd4uE", False),
        ("org_a_77", False),
        ("kYV2pXo6ZnRr1bTq8sWd4uEa_cM3", False),
    ],
)
def test_documents_named_after_a_firebase_uid(document_id: str, self_made: bool) -> None:
    assert is_self_made(document_id) is self_made


@given(ORGS, KEYS)
def test_invented_addresses_are_known_as_such(org_id: str, key: IdentityKey) -> None:
    address = placeholder_email(org_id, key)

    assert is_placeholder_email(address)
    assert address == address.lower()


def test_an_invented_address_is_the_pos_syncs_and_shows_nothing_else() -> None:
    assert placeholder_email("org_a", POS) == "customer_4711@alleaves.local"
    for key in (PHONE, UID, *(IdentityKey(IdentityKind.POS, value) for value in ("a b", "é", "x" * 41))):
        name = placeholder_email("org_a", key).removeprefix("customer_").removesuffix("@alleaves.local")
        assert len(name) == 32
        assert set(name) <= set("0123456789abcdef")
