"""The rules for an attribute that a person writes: what is refused, why, and what mends it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch import otel
from cclaunch.collector.exposition import labels_of
from cclaunch.errors import AttributeRefused, UsageError
from cclaunch.hot.attributes import LONGEST, decode, encode
from cclaunch.profiles.attributes import (
    EXACT,
    MOST_WRITTEN,
    RESERVED,
    check_attribute,
    check_key,
    check_together,
    check_value,
    fold,
)

ALLOWED = st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1)


def refusal(key: str, value: str = "x") -> AttributeRefused:
    """Return the error that refuses *key* = *value*."""
    with pytest.raises(AttributeRefused) as caught:
        check_attribute(key, value)
    return caught.value


@pytest.mark.parametrize("key", ["team", "project", "vcs.repository.name", "vcs.ref.head.name", "host.name", "a", "A-b_c.d9"])
def test_a_free_name_is_allowed(key: str) -> None:
    """What a team would call its own."""
    check_attribute(key, "x")


@pytest.mark.parametrize("key", ["", "1a", "te am", "größe", "_x", ".x", "a,b", "a=b", "a\n"])
def test_a_name_that_claude_cannot_read_is_refused(key: str) -> None:
    """Each is a row of the facts' table: every release loses it, some lose all others with it."""
    assert "a letter, then letters, digits" in refusal(key).cause


@pytest.mark.parametrize(("key", "better"), [("te am", "te_am"), ("9lives", "lives"), ("team ", "team"), ("päron", "p_ron")])
def test_a_name_that_can_be_mended_is(key: str, better: str) -> None:
    """The hint is a name that is allowed."""
    assert refusal(key).hint == f"write it `{better}`, for instance"
    check_key(better)


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_a_reserved_name_is_refused_with_its_reason_and_a_free_one(key: str) -> None:
    """The name that is offered instead is allowed."""
    error = refusal(key)

    assert RESERVED[key] in error.cause
    offered = re.search(r"`(.*)`", error.hint)
    assert offered
    check_key(offered[1])


def test_what_the_brief_names_is_reserved() -> None:
    """The names that must never be a person's, whatever is added to the table."""
    names = "job instance le model type start_type session.id user.id user.email event.name prompt.id service.name"
    names += " service.instance.id host.arch os.type os.version wsl.version terminal.type query_source effort speed agent.name"
    names += " tool_name decision source language request_id cost_usd cost_usd_micros input_tokens duration_ms prompt error"
    names += " status_code success attempt day profile session repository"

    assert not set(names.split()) - set(RESERVED)
    assert not set(otel.PERSONAL_ATTRIBUTES) - set(RESERVED)


@pytest.mark.parametrize("key", ["cclaunch.profile", "cclaunch.check", "cclaunch.x", "anthropic.provider", "cclaunch_x"])
def test_the_names_of_cclaunch_and_of_anthropic_are_refused(key: str) -> None:
    """Whatever stands behind the prefix, and also when the dot is written otherwise."""
    assert "does not begin with" in refusal(key).hint


@pytest.mark.parametrize("key", ["session_id", "service_name", "service-instance-id", "user-id", "event_name", "agent_name"])
def test_a_name_that_prometheus_cannot_tell_from_a_reserved_one_is_refused(key: str) -> None:
    """It would be the same label there."""
    assert "to Prometheus it is the same label as" in refusal(key).cause


@pytest.mark.parametrize("key", EXACT)
def test_an_automatic_name_may_be_overruled_in_its_own_spelling_only(key: str) -> None:
    """Another spelling would stand beside the automatic one, as the same label."""
    check_key(key)

    assert refusal(key.replace(".", "_")).hint == f"write it `{key}`"


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9._-]{0,20}", fullmatch=True))
def test_folding_is_what_our_metrics_page_does(key: str) -> None:
    """The rule here and the labels there are one."""
    assert set(labels_of({f"x{key}": "1"})) == {fold(f"x{key}")}


def test_an_empty_value_is_refused() -> None:
    """It cannot be told from none."""
    assert "unset NAME team" in refusal("team", "").hint


@pytest.mark.parametrize("value", ["a\nb", "\x00", "tab\t", "\x7f", "\x85", "\x1b[2J", "end\r"])
def test_a_control_character_is_refused_by_its_number(value: str) -> None:
    """C0, delete and C1."""
    assert "U+00" in refusal("team", value).cause


def test_bytes_that_are_no_utf8_are_refused() -> None:
    """A shell hands them in as lone surrogates."""
    assert "U+DCFF" in refusal("team", b"\xff".decode("utf-8", "surrogateescape")).cause


def test_the_length_of_the_encoded_value_counts() -> None:
    """85 `ö` are 510 characters on the way; the sentence says how long it is and how long it may be."""
    check_attribute("team", "ö" * 42)

    error = refusal("team", "ö" * 43)

    assert "258 characters, and at most 255" in error.cause
    assert "shorten it by 3 or more" in error.hint


@given(ALLOWED)
def test_every_other_value_is_allowed_and_comes_back_from_its_encoding(value: str) -> None:
    """Allowed means: not longer than what arrives, and the same text behind the decoder."""
    if len(encode(value)) > LONGEST:
        assert "too long" in refusal("team", value).message
    else:
        check_value("team", value)
        assert decode(encode(value)) == value


def test_a_name_of_255_characters_is_the_longest() -> None:
    """One more is lost on the way."""
    check_key("a" * 255)

    assert "256 characters" in refusal("a" * 256).cause


def test_two_names_of_one_label_are_refused_together() -> None:
    """`a.b` and `a_b` are one label to Prometheus."""
    with pytest.raises(AttributeRefused, match=r"`cost.center` and `cost_center`"):
        check_together({"cost.center": "1", "team": "x", "cost_center": "2"})


def test_more_pairs_than_a_launch_can_send_are_refused() -> None:
    """A hundred are sent, five are automatic."""
    check_together({f"a{number}": "x" for number in range(MOST_WRITTEN)})

    with pytest.raises(AttributeRefused, match="96 attributes"):
        check_together({f"a{number}": "x" for number in range(MOST_WRITTEN + 1)})


def test_a_refusal_is_a_mistake_of_the_words() -> None:
    """Exit code 2."""
    assert isinstance(refusal("model"), UsageError)
