"""What Grafana is provisioned with in the stack: its data sources there, our dashboards and the person's own."""

from collections.abc import Mapping

from cclaunch.backends.docker import render
from cclaunch.config.model import Config
from cclaunch.hot.paths import Paths


def grafana_files(paths: Paths, config: Config) -> Mapping[str, bytes]:
    """Return what Grafana is provisioned with, by path below its volume; nothing where it does not run."""
    if "grafana" not in config.stack.services:
        return {}
    from cclaunch.grafana.added import added
    from cclaunch.grafana.provisioning import Settings, files

    settings = Settings(
        prometheus=f"http://prometheus:{render.INNER['prometheus']}",
        vlogs=f"http://victorialogs:{render.INNER['victorialogs']}",
        scrape_interval=render.duration(config.metrics.scrape_interval),
        directory=f"{render.HOME}/provisioning",
        added=added(paths),
    )
    return {f"provisioning/{path}": content for path, content in files(settings).items()}
