"""Which addresses a webhook may have: public ones, unless this platform trusts its organisers.

Whoever sets up a webhook makes this machine send requests. Without a check that would reach what only this
machine reaches: its own services, its network, its cloud's metadata. The name is looked up when something is
sent, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from crowdsft.core.errors import InputError

LONGEST = 500


def checked_url(url: str) -> SplitResult:
    """The parts of `url`.

    Raises:
        InputError: when it is no address that a webhook may have.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise InputError(
            _("{shown!r} is no address. Give one such as https://example.org/hook.").format(shown=url[:80])
        ) from None
    schemes = ("https", "http") if settings.TRUST_ORGANISERS else ("https",)
    if parts.scheme not in schemes or not parts.hostname or len(url) > LONGEST or not url.isprintable():
        raise InputError(
            _("A webhook needs an address that begins with {allowed}://.").format(
                allowed=" or ".join(schemes)
            )
        )
    if parts.username or parts.password or port == 0:
        raise InputError(_("A webhook's address holds no name and password; check the signature instead."))
    return parts


def public_address(host: str, port: int) -> str:
    """An IP address of `host` that may be sent to.

    Raises:
        InputError: when the name is unknown or leads to this machine or its own network.
    """
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        raise InputError(_("The name {host} is not known.").format(host=host)) from None
    for address in found:
        if settings.TRUST_ORGANISERS or _is_public(address):
            return address
    raise InputError(
        _("{host} is inside the platform's own network, where webhooks may not go.").format(host=host)
    )


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_global and not ip.is_multicast


class PlainConnection(http.client.HTTPConnection):
    """To the address that was checked, whatever the name leads to by now."""

    def connect(self) -> None:
        """Connect."""
        address = public_address(self.host, self.port)
        self.sock = socket.create_connection((address, self.port), self.timeout)


class SecureConnection(http.client.HTTPSConnection):
    """The same with TLS; the certificate has to be the name's."""

    def connect(self) -> None:
        """Connect."""
        address = public_address(self.host, self.port)
        plain = socket.create_connection((address, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def connection_to(parts: SplitResult, *, timeout_seconds: float) -> http.client.HTTPConnection:
    """A connection that is not open yet."""
    assert parts.hostname is not None
    kind = SecureConnection if parts.scheme == "https" else PlainConnection
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return kind(parts.hostname, port, timeout=timeout_seconds)
