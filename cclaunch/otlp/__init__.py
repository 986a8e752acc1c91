"""OpenTelemetry's protocol: what a request holds, and one of our own that is sent as a proof."""
