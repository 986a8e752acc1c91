"""
A service of the Docker stack as it should be, by the name under which it runs.
"""

from cclaunch.backends.docker.model import Service, StackModel


def service_of(stack: StackModel, name: str) -> Service:
    """Return the service called *name*; AssertionError when it is not among those that run."""
    found = stack.service(name)
    assert found is not None, name
    return found
