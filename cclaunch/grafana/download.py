"""
One file from the web: by https only, within a deadline, of a limited size, and never from where nobody asked to go.

Loopback may be asked without https: nobody stands between.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO
from urllib.parse import urlsplit

from cclaunch import __version__
from cclaunch.errors import DownloadFailed

SILENCE_S = 10.0
WHOLE_S = 30.0
PIECE = 1 << 16
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def allowed(url: str) -> bool:
    """Say whether *url* is one that may be asked."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


class _Careful(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where we would have gone ourselves, and never from the web into this machine."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        inward = urlsplit(newurl).hostname in LOOPBACK and urlsplit(req.full_url).hostname not in LOOPBACK
        if not allowed(newurl) or inward:
            raise DownloadFailed(f"{req.full_url} leads to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(url: str, limit: int, environ: Mapping[str, str]) -> bytes:
    """
    Return what is at *url*, at most *limit* bytes. Proxies are those of *environ*.

    Raises:
        DownloadFailed: It is no https URL, cannot be had, is too large, or takes too long.
    """
    if not allowed(url):
        raise DownloadFailed(f"{url} is no https URL", hint="download it yourself and give the file")
    proxy = "" if urlsplit(url).hostname in LOOPBACK else environ.get("https_proxy") or environ.get("HTTPS_PROXY") or ""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy} if proxy else {}), _Careful())
    opener.addheaders = [("User-Agent", f"cclaunch/{__version__}"), ("Accept", "application/json, */*")]
    until = time.monotonic() + WHOLE_S
    parts, size = [], 0
    try:
        with opener.open(url, timeout=SILENCE_S) as answer:
            while piece := answer.read1(PIECE):
                parts.append(piece)
                size += len(piece)
                if size > limit:
                    raise DownloadFailed(f"{url} is larger than {limit >> 20} MiB")
                if time.monotonic() > until:
                    raise DownloadFailed(f"{url} took longer than {WHOLE_S:.0f} s")
            if getattr(answer, "length", None):
                raise DownloadFailed(f"{url} breaks off", hint="try again")
    except urllib.error.HTTPError as error:
        raise DownloadFailed(f"{url} cannot be had: HTTP {error.code} {error.reason}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadFailed(
            f"{url} cannot be had: {reason}", hint="check the network, or download it and give the file"
        ) from error
    return b"".join(parts)
