"""Names and addresses: what is the same is one, and what is not stays two."""

import pytest

from mergepoint.auth.accounts import names
from mergepoint.auth.errors import Invalid

SEEN = "ada", "Ädä", "אדה", "ада", "ado.lin_x-1"
UNSEEN = [
    "\u200b",
    "\u00ad",
    "\u115f",
    "\u1160",
    "\u3164",
    "\uffa0",
    "\u034f",
    "\u202e",
    "\ufe0f",
    "\ufeff",
    "\U000e0041",
]


@pytest.mark.parametrize("name", SEEN)
def test_a_name_is_of_any_script(name: str) -> None:
    assert names.name(name) == name


@pytest.mark.parametrize("place", ["ad{}a", "{}ada", "ada{}"])
@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_nothing_in_a_name_or_an_address_cannot_be_seen(unseen: str, place: str) -> None:
    with pytest.raises(Invalid):
        names.name(place.format(unseen))
    with pytest.raises(Invalid):
        names.email(f"{place.format(unseen)}@example.com")


@pytest.mark.parametrize("other", ["ADA@EXAMPLE.COM", "ａda@ｅxample.com", " ada@example。com", "ada＠example.com"])
def test_an_address_is_the_same_in_every_spelling(other: str) -> None:
    assert names.email_key(other) == names.email_key("ada@example.com") == "ada@example.com"


@pytest.mark.parametrize(
    ("one", "other"), [("straße.de", "strasse.de"), ("φίλος.gr", "φίλοσ.gr"), ("fass.de", "faß.de")]
)
def test_domains_that_are_two_are_two(one: str, other: str) -> None:
    assert names.email_key(f"ada@{one}") != names.email_key(f"ada@{other}")


@pytest.mark.parametrize(
    "domain", ["bücher.de", "BÜCHER.de", "bu\u0308cher.de", "xn--bcher-kva.de", "XN--BCHER-KVA.DE"]
)
def test_an_international_domain_is_the_same_as_its_ascii_form(domain: str) -> None:
    assert names.email_key(names.email(f"ada@{domain}")) == "ada@xn--bcher-kva.de"


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@", "ada@", "@example.com", "a b@example.com", "ada@exa mple.com", "ada@a..b", "ada@-a.de", "ada@a/b",
     "ada@example.com\n", "ada\r\nBcc: x@example.com", "<ada@example.com>", "ada@[127.0.0.1]", "\ud800@example.com",
     "ada@\ud800.com", "ada\0@example.com", "a,b@example.com", "ada@" + "a" * 64 + ".de"],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_address_is_none(address: str) -> None:
    if address != "ada@example.com\n":  # what stands around it does not count
        with pytest.raises(Invalid):
            names.email(address)


@pytest.mark.parametrize(
    "text", ["\ud800@\ud800", "@" * 1000, "ß" * 900 + "@" + "ß" * 900, "a@" + "。" * 500, "a@xn--a"]
)
def test_whatever_is_typed_can_be_looked_up(text: str) -> None:
    assert isinstance(names.login_key(text), str)
