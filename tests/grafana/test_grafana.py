"""What Grafana is given: whole dashboards whose files are those that the code makes, and datasources under fixed names."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from grafana_asks import Span, filled, targets, variables

from cclaunch.grafana import shipped
from cclaunch.grafana.provisioning import Settings, files

DASHBOARDS = {name: json.loads(content) for name, content in shipped.shipped().items()}
ALL = pytest.mark.parametrize("name", sorted(DASHBOARDS))
TYPES = {"ds-prometheus": "prometheus", "ds-vlogs": "victoriametrics-logs-datasource"}


def panels(name: str) -> list[dict[str, Any]]:
    """Return the panels of a dashboard that are no headings."""
    return [panel for panel in DASHBOARDS[name]["panels"] if panel["type"] != "row"]


def test_the_files_are_what_the_code_makes() -> None:
    """After a change: python -m cclaunch.grafana.shipped."""
    assert shipped.shipped() == shipped.made()


def test_the_dashboards_have_fixed_names() -> None:
    """A link, and a home dashboard, rest on them."""
    assert {name: one["uid"] + ".json" for name, one in DASHBOARDS.items()} == {name: name for name in DASHBOARDS}
    assert sorted(DASHBOARDS) == ["cclaunch-cost.json", "cclaunch-session.json", "cclaunch-tools.json"]


@ALL
def test_a_dashboard_can_be_provisioned(name: str) -> None:
    """The schema of Grafana 13, no id of a database, a title and a description."""
    one = DASHBOARDS[name]

    assert (one["schemaVersion"], one["id"]) == (42, None)
    assert one["title"].startswith("Claude Code")
    assert one["description"]


@ALL
def test_every_panel_has_a_number_of_its_own_and_a_place_of_its_own(name: str) -> None:
    """Nothing lies over another one or beyond the 24 columns."""
    every = DASHBOARDS[name]["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in every:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells

    numbers = [panel["id"] for panel in every]
    assert sorted(numbers) == sorted(set(numbers))


@ALL
def test_every_panel_is_described(name: str) -> None:
    """In whole sentences: what is shown, and where it comes from."""
    assert [panel["title"] for panel in panels(name) if not re.fullmatch(r"[A-Z].{15,}\.", panel["description"])] == []


@ALL
def test_a_panel_that_counts_by_prometheus_says_how(name: str) -> None:
    """`increase()` is not what people see here, and the difference is told."""
    for panel, target in targets(DASHBOARDS[name]):
        if target["datasource"]["uid"] == "ds-prometheus":
            assert "increase" not in target["expr"]
            assert "extrapolates" in panel["description"]


@ALL
def test_every_datasource_is_one_of_the_two(name: str) -> None:
    """Of the panel, of each of its questions, of each variable."""
    found = [panel["datasource"] for panel in panels(name)]
    found += [target["datasource"] for _, target in targets(DASHBOARDS[name])]
    found += [variable["datasource"] for variable in DASHBOARDS[name]["templating"]["list"]]

    assert [one for one in found if one != {"type": TYPES[one["uid"]], "uid": one["uid"]}] == []


@ALL
def test_every_variable_that_is_used_is_there_and_the_other_way_round(name: str) -> None:
    """In questions, titles and other variables."""
    one = DASHBOARDS[name]
    there = {variable["name"] for variable in one["templating"]["list"]}
    texts = [target["expr"] for _, target in targets(one)] + [panel["title"] for panel in one["panels"]]
    texts += [variable["query"]["query"] for variable in one["templating"]["list"]]

    assert {found for text in texts for found in variables(text)} == there


@ALL
def test_money_is_asked_of_events_once_per_request(name: str) -> None:
    """No sum of money or tokens that does not go by the request's id first."""
    for panel, target in targets(DASHBOARDS[name]):
        if "cost_usd_micros" in target["expr"] or "input_tokens" in target["expr"].partition("| stats")[2]:
            assert target["datasource"]["uid"] == "ds-vlogs"
            assert target["expr"].count('| stats by ("request_id"') == 1, panel["title"]


def test_all_values_of_a_variable_are_no_filter() -> None:
    """What lacks the attribute is shown too, until a value is chosen."""
    span = Span(0, 60)

    assert filled('"team":in($team)', {}, span, logsql=True) == '"team":in(*)'
    assert filled('"team":in($team)', {"team": ["a", 'b"']}, span, logsql=True) == '"team":in("a","b\\"")'
    assert filled('x{team=~"$team"}[$__range]', {}, span, logsql=False) == 'x{team=~".*"}[60s]'


# Provisioning.


def read(found: Mapping[str, bytes], path: str) -> Any:
    """Return a file's content; it is JSON, and so YAML."""
    return json.loads(found[path])


def test_datasources_have_the_names_that_dashboards_expect() -> None:
    """Ours, and those under which public dashboards look for Prometheus; nobody edits them by accident."""
    found = read(files(Settings(prometheus="http://p:1", vlogs="http://v:2")), "datasources/cclaunch.yaml")["datasources"]

    assert {one["uid"]: (one["type"], one["url"]) for one in found} == {
        "ds-prometheus": ("prometheus", "http://p:1"),
        "ds-vlogs": ("victoriametrics-logs-datasource", "http://v:2"),
        "prometheus": ("prometheus", "http://p:1"),
        "PBFA97CFB590B2093": ("prometheus", "http://p:1"),
    }
    assert len({one["name"] for one in found}) == 4
    assert [one["uid"] for one in found if one.get("isDefault")] == ["ds-prometheus"]
    assert not any(one["editable"] for one in found)


def test_every_dashboard_lies_where_grafana_is_told_to_look() -> None:
    """Ours and those that were added, in folders of their own."""
    found = files(Settings(directory="/prov", added={"mine.json": b"{}"}))
    paths = [one["options"]["path"] for one in read(found, "dashboards/cclaunch.yaml")["providers"]]

    assert paths == ["/prov/json/ours", "/prov/json/added"]
    assert {path for path in found if path.startswith("json/ours/")} == {f"json/ours/{name}" for name in DASHBOARDS}
    assert found["json/added/mine.json"] == b"{}"


def test_the_same_settings_are_the_same_bytes() -> None:
    """A hash over them tells whether anything changed."""
    assert files(Settings()) == files(Settings())
    assert files(Settings()) != files(Settings(vlogs="http://other"))
