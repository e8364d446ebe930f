"""A process of its own that asks a server for harm: every attack of the set in turn, so many a second."""

import contextlib
import http.client
import itertools
import json
import sys
import time

from hostile_set import ATTACKS, Attack


class Attacker:
    """Another token, over another address, than whoever else asks."""

    def __init__(self, port: int, token: str, source: str = "127.0.0.2") -> None:
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=30, source_address=(source, 0)
        )
        self._token = token
        self._number = 0

    def send(self, attack: Attack) -> int | None:
        """The status; None where the server closed the line before it had heard all of it."""
        self._number += 1
        headers = {"authorization": f"Bearer {self._token}"}
        if attack.kind:
            headers["content-type"] = attack.kind
        try:
            self._connection.request(attack.method, attack.target, attack.sent(self._number), headers)
            answer = self._connection.getresponse()
            answer.read()
        except (ConnectionError, http.client.BadStatusLine):
            self._connection.close()
            return None
        return answer.status

    def close(self) -> None:
        self._connection.close()


def main(port: int, token: str, each_s: float) -> None:
    """Until whoever started it closes its input. Prints how many answers were right, how many were not."""
    right = wrong = 0
    attacker, begun = Attacker(port, token), time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        for number, attack in enumerate(itertools.cycle(ATTACKS)):
            status = attacker.send(attack)
            right, wrong = right + (status == attack.status), wrong + (status not in (attack.status, None))
            print(json.dumps({"right": right, "wrong": wrong}), flush=True)
            time.sleep(max(0.0, begun + number * each_s - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
