"""Names that a text tells itself: "my name is …", "Dear …,", "Kind regards,\\n…", "Name: …". Pure."""

import re
from collections.abc import Iterator

from services.feedback.redaction.name_words import (
    GREETINGS,
    NAME_FIELDS,
    NAME_IS,
    NAME_MAY_FOLLOW,
    NO_EASTERN_NAMES,
    NO_NAMES,
    PARTICLES,
    SIGN_OFFS,
    SURNAMES_KO,
    SURNAMES_ZH,
    TITLES,
)
from services.feedback.redaction.names import LETTER, MARKS
from services.feedback.redaction.reading import MASK, Found, Reading, occurrences

_INNER = rf"(?:{LETTER}|[{MARKS}]|['-](?={LETTER})){{0,30}}"
_WORD = re.compile(rf"{LETTER}(?:\.(?=[ ]?{LETTER})|{_INNER})")
"""A word, or an initial with its full stop."""
_EAST = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_ENDS = re.compile(
    r"\s*(?:[.,;:!?\n)(]|$|-|and |und |et |y |e |en |i |ve |и |from |von |de |with |है|i'm |i am )"
)
_SPEAKS = re.compile(r" \w{2,30} (?:from|here|speaking|calling|aus|von|de|da|di|van|z) ")
MOST_WORDS = 4


def find_introductions(reading: Reading) -> Iterator[Found]:
    for at in _after(reading, NAME_IS):
        yield from _name(reading, _skip(reading.plain, at), least=1, is_sure=True)
    for at in _after(reading, NAME_MAY_FOLLOW):
        yield from _name(reading, at + 1, least=1 if _SPEAKS.match(reading.lower, at) else 2)
    for at in _after(reading, TITLES):
        yield from _name(reading, _skip(reading.plain, at), least=1, is_after_title=True)
    yield from _greeted(reading)
    yield from _by_line(reading)
    if _EAST.search(reading.plain):
        yield from _eastern(reading.plain)


def _after(reading: Reading, words: tuple[str, ...]) -> Iterator[int]:
    lower = reading.lower
    for word in words:
        for place in occurrences(lower, word):
            end = place + len(word)
            is_whole = not lower[max(0, place - 1) : place].isalnum() or _EAST.match(word)
            if is_whole and (not lower[end : end + 1].isalnum() or _EAST.match(word)):
                yield end


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", ":", '"', ".") and text[at : at + 1]:
        at += 1
    return at


def _words(text: str, at: int) -> list[re.Match[str]]:
    """Up to four words with one space between them."""
    words: list[re.Match[str]] = []
    while len(words) < MOST_WORDS + 1 and (word := _WORD.match(text, at)):
        words.append(word)
        if text[word.end() : word.end() + 1] != " ":
            break
        at = word.end() + 1
    return words


def _name(
    reading: Reading, at: int, *, least: int, is_sure: bool = False, is_after_title: bool = False
) -> Iterator[Found]:
    words = _words(reading.plain, at)
    if not words or words[0][0].lower() in NO_NAMES or f"{words[0][0].lower().rstrip('.')}." in TITLES:
        return
    if words[0][0][0].isupper():
        taken = _capitalised(words, is_sure=is_sure)
    elif is_sure and not words[0][0][0].islower():
        taken = _uncased(words)
    elif is_sure:
        taken = _in_lower_case(reading.plain, words)
    else:
        return
    if taken and taken[0][0].isupper() and len(taken[0][0]) > 2:
        # Where all is in capitals, they say nothing: "MR. COOPER SAYS", "I AM FED UP".
        taken = taken[:1] if is_after_title else taken if is_sure else []
    # "Mr. B." is a name, "I am A" is not.
    if len(taken) >= least and (len(taken) > 1 or len(taken[0][0]) >= 2 or is_after_title):
        yield Found(taken[0].start(), taken[-1].end(), "name")


