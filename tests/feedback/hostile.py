"""Bodies that no help desk sends: noise, real shapes with something wrong in them, and shapes made up
from the right words."""

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

from doors import DOMAIN, ORG, body_for
from hypothesis import strategies as st
from world import LONG_AGO

from services.demo import zendesk

TIMES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-03-04T10:44:01Z", "2026-W10")
BEYOND_TIME = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00")
"""Times whose UTC is in no year that we can write."""
NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**99, 1e308, float("inf"), "", "0", "\x00", "\ud800", "\u202e", "x" * 70_000,
    *TIMES, [], {}, [[]], [None], {"": None}, {"id": None}, [{"id": 1}], {"\x00": "\ud83d"},
)  # fmt: skip


# ---- Samples of the shapes ----------------------------------------------------------------------


def _zendesk() -> Iterator[Any]:
    for ticket in zendesk.tickets(LONG_AGO):
        for body in ticket.bodies:
            yield json.loads(body)
    yield {
        "template": "zd_v1",
        "ticket_id": "31",
        "account_id": zendesk.ACCOUNT,
        "comment": "a",
        "tags": "a b",
    }


def _salesforce() -> Iterator[Any]:
    header = {
        "entityName": "Case", "recordIds": ["5005g0000210441AAA"], "changeType": "UPDATE",
        "sequenceNumber": 2, "transactionKey": "0000d388-e8a0-4796-9944-732b3a99a31d",
        "commitTimestamp": 1772621040000, "commitUser": "0055g0000LeaM01AQE", "changedFields": ["Status"],
    }  # fmt: skip
    change = {"Status": "Solved", "LastModifiedDate": "2026-03-04T10:44:00.000Z", "ChangeEventHeader": header}
    yield change
    yield [change, change]
    yield {"schema": "x", "payload": change, "event": {"replayId": 12}}
    yield {"channel": "/data/CaseChangeEvent", "data": {"payload": change, "event": {"replayId": 12}}}
    yield json.loads(body_for("salesforce", "1"))


def _freshdesk() -> Iterator[Any]:
    yield json.loads(body_for("freshdesk", "1"))
    simple = {
        "ticket_id": 31, "ticket_url": f"https://{DOMAIN}/a/tickets/31", "ticket_tags": "a,b",
        "ticket_status": "Open", "ticket_priority": "High", "ticket_source": "Portal", "ticket_type": "A",
        "ticket_group_name": "North", "ticket_product_name": "Tents", "ticket_agent_name": "Ida",
        "ticket_latest_public_comment": "Hi", "triggered_event": "{status:{from:2,to:4}}",
    }  # fmt: skip
    yield {"freshdesk_webhook": simple}
    yield {
        "template": "fd_v1",
        "account": DOMAIN,
        **simple,
        "triggered_event": "{responder_id:{from:,to:91}}",
    }


def _generic() -> Iterator[Any]:
    document = json.loads(body_for("generic", "1"))
    at = document["at"]
    yield document | {
        "id": "d-1",
        "changes": [{"id": "c", "at": at, "field": "status", "old": "new", "new": "open", "actor": "7"}],
        "ratings": [{"id": "r", "rated_at": at, "score": 0.5, "raw": "3", "comment": "x", "agent": "7"}],
        "ticket": document["ticket"]
        | {
            "custom_fields": {"a": 1},
            "tags": ["a"],
            "status": "open",
            "assignee": {"id": "7", "name": "Lea"},
        },
    }


SAMPLES: dict[str, list[Any]] = {
    "zendesk": list(_zendesk()), "salesforce": list(_salesforce()), "freshdesk": list(_freshdesk()),
    "generic": list(_generic()),
}  # fmt: skip


# ---- Something wrong in them ----------------------------------------------------------------------


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """To every value inside."""
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from paths(child, (*path, key))


