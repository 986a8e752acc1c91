"""
Does an OTLP receiver answer on this port? Asked over gRPC with an empty export, which every receiver accepts.

A process of its own, started by ``backends.foreign``.
"""

from typing import Any

EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"


def main(words: list[str]) -> int:
    """Return 0 when it answers. *words*: four directories, the port, and the seconds it may take."""
    import grpc

    port, seconds = int(words[4]), float(words[5])
    channel: Any = grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)])
    try:
        channel.unary_unary(EXPORT)(b"", timeout=seconds)
    except grpc.RpcError:
        return 1
    finally:
        channel.close()
    return 0
