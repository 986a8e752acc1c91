"""
A small image registry on loopback, from which a real engine pulls.

The problem it owns: pulls are tested where no registry can be reached. It speaks just enough of the distribution API:
one manifest and one layer for each image, as slow as a test wants, and the errors of a registry.
"""

import gzip
import hashlib
import http.server
import io
import json
import os
import tarfile
import threading
from collections.abc import Mapping
from typing import Any, Self

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

PATIENCE_S = 60


def digest(data: bytes) -> str:
    """Return the digest of *data*."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """
    A registry that has the images *names*, each under any tag.

    Attributes:
        address: What an image's name begins with: ``127.0.0.1:PORT``.
        layer_s: How long sending a layer takes.
        together: How many layers must be on their way before any of them goes on; they wait for each other a minute.
        most: How many layers were on their way at once, at most.
        asked: The paths that were asked for.
    """

    def __init__(self, names: tuple[str, ...], layer_bytes: int = 100_000, layer_s: float = 0.0) -> None:
        """Make the images and listen."""
        self.layer_s = layer_s
        self.most = 0
        self.together = 0
        self.asked: list[str] = []
        self._busy = 0
        self._lock = threading.Condition()
        self.images = {name: _image(layer_bytes) for name in names}
        registry = self

        class Handler(_Handler):
            owner = registry

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def send(self, out: Any, data: bytes) -> None:
        """Write a layer, as slowly as it is meant to go."""
        with self._lock:
            self._busy += 1
            self.most = max(self.most, self._busy)
            self._lock.notify_all()
            self._lock.wait_for(lambda: self.most >= self.together, PATIENCE_S)
        steps = 10
        size = -(-len(data) // steps)
        try:
            for start in range(0, len(data), size):
                out.write(data[start : start + size])
                out.flush()
                self._over.wait(self.layer_s / steps)
        except ConnectionError:
            pass  # the engine had enough
        finally:
            with self._lock:
                self._busy -= 1


def _image(layer_bytes: int) -> Mapping[str, bytes]:
    """Return the blobs of an image that holds random bytes, by digest; its manifest under ``manifest``."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("noise")
        entry.size = layer_bytes
        tar.addfile(entry, io.BytesIO(os.urandom(layer_bytes)))
    layer = gzip.compress(buffer.getvalue(), 1)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(buffer.getvalue())]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(config),
                "digest": digest(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": len(layer),
                    "digest": digest(layer),
                }
            ],
        }
    ).encode()
    return {"manifest": manifest, digest(manifest): manifest, digest(config): config, digest(layer): layer}


class _Handler(http.server.BaseHTTPRequestHandler):
    owner: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a question of the distribution API."""
        self.owner.asked.append(self.path)
        parts = self.path.strip("/").split("/")
        if parts == ["v2"]:
            return self._answer(200, b"{}")
        name, kind, reference = parts[1], parts[-2], parts[-1]
        image = self.owner.images.get(name)
        if image is None:
            return self._answer(
                404, json.dumps({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}).encode()
            )
        if kind == "manifests":
            return self._answer(200, image["manifest"], MANIFEST, digest(image["manifest"]))
        return self._answer(200, image[reference], "application/octet-stream", reference)

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes, kind: str = "application/json", sum_: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if sum_:
            self.send_header("Docker-Content-Digest", sum_)
        self.end_headers()
        if self.command == "HEAD":
            return
        if kind == "application/octet-stream" and len(body) > 10_000:
            self.owner.send(self.wfile, body)
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
