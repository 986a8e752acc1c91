"""
The names of OpenTelemetry and of Claude Code's telemetry: every ``OTEL_`` name stands here and nowhere else.

Sources: the OpenTelemetry specification (environment variables, OTLP exporter) and Claude Code's
monitoring page, both held against the releases that the tests run.
"""

CONFIG_DIR = "CLAUDE_CONFIG_DIR"
"""Where Claude Code keeps its settings, sessions and login, when it is not the home directory."""

ENABLE = "CLAUDE_CODE_ENABLE_TELEMETRY"
"""Claude Code's master switch; on for 1, true, yes, on."""

NO_GRPC_PROXY = "no_grpc_proxy"
"""Hosts that claude's gRPC reaches without a proxy; only the lower-case name counts."""

RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES"
SERVICE_NAME = "OTEL_SERVICE_NAME"
METRICS_EXPORTER = "OTEL_METRICS_EXPORTER"
LOGS_EXPORTER = "OTEL_LOGS_EXPORTER"
TRACES_EXPORTER = "OTEL_TRACES_EXPORTER"
PROTOCOL = "OTEL_EXPORTER_OTLP_PROTOCOL"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TEMPORALITY = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"
METRIC_INTERVAL = "OTEL_METRIC_EXPORT_INTERVAL"
LOGS_INTERVAL = "OTEL_LOGS_EXPORT_INTERVAL"

LOG_USER_PROMPTS = "OTEL_LOG_USER_PROMPTS"
LOG_ASSISTANT_RESPONSES = "OTEL_LOG_ASSISTANT_RESPONSES"
LOG_TOOL_DETAILS = "OTEL_LOG_TOOL_DETAILS"
LOG_RAW_API_BODIES = "OTEL_LOG_RAW_API_BODIES"

PRIVACY = {
    "prompts": LOG_USER_PROMPTS,
    "responses": LOG_ASSISTANT_RESPONSES,
    "tool_details": LOG_TOOL_DETAILS,
    "raw_api_bodies": LOG_RAW_API_BODIES,
}
"""Setting of ours -> the variable that discloses; all of them off unless asked for."""

SEED = {
    ENABLE: "1",
    METRICS_EXPORTER: "otlp",
    LOGS_EXPORTER: "otlp",
    PROTOCOL: "grpc",
    ENDPOINT: "http://127.0.0.1:4317",
}
"""The five exports by which claude sends to a collector of this machine: what a block falls back to."""

EXPORTED = (
    ENABLE,
    METRICS_EXPORTER,
    LOGS_EXPORTER,
    TRACES_EXPORTER,
    PROTOCOL,
    ENDPOINT,
    TEMPORALITY,
    NO_GRPC_PROXY,
    RESOURCE_ATTRIBUTES,
    *PRIVACY.values(),
    CONFIG_DIR,
)
"""All that a launch, `env` or a block may export: what is ours to take back."""

MARK = "OTEL_"
"""What almost every name here begins with: a text without it can hardly say anything about telemetry."""

CURES = {
    "OTEL_METRICS_INCLUDE_SESSION_ID": "true",
    "OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES": "true",
    "OTEL_METRICS_INCLUDE_ACCOUNT_UUID": "true",
}
"""Variables that a settings file cannot be relieved of by an empty text, because that means ``false`` -> their default."""

ROUTING_PREFIXES = (
    "OTEL_EXPORTER_OTLP_",
    "OTEL_EXPORTER_PROMETHEUS_",
    "OTEL_BLRP_",
    "OTEL_BSP_",
    "OTEL_METRIC_EXPORT_",
    "OTEL_LOGS_EXPORT_",
    "OTEL_TRACES_EXPORT_",
    "OTEL_ATTRIBUTE_",
    "OTEL_LOGRECORD_",
    "OTEL_SPAN_",
    "OTEL_METRICS_INCLUDE_",
    "BETA_TRACING_",
    "CLAUDE_CODE_OTEL_SHUTDOWN_",
    "CLAUDE_CODE_OTEL_FLUSH_",
)
"""A variable of the shell that begins like this may redirect, starve or relabel telemetry: it belongs to the backend."""

ROUTING_NAMES = (
    ENABLE,
    METRICS_EXPORTER,
    LOGS_EXPORTER,
    TRACES_EXPORTER,
    SERVICE_NAME,
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "ENABLE_BETA_TRACING_DETAILED",
)
"""Single names that belong to the backend as well."""

