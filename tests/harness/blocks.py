"""
Our block in the bytes of an rc file.
"""

from cclaunch.persist.block import Block, find_block


def block_in(data: bytes) -> Block:
    """Return our block in *data*; AssertionError when there is none."""
    block = find_block(data)
    assert block is not None
    return block
