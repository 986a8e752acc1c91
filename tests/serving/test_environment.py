"""What a daemon gets of the environment of whoever starts it."""

from cclaunch.serving.daemon import kept


def test_it_gets_what_it_needs_and_no_secret() -> None:
    """An allow-list: where its files are, the language and the zone, where the desktop is."""
    some = {name: "x" for name in ("HOME", "PATH", "TZ", "LC_ALL", "XDG_RUNTIME_DIR", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS")}
    others = (
        "ANTHROPIC_API_KEY",
        "LD_PRELOAD",
        "PYTHONPATH",
        "HTTPS_PROXY",
        "DISPLAYS",
        "SSH_AUTH_SOCK",
        "DOCKER_HOST",
        "BASH_ENV",
    )
    assert kept({**some, **dict.fromkeys(others, "x")}) == some
