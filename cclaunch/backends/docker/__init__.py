"""The Docker stack: OpenTelemetry Collector, Prometheus, VictoriaLogs and Grafana in containers of ours."""
