"""Where our own calls may go: which addresses people may give us, and where names may lead. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

from shared.config import Settings

Ip = IPv4Address | IPv6Address
_THIS_MACHINE = ["127.0.0.0/8", "::1"]
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?)(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_ENDS_IN_A_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)
"""What some resolvers read as an IPv4 address, in any of its spellings."""
_NOT_PUBLIC = [
    ip_network(one)
    for one in (
        "0.0.0.0/8", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::/96",
    )
]  # fmt: skip
"""Beside those that are private, local or reserved: this host itself, and IPv4 addresses inside IPv6 ones."""


@dataclass(frozen=True)
class Allowed:
    """`suffixes`: ends of host names, each host of which may be asked. `hosts`: names, or name:port, that may
    be too. `networks`: parts of the inside to which names may lead, and whose addresses may be named."""

    suffixes: tuple[str, ...]
    hosts: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]
    in_development: bool

    @classmethod
    def of(cls, settings: Settings, suffixes: Collection[str], hosts: Collection[str] = ()) -> Self:
        """A host that is an address is a network of one; whoever names localhost means this machine."""
        named = frozenset(host.lower() for host in hosts)
        names = {host.partition(":")[0] for host in named}
        given = [*settings.inner_networks, *(name for name in names if _literal(name))]
        given += _THIS_MACHINE if "localhost" in names else []
        networks = tuple(ip_network(one, strict=False) for one in given)
        return cls(tuple(suffixes), named, networks, settings.environment == "development")

    def fault_of(self, url: str) -> str | None:
        """What is wrong with `scheme://host[:port]`, in words that quote nothing; None: nothing."""
        parsed = _URL.fullmatch(url.lower())
        if parsed is None:
            return "Must be https:// and a host, with nothing before or after it."
        scheme, host, port = parsed["scheme"], parsed["host"], parsed["port"]
        literal = _literal(host)
        if literal is None and _ENDS_IN_A_NUMBER.fullmatch(host):
            return "Must name a host."
        if not self._is_known(host, literal):
            return "That host is not among those that may be asked."
        if self.in_development and (host == "localhost" or (literal and literal.is_loopback)):
            return None  # trying things out, on one's own machine
        if scheme != "https":
            return "Must begin with https://."
        if port not in (None, "443") and f"{host}:{port}" not in self.hosts:
            return "Must be on port 443."
        return None

    def _is_known(self, host: str, literal: Ip | None) -> bool:
        if literal:
            return self._is_inside(literal)
        names = {name.partition(":")[0] for name in self.hosts}
        return host in names or any(host.endswith(suffix) for suffix in self.suffixes)

    def takes(self, address: Ip) -> bool:
        """Whether a name that leads there may be followed."""
        return is_public(address) or self._is_inside(address)

    def _is_inside(self, address: Ip) -> bool:
        plain = _plain(address)
        return any(plain in network for network in self.networks)


def is_public(address: Ip) -> bool:
    """Of the internet, and one machine's."""
    plain = _plain(address)
    return plain.is_global and not plain.is_multicast and not any(plain in network for network in _NOT_PUBLIC)


def _plain(address: Ip) -> Ip:
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _literal(host: str) -> Ip | None:
    """Only as addresses are written: no other spelling, no brackets."""
    try:
        return ip_address(host)
    except ValueError:
        return None
