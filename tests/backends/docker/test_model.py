"""The Docker stack as it should be, and as a compose file."""

from collections.abc import Mapping

import pytest
import yaml
from wanted_service import service_of

from cclaunch.backends.docker.backend import DockerBackend
from cclaunch.backends.docker.compose import compose
from cclaunch.backends.docker.model import StackModel, stack_model, without_metrics
from cclaunch.config.checks import SERVICES
from cclaunch.config.model import Config, Docker, Grafana, Images, Metrics, PortNumbers, Retention, Stack
from cclaunch.files.atomic import write_atomic
from cclaunch.hot.paths import our_paths

BOARD = {"provisioning/datasources/cclaunch.yaml": b"apiVersion: 1\n", "dashboards/a.json": b"{}"}


def made(config: Config | None = None, owner: str = "7", files: Mapping[str, bytes] | None = None) -> StackModel:
    """Return the stack of *config*."""
    return stack_model(config or Config(), owner, BOARD if files is None else files)


def test_every_service_is_published_on_loopback_and_nowhere_else() -> None:
    """The ports of the configuration outside, the usual ones inside."""
    stack = made(Config(ports=PortNumbers(grpc=14317, grafana=3001)))

    outside = {name: outer for service in stack.services for outer, (name, _) in service.ports.items()}
    assert outside == PortNumbers(grpc=14317, grafana=3001).stack
    document = yaml.safe_load(compose(stack))
    for service in document["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert "127.0.0.1:14317:4317" in document["services"]["collector"]["ports"]


def test_what_shows_the_records_is_published_by_the_guard_alone() -> None:
    """Events, metrics and Prometheus; the collector publishes where it takes telemetry, and its health."""
    stack = made()

    names = {service.name: {name for name, _ in service.ports.values()} for service in stack.services}
    assert names == {
        "collector": {"grpc", "http", "health"},
        "prometheus": set(),
        "victorialogs": set(),
        "grafana": {"grafana"},
        "guard": {"metrics", "metrics_suffixed", "prometheus", "victorialogs"},
    }


def test_the_guard_leaves_the_metrics_to_another_collector() -> None:
    """And is another container then, with the same files."""
    whole = service_of(made(), "guard")

    rest = without_metrics(whole)

    assert {name for name, _ in rest.ports.values()} == {"prometheus", "victorialogs"}
    assert rest.hash != whole.hash
    assert rest.files == whole.files


def test_names_and_labels_are_those_of_compose() -> None:
    """So that `docker compose -p cclaunch ps` knows them."""
    stack = made()

    labels = stack.services[0].labels
    assert [service.container for service in stack.services] == [f"cclaunch-{name}-1" for name in (*SERVICES, "guard")]
    assert stack.network == "cclaunch_default"
    assert (labels["com.docker.compose.project"], labels["com.docker.compose.service"]) == ("cclaunch", "collector")
    assert labels["com.docker.compose.container-number"] == "1"
    assert labels["com.docker.compose.oneoff"] == "False"
    assert labels["com.docker.compose.config-hash"]
    assert {volume.name for volume in stack.volumes} >= {"cclaunch_victorialogs-data", "cclaunch_grafana-config"}
    assert all(volume.labels["com.docker.compose.volume"] == volume.key for volume in stack.volumes)


def test_everything_carries_its_owner() -> None:
    """What another user of the engine has made is told from ours."""
    stack = made(owner="1000")

    assert {service.labels["cclaunch.owner"] for service in stack.services} == {"1000"}
    assert {volume.labels["cclaunch.owner"] for volume in stack.volumes} == {"1000"}
    assert stack.labels["cclaunch.owner"] == "1000"


def test_a_project_of_another_name_shares_nothing() -> None:
    """Two stacks on one engine."""
    first, second = made(), made(Config(docker=Docker(project="other")))

    def names(stack: StackModel) -> set[str]:
        return {stack.network, *(one.name for one in stack.volumes), *(one.container for one in stack.services)}

    assert not names(first) & names(second)


def test_services_can_be_left_out() -> None:
    """Without Grafana there is nothing of Grafana."""
    stack = made(Config(stack=Stack(services=("collector", "victorialogs"))))

    assert [service.name for service in stack.services] == ["collector", "victorialogs", "guard"]
    assert b"prometheus" not in service_of(stack, "guard").files[0].data
    assert "grafana" not in compose(stack)


@pytest.mark.parametrize(
    ("config", "changed"),
    [
        (Config(images=Images(prometheus="prom/prometheus:v3.13.9")), {"prometheus"}),
        (Config(retention=Retention(logs_days=30)), {"victorialogs"}),
        (Config(metrics=Metrics(scrape_interval=5)), {"prometheus"}),
        (Config(metrics=Metrics(expiration=5)), {"collector"}),
        (Config(ports=PortNumbers(grpc=14317)), {"collector"}),
        (Config(grafana=Grafana(admin_password="s3cret")), {"grafana"}),
        (Config(stack=Stack(wait=5)), set()),
        (Config(docker=Docker(host="unix:///x")), set()),
    ],
)
def test_a_changed_setting_changes_just_the_service_that_it_concerns(config: Config, changed: set[str]) -> None:
    """The others keep running."""
    before, after = made(), made(config)

    assert {one.name for one in after.services if one.hash != service_of(before, one.name).hash} == changed


def test_another_release_of_ours_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade of cclaunch alone restarts no container."""
    before = [service.hash for service in made().services]
    monkeypatch.setattr("cclaunch.backends.docker.model.__version__", "99.0")

    stack = made()

    assert [service.hash for service in stack.services] == before
    assert stack.services[0].labels["cclaunch.version"] == "99.0"


def test_a_changed_dashboard_changes_grafana_alone() -> None:
    """By its content."""
    before, after = made(), made(files={**BOARD, "dashboards/a.json": b"[]"})

    assert {one.name for one in after.services if one.hash != service_of(before, one.name).hash} == {"grafana"}


def test_no_host_directory_is_mounted() -> None:
    """Every mount is a named volume of the stack."""
    stack = made()

    keys = {volume.key for volume in stack.volumes}
    assert {mount.key for service in stack.services for mount in service.mounts} <= keys
    assert all(":" not in mount.key and "/" not in mount.key for service in stack.services for mount in service.mounts)


def test_files_lie_in_a_volume_of_their_service() -> None:
    """None in the image's own layer, and each can be read by the user that the service runs as."""
    for service in made().services:
        homes = [mount.target for mount in service.mounts if mount.key.endswith("-config")]
        assert all(any(file.path.startswith(home + "/") for home in homes) for file in service.files)
        assert {f"{file.uid}:{file.gid}" for file in service.files} <= {service.user}


def test_the_password_is_for_grafana_alone() -> None:
    """A file that only its user may read; `admin` unless it is set."""
    plain, own = (
        {file.path: file for file in service_of(made(config), "grafana").files}["/etc/cclaunch/admin_password"]
        for config in (Config(), Config(grafana=Grafana(admin_password="s3cret")))
    )

    assert (plain.data, own.data, own.mode, own.uid) == (b"admin", b"s3cret", 0o400, 472)


def test_the_compose_file_is_the_same_stack() -> None:
    """Images, commands, data volumes, files and restart, service by service."""
    stack = made()
    document = yaml.safe_load(compose(stack))

    assert document["name"] == "cclaunch"
    assert list(document["services"]) == [service.name for service in stack.services]
    assert set(document["volumes"]) == {volume.key for volume in stack.volumes if volume.kind == "data"}
    for service in stack.services:
        found = document["services"][service.name]
        assert found["image"] == service.image
        assert found.get("command", []) == list(service.command)
        assert found["restart"] == "unless-stopped"
        files = {one["target"]: document["configs"][one["source"]]["content"] for one in found.get("configs", [])}
        assert files == {file.path: file.data.decode() for file in service.files}
        named = {volume.split(":")[0] for volume in found.get("volumes", [])}
        assert named <= set(document["volumes"])


def test_compose_substitutes_nothing_in_our_files() -> None:
    """A dollar in a dashboard is a variable of Grafana's, not of compose."""
    text = compose(made(files={"dashboards/a.json": b'{"expr": "$__range"}'}))

    assert "$$__range" in text


def test_grafana_finds_what_it_is_provisioned_with(environ: dict[str, str]) -> None:
    """Datasources under the names of our services, and dashboards where the provider looks."""
    paths = our_paths(environ)
    stack = DockerBackend(paths, Config(), environ).model()
    grafana = service_of(stack, "grafana")
    files = {file.path: file.data for file in grafana.files}

    home = grafana.environment["GF_PATHS_PROVISIONING"]
    urls = {one["url"] for one in yaml.safe_load(files[f"{home}/datasources/cclaunch.yaml"])["datasources"]}
    places = [one["options"]["path"] for one in yaml.safe_load(files[f"{home}/dashboards/cclaunch.yaml"])["providers"]]
    assert urls == {"http://prometheus:9090", "http://victorialogs:9428"}
    assert all(any(path.startswith(f"{place}/") for path in files) for place in places)


def test_a_dashboard_that_was_added_makes_grafana_anew(environ: dict[str, str]) -> None:
    """`dashboard add` lays a file down; the next `stack up` sees that Grafana lacks it."""
    paths = our_paths(environ)
    backend = DockerBackend(paths, Config(), environ)
    before = backend.model()
    write_atomic(f"{paths.dashboards}/mine.json", b"{}")

    after = backend.model()

    assert {one.name for one in after.services if one.hash != service_of(before, one.name).hash} == {"grafana"}


def test_a_volume_that_compose_makes_is_known_as_ours() -> None:
    """Who ran the compose file first can run `stack up` later, on the same data."""
    stack = stack_model(Config(), "me", {})
    document = yaml.safe_load(compose(stack))

    for volume in stack.volumes:
        if volume.key.endswith("-data"):
            own = document["volumes"][volume.key]["labels"]
            given = {"com.docker.compose.project": stack.project, "com.docker.compose.volume": volume.key}
            assert {**own, **given} == {**volume.labels, "cclaunch.version": "0.1.0"}


def test_containers_and_network_that_compose_makes_are_known_as_ours() -> None:
    """By their owner; and without a hash, so that `stack up` makes the containers anew."""
    document = yaml.safe_load(compose(stack_model(Config(), "me", {})))

    assert [service["labels"] for service in document["services"].values()] == [{"cclaunch.owner": "me"}] * (len(SERVICES) + 1)
    assert document["networks"] == {"default": {"labels": {"cclaunch.owner": "me"}}}


def test_the_compose_file_of_another_release_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose makes anew what has another label: a container for nothing, and a volume with all that it holds."""
    before = compose(made())
    monkeypatch.setattr("cclaunch.backends.docker.model.__version__", "99.0")

    assert compose(made()) == before


def test_no_file_in_the_compose_file_has_an_owner() -> None:
    """An engine 20.10 takes `UID:GID` for a name then and refuses; so everybody may read them, the password too."""
    document = yaml.safe_load(compose(made()))

    files = [one for service in document["services"].values() for one in service.get("configs", [])]
    assert {tuple(one) for one in files} == {("source", "target", "mode")}
    assert {one["mode"] for one in files} == {0o444}


def test_what_compose_runs_has_no_rights_but_those_it_needs() -> None:
    """The collector may read the queue that ours has left; the guard's is the one that ours has as well."""
    nobody = "65534:65534"
    users = {"collector": "0:0", "prometheus": nobody, "victorialogs": "0:0", "grafana": "472:0", "guard": nobody}
    rights = {"collector": ["DAC_OVERRIDE"], "guard": ["NET_BIND_SERVICE"]}
    document = yaml.safe_load(compose(made()))

    for name, service in document["services"].items():
        assert service["cap_drop"] == ["ALL"]
        assert service.get("cap_add", []) == rights.get(name, [])
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"] == users[name]
