"""
What each service of the Docker stack is told: configuration files, command lines and variables, from config.toml alone.

Pure: the same configuration gives the same bytes, so that their hash says whether a container is still as it should
be. Component names are the ones that old and new releases of the collector know. A test has the real
programs check it all.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cclaunch.config.model import Config
from cclaunch.files.yaml import dump

HOME = "/etc/cclaunch"
"""Where the volume with a service's files is mounted."""

QUEUE = "/var/lib/cclaunch/queue"
LOGS_DATA = "/victoria-logs-data"
METRICS_DATA = "/prometheus"
GRAFANA_DATA = "/var/lib/grafana"
PLUGIN = "victoriametrics-logs-datasource@0.30.1"

INNER: Mapping[str, int] = MappingProxyType(
    {
        "grpc": 4317,
        "http": 4318,
        "metrics": 8889,
        "metrics_suffixed": 8890,
        "health": 13133,
        "prometheus": 9090,
        "victorialogs": 9428,
        "grafana": 3000,
    }
)
"""The ports inside the containers, whatever config.toml says of those outside."""

LARGEST_MIB = 64
MEMORY_MIB = 512
HEADING = "Written by cclaunch from config.toml; changes here are lost."


class File(NamedTuple):
    """A file in a container: its absolute *path*, its *data*, and the owner who may read it."""

    path: str
    data: bytes
    uid: int
    gid: int
    mode: int = 0o444


def duration(seconds: float) -> str:
    """Return *seconds* as Go and Prometheus write a duration: ``15s``, ``1500ms``."""
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{round(seconds * 1000)}ms"


def _everywhere(name: str) -> str:
    """Return the listening address of a port of the collector: published on loopback only, but reached through the bridge."""
    return f"0.0.0.0:{INNER[name]}"


def collector(config: Config) -> bytes:
    """
    Return the OpenTelemetry Collector's configuration.

    Events: into a queue on the disk, and from there to VictoriaLogs until it takes them. Metrics: summed up where a
    client sends differences, and shown to Prometheus twice, under the names of either convention.
    """
    expiration = duration(config.metrics.expiration)
    shown = {
        "metric_expiration": expiration,
        "resource_to_telemetry_conversion": {"enabled": True},
        "without_scope_info": True,
    }
    document: dict[str, Any] = {
        "extensions": {
            "health_check": {"endpoint": _everywhere("health")},
            "file_storage": {"directory": QUEUE, "create_directory": True, "fsync": True, "recreate": True},
        },
        "receivers": {
            "otlp": {
                "protocols": {
                    "grpc": {"endpoint": _everywhere("grpc"), "max_recv_msg_size_mib": LARGEST_MIB},
                    "http": {"endpoint": _everywhere("http"), "max_request_body_size": LARGEST_MIB << 20},
                }
            }
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_mib": MEMORY_MIB, "spike_limit_mib": MEMORY_MIB // 5},
            # dashboards ask for job:claude; a metric has a job of its own, which one from the client would collide with
            "resource/logs": {"attributes": [{"key": "job", "value": "claude", "action": "upsert"}]},
            "resource/metrics": {"attributes": [{"key": key, "action": "delete"} for key in ("job", "instance")]},
            "attributes/metrics": {"actions": [{"key": key, "action": "delete"} for key in ("job", "instance")]},
            "deltatocumulative": {"max_stale": expiration},
        },
        "exporters": {
            "otlp_http/victorialogs": {
                "logs_endpoint": f"http://victorialogs:{INNER['victorialogs']}/insert/opentelemetry/v1/logs",
                "headers": {"VL-Stream-Fields": "service.name"},
                "sending_queue": {
                    "enabled": True,
                    "storage": "file_storage",
                    "queue_size": 10_000,
                    "num_consumers": 2,
                },
                "retry_on_failure": {"enabled": True, "initial_interval": "1s", "max_interval": "15s", "max_elapsed_time": "0s"},
            },
            "prometheus": {
                "endpoint": _everywhere("metrics"),
                "translation_strategy": "UnderscoreEscapingWithoutSuffixes",
                **shown,
            },
            "prometheus/suffixed": {
                "endpoint": _everywhere("metrics_suffixed"),
                "translation_strategy": "UnderscoreEscapingWithSuffixes",
                **shown,
            },
        },
        "service": {
            "extensions": ["health_check", "file_storage"],
            "pipelines": {
                "logs": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "resource/logs"],
                    "exporters": ["otlp_http/victorialogs"],
                },
                "metrics": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "resource/metrics", "attributes/metrics", "deltatocumulative"],
                    "exporters": ["prometheus", "prometheus/suffixed"],
                },
            },
        },
    }
    return dump(document, heading=HEADING).encode()


def prometheus(config: Config) -> bytes:
    """
    Return Prometheus' configuration: one target, the un-suffixed names; retention by time and by size.

    The suffixed names would double every series; whoever wants them adds port 8890 as a target of their own.
    """
    retention: dict[str, Any] = {"time": f"{config.retention.metrics_days}d"}
    if config.retention.metrics_gb:
        retention["size"] = f"{config.retention.metrics_gb}GB"
    document = {
        "global": {"scrape_interval": duration(config.metrics.scrape_interval)},
        "storage": {"tsdb": {"retention": retention}},
        "scrape_configs": [
            {
                "job_name": "claude",
                "honor_labels": True,  # job and instance are the session's, not those of the scrape
                "static_configs": [{"targets": [f"collector:{INNER['metrics']}"]}],
            }
        ],
    }
    return dump(document, heading=HEADING).encode()


def prometheus_flags() -> list[str]:
    """
    Return Prometheus' words.

    The zero at a series' beginning makes ``increase()`` of a short session more than nothing; ``anchored`` selectors,
    for dashboards that know them, make it exact.
    """
    return [
        f"--config.file={HOME}/prometheus.yml",
        f"--storage.tsdb.path={METRICS_DATA}",
        "--enable-feature=created-timestamp-zero-ingestion,promql-extended-range-selectors",
        "--web.cors.origin=none",  # a pattern that no page's origin fits
    ]


def victorialogs_flags(config: Config) -> list[str]:
    """Return VictoriaLogs' words; without a retention it would keep a week."""
    flags = [f"-storageDataPath={LOGS_DATA}", f"-retentionPeriod={config.retention.logs_days}d", "-http.disableCORS"]
    if config.retention.logs_gb:
        flags.append(f"-retention.maxDiskSpaceUsageBytes={config.retention.logs_gb}GB")
    return flags


def grafana_variables(config: Config) -> dict[str, str]:
    """
    Return Grafana's variables: nothing is reported, checked or updated; whoever may reach the port may look.

    The plugin is fetched beside the start, never before it: without a network Grafana runs with the one it has.
    """
    return {
        "GF_PATHS_PROVISIONING": f"{HOME}/provisioning",
        "GF_SERVER_ROOT_URL": f"http://localhost:{config.ports.grafana}/",
        "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{HOME}/admin_password",
        "GF_SECURITY_DISABLE_GRAVATAR": "true",
        "GF_PLUGINS_PREINSTALL": PLUGIN,
        "GF_PLUGINS_PREINSTALL_AUTO_UPDATE": "false",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_ANALYTICS_FEEDBACK_LINKS_ENABLED": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_SNAPSHOTS_EXTERNAL_ENABLED": "false",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
    }
