"""
The frames of HTTP/2 on their way through the relay: which requests are unfinished, and how many bytes they have.

gRPC keeps what it receives of a message until it is whole, and tells nobody. So the relay looks at the nine bytes in front
of every frame; what the frames hold is not its business.
"""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER = 9
DATA, HEADERS, RST_STREAM = 0, 1, 3
END_STREAM = 1


class NoHttp2(Exception):
    """What came is no HTTP/2."""


class Streams:
    """
    The requests of one connection.

    Attributes:
        sending: Number of each stream whose client has not ended it.
        held: Stream -> bytes that came of it and are not answered.
    """

    def __init__(self) -> None:
        self.sending: set[int] = set()
        self.held: dict[int, int] = {}

    def ended(self, stream: int) -> int:
        """Forget a stream that was answered or cancelled; return its bytes."""
        self.sending.discard(stream)
        return self.held.pop(stream, 0)


class Frames:
    """One direction of a connection, from its first byte on."""

    def __init__(self, streams: Streams, *, client: bool) -> None:
        self.within = False
        """Whether a frame, or the preface, has begun and not ended."""

        self._streams = streams
        self._client = client
        self._preface = PREFACE if client else b""
        self._head = b""
        self._left = 0

    def feed(self, data: bytes) -> tuple[int, int]:
        """Look at what came next; return (bytes that requests grew by, bytes of requests that ended). Raises NoHttp2."""
        grown = freed = 0
        at = 0
        if self._preface:
            at = min(len(self._preface), len(data))
            if data[:at] != self._preface[:at]:
                raise NoHttp2
            self._preface = self._preface[at:]
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            missing = HEADER - len(self._head)
            self._head += data[at : at + missing]
            at += missing
            if len(self._head) == HEADER:
                more, less = self._begun(self._head)
                grown += more
                freed += less
                self._head = b""
        self.within = bool(self._left or self._head or self._preface)
        return grown, freed

    def _begun(self, head: bytes) -> tuple[int, int]:
        """Note a frame by its header."""
        self._left = int.from_bytes(head[:3], "big")
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
        streams = self._streams
        if kind == RST_STREAM:
            return 0, streams.ended(stream)
        if kind not in (DATA, HEADERS):
            return 0, 0
        if not self._client:
            return 0, streams.ended(stream) if flags & END_STREAM else 0
        if kind == HEADERS and stream not in streams.held:
            streams.held[stream] = 0
            streams.sending.add(stream)
        grown = 0
        if kind == DATA and stream in streams.held:
            grown = self._left
            streams.held[stream] += grown
        if flags & END_STREAM:
            streams.sending.discard(stream)
        return grown, 0
