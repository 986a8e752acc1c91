"""
What a shell may still hold when a launch begins: every variable that is known to lose, redirect, relabel or disclose.

The problem it owns: the table reads as what is known of claude does. A row's name says what would happen to a bare
claude; a value may name the collector's ports as ``{grpc}`` and ``{http}``, and the API's as ``{api}``.
"""

NOWHERE = "http://127.0.0.1:9"

ROUTING: dict[str, dict[str, str]] = {
    # protocols
    "protocol `http`: both signals off": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http"},
    "protocol in capitals: both signals off": {"OTEL_EXPORTER_OTLP_PROTOCOL": "GRPC"},
    "protocol HTTP/PROTOBUF: both signals off": {"OTEL_EXPORTER_OTLP_PROTOCOL": "HTTP/PROTOBUF"},
    "protocol empty: off, or http/protobuf to a gRPC port": {"OTEL_EXPORTER_OTLP_PROTOCOL": ""},
    "protocol http/protobuf to a gRPC port: lost": {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
    "protocol of logs `http`: both signals off": {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http"},
    "protocol of logs http/protobuf: events lost": {"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/protobuf"},
    "protocol of metrics http/json: metrics lost": {"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/json"},
    # endpoints
    "endpoint elsewhere": {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE},
    "endpoint without scheme: TLS, lost": {"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:{grpc}"},
    "endpoint https to a plain port: lost": {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:{grpc}"},
    "endpoint of the other protocol: lost": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:{http}"},
    "endpoint garbage: lost": {"OTEL_EXPORTER_OTLP_ENDPOINT": "::garbage::"},
    "endpoint empty": {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
    "endpoint of logs elsewhere: events redirected": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": NOWHERE},
    "endpoint of metrics elsewhere: metrics redirected": {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": NOWHERE},
    "endpoint of logs without path": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:{http}"},
    "insecure switched off": {"OTEL_EXPORTER_OTLP_INSECURE": "false"},
    # headers
    "header with a bad name: both signals lost": {"OTEL_EXPORTER_OTLP_HEADERS": "Bad Key=1"},
    "header with an umlaut: lost with gRPC": {"OTEL_EXPORTER_OTLP_HEADERS": "a=ü"},
    "header without equals sign": {"OTEL_EXPORTER_OTLP_HEADERS": "bad header"},
    "header that tells a secret": {"OTEL_EXPORTER_OTLP_HEADERS": "X-Auth=tok en"},
    "header of logs with a bad name: both signals lost": {"OTEL_EXPORTER_OTLP_LOGS_HEADERS": "Bad Key=1"},
    "header of metrics with a bad name": {"OTEL_EXPORTER_OTLP_METRICS_HEADERS": "Bad Key=1"},
    # exporters
    "switch off": {"CLAUDE_CODE_ENABLE_TELEMETRY": "0"},
    "switch `2`: off": {"CLAUDE_CODE_ENABLE_TELEMETRY": "2"},
    "switch `enabled`: off": {"CLAUDE_CODE_ENABLE_TELEMETRY": "enabled"},
    "switch empty: off": {"CLAUDE_CODE_ENABLE_TELEMETRY": ""},
    "exporter of metrics none": {"OTEL_METRICS_EXPORTER": "none"},
    "exporter of logs none": {"OTEL_LOGS_EXPORTER": "none"},
    "exporter of logs empty": {"OTEL_LOGS_EXPORTER": ""},
    "exporter unknown: both signals off": {"OTEL_LOGS_EXPORTER": "otlphttp"},
    "exporter in capitals: both signals off": {"OTEL_METRICS_EXPORTER": "OTLP"},
    "exporter console: dumps into stdout": {"OTEL_METRICS_EXPORTER": "console", "OTEL_LOGS_EXPORTER": "console"},
    "exporter otlp and console": {"OTEL_LOGS_EXPORTER": "otlp,console"},
    "exporter prometheus: metrics lost": {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "9"},
    "exporter of traces": {"OTEL_TRACES_EXPORTER": "otlp", "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1"},
    "exporter of traces unknown: both signals off": {"OTEL_TRACES_EXPORTER": "x", "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1"},
    "detailed tracing: events redirected": {"ENABLE_BETA_TRACING_DETAILED": "1", "BETA_TRACING_ENDPOINT": NOWHERE},
    # times and sizes
    "metric interval 0: both signals lost": {"OTEL_METRIC_EXPORT_INTERVAL": "0"},
    "metric interval no number": {"OTEL_METRIC_EXPORT_INTERVAL": "abc"},
    "metric timeout above the interval": {"OTEL_METRIC_EXPORT_INTERVAL": "1000", "OTEL_METRIC_EXPORT_TIMEOUT": "90000"},
    "logs interval 0": {"OTEL_LOGS_EXPORT_INTERVAL": "0"},
    "timeout 1 ms: lost with gRPC": {"OTEL_EXPORTER_OTLP_TIMEOUT": "1"},
    "timeout of logs 1 ms: events lost with gRPC": {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT": "1"},
    "queue of one: events lost": {"OTEL_BLRP_MAX_QUEUE_SIZE": "1"},
    "queue of none: events lost": {"OTEL_BLRP_MAX_QUEUE_SIZE": "0"},
    "batch timeout 1 ms": {"OTEL_BLRP_EXPORT_TIMEOUT": "1"},
    "batch of spans": {"OTEL_BSP_MAX_QUEUE_SIZE": "1"},
    "flush at the end 1 ms: lost": {"CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS": "1"},
    "flush in between 1 ms": {"CLAUDE_CODE_OTEL_FLUSH_TIMEOUT_MS": "1"},
    "compression": {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
    "compression of logs": {"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION": "gzip"},
    "certificate that is not there": {"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nonexistent"},
    "client certificate that is not there": {
        "OTEL_EXPORTER_OTLP_CLIENT_KEY": "/nonexistent",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "/nonexistent",
    },
    # limits and labels
    "five attributes an event: its name is lost": {"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT": "5"},
    "four characters a value: session.id is cut": {"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT": "4"},
    "general limits": {"OTEL_ATTRIBUTE_COUNT_LIMIT": "5", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "4"},
    "limits of spans": {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1", "OTEL_TRACES_SAMPLER": "always_off"},
    "no session.id": {"OTEL_METRICS_INCLUDE_SESSION_ID": "false"},
    "no attributes on points and events": {"OTEL_METRICS_INCLUDE_RESOURCE_ATTRIBUTES": "false"},
    "app.version on all": {"OTEL_METRICS_INCLUDE_VERSION": "true"},
    "app.entrypoint on all": {"OTEL_METRICS_INCLUDE_ENTRYPOINT": "true"},
    "no account": {"OTEL_METRICS_INCLUDE_ACCOUNT_UUID": "false"},
    "the repository's address on all": {"OTEL_METRICS_INCLUDE_REPOSITORY": "true"},
    "another service.name": {"OTEL_SERVICE_NAME": "svc"},
    "temporality delta": {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"},
    "temporality lowmemory: delta": {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "lowmemory"},
    "temporality garbage": {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "garbage"},
    "an old hand-made set-up": {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317",
    },
}
"""What belongs to the backend: displaced, and named in one line."""

SILENT: dict[str, dict[str, str]] = {
    "nothing": {},
    "the launcher's own values": {"CLAUDE_CODE_ENABLE_TELEMETRY": "1", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:{grpc}"},
    "enhanced telemetry without an exporter": {"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1"},
    "OTEL_SDK_DISABLED is ignored": {"OTEL_SDK_DISABLED": "true"},
    "DISABLE_TELEMETRY is another telemetry": {"DISABLE_TELEMETRY": "1"},
    "DO_NOT_TRACK is another telemetry": {"DO_NOT_TRACK": "1"},
    "no nonessential traffic": {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    "no error reports": {"DISABLE_ERROR_REPORTING": "1"},
    "CI": {"CI": "true"},
    "NODE_ENV=test": {"NODE_ENV": "test"},
    "inside claude": {"CLAUDECODE": "1"},
    "simple": {"CLAUDE_CODE_SIMPLE": "1"},
    "trace context": {"TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    "diagnosis on stderr": {"CLAUDE_CODE_OTEL_DIAG_STDERR": "1"},
    "http_proxy: lost with gRPC": {"http_proxy": NOWHERE},
    "https_proxy: lost with gRPC": {"https_proxy": NOWHERE},
    "grpc_proxy: lost": {"grpc_proxy": NOWHERE},
    "a proxy, and no_grpc_proxy for another host": {"grpc_proxy": NOWHERE, "no_grpc_proxy": "example.com"},
    "a proxy, and no_proxy for other hosts": {
        "grpc_proxy": NOWHERE,
        "no_proxy": "example.com,localhost",  # claude's own way to the API is by that name, ours is not
        "ANTHROPIC_BASE_URL": "http://localhost:{api}",
    },
    "a proxy, and NO_PROXY, which gRPC does not read": {"grpc_proxy": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"},
    "HTTP_PROXY and ALL_PROXY, which gRPC does not read": {"HTTP_PROXY": NOWHERE, "ALL_PROXY": NOWHERE},
}
"""What does no harm, or is made harmless without a word: nothing is displaced."""

HTTP = (
    "protocol `http`: both signals off",
    "protocol empty: off, or http/protobuf to a gRPC port",
    "protocol of logs `http`: both signals off",
    "endpoint without scheme: TLS, lost",
    "endpoint of the other protocol: lost",
    "endpoint of logs without path",
    "header with a bad name: both signals lost",
    "header with an umlaut: lost with gRPC",
    "metric interval 0: both signals lost",
    "compression",
    "certificate that is not there",
    "nothing",
    "http_proxy: lost with gRPC",
)
"""Rows that are told apart by the protocol: they run over http/protobuf as well."""

LABELS: dict[str, tuple[str, dict[str, str]]] = {
    "encoded": ("team=a%20b,project=demo%2Cx", {"team": "a b", "project": "demo,x"}),
    "raw space: everything lost": ("team=a b", {"team": "a b"}),
    "raw umlauts: everything lost": ("team=größe", {"team": "größe"}),
    "raw semicolon: everything lost": ("team=a;b", {"team": "a;b"}),
    "raw backslash: everything lost": ("team=a\\b", {"team": "a\\b"}),
    "percent sign: everything lost": ("team=50%", {"team": "50%"}),
    "no escape: everything lost": ("team=%zz", {"team": "%zz"}),
    "spaces around": (" team = x ", {"team": "x"}),
    "double quotes, read in two ways": ('team="quoted"', {"team": "quoted"}),
    "single quotes": ("team='q'", {"team": "'q'"}),
    "an empty value": ("team=", {"team": ""}),
    "the last of equal keys": ("team=a,team=b", {"team": "b"}),
    "empty items": (",team=a,,", {"team": "a"}),
    "255 characters": ("team=" + "x" * 255, {"team": "x" * 255}),
}
"""OTEL_RESOURCE_ATTRIBUTES of the shell -> what arrives of it."""

DROPPED: dict[str, str] = {
    "no equals sign": "team,project=p",
    "two equals signs": "team=a=b,project=p",
    "no key": "=x,project=p",
    "key with a space: everything lost": "te am=x,project=p",
    "key with an umlaut": "größe=x,project=p",
    "more than 255 characters: everything lost": "team=" + "x" * 256 + ",project=p",
    "more than 255 characters once encoded": "team=" + "ö" * 43 + ",project=p",
}
"""OTEL_RESOURCE_ATTRIBUTES of the shell with one item that cannot be kept: it is named, and ``project`` arrives."""
