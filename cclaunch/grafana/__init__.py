"""What Grafana of the Docker stack is given: datasources, a place for dashboards, and the dashboards themselves."""
