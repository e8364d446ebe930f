"""Salesforce outbound messages: what is read from the XML, and what is refused."""

import json
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from salesforce_samples import ORG, fuzz

from services.feedback.intake.sources.salesforce import org18, same_org
from services.feedback.intake.sources.salesforce_soap import (
    Notification,
    NotSoap,
    ack,
    as_json,
    fault,
    parse,
    source_key,
)

OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
SESSION = "00D5g00000K7hQz!AQ0AQLiveCredential"


def message(inside: str, *, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return (
        f"{declaration}"
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>'
        f'<notifications xmlns="{OUTBOUND}"><OrganizationId>{ORG}</OrganizationId>'
        f"<SessionId>{SESSION}</SessionId><EnterpriseUrl>https://evil.example</EnterpriseUrl>"
        f"<PartnerUrl>https://evil.example</PartnerUrl>{inside}"
        "</notifications></s:Body></s:Envelope>"
    )


def record(fields: str, *, number: int = 1, prefix: str = "sf") -> str:
    return (
        f"<Notification><Id>04l{number:012}AAA</Id>"
        f'<sObject xsi:type="{prefix}:Case" xmlns:{prefix}="urn:sobject.enterprise.soap.sforce.com">'
        f"{fields}</sObject></Notification>"
    )


def fields_of(text: str | bytes) -> dict[str, str | None]:
    (one,) = parse(text if isinstance(text, bytes) else text.encode()).notifications
    return one.fields


# ---- What is read ---------------------------------------------------------------------------------


def test_a_notification_is_its_id_its_object_and_its_fields_as_text() -> None:
    found = parse(message(record("<sf:Id>500A</sf:Id><sf:IsClosed>false</sf:IsClosed>")).encode())
    assert found.org_id == ORG
    assert found.notifications == (
        Notification("04l000000000001AAA", "Case", {"Id": "500A", "IsClosed": "false"}),
    )


def test_prefixes_do_not_matter_but_namespaces_do() -> None:
    read = fields_of(message(record("<q:Id>500A</q:Id><Id>other</Id>", prefix="q")))
    assert read == {"Id": "500A"}


def test_nil_is_none_and_empty_is_empty() -> None:
    assert fields_of(message(record('<sf:A xsi:nil="true"/><sf:B/>'))) == {"A": None, "B": ""}


def test_entities_of_xml_itself_and_line_ends_are_kept() -> None:
    read = fields_of(message(record("<sf:D>49 &amp; &lt;10%&gt;\n\n&#128230;<![CDATA[<b>]]></sf:D>")))
    assert read == {"D": "49 & <10%>\n\n📦<b>"}


def test_the_session_and_the_servers_are_not_kept() -> None:
    found = parse(message(record("<sf:Id>500A</sf:Id>")).encode())
    assert "LiveCredential" not in repr(found)
    assert "evil" not in repr(found)
    assert b"LiveCredential" not in as_json(found.notifications[0])


def test_a_message_without_notifications_is_an_empty_one() -> None:
    assert parse(message("").encode()).notifications == ()


def test_a_field_that_holds_elements_is_left_out() -> None:
    read = fields_of(message(record("<sf:A>1<sf:B>2</sf:B>3</sf:A><sf:C>4</sf:C>")))
    assert read == {"C": "4"}


@pytest.mark.parametrize(
    ("declared", "coded"),
    [
        ("UTF-8", "utf-8-sig"),
        ("utf-8", "utf-8"),
        ("UTF-16", "utf-16"),
        ("ISO-8859-1", "latin-1"),
        ("US-ASCII", "ascii"),
    ],
)
def test_four_encodings_are_taken_and_a_byte_order_mark(declared: str, coded: str) -> None:
    word = "Tent" if declared == "US-ASCII" else "Größe"
    text = message(record(f"<sf:S>{word}</sf:S>"), declaration=f'<?xml version="1.0" encoding="{declared}"?>')
    assert fields_of(text.encode(coded)) == {"S": word}


def test_a_full_message_of_sixteen_megabytes_is_read_in_about_a_second() -> None:
    long = ("Das Zelt &amp; die Naht.\n" * 8000)[:160_000].rsplit("\n", 1)[0]
    body = message("".join(record(f"<sf:D>{long}</sf:D>", number=n) for n in range(100))).encode()
    assert len(body) > 15_000_000
    begun = time.perf_counter()
    found = parse(body)
    assert len(found.notifications) == 100
    assert time.perf_counter() - begun < 2


# ---- What is refused ------------------------------------------------------------------------------

LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
XML = '<?xml version="1.0"?>'
REFUSED = {
    "billion laughs": message(record("<sf:D>&c;</sf:D>"), declaration=XML + LAUGHS).encode(),
    "an external entity": message(record("<sf:D>&e;</sf:D>"), declaration=XML + EXTERNAL).encode(),
    "an external subset": message("", declaration=XML + '<!DOCTYPE x SYSTEM "http://x/y.dtd">').encode(),
    "a document type in UTF-16": message(
        "", declaration='<?xml version="1.0" encoding="UTF-16"?>' + EXTERNAL
    ).encode("utf-16"),
    "a document type in UTF-16 without its mark": message("", declaration=XML + EXTERNAL).encode("utf-16-le"),
    "UTF-7": message("", declaration='<?xml version="1.0" encoding="UTF-7"?>').encode("utf-7"),
    "UTF-7 that is not declared": message("").replace("<", "+ADw-").encode(),
    "another encoding": message("", declaration='<?xml version="1.0" encoding="windows-1252"?>').encode(),
    "an unknown encoding": message("", declaration='<?xml version="1.0" encoding="x-none"?>').encode(),
    "deep nesting": message("<a>" * 60 + "</a>" * 60).encode(),
    "nesting without end": b"<a>" * 60_000,
    "101 notifications": message(record("") * 101).encode(),
    "a million elements": message("<a/>" * 1_000_000).encode(),
    "a truncated body": message(record("<sf:Id>500A</sf:Id>")).encode()[:-40],
    "nothing": b"",
    "JSON": b"{}",
    "bytes that are not UTF-8": message(record("<sf:D>@</sf:D>")).encode().replace(b"@", b"\xff"),
    "NUL": message(record("<sf:D>@</sf:D>")).encode().replace(b"@", b"\x00"),
    "another root": f'<notifications xmlns="{OUTBOUND}"/>'.encode(),
    "another SOAP": message("").replace("schemas.xmlsoap.org/soap", "www.w3.org/2003/05/soap").encode(),
    "a SOAP fault": fault("Client", "no"),
    "notifications of another namespace": message("").replace(OUTBOUND, "urn:other").encode(),
    "a second document": message("").encode() + b"<a/>",
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_no_outbound_message(what: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(NotSoap) as refused:
        parse(REFUSED[what])
    assert "passwd" not in str(refused.value)
    assert time.perf_counter() - begun < 2


def test_xinclude_is_an_element_like_any_other_and_fetches_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("treasure")
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    )
    found = parse(message(record(f"{include}<sf:D>{include}</sf:D><sf:S>x</sf:S>")).encode())
    assert found.notifications[0].fields == {"S": "x"}
    assert "treasure" not in repr(found)


@fuzz
@given(
    st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: message(record(text)).encode("utf-8", "replace"))
)
def test_any_bytes_are_a_message_or_are_not(body: bytes) -> None:
    try:
        found = parse(body)
    except NotSoap:
        return
    assert len(found.notifications) <= 100


@fuzz
@given(st.data())
def test_a_message_with_some_bytes_changed_is_a_message_or_is_not(data: st.DataObject) -> None:
    body = bytearray(message(record("<sf:Id>500A</sf:Id>")).encode())
    place = data.draw(st.integers(0, len(body) - 1))
    body[place : place + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=5))
    try:
        found = parse(bytes(body))
    except NotSoap:
        return
    assert SESSION not in repr(found)


