"""The problems that a handshake can be answered with."""

from shared.errors import Problem


class SubprotocolNotSupported(Problem):
    """The sub-protocol spoken here is graphql-transport-ws"""

    status = 400
    slug = "subprotocol-not-supported"
