"""What the tests of verbs share: `usage`, run in this process."""

import pytest
from runners import Verb
from sandbox import Sandbox

from cclaunch import cli


@pytest.fixture
def usage(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> Verb:
    """Run `usage` with words; return (exit code, stdout, stderr)."""

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(["usage", *words], sandbox.environ)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
