"""
Frames of HTTP/2, made by hand.
"""

import struct


def frame(kind: int, flags: int, stream: int, data: bytes) -> bytes:
    """Return a frame of HTTP/2."""
    return struct.pack(">I", len(data))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + data