_SIGNALS = ("", "METRICS_", "LOGS_", "TRACES_")
_PARTS = "ENDPOINT PROTOCOL HEADERS TIMEOUT COMPRESSION INSECURE CERTIFICATE CLIENT_CERTIFICATE CLIENT_KEY".split()
_QUEUE = "SCHEDULE_DELAY EXPORT_TIMEOUT MAX_QUEUE_SIZE MAX_EXPORT_BATCH_SIZE".split()
_LIMITS = (
    "ATTRIBUTE_COUNT ATTRIBUTE_VALUE_LENGTH LOGRECORD_ATTRIBUTE_COUNT LOGRECORD_ATTRIBUTE_VALUE_LENGTH SPAN_ATTRIBUTE_COUNT "
    "SPAN_ATTRIBUTE_VALUE_LENGTH SPAN_EVENT_COUNT SPAN_LINK_COUNT SPAN_ATTRIBUTE_PER_EVENT_COUNT SPAN_ATTRIBUTE_PER_LINK_COUNT"
).split()
_INCLUDED = "SESSION_ID VERSION ENTRYPOINT ACCOUNT_UUID RESOURCE_ATTRIBUTES REPOSITORY".split()

KNOWN_ROUTING = (
    *ROUTING_NAMES,
    *(f"OTEL_EXPORTER_OTLP_{signal}{part}" for signal in _SIGNALS for part in _PARTS),
    TEMPORALITY,
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "OTEL_EXPORTER_PROMETHEUS_HOST",
    "OTEL_EXPORTER_PROMETHEUS_PORT",
    *(f"OTEL_{kind}_{part}" for kind in ("BLRP", "BSP") for part in _QUEUE),
    METRIC_INTERVAL,
    "OTEL_METRIC_EXPORT_TIMEOUT",
    LOGS_INTERVAL,
    "OTEL_TRACES_EXPORT_INTERVAL",
    *(f"OTEL_{limit}_LIMIT" for limit in _LIMITS),
    *(f"OTEL_METRICS_INCLUDE_{what}" for what in _INCLUDED),
    "BETA_TRACING_ENDPOINT",
    "CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS",
    "CLAUDE_CODE_OTEL_FLUSH_TIMEOUT_MS",
)
"""Every routing variable that claude is known to read: what a file may say that nobody could read."""

PROTOCOLS = ("grpc", "http/protobuf", "http/json")
"""The only spellings claude accepts: any other one silently switches both signals off."""

EVENT_PREFIX = "claude_code."
"""The body of every event is this and the event's name."""

REQUEST = "api_request"
"""The event of a request to the API that cost something."""

PLAN_WINDOWS = "plan_windows"
"""The event of our status line that tells how much of a plan's windows is used."""

PULL_REQUEST = "pull_request"
"""The event of our status line that tells which pull request the session is at."""

OF_STATUS_LINE = (PLAN_WINDOWS, PULL_REQUEST)
"""Events that our status line posts: they are of a session, and not claude's."""

COST = "claude_code.cost.usage"
"""The metric that claude itself counts its money in, in dollars."""

METRICS = {
    "claude_code.session.count": "claude_code_session_count",
    "claude_code.cost.usage": "claude_code_cost_usage",
    "claude_code.token.usage": "claude_code_token_usage",
    "claude_code.active_time.total": "claude_code_active_time_total",
    "claude_code.lines_of_code.count": "claude_code_lines_of_code_count",
    "claude_code.commit.count": "claude_code_commit_count",
    "claude_code.pull_request.count": "claude_code_pull_request_count",
    "claude_code.code_edit_tool.decision": "claude_code_code_edit_tool_decision",
}
"""The metrics Claude Code has -> the un-suffixed Prometheus names that people query."""

CHECK_ATTRIBUTE = "cclaunch.check"
"""Marks what ``cclaunch check`` sends to prove the way: stored, read back, never counted."""

SENDER = "cclaunch.sender"
"""``unknown`` on what was taken from a sender of whom the system did not tell whose it is; absent on everything else."""

PERSONAL_ATTRIBUTES = ("user.email", "user.id", "user.account_uuid", "user.account_id", "organization.id")
"""Never shown on ``/metrics``, which every local user can read."""
