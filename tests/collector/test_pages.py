"""``/health`` and ``/metrics``: what they say, to whom, and what never stands there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import other_user
import pytest
from collector_client import Place, collector, cost, logs, registered
from metrics_page import samples, total

from cclaunch import __version__
from cclaunch.otel import CHECK_ATTRIBUTE
from cclaunch.store.schema import SCHEMA_VERSION

NONCE = "0123456789abcdefABCDEF" * 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One collector for all of these tests."""
    with collector(tmp_path_factory.mktemp("pages")) as running:
        yield running


def send(place: Place, dollars: float, **attributes: str) -> None:
    """Send one point of the cost metric."""
    assert place.post("/v1/metrics", cost(dollars, **attributes).SerializeToString()).status == 200


def test_health_proves_that_it_knows_the_key(place: Place) -> None:
    """A keyed hash of the nonce, with version and schema."""
    key = bytes.fromhex(Path(place.paths.data, "collector.key").read_text().strip())
    answer = place.ask("GET", f"/health?nonce={NONCE}")
    lines = answer.body.decode().splitlines()

    assert answer.status == 200
    assert lines[0] == "cclaunch"
    assert f"version={__version__}" in lines
    assert f"schema={SCHEMA_VERSION}" in lines
    assert f"proof={blake2b(NONCE.encode(), digest_size=16, key=key).hexdigest()}" in lines


@pytest.mark.parametrize(
    "query", ["", "?nonce=", "?nonce=%FF%00", "?pid=x", "?pid=-1", "?pid=99999999999999999999", "?nonce=" + "a" * 9999]
)
def test_odd_questions_do_not_break_health(place: Place, query: str) -> None:
    """Whatever is asked, it answers, and answers the next one."""
    assert place.ask("GET", f"/health{query}").status in (200, 400)
    assert place.ask("GET", "/health").status == 200


SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def session() -> Iterator[int]:
    """A process to stay for: its pid."""
    with subprocess.Popen(SLEEPER) as process:
        yield process.pid
        process.kill()


def test_a_launch_registers_with_the_proof_that_it_knows_the_key(place: Place, session: int) -> None:
    """A keyed hash of its pid and the nonce."""
    assert place.ask("GET", place.registering(session)).status == 200
    assert session in registered(place.paths)


@pytest.mark.parametrize("by", ["none", "empty", "wrong", "of another nonce", "of another pid", "of the answer"])
def test_without_that_proof_nobody_is_registered(place: Place, session: int, by: str) -> None:
    """An image of a page that asks for `/health?pid=1` would keep the collector for ever; what it answers is no proof either."""
    right = place.registering(session)
    proof = place.ask("GET", f"/health?nonce={session}%200123456789abcdef").body.decode().partition("proof=")[2].split()[0]
    asked = {
        "none": f"/health?nonce=0123456789abcdef&pid={session}",
        "empty": right.partition("&by=")[0] + "&by=",
        "wrong": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "of another nonce": right.replace("nonce=0", "nonce=1"),
        "of another pid": place.registering(os.getpid()).replace(f"pid={os.getpid()}", f"pid={session}"),
        "of the answer": right.partition("&by=")[0] + f"&by={proof}",
    }[by]

    assert place.ask("GET", asked).status == 200
    assert session not in registered(place.paths)


def test_the_first_process_is_never_registered(place: Place) -> None:
    """It lives as long as the machine."""
    assert place.ask("GET", place.registering(1)).status == 200
    assert 1 not in registered(place.paths)


def test_a_process_of_another_user_is_not_registered(place: Place) -> None:
    """None of ours."""
    other_user.need_root()
    with subprocess.Popen(["/bin/sleep", "600"], user=other_user.UID, extra_groups=[]) as other:
        try:
            assert place.ask("GET", place.registering(other.pid)).status == 200
            assert other.pid not in registered(place.paths)
        finally:
            other.kill()


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "anything"])
@pytest.mark.parametrize(("port", "path"), [("http", "/health"), ("metrics", "/metrics"), ("metrics", "/")])
def test_a_page_of_another_site_gets_nothing(place: Place, port: str, path: str, site: str) -> None:
    """An image or a form names no Origin; the browser says where it comes from all the same."""
    assert place.ask("GET", path, headers={"Sec-Fetch-Site": site}, port=port).status == 403


