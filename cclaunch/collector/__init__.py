"""The embedded collector: OTLP in, SQLite behind it."""
