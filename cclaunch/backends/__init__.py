"""How the telemetry stack is provided: one module a backend."""
