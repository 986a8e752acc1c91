"""What a report for a public issue leaves out, in whatever shape and however quoted; what it keeps, so that it is of use."""

import json
import shlex
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cclaunch.commands.redacted import OUR_WORDS, Private, redacted

JOE = Private(
    homes=["/home/joe", "/data/people/joe o'neil"],
    users=["joe"],
    hosts=["wally.corp.example", "wally"],
    values=["Bearer s3cr3t-t0ken", "data-eng", "dev", "Zoë & co", "1"],
)
LETTERS = st.characters(codec="utf-8", exclude_categories=["C", "Z"])
SEPARATORS = st.sampled_from([" ", "/", ": ", "'", '"', "(", ",", "=", "\n", "%2F", ""])
WRITTEN: tuple[Callable[[str], str], ...] = (str, quote, lambda text: quote(text, safe=""), shlex.quote, repr, json.dumps)
"""The ways in which a text comes into a report."""


def told(text: str, private: Private = JOE) -> object:
    """Return what becomes of one *text*."""
    return redacted(text, private)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("/home/joe/.config/cclaunch/config.toml is fine", "~/.config/cclaunch/config.toml is fine"),
        ("unix:///home/joe/docker.sock, file:///home/joe", "unix://~/docker.sock, file://~"),
        ("%2Fhome%2Fjoe%2Fx and %2fhome%2fjoe", "~%2Fx and ~"),
        ("cd '/data/people/joe o'\"'\"'neil/x'", "cd '~/x'"),
        ("cd /data/people/joe\\ o\\'neil/x", "cd ~/x"),
        ("/data/people/joe%20o%27neil", "~"),
        ("/home/joelle and /home/joe2 are others'", "/home/joelle and /home/joe2 are others'"),
        ("/mnt/joe/x, joe@wally, chown joe: /x", "/mnt/<user>/x, <user>@<host>, chown <user>: /x"),
        ("held by nc (pid 7, user anna)", "held by nc (pid 7, user <user>)"),
        ("a process of user anna (uid 7) and user root (uid 0)", "a process of user <user> (uid 7) and user root (uid 0)"),
        ("from WALLY.corp.example and wally", "from <host> and <host>"),
        ("mail o'joe+x@mail.example.org.", "mail <e-mail>."),
        ("joe%40example.org", "<e-mail>"),
        ("npm install @anthropic-ai/claude-code@2.1.330", "npm install @anthropic-ai/claude-code@2.1.330"),
        ("Authorization: Bearer s3cr3t-t0ken", "Authorization: <hidden>"),
        ("Bearer%20s3cr3t-t0kenX", "<hidden>X"),
        ("team=data-eng, stage=dev; developers", "team=<hidden>, stage=<hidden>; developers"),
        ("Zo\\u00eb & co, Zo%C3%AB%20%26%20co, Zoe\u0308 & co", "<hidden>, <hidden>, <hidden>"),
        ("http://127.0.0.1:4317 and http://[::1]:1/v1/logs", "http://127.0.0.1:4317 and http://[::1]:1/v1/logs"),
        ("http://me:pw@127.0.0.1:4318/v1?key=k", "http://<hidden>@127.0.0.1:4318/v1?<hidden>"),
        ("https://me:p@ss@collector.invalid:4317/tenant?key=k#f", "https://<hidden>@<host>:4317/<hidden>"),
        ("over grpc to https://collector.invalid:4317, which", "over grpc to https://<host>:4317, which"),
        ("http://prometheus:9090/x", "http://prometheus:9090/x"),
    ],
)
def test_what_is_private_is_replaced_and_the_rest_stays(text: str, becomes: str) -> None:
    """Each by what it is."""
    assert told(text) == becomes


@given(st.data())
def test_no_secret_survives_whatever_shape_the_value_has(data: st.DataObject) -> None:
    """Deep or flat, alone or inside a text, written plainly, quoted or escaped."""
    word = st.text(LETTERS, min_size=6, max_size=20).filter(lambda text: text.casefold() not in OUR_WORDS)
    home, user, host, value = (
        "/" + data.draw(word) + "/" + data.draw(word),
        *(data.draw(st.from_regex(r"[a-z]{3}[0-9]{4}[a-z]{2}", fullmatch=True)) for _ in range(2)),
        data.draw(word),
    )
    private = Private([home], [user], [host], [value])
    secret = st.sampled_from([home, user, host, value, f"{user}@example.org", f"{user}%40example.org"])
    written = st.builds(lambda text, how: how(text), secret, st.sampled_from(WRITTEN))
    part = st.tuples(SEPARATORS, written, SEPARATORS).map("".join)
    noise = st.text(max_size=10)
    text = st.lists(st.one_of(part, noise), max_size=5).map(" ".join)
    shape = st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), text),
        lambda inner: st.one_of(st.lists(inner), st.tuples(inner), st.dictionaries(st.sampled_from("abc"), inner)),
    )

    shown = json.dumps(redacted(data.draw(shape), private), ensure_ascii=False)

    for one in (home, user, host, value, "@example.org"):
        for how in WRITTEN:
            assert how(one) not in shown


@given(
    st.recursive(st.one_of(st.none(), st.booleans(), st.floats(allow_nan=False)), lambda inner: st.dictionaries(st.text(), inner))
)
def test_keys_and_what_is_no_text_stay(value: object) -> None:
    """They are what a program asks the report for."""
    assert redacted(value, JOE) == value


@given(st.sampled_from(sorted(OUR_WORDS)))
def test_a_word_of_every_report_stays_whoever_is_called_so(word: str) -> None:
    """A user `runner`, a team `claude`: hiding it would tell more than the word does."""
    assert told(f"a {word} here", Private([], [word], [word], [word])) == f"a {word} here"


@pytest.mark.parametrize("name", ["al", "x"])
def test_a_very_short_name_is_hidden_in_a_path_only(name: str) -> None:
    """As a word it may mean anything."""
    assert told(f"et {name} in /srv/{name}/file", Private(users=[name])) == f"et {name} in /srv/<user>/file"


@pytest.mark.parametrize("home", ["", "/", "//"])
def test_a_home_that_is_none_hides_nothing(home: str) -> None:
    """The root directory is everybody's."""
    assert told("/etc/hosts", Private(homes=[home])) == "/etc/hosts"


def test_what_stands_for_something_is_not_searched_again() -> None:
    """A person called `hid`, a host called `mail`."""
    private = Private(homes=["/home/x"], users=["hid", "e-mail"], values=["secret-value"])

    assert told("secret-value a@example.org", private) == "<hidden> <e-mail>"