def replaced(document: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return document


def as_body(document: Any) -> bytes:
    """As JSON; what is infinite is written as a number too large for a float."""
    return json.dumps(document).replace("Infinity", "1e400").encode()


def edited(body: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Each edit (place, length, other bytes) replaces a stretch."""
    for place, length, other in edits:
        at = place % (len(body) + 1)
        body = body[:at] + other + body[at + length :]
    return body


ANY_JSON = st.recursive(
    st.sampled_from(NASTY) | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EDITS = st.lists(
    st.tuples(st.integers(0, 5_000), st.integers(0, 12), st.binary(max_size=6)), min_size=1, max_size=4
)


def hostile_json(platform: str) -> st.SearchStrategy[bytes]:
    places = [(sample, path) for sample in SAMPLES[platform] for path in paths(sample)]
    bodies = [as_body(sample) for sample in SAMPLES[platform]]
    words = sorted({str(key) for _, path in places for key in path})
    made_up = st.recursive(
        st.sampled_from(NASTY) | st.sampled_from(words),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(words), inner, max_size=5)
        ),
        max_leaves=12,
    )
    return st.one_of(
        st.binary(max_size=400),
        st.builds(edited, st.sampled_from(bodies), EDITS),
        st.builds(lambda at, new: as_body(replaced(at[0], at[1], new)), st.sampled_from(places), ANY_JSON),
        made_up.map(as_body),
    )


# ---- XML ---------------------------------------------------------------------------------------------

_NAMES = ("s:Envelope", "s:Body", "notifications", "OrganizationId", "Notification", "Id", "sObject", "sf:Id",
          "sf:Status", "sf:SystemModstamp", "nobody:knows", "é", "1")  # fmt: skip
_ROOT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{outbound}"'
    ' xmlns:sf="urn:sobject.enterprise.soap.sforce.com"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>{inside}</s:Body></s:Envelope>'
)


def _element(name: str, attribute: str, inside: list[str]) -> str:
    return f"<{name}{attribute}>{''.join(inside)}</{name}>"


def _whole(inside: str, encoding: str, codec: str) -> bytes:
    outbound = "http://soap.sforce.com/2005/09/outbound"
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + _ROOT.format(outbound=outbound, inside=inside)
    return text.encode(codec, "replace")


_TEXTS = st.sampled_from(
    (ORG, "&#0;", "&x;", "&#128230;", "<![CDATA[<b>]]>", "<!-- -->", "<?p?>", "]]>", "\x00")
)
_ELEMENTS = st.recursive(
    _TEXTS | st.text(max_size=10),
    lambda inner: st.builds(
        _element,
        st.sampled_from(_NAMES),
        st.sampled_from(("", ' xsi:nil="true"', ' xsi:type="sf:Case"', ' a="1" a="2"', ' xmlns="x"')),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)
HOSTILE_XML = st.one_of(
    st.binary(max_size=400),
    st.builds(edited, st.sampled_from([body_for("soap", "1"), body_for("soap", "22")]), EDITS),
    st.builds(
        _whole,
        _ELEMENTS,
        st.sampled_from(("UTF-8", "utf-16", "iso-8859-1", "us-ascii", "utf-7", "hex", "punycode", "")),
        st.sampled_from(("utf-8", "utf-16", "latin-1")),
    ),
)


# ---- Large ones -----------------------------------------------------------------------------------------


def large(size: int) -> dict[str, bytes]:
    """Each about so many bytes, and made to cost as much as such bytes can."""
    fill = {
        "many arrays": (b"[", b"[],", b"[]]"), "many objects": (b"[", b"{},", b"{}]"),
        "deep arrays": (b"", b"[", b""), "deep objects": (b"", b'{"a":', b""),
        "many numbers": (b"[", b"0.1,", b"1]"), "one number": (b"", b"9", b""),
        "escapes": (b'["', b"\\u0000", b'"]'), "halves of pairs": (b'["', b"\\ud800", b'"]'),
        "no end of a text": (b'{"template":"', b"\\", b""), "blanks": (b"", b" ", b"{}"),
        "openings of an id": (b'{"template"', b',"ticket_id": 1 ', b""),
        "halves of an id": (b'{"template"', b',  "ticket_id"  ', b""),
        "tags": (b'{"template":"zd_v1","ticket_id":"1","tags":"', b"a ", b'"}'),
        "colons": (b'{"type":"', b":", b'","id":"1"}'),
        "braces": (b'{"freshdesk_webhook":{"ticket_id":"1","ticket_subject":"', b"{{", b'"}}'),
        "comma after comma": (b'{"freshdesk_webhook":{"ticket_id":"1","ticket_tags":"', b",", b'"}}'),
        "markup": (b'{"freshdesk_webhook":{"ticket_id":"1","ticket_description":"', b"<b>&lt;", b'"}}'),
        "open markup": (b'{"freshdesk_webhook":{"ticket_id":"1","ticket_description":"', b"<a ", b'"}}'),
        "elements": (b"<a>", b"<b/>", b"</a>"), "deep elements": (b"", b"<a>", b""),
        "a comment": (b"<a><!--", b"- ", b"--></a>"), "a name": (b"<", b"a", b"/>"),
    }  # fmt: skip
    bodies = {
        name: begin + middle * ((size - len(begin) - len(end)) // len(middle)) + end
        for name, (begin, middle, end) in fill.items()
    }
    keys = b",".join(b'"%d":0' % number for number in range(size // 11))
    attributes = b" ".join(b'a%d="1"' % number for number in range(size // 13))
    field = b"<sf:Subject>Tent leaks</sf:Subject>"
    message = body_for("soap", "1")
    bodies["many keys"] = b"{" + keys + b"}"
    bodies["many attributes"] = b"<a " + attributes + b"/>"
    bodies["many fields"] = message.replace(field, field * (size // len(field)))
    bodies["one field"] = message.replace(b"Tent leaks", b"&amp;" * (size // 5))
    bodies["entities of entities"] = (
        b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
        + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
        + b"]><a>&a9;</a>"
    )
    bodies["noise"] = base64.b85encode(bytes(range(256)) * (size // 320))
    return bodies
