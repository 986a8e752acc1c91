"""What a directory says: its repository, its ``.cclaunch.toml``."""
