"""VictoriaLogs of the Docker stack, asked the questions that our own database is asked."""