# ---- Answers, ids and keys ------------------------------------------------------------------------


@pytest.mark.parametrize(("ok", "word"), [(True, "true"), (False, "false")])
def test_the_answer_is_one_ack(ok: bool, word: str) -> None:
    assert ET.fromstring(ack(ok)).findtext(f".//{{{OUTBOUND}}}Ack") == word


def test_a_fault_says_why_and_breaks_no_xml() -> None:
    found = ET.fromstring(fault("Client", "a <b> & \x00 \ud800"))
    assert found.findtext(".//faultcode") == "soapenv:Client"
    assert (found.findtext(".//faultstring") or "").startswith("a <b> & ")


def test_one_notification_is_kept_as_json() -> None:
    kept = json.loads(as_json(Notification("04l1", "Case", {"Id": "500A", "X": None})))
    assert kept == {"notification_id": "04l1", "sobject": "Case", "fields": {"Id": "500A", "X": None}}


def test_the_same_id_with_newer_fields_is_another_telling() -> None:
    older = source_key(ORG, Notification("04l1", "Case", {"SystemModstamp": "2026-03-04T08:11:02.000Z"}))
    newer = source_key(ORG, Notification("04l1", "Case", {"SystemModstamp": "2026-03-04T09:11:02.000Z"}))
    assert older == f"sf-om:{ORG}:04l1:2026-03-04T08:11:02.000Z"
    assert older != newer


@fuzz
@given(st.text(max_size=150), st.none() | st.text(max_size=300))
def test_a_key_is_short_and_visible_ascii(name: str, stamp: str | None) -> None:
    key = source_key(ORG, Notification(name, "Case", {"SystemModstamp": stamp}))
    assert key == source_key(ORG, Notification(name, "Case", {"SystemModstamp": stamp}))
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert key.startswith("sf-om:")
    assert len(key) <= 200


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("00D5g00000K7hQz", "00D5g00000K7hQzEAJ"),
        ("00D5g00000K7hQzEAJ", "00D5g00000K7hQzEAJ"),
        ("0055g0000LeaM01", "0055g0000LeaM01AQE"),
        ("00G5g000004TtLm", "00G5g000004TtLmEAK"),
        ("", None),
        ("00D5g00000K7hQ", None),
        ("00D5g00000K7hQzE", None),
        ("00D5g00000K7hQ\u0661", None),
    ],
)
def test_fifteen_characters_become_eighteen(short: str, long: str | None) -> None:
    assert org18(short) == long


def test_an_organisation_is_the_same_in_both_forms_but_not_in_other_capitals() -> None:
    assert same_org("00D5g00000K7hQz", ORG)
    assert not same_org("00D5g00000k7hQz", ORG)
    assert not same_org(ORG.swapcase(), ORG)
    assert not same_org("", "")
