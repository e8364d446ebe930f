"""The Standard Webhooks rule: known vectors, and what holds for all of them."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from shared.standard_webhooks import ID, MAX_SIGNATURES, SIGNATURE, TIMESTAMP, is_genuine, key_bytes, sign

PROPERTY = hypothesis_settings(
    max_examples=int(os.environ.get("ASSAY_PROPERTY_EXAMPLES", "200")),
    deadline=None,
    derandomize="ASSAY_PROPERTY_EXAMPLES" not in os.environ,
    database=None,
)
FRESH_S = 300

OURS = "whsec_b3V0Ym91bmQtc2lnbmluZy1rZXktbnVtYmVyLW9uZSE="
OURS_NEXT = "whsec_b3V0Ym91bmQtc2lnbmluZy1rZXktbnVtYmVyLXR3byE="
SCORE = (
    '{"type":"csat.received","timestamp":"2026-03-05T08:15:09.9Z",'
    '"data":{"ticket_id":"48213","score":1.0,"comment":"Lea was brilliant 💛"}}'
)
THEIRS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
APEX = "whsec_YXBleC1zaGFyZWQtc2VjcmV0LWZvci10ZXN0cy0wMQ=="


@dataclass(frozen=True)
class Vector:
    secret: str
    id: str
    timestamp: str
    body: str
    signature: str
    is_valid: bool

    @property
    def headers(self) -> Mapping[str, str]:
        return {ID: self.id, TIMESTAMP: self.timestamp, SIGNATURE: self.signature}


REFERENCE = (THEIRS, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}')
FIRST = (OURS, "msg_01JQZF0B2D4F6H8J0K2L4M6N05", "1772698512", SCORE)
SECOND = (OURS, "msg_01JQZF0B2D4F6H8J0K2L4M6N05", "1772698817", SCORE)
OTHER_ID = (OURS, "msg_01JQZF0B2D4F6H8J0K2L4M6N06", "1772698512", SCORE)
S3 = "v1,1/kHDqVQzSyUp26/nxCjRkCyy+estZOW5LFRQWR1Tis="
S4 = f"v1,K/CK3shz48oWTYYP9ZWerCc4tqOXmQTSyNKxZya32Es= {S3}"
VECTORS = {
    "S1 the reference libraries' own": Vector(
        *REFERENCE, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", True
    ),
    "S2 one letter wrong": Vector(*REFERENCE, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=", False),
    "S3 one key": Vector(*FIRST, S3, True),
    "S4 a rotation, held by the old key": Vector(*FIRST, S4, True),
    "S4 a rotation, held by the new key": Vector(OURS_NEXT, *FIRST[1:], S4, True),
    "S5 a second attempt": Vector(*SECOND, "v1,18v13OBdGoEYdvCNBrDqDR4rUb/yBuFCAH7tPYP8vk0=", True),
    "S6 the first attempt's signature": Vector(*SECOND, S3, False),
    "S7 another id": Vector(*OTHER_ID, S3, False),
    "S8 the key used as text": Vector(*FIRST, "v1,AfNArQ3KXd2f1duBBueUUZ91OIJmFeFVdNERGeOa6+4=", False),
    "S9 a callout": Vector(
        APEX,
        "sfapex-0f9c1b6e-7a20",
        "1772621252",
        '{"event_id":"sfapex-0f9c1b6e-7a20"}',
        "v1,YrOGv7Zt+cN5aODFsGOm3mLNZJ8F39THEfJC2iNTigA=",
        True,
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_the_known_vectors_are_judged_as_known(vector: Vector) -> None:
    now = int(vector.timestamp)
    body = vector.body.encode()
    assert is_genuine(vector.secret, vector.headers, body, now_s=now, freshness_s=FRESH_S) is vector.is_valid


@pytest.mark.parametrize("name", ["S1 the reference libraries' own", "S3 one key", "S9 a callout"])
def test_we_sign_as_the_known_vectors_are_signed(name: str) -> None:
    vector = VECTORS[name]
    assert sign(vector.secret, vector.id, vector.timestamp, vector.body.encode()) == vector.signature


@pytest.mark.parametrize(("off_s", "is_fresh"), [(0, True), (300, True), (301, False)])
def test_a_timestamp_may_be_off_either_way_but_not_for_long(off_s: int, is_fresh: bool) -> None:
    vector = VECTORS["S3 one key"]
    for now in (int(vector.timestamp) + off_s, int(vector.timestamp) - off_s):
        body = vector.body.encode()
        assert is_genuine(vector.secret, vector.headers, body, now_s=now, freshness_s=FRESH_S) is is_fresh


# ---- What holds for all ------------------------------------------------------------------------------

KEYS = st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())
IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
STAMPS = st.integers(0, 10**11)


def signed(secret: str, message_id: str, stamp: int, body: bytes) -> dict[str, str]:
    signature = sign(secret, message_id, str(stamp), body)
    return {ID: message_id, TIMESTAMP: str(stamp), SIGNATURE: signature}


@PROPERTY
@given(KEYS, IDS, STAMPS, st.binary(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_what_is_signed_is_genuine_among_other_signatures_too(
    secret: str, message_id: str, stamp: int, body: bytes, others: list[str]
) -> None:
    headers = signed(secret, message_id, stamp, body)
    others = [other.replace(" ", "") for other in others]
    headers[SIGNATURE] = " ".join([*others, headers[SIGNATURE]])
    assert is_genuine(secret, headers, body, now_s=stamp, freshness_s=FRESH_S)


@PROPERTY
@given(KEYS, KEYS, IDS, IDS, STAMPS, st.integers(1, 200), st.binary(max_size=50), st.binary(max_size=50))
def test_a_signature_is_good_for_one_key_id_time_and_body_only(
    secret: str, secret2: str, id1: str, id2: str, stamp: int, later: int, body: bytes, body2: bytes
) -> None:
    headers = signed(secret, id1, stamp, body)
    changed = {
        "key": (secret2, headers, body) if secret2 != secret else None,
        "id": (secret, headers | {ID: id2}, body) if id2 != id1 else None,
        "time": (secret, headers | {TIMESTAMP: str(stamp + later)}, body),
        "body": (secret, headers, body2) if body2 != body else None,
    }
    for what, forged in changed.items():
        if forged:
            assert not is_genuine(*forged, now_s=stamp, freshness_s=FRESH_S), what


@PROPERTY
@given(st.dictionaries(st.sampled_from((ID, TIMESTAMP, SIGNATURE)), st.text(max_size=30)), st.binary())
def test_any_headers_are_judged_without_an_error(headers: dict[str, str], body: bytes) -> None:
    assert is_genuine(OURS, headers, body, now_s=0, freshness_s=FRESH_S) is False


@pytest.mark.parametrize("stamp", ["", " 0", "+0", "-0", "0.0", "1_0", "٠", "9" * 13, "0\n"])
def test_a_timestamp_in_any_other_form_is_refused_however_it_is_signed(stamp: str) -> None:
    headers = {ID: "msg", TIMESTAMP: stamp, SIGNATURE: sign(OURS, "msg", stamp, b"")}
    assert not is_genuine(OURS, headers, b"", now_s=0, freshness_s=10**15)


@pytest.mark.parametrize("message_id", ["", " ", "a b", "é", "a\n", "x" * 201])
def test_an_id_that_is_no_plain_word_is_refused_however_it_is_signed(message_id: str) -> None:
    assert not is_genuine(OURS, signed(OURS, message_id, 1000, b""), b"", now_s=1000, freshness_s=FRESH_S)


def test_other_versions_and_endless_lists_of_signatures_count_for_nothing() -> None:
    # given a right signature, of another version, or behind too many others
    headers = signed(OURS, "msg", 1000, b"{}")
    right = headers[SIGNATURE]
    for given_, is_right in (
        (right.replace("v1,", "v1a,"), False),
        (right.removeprefix("v1,"), False),
        (" ".join(["v1,x"] * (MAX_SIGNATURES - 1) + [right]), True),
        (" ".join(["v1,x"] * MAX_SIGNATURES + [right]), False),
    ):
        # then it is taken only where it stands among the first, in its own version
        found = is_genuine(OURS, headers | {SIGNATURE: given_}, b"{}", now_s=1000, freshness_s=FRESH_S)
        assert found is is_right, given_


@PROPERTY
@given(st.binary(max_size=64))
def test_a_key_is_read_from_its_base64_padded_or_not_with_or_without_its_prefix(key: bytes) -> None:
    padded = base64.b64encode(key).decode()
    for text in (padded, padded.rstrip("="), f"whsec_{padded}", f"whsec_{padded.rstrip('=')}"):
        assert key_bytes(text) == key


@pytest.mark.parametrize("secret", ["whsec_not base64!", "whsec_é", "whsec_a", "whsec_ab-_"])
def test_what_is_no_key_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="not a Standard Webhooks secret"):
        key_bytes(secret)