@pytest.mark.parametrize("site", ["none", "same-origin"])
@pytest.mark.parametrize(("port", "path"), [("http", "/health"), ("metrics", "/metrics")])
def test_a_person_may_look_with_a_browser(place: Place, port: str, path: str, site: str) -> None:
    """An address that was typed comes from no site."""
    assert place.ask("GET", path, headers={"Sec-Fetch-Site": site}, port=port).status == 200


def test_the_key_is_readable_by_this_user_only(place: Place) -> None:
    """And so is everything else in the data directory."""
    names = ["collector.key", "collector.lock", "collector.ports", "telemetry.db"]

    assert [oct(os.stat(f"{place.paths.data}/{name}").st_mode & 0o777) for name in names] == ["0o600"] * 4
    assert os.stat(place.paths.data).st_mode & 0o777 == 0o700
    assert Path(place.paths.data, "collector.key").stat().st_size >= 64


def test_metrics_are_plain_text_of_version_0_0_4(place: Place) -> None:
    """The type by which Prometheus chooses its parser."""
    send(place, 1.5, session__id="type")
    answer = place.ask("GET", "/metrics", port="metrics")

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"# TYPE claude_code_cost_usage counter\n" in answer.body
    assert b"# HELP claude_code_cost_usage " in answer.body


def test_a_head_request_has_no_body(place: Place) -> None:
    """Some probes ask that way."""
    answer = place.ask("HEAD", "/metrics", port="metrics")

    assert (answer.status, answer.body) == (200, b"")


def test_names_have_no_suffix_and_labels_no_dots(place: Place) -> None:
    """As the Docker stack writes them: job and instance come from the resource's names."""
    send(place, 2.25, session__id="labels", service__instance__id="i-1", model="claude-x")
    found = next(one for one in samples(place.ports["metrics"]) if one.labels.get("session_id") == "labels")

    assert found.name == "claude_code_cost_usage"
    assert found.value == 2.25
    assert found.labels == {
        "session_id": "labels",
        "service_instance_id": "i-1",
        "instance": "i-1",
        "job": "claude-code",
        "model": "claude-x",
    }


def test_nothing_on_the_page_names_a_person_or_an_account(place: Place) -> None:
    """Every user of this machine can read it; what they told apart is added up."""
    personal = ("user.email", "user.id", "user.account_uuid", "user.account_id", "organization.id")
    send(place, 1.0, session__id="personal", **{name.replace(".", "__"): f"secret {name}" for name in personal})
    send(place, 2.0, session__id="personal", user__email="other secret")
    page = place.ask("GET", "/metrics", port="metrics").body

    assert b"secret" not in page
    assert b"user_email" not in page
    assert total(place.ports["metrics"], "claude_code_cost_usage", session_id="personal") == 3.0


def test_label_values_are_escaped(place: Place) -> None:
    """Quotes, backslashes and line feeds."""
    send(place, 1.0, session__id="escaped", team='a"b\\c\nd')

    assert b'team="a\\"b\\\\c\\nd"' in place.ask("GET", "/metrics", port="metrics").body


def test_attributes_that_become_one_label_are_joined(place: Place) -> None:
    """`a.b` and `a_b` cannot both be `a_b`: a page with a label twice is refused by Prometheus."""
    send(place, 1.0, session__id="joined", a__b="one", a_b="two")
    found = next(one for one in samples(place.ports["metrics"]) if one.labels.get("session_id") == "joined")

    assert sorted(found.labels["a_b"].split(";")) == ["one", "two"]


def test_a_counter_never_falls(place: Place) -> None:
    """A later cumulative point replaces the earlier one upwards."""
    send(place, 4.0, session__id="monotone")
    first = total(place.ports["metrics"], "claude_code_cost_usage", session_id="monotone")
    place.post("/v1/logs", logs("between").SerializeToString())
    second = total(place.ports["metrics"], "claude_code_cost_usage", session_id="monotone")

    assert (first, second) == (4.0, 4.0)


def test_the_synthetic_points_of_check_are_not_shown(place: Place) -> None:
    """They prove the way; they are not telemetry."""
    send(place, 77.0, **{CHECK_ATTRIBUTE.replace(".", "__"): "abc", "session__id": "check"})

    assert total(place.ports["metrics"], "claude_code_cost_usage", session_id="check") == 0


def test_the_metrics_port_serves_nothing_else(place: Place) -> None:
    """No telemetry is taken where it can only be read."""
    assert place.ask("POST", "/v1/logs", b"", port="metrics").status == 404
    assert place.ask("POST", "/metrics", b"", port="metrics").status == 405
