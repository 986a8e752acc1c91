"""Fetching images with a real engine, from a registry on loopback."""

import time
from collections.abc import Iterator

import pexpect
import pytest
from docker_stack import CONTAINERS, DockerStack
from registry import Registry
from runners import Verb
from sandbox import Sandbox

AT_A_TIME = 3
"""Layers that an engine fetches at a time, unless its configuration says otherwise."""


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry that has an image for each service."""
    with Registry(CONTAINERS) as made:
        yield made


@pytest.fixture
def fetched(stack: DockerStack, registry: Registry) -> Iterator[dict[str, str]]:
    """The stack, whose images are those of the registry; they are removed at the end."""
    images = {name: f"{registry.address}/{name}:v1" for name in CONTAINERS}
    stack.configure(images=images)
    yield images
    for image in images.values():
        if stack.api.images(image):
            stack.api.remove_image(image, force=True)


def test_what_is_missing_is_fetched_at_once_and_only_once(
    stack: DockerStack, registry: Registry, fetched: dict[str, str], verb: Verb
) -> None:
    """As many layers are on their way together as the engine fetches at a time; the second time nobody is asked."""
    registry.together = AT_A_TIME

    code, out, err = verb("stack", "pull")
    asked = len(registry.asked)
    again = verb("stack", "pull")

    assert code == 0
    assert out.splitlines() == [f"fetched: {image}" for image in fetched.values()]
    assert sorted(err.splitlines()) == sorted(f"cclaunch: fetching {image}" for image in fetched.values())
    assert registry.most >= AT_A_TIME
    assert again == (0, "every image is here\n", "")
    assert len(registry.asked) == asked
    assert all(stack.api.images(image) for image in fetched.values())


def test_an_image_that_the_registry_does_not_have_is_named(
    stack: DockerStack, registry: Registry, fetched: dict[str, str], verb: Verb
) -> None:
    """The others are fetched; the name is to be checked, not tried again."""
    stack.configure(images={**fetched, "prometheus": f"{registry.address}/promteheus:v1"})
    asked = len(registry.asked)

    code, _, err = verb("stack", "pull")

    assert code == 1
    assert f"the image {registry.address}/promteheus:v1 is not here and cannot be fetched" in err
    assert "manifest unknown" in err
    assert "hint: check its name under [images] in config.toml" in err
    assert stack.api.images(fetched["collector"])
    assert len([path for path in registry.asked[asked:] if "promteheus" in path]) <= 2  # HEAD and GET of one try


def test_no_network_is_told_with_the_image(stack: DockerStack, fetched: dict[str, str], verb: Verb) -> None:
    """Where nobody listens there is no second try, and `stack up` changes nothing."""
    stack.configure(images={**fetched, "collector": "127.0.0.1:9/otel/collector:v1"})

    code, _, err = verb("stack", "up")

    assert code == 1
    assert "the image 127.0.0.1:9/otel/collector:v1 is not here and cannot be fetched" in err
    assert "connection refused" in err
    assert "hint: with a network: cclaunch stack pull" in err
    assert stack.containers() == {}


def test_a_launch_does_not_wait_for_images_longer_than_for_a_collector(
    stack: DockerStack, sandbox: Sandbox, registry: Registry, fetched: dict[str, str]
) -> None:
    """The embedded collector stands in, and what is on its way is fetched in the background."""
    registry.layer_s = 600.0
    stack.configure(wait=1, images=fetched)
    began = time.monotonic()

    done = sandbox.cclaunch("exec", "--", "true")

    assert done.returncode == 0
    assert time.monotonic() - began < 300
    assert b"could not be fetched in time; the embedded collector stands in" in done.stderr


def test_ctrl_c_leaves_the_fetching_and_not_the_launch(
    stack: DockerStack, sandbox: Sandbox, registry: Registry, fetched: dict[str, str]
) -> None:
    """Claude (here: echo) runs, with the embedded collector."""
    registry.layer_s = 60.0
    stack.configure(wait=60, images=fetched)
    command, *words = sandbox.command("exec", "--", "echo", "launched")
    terminal = pexpect.spawn(command, words, env=sandbox.environment(), cwd=str(sandbox.work), timeout=120, dimensions=(24, 200))

    terminal.expect_exact(f"{registry.address}/collector:v1")  # its bar
    terminal.send("\x03")
    terminal.expect_exact("fetching images was left; the embedded collector stands in")
    terminal.expect_exact("launched")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 0