def _capitalised(words: list[re.Match[str]], *, is_sure: bool = False) -> list[re.Match[str]]:
    taken: list[re.Match[str]] = []
    for place, word in enumerate(words[:MOST_WORDS]):
        written = word[0]
        is_inner = 0 < place < len(words) - 1
        if (
            is_inner
            and written in PARTICLES
            and any(one[0][0].isupper() for one in words[place + 1 : place + 3])
        ) or (
            written[0].isupper()
            and (written.lower().rstrip(".") not in NO_NAMES or (is_sure and place and not written.isupper()))
        ):
            taken.append(word)
        else:
            break
    while taken and taken[-1][0].lower() in PARTICLES and not taken[-1][0][0].isupper():
        taken.pop()
    return taken


def _uncased(words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Arabic, Hindi, …: no capital says where a name ends. Two words, or fewer before one that is no name."""
    taken: list[re.Match[str]] = []
    for word in words[:2]:
        # "and I …" is one word with the next in Arabic, and begins with the same letter.
        if word[0] in NO_NAMES or (taken and word[0][0] in "وו"):
            break
        taken.append(word)
    return taken


def _in_lower_case(text: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """ "my name is anna lee, …": as many as three words, if something ends them."""
    for count in (1, 2, 3):
        taken = words[:count]
        if len(taken) < count or taken[-1][0].lower() in NO_NAMES:
            return []
        if (
            _ENDS.match(text[taken[-1].end() : taken[-1].end() + 6].lower())
            or text[taken[-1].end() :][:1] == MASK
        ):
            return taken
    return []


_AFTER_GREETING = re.compile(r" {0,2}(?:[,!.:\n]|$| - )")


def _greeted(reading: Reading) -> Iterator[Found]:
    """ "Dear Anna," with what ends a greeting after it: "Hi Windows users" greets nobody by name."""
    text = reading.plain
    for at in _after(reading, GREETINGS):
        begin = at
        while text[begin : begin + 1] in (" ", ",") and begin < at + 3 and text[begin : begin + 1]:
            begin += 1
        if begin == at:
            continue
        words = _words(text, begin)
        if not words:
            continue
        if words[0][0].lower().rstrip(".") in TITLES or words[0][0].lower() + "." in TITLES:
            continue
        taken = _capitalised(words) if words[0][0][0].isupper() else []
        is_ended = bool(taken) and _AFTER_GREETING.match(text, taken[-1].end())
        if is_ended and not _has_other_words(words, taken):
            yield Found(taken[0].start(), taken[-1].end(), "name")


def _has_other_words(words: list[re.Match[str]], taken: list[re.Match[str]]) -> bool:
    return len(words) > len(taken)


# ---- Lines ------------------------------------------------------------------------------------

_FIELD = re.compile(r"[ *>-]{0,4}([^\n:=]{1,24}?) {0,2}[:=] {0,3}")
_SIGN_OFF = re.compile(r"[ *>-]{0,4}([^\n,.!:-]{1,36}?) {0,2}(?:[,.!:-]{1,3} {0,3}|$)")
_NAME_LINE = re.compile(rf"[ *>-]{{0,4}}(?:{LETTER}{_INNER}\.?(?: |$)){{1,4}}(?=$|[,|(/-])")
_FIELDS, _SIGN_OFFS = frozenset(NAME_FIELDS), frozenset(SIGN_OFFS)
_LINES_AFTER_SIGN_OFF = 2


def _by_line(reading: Reading) -> Iterator[Found]:
    lower, lines, at = reading.lower, reading.plain.split("\n"), 0
    waiting = 0
    for line in lines:
        begin, at = at, at + len(line) + 1
        if not line.strip():
            continue
        said = lower[begin : begin + len(line)]
        field = _FIELD.match(said)
        if field and field[1].strip() in _FIELDS:
            yield from _whole_line(line, field.end(), begin)
            waiting = 0
            continue
        if waiting and MASK in line:
            waiting = 0
        if waiting:
            waiting -= 1
            found = list(_whole_line(line, 0, begin))
            yield from found
            if found:
                waiting = 0
                continue
        yield from _signed(line, said, begin)
        last = re.split(r"[.!?] ", said)[-1]
        if last.strip(" ,.!-*") in _SIGN_OFFS:
            waiting = _LINES_AFTER_SIGN_OFF


def _signed(line: str, said: str, begin: int) -> Iterator[Found]:
    """ "…, thanks, Anna": what signs stands at the end of the line."""
    for start in {
        0,
        max(said.rfind(". "), said.rfind("! "), said.rfind("? ")) + 2,
        max(0, said.rfind(", ", 0, max(0, said.rfind(", ")))) + 2,
    }:
        if start == 1:
            continue
        match = _SIGN_OFF.match(said, start)
        if (
            match
            and match[1].strip() in _SIGN_OFFS
            and match.end() < len(line)
            and said[match.end() - 1] in " ,.!:-"
        ):
            yield from _whole_line(line, match.end(), begin, longest=3)


def _whole_line(line: str, at: int, begin: int, longest: int = MOST_WORDS) -> Iterator[Found]:
    """The rest of a line, if it is nothing but capitalised words (or words of a script without capitals)."""
    while line[at : at + 1] in (" ", "*", ">", "-") and line[at : at + 1]:
        at += 1
    words = _words(line, at)
    if not words or len(words) > longest:
        return
    end = words[-1].end()
    rest = line[end:].strip()
    if rest and rest[0] not in ".,|(/-!" + MASK:
        return
    if any(word[0].lower().rstrip(".") in NO_NAMES for word in words):
        return
    if words[0][0].lower() in _SIGN_OFFS or line[at:end].lower() in _SIGN_OFFS:
        return
    if all(not word[0][0].islower() or word[0] in PARTICLES for word in words):
        yield Found(begin + at, begin + end, "name")


# ---- Chinese, Japanese, Korean ----------------------------------------------------------------

_HAN, _KANA = "\u3400-\u9fff々", "\u3040-\u30ff"
_ZH_IS = re.compile(rf"(?:我是|本人是|我係)([{SURNAMES_ZH}][{_HAN}]{{1,2}})(?![{_HAN}])")
_ZH_TITLE = re.compile(rf"(?<![{_HAN}])([{SURNAMES_ZH}][{_HAN}]{{0,2}})(?=先生|女士|小姐|太太|經理|经理)")
_ZH_CALLED = re.compile(
    rf"(?:我叫|我的名字是|我的名字叫|我姓名是)([{_HAN}]{{2,4}}?)(?=[^{_HAN}]|$|我|想|的|在|来|是|，)"
)
_JA_AM = re.compile(
    rf"(?:(?:私|わたくし|僕|俺|わたし)は、?|名前は、?)([{_HAN}{_KANA}]{{1,8}}?(?:"
    rf" [{_HAN}{_KANA}]{{1,6}}?)?)(?=です|と申|といい|と言い|だ。)"
)
_JA_CALLED = re.compile(
    rf"(?<![{_HAN}{_KANA}])([{_HAN}]{{1,4}}(?: ?[{_HAN}]{{1,3}})?|[{_KANA}]{{2,8}}(?:"
    rf" [{_KANA}]{{2,8}})?)(?=と申します|と申す|といいます|と言います)"
)
_JA_TITLE = re.compile(rf"(?<![{_HAN}])([{_HAN}]{{2,4}}(?: [{_HAN}]{{1,3}})?)(?=様|さん(?![{_HAN}])|殿)")
_KO_CALLED = re.compile(
    rf"(?:저는|제 이름은|이름은|나는) ([{SURNAMES_KO}][가-힣]{{1,3}}?)(?=입니다|이에요|예요|이라고|라고"
    rf"|이고|인데)"
    rf"|(?<![가-힣])([{SURNAMES_KO}][가-힣]{{1,2}})(?=이라고 합니다|라고 합니다|입니다[.!]?(?:\s|$))"
)
_KO_TITLE = re.compile(rf"(?<![가-힣])([{SURNAMES_KO}][가-힣]{{1,2}})(?= ?(?:씨|님)(?![가-힣]))")


def _eastern(text: str) -> Iterator[Found]:
    for pattern in (_ZH_IS, _ZH_TITLE, _ZH_CALLED, _JA_AM, _JA_CALLED, _JA_TITLE, _KO_CALLED, _KO_TITLE):
        for match in pattern.finditer(text):
            group = 1 if match[1] else 2
            if match[group] not in NO_EASTERN_NAMES:
                yield Found(match.start(group), match.end(group), "name")
