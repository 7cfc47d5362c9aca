"""One file from the network: bounded, timed, verified, and only then there."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from lstmgen import limits, storage
from lstmgen.errors import InputError, LstmgenError, MachineError
from lstmgen.version import __version__
from lstmgen.wording import counted

_SCHEMES: Final = ("https", "http")
_RECEIVE_BYTES: Final = 2**16
_AGAIN: Final = "check the connection and try again"
_BY_HAND: Final = "if it happens again, fetch the file by other means and name it as the source"


def fetch(
    url: str,
    target: Path,
    *,
    sha256: str,
    size_bytes: int,
    progress: Callable[[int, int], None] | None = None,
    timeout_s: float = limits.DOWNLOAD_TIMEOUT_S,
) -> None:
    """Download a file of known size and hash. The target appears only when both are right; until then an old one stays untouched.

    Args:
        url: where it is, http or https.
        target: where it goes; its folder must exist.
        sha256: what the file must hash to.
        size_bytes: its exact length.
        progress: called with (bytes received, bytes in all).
        timeout_s: longest silence, and the time over which the slowest acceptable speed is measured.

    Raises:
        InputError: the address is not http or https, leads from https to http, or what came has another length or hash.
        MachineError: no connection, an answer other than success, silence, a broken transfer, or a disk that cannot take it.
    """
    _require_address(url)
    if size_bytes > limits.MAX_DOWNLOAD_BYTES:
        raise InputError(f"{url} has {counted(size_bytes, 'byte')}, more than the limit of {limits.MAX_DOWNLOAD_BYTES:,}", remedy=_BY_HAND)

    def write(stream: BinaryIO) -> None:
        digest = hashlib.sha256()
        done = 0
        for chunk in _received(url, size_bytes, timeout_s):
            digest.update(chunk)
            stream.write(chunk)
            done += len(chunk)
            if progress is not None:
                progress(done, size_bytes)
        if done < size_bytes:
            raise MachineError(f"the download of {url} broke off after {done:,} of {counted(size_bytes, 'byte')}", remedy=_AGAIN)
        if digest.hexdigest() != sha256:
            raise InputError(
                f"what {url} sent has sha256 {digest.hexdigest()}, expected {sha256}",
                remedy=f"the file there has changed, or something between rewrote it; {_BY_HAND}",
            )

    storage.atomic_write(target, write)


def _received(url: str, size_bytes: int, timeout_s: float) -> Iterator[bytes]:
    """The body in chunks, at most `size_bytes` of it. Every failure of the network is named here; none leaves as an OSError."""
    try:
        with _open(url, timeout_s) as response:
            _require_length(url, response, size_bytes)
            done = 0
            window_start, window_bytes = time.monotonic(), 0
            while chunk := response.read1(_RECEIVE_BYTES):
                done += len(chunk)
                if done > size_bytes:
                    raise _too_long(url, f"more than the {counted(size_bytes, 'byte')}")
                yield chunk
                window_bytes += len(chunk)
                elapsed_s = time.monotonic() - window_start
                if elapsed_s >= timeout_s:
                    if window_bytes < limits.MIN_DOWNLOAD_BYTES_PER_S * elapsed_s:
                        raise MachineError(f"{url} sent only {counted(window_bytes, 'byte')} in {elapsed_s:.0f} s", remedy=_AGAIN)
                    window_start, window_bytes = time.monotonic(), 0
    except LstmgenError:
        raise
    except urllib.error.HTTPError as error:
        error.close()
        raise MachineError(f"{url} answered {error.code} {error.reason}", remedy=f"try again later; {_BY_HAND}") from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        words = (
            f"was silent for {timeout_s:g} s"
            if isinstance(reason, TimeoutError)
            else f"cannot be fetched: {reason or type(error).__name__}"
        )
        raise MachineError(f"{url} {words}", remedy=_AGAIN) from error


def _open(url: str, timeout_s: float) -> http.client.HTTPResponse:
    opener = urllib.request.build_opener(_CarefulRedirects)
    request = urllib.request.Request(url, headers={"User-Agent": f"lstmgen/{__version__}"})  # noqa: S310 - the scheme is checked
    return cast("http.client.HTTPResponse", opener.open(request, timeout=timeout_s))


def _require_length(url: str, response: http.client.HTTPResponse, size_bytes: int) -> None:
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > size_bytes:
        raise _too_long(url, f"{counted(int(announced), 'byte')}, more than the {size_bytes:,}")


def _too_long(url: str, found: str) -> InputError:
    return InputError(f"{url} sends {found} that were expected", remedy=f"the file there has changed; {_BY_HAND}")


def _require_address(url: str, *, came_from: str = "") -> None:
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in _SCHEMES and bool(parts.hostname)
    except ValueError:
        usable = False
        parts = urllib.parse.urlsplit("")
    if not usable:
        raise InputError(f"{url!r} is not a web address, expected http:// or https://", remedy=_BY_HAND)
    if parts.scheme == "http" and came_from.startswith("https:"):
        raise InputError(f"{came_from} leads to {url}, which is not encrypted any more", remedy=_BY_HAND)


class _CarefulRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but neither out of the web nor from https to http."""

    def redirect_request(  # noqa: PLR0917 - the signature is urllib's
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        try:
            _require_address(newurl, came_from=req.full_url)
        except InputError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)
