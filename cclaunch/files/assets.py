"""
The files of ``shell/`` and ``completions/``, wherever this package was installed from.

A wheel carries them inside the package, an editable install leaves them beside it.
"""

from pathlib import Path

HERE = Path(__file__).resolve().parent.parent


def asset(folder: str, name: str) -> Path:
    """
    Return the path of the file *name* of *folder* (``shell`` or ``completions``).

    Raises:
        FileNotFoundError: The installation is not whole.
    """
    for base in (HERE / "_assets", HERE.parent):
        path = base / folder / name
        if path.is_file():
            return path
    raise FileNotFoundError(f"{folder}/{name} is not part of this installation of cclaunch")
