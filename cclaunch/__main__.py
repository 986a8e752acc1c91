"""The door of ``python -m cclaunch``: the same as the command, which calls ``launch.main`` itself."""

import sys

from cclaunch.main import main

if __name__ == "__main__":
    sys.exit(main())
