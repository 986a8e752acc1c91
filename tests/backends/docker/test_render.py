"""What the services of the Docker stack are told."""

from typing import Any

import pytest
import yaml

from cclaunch.backends.docker import render
from cclaunch.config.model import Config, Grafana, Images, Metrics, PortNumbers, Retention


@pytest.fixture
def collector() -> dict[str, Any]:
    """The collector's configuration as it reads it."""
    read: dict[str, Any] = yaml.safe_load(render.collector(Config()))
    return read


def test_everything_that_a_pipeline_names_is_defined(collector: dict[str, Any]) -> None:
    """And everything that is defined is used."""
    used: dict[str, set[str]] = {"receivers": set(), "processors": set(), "exporters": set()}
    for pipeline in collector["service"]["pipelines"].values():
        for kind, names in used.items():
            names.update(pipeline[kind])

    assert used == {kind: set(collector[kind]) for kind in used}
    assert set(collector["service"]["extensions"]) == set(collector["extensions"])


def test_the_memory_limiter_is_first_in_every_pipeline(collector: dict[str, Any]) -> None:
    """What it refuses must not have cost anything yet."""
    firsts = [pipeline["processors"][0] for pipeline in collector["service"]["pipelines"].values()]

    assert firsts == ["memory_limiter", "memory_limiter"]
    assert collector["processors"]["memory_limiter"]["check_interval"] == "1s"


def test_job_is_claude_on_logs_only(collector: dict[str, Any]) -> None:
    """On metrics it would collide with the job of the exporter."""
    pipelines = collector["service"]["pipelines"]
    setters = [
        name
        for name, one in collector["processors"].items()
        if {"key": "job", "value": "claude", "action": "upsert"} in one.get("attributes", [])
    ]

    assert setters == ["resource/logs"]
    assert "resource/logs" in pipelines["logs"]["processors"]
    assert "resource/logs" not in pipelines["metrics"]["processors"]


def test_only_job_and_instance_are_stripped_from_metrics(collector: dict[str, Any]) -> None:
    """The instance id stays: without it two sessions would share a series."""
    processors = collector["processors"]
    stripped = processors["resource/metrics"]["attributes"] + processors["attributes/metrics"]["actions"]

    assert {(one["key"], one["action"]) for one in stripped} == {("job", "delete"), ("instance", "delete")}
    for exporter in ("prometheus", "prometheus/suffixed"):
        assert collector["exporters"][exporter]["resource_to_telemetry_conversion"] == {"enabled": True}


def test_differences_are_summed_up_before_they_are_shown(collector: dict[str, Any]) -> None:
    """And their memory lasts as long as the series are shown: a session that was silent goes on where it was."""
    assert collector["service"]["pipelines"]["metrics"]["processors"][-1] == "deltatocumulative"
    stale = collector["processors"]["deltatocumulative"]["max_stale"]

    assert {collector["exporters"][name]["metric_expiration"] for name in ("prometheus", "prometheus/suffixed")} == {stale}


def test_events_wait_on_the_disk_for_ever(collector: dict[str, Any]) -> None:
    """VictoriaLogs may be away for as long as it likes."""
    exporter = collector["exporters"]["otlp_http/victorialogs"]

    assert exporter["sending_queue"]["storage"] == "file_storage"
    assert exporter["retry_on_failure"]["max_elapsed_time"] == "0s"
    assert exporter["headers"] == {"VL-Stream-Fields": "service.name"}
    assert "batch" not in collector["processors"]


def test_metrics_are_shown_under_both_conventions(collector: dict[str, Any]) -> None:
    """8889 as people know them, 8890 as other dashboards expect them."""
    shown = {one["endpoint"]: one["translation_strategy"] for one in collector["exporters"].values() if "endpoint" in one}

    assert shown == {
        "0.0.0.0:8889": "UnderscoreEscapingWithoutSuffixes",
        "0.0.0.0:8890": "UnderscoreEscapingWithSuffixes",
    }


def test_ports_of_the_host_do_not_change_what_is_inside() -> None:
    """They are published, not listened on."""
    ports = PortNumbers(grpc=14317, health=14133)

    assert render.collector(Config(ports=ports)) == render.collector(Config())


def test_the_settings_of_metrics_reach_collector_and_prometheus() -> None:
    """Seconds become durations, also parts of a second."""
    config = Config(metrics=Metrics(scrape_interval=1.5, expiration=5))

    made = yaml.safe_load(render.collector(config))
    assert made["exporters"]["prometheus"]["metric_expiration"] == "5s"
    assert made["processors"]["deltatocumulative"]["max_stale"] == "5s"
    assert yaml.safe_load(render.prometheus(config))["global"]["scrape_interval"] == "1500ms"


@pytest.mark.parametrize(
    ("gigabytes", "retention"), [(10, {"time": "400d", "size": "10GB"}), (0, {"time": "400d"})], ids=["limited", "unlimited"]
)
def test_prometheus_keeps_by_time_and_by_size(gigabytes: int, retention: dict[str, str]) -> None:
    """Without one of them it would keep 15 days."""
    made = yaml.safe_load(render.prometheus(Config(retention=Retention(metrics_gb=gigabytes))))

    assert made["storage"]["tsdb"]["retention"] == retention


def test_prometheus_begins_a_series_at_zero() -> None:
    """Else the increase of a session that was counted once is nothing."""
    features = [flag for flag in render.prometheus_flags() if flag.startswith("--enable-feature=")]

    assert [flag.partition("=")[2].split(",")[0] for flag in features] == ["created-timestamp-zero-ingestion"]


def test_victorialogs_keeps_longer_than_its_week() -> None:
    """400 days, and a limit in bytes only when one is set."""
    plain = render.victorialogs_flags(Config())
    limited = render.victorialogs_flags(Config(retention=Retention(logs_days=30, logs_gb=5)))

    assert "-retentionPeriod=400d" in plain
    assert not any("maxDiskSpace" in flag for flag in plain)
    assert {"-retentionPeriod=30d", "-retention.maxDiskSpaceUsageBytes=5GB"} <= set(limited)


def test_grafana_tells_nobody_and_updates_nothing() -> None:
    """And never waits for a network at its start."""
    made = render.grafana_variables(Config(ports=PortNumbers(grafana=3001)))

    off = "REPORTING_ENABLED CHECK_FOR_UPDATES CHECK_FOR_PLUGIN_UPDATES FEEDBACK_LINKS_ENABLED"
    assert {made[f"GF_ANALYTICS_{name}"] for name in off.split()} == {"false"}
    assert made["GF_PLUGINS_PREINSTALL_AUTO_UPDATE"] == "false"
    assert not {"GF_PLUGINS_PREINSTALL_SYNC", "GF_INSTALL_PLUGINS", "GF_PLUGINS_PREINSTALL_DISABLED"} & set(made)
    assert made["GF_SERVER_ROOT_URL"] == "http://localhost:3001/"


def test_no_password_stands_in_a_variable() -> None:
    """`docker inspect` shows variables to everybody who may ask the engine."""
    made = render.grafana_variables(Config(grafana=Grafana(admin_password="s3cret")))

    assert "s3cret" not in "".join(made.values())


def test_the_same_configuration_gives_the_same_bytes() -> None:
    """Whatever else changes."""
    assert render.collector(Config()) == render.collector(Config(images=Images(grafana="grafana/grafana:1")))
