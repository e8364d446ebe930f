"""Where people live: streets with house numbers, postcodes with towns, as each country writes them. Pure.

Each pattern is tried only where one of its words stands in the text, so most texts try none.
"""

import re
from collections.abc import Iterator

from services.feedback.redaction.reading import Found, Reading

_L = r"[^\W\d_]"
_NAME = rf"{_L}(?:{_L}|['.-](?={_L})){{0,24}}\.?"
"""A word of a street's name."""
_CAP = rf"(?-i:(?![a-zà-öø-ÿа-яё]){_L})(?:{_L}|['.-](?={_L})){{0,24}}\.?"
"""The same, with a capital."""
_NO = r"\d{1,5}(?:[ ]?[a-zA-Z](?![^\W_]))?(?:[ ]?[-/][ ]?\d{1,4}[a-zA-Z]?)?"
_END = r"(?![^\W_])"
_TOWN = rf"(?-i:(?![a-zà-öø-ÿа-яё]){_L})(?:{_L}|['-](?={_L})){{0,24}}"
_CITY = (
    rf"(?:St\.[ ])?{_TOWN}(?:[ -](?:{_TOWN}|(?:am|an|der|de|la|le|sur|en|di|do|da|den|aan|upon|on)(?="
    rf" ))){{0,3}}"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC"
    "|ND|OH|OK|OR|PA"
    "|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|NSW|VIC|QLD|WA|SA|TAS|ACT|NT|ON|QC|BC|AB|MB|SK|NS|NB|NL|PE"
)
_UK = r"(?-i:[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2})"
_CANADA = r"(?-i:[ABCEGHJ-NPRSTVXY]\d[A-Z][ ]\d[A-Z]\d)"
_AFTER_EN = (
    rf"(?:,?[ \n]{{1,2}}(?:apt|apartment|suite|ste|unit|flat|floor|fl|no)\b\.?[ ]?#?(?:\d\w{{0,5}}"
    rf"|[a-z]\d{{0,4}})\b|,?[ ]#\w{{1,6}})?"
    rf"(?:,?[ \n]{{1,2}}{_CITY})?(?:,?[ \n]{{1,2}}(?:(?-i:{_STATES})[ ]{{1,2}}\d{{4,5}}(?:-\d{{4}})?"
    rf"|{_UK}|(?-i:{_STATES}) {_CANADA}|\d{{5,6}}))?"
)
_AFTER_POSTCODE = rf"(?:,?[ \n]{{1,2}}(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3}})?[ ]{_CITY})?"
_STREETS_EN = (
    r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|terrace|crescent|parkway"
    r"|pkwy|highway|hwy|circle|square|close|way|place|trail|mews|gardens|mall|plaza|row|walk|grove|hill"
    r"|loop"
)
_NO_STREET = (
    r"(?!(?:of|the|down|up|on|in|at|a|to|per|times|days|hours|minutes|miles|km|from|for|and|or|by|is"
    r"|was|more|items?|weeks?|months?|years?|people|users?|am|pm)\b)"
)

_Patterns = tuple[tuple[str, ...], re.Pattern[str]]


def _pattern(words: str, pattern: str) -> _Patterns:
    return tuple(words.split("|")), re.compile(pattern, re.IGNORECASE)


_PATTERNS: tuple[_Patterns, ...] = (
    # ---- English
    _pattern(
        _STREETS_EN,
        rf"(?<![\w#.,])\d{{1,5}}(?:[a-z]|-\d{{1,4}})?,?[ ](?:[nsew]\.?[ ])?(?:{_CAP}[ ]|\d{{1,3}}(?:st"
        rf"|nd|rd|th)[ ]){{1,4}}(?-i:(?=[A-Z]))(?:{_STREETS_EN}){_END}\.?{_AFTER_EN}",
    ),
    _pattern(
        "street|road|avenue|lane|boulevard|drive",
        rf"(?<![\w#.,])\d{{1,5}}[ ](?:{_NO_STREET}{_L}{{2,20}}[ ]){{1,2}}(?:street|road|avenue|lane"
        rf"|boulevard|drive){_END}{_AFTER_EN}",
    ),
    _pattern("box", r"\bp\.?[ ]?o\.?[ ]?box[ ]\d{1,6}\b"),
    _pattern(
        "flat|house|plot|h.no|door",
        rf"\b(?:flat|house|plot|h\.?|door)[ ]?(?:no\.?|number|#)[ ]?[:.]?[ ]?\w{{1,6}}"
        rf"(?:[/-]\w{{1,6}})?,[ ]?{_CAP}(?:[ ,]{{1,2}}(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th)?)){{0,8}}(?:["
        rf" -]{{1,3}}\d{{3}} ?\d{{3}}\b)?",
    ),
    _pattern("pin", r"\bpin ?code\b[ :.-]{0,3}[1-9]\d{2} ?\d{3}\b"),
    # ---- German, Dutch
    _pattern(
        "straße|strasse|str.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|stieg|markt",
        rf"(?<![\w-])(?-i:[A-ZÄÖÜ])[\wäöüß.-]{{0,30}}?(?:[ -][\wäöüß.-]{{0,30}}?){{0,2}}(?:straße"
        rf"|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer|chaussee|stieg|markt)["
        rf" ]{_NO}{_END}{_AFTER_POSTCODE}",
    ),
    _pattern(
        "straat|laan|weg|plein|gracht|kade|dijk|singel|dreef|steeg|hof",
        rf"(?<![\w-])(?-i:[A-Z])[\w'-]{{2,30}}?(?:[ ][\w'-]{{0,30}}?){{0,2}}(?:straat|laan|weg|plein"
        rf"|gracht|kade|dijk|singel|dreef|steeg|hof)[ ]{_NO}{_END}(?:,?[ \n]{{1,2}}(?-i:\d{{4}}["
        rf" ]?[A-Z]{{2}})(?:[ ]{{1,2}}{_CITY})?)?",
    ),
    _pattern("", rf"(?-i:(?<![\w.,-])[1-9]\d{{3}}[ ][A-Z]{{2}}[ ]{{1,2}}(?=[A-Z][a-z])){_CITY}"),
    _pattern("", rf"(?m:^)[ ]{{0,4}}(?:[A-Z]{{1,2}}-)?\d{{5}}[ ]{_CITY}(?:,[ ]{_CAP})?[ ]{{0,3}}(?m:$)"),
    # ---- French
    _pattern(
        "rue|avenue|boulevard|place|chemin|allée|impasse|route|quai|cours|passage|faubourg|bd|av.",
        rf"(?<![\w.,])\d{{1,4}}(?:[ ]?(?:bis|ter|[a-d](?= |,)))?,?[ ](?:rue|avenue|av\.|boulevard|bd"
        rf"|place|chemin|allée|impasse|route|quai|cours|passage|faubourg){_END}(?:[ ](?:de|du|des|la|le"
        rf"|les|à|aux?|d'|l'|et|sur)){{0,3}}[ ]?(?:(?:d'|l')?{_CAP})(?:[ -](?:(?:de|du|des|la|le|les)"
        rf"(?= )|{_CAP})){{0,4}}{_AFTER_POSTCODE}",
    ),
    # ---- Spanish, Portuguese, Italian
    _pattern(
        "calle|c/|avenida|avda|av.|plaza|paseo|camino|carrera|cra|ronda|travesía|rua|travessa|praça"
        "|largo|alameda|estrada|rodovia|via|viale|piazza|corso|vicolo|strada|piazzale",
        rf"(?<!\w)(?:calle|c/|avenida|avda\.?|av\.|plaza|paseo|camino|carrera|cra\.?|ronda|travesía|rua"
        rf"|travessa|praça|largo|alameda|estrada|rodovia|via|viale|piazza|corso|vicolo|strada"
        rf"|piazzale)[ ]?(?:(?:de|del|la|las|los|da|do|das|dos|dei|della|delle)[ ]){{0,3}}(?!(?:paypal"
        rf"|email|stripe|whatsapp|sms|bank|api|app|chat|web|zoom|teams|phone|credit)\b){_CAP}(?:[ ](?:"
        rf"(?:de|del|la|las|los|da|do|das|dos|dei|della|delle|y|e)(?= )|{_CAP})){{0,4}},?[ ]"
        rf"(?:n[ºo°.]{{1,2}}[ ]?|#[ ]?|número[ ]|numero[ ])?{_NO}(?![^\W_]|[ ](?:days?|times?|hours?"
        rf"|weeks?|minutes?|months?|years?|euros?|eur|usd|dollars?)\b|[.,:]\d|[ ]?[%€$£])(?:,?[ ]"
        rf"(?:\d{{1,2}}[ºª°][ ]?\w?|apto\.?[ ]\d+|ap\.?[ ]\d+|piso[ ]\d+|bloco[ ]\w+|int\.?["
        rf" ]\d+))?{_AFTER_POSTCODE}",
    ),
    _pattern(
        "post|zip|plz|postal|индекс|郵便番号|邮编|우편번호",
        r"(?<!\w)(?:post ?code|postal code|postnummer|zip(?: ?code)?|plz|postleitzahl|code postal"
        r"|código postal|kod pocztowy"
        r"|индекс|郵便番号|邮编|우편번호)[ ]?(?:is|ist|:|：)?[ ]?(?:\d{3,6}(?:-\d{3,4})?(?:[ ]?"
        r"(?-i:[A-Z]{2}))?(?!\w)|(?-i:[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2})(?!\w))",
    ),
    _pattern("cep", r"\bcep[ :]{1,3}\d{5}-?\d{3}\b"),
    _pattern("", rf"(?-i:(?<![\w.,-])\d{{4}}-\d{{3}}[ ](?=[A-ZÀ-Ý][a-zà-ÿ])){_CITY}"),
    # ---- Polish, Turkish
    _pattern(
        "ul.|ulica|ulicy|al.|aleja|aleje|pl.|plac|os.|osiedle",
        rf"(?<!\w)(?:ul\.|ulic[aęy]|al\.|alej[aei]|pl\.|plac|os\.|osiedle)[ ]?{_CAP}(?:["
        rf" ]{_CAP}){{0,3}}[ ]\d{{1,4}}[a-z]?(?:[ ]?/[ ]?\d{{1,4}}|[ ]?m\.?[ ]?\d{{1,4}})?(?:,?["
        rf" \n]{{1,2}}\d{{2}}-\d{{3}}[ ]{_CITY})?",
    ),
    _pattern("", rf"(?-i:(?<![\w.,-])\d{{2}}-\d{{3}}[ ](?=[A-ZŁŚŻŹĆ][a-ząćęłńóśźż])){_CITY}"),
    _pattern(
        "mah|cad|sok|bulvar|cd.|sk.|blv",
        rf"(?<!\w){_CAP}(?:[ ]{_CAP}){{0,3}}[ ](?:mahallesi|mah\.?|mh\.|caddesi|cad\.?|cd\.|sokağı"
        rf"|sokak|sok\.?|sk\.|bulvarı|blv\.?){_END}(?:[, ]{{1,2}}(?:{_CAP}[ ]){{1,3}}(?:caddesi|cad\.?"
        rf"|cd\.|sokağı|sokak|sok\.?|sk\.|bulvarı|blv\.?){_END})?[, ]{{1,2}}(?:no[ ]?[:.]?["
        rf" ]?)?\d{{1,4}}(?:/\d{{1,4}}|[ ]?(?:d|daire|kat|k)[ ]?[:.]?[ ]?\d{{1,3}})*(?:[,"
        rf" ]{{1,2}}{_CAP}(?:[/ ]{_CAP}){{0,2}})?",
    ),
    # ---- Russian, Ukrainian
    _pattern(
        "ул.|улиц|проспект|пр-т|пр.|переул|пер.|бульвар|б-р|шоссе|наб.|набереж|площад|вул.|вулиц|пл.",
        rf"(?<!\w)(?:ул\.|улиц[аеуы]|проспект[еау]?|пр-т|пр\.|переулок|пер\.|бульвар|б-р|шоссе|наб\."
        rf"|набережная|площадь|пл\.|вул\.|вулиц[яі])[ ]?{_NAME}(?:[ ]{_NAME}){{0,3}}?,?[ ]?(?:д\.|дом"
        rf"|буд\.)?[ ]?\d{{1,4}}[а-я]?{_END}(?:[, ]{{1,2}}(?:кв\.?|квартира|корп\.?|корпус|к\.|стр\."
        rf"|под\.|этаж)[ ]?\d{{1,4}}){{0,3}}",
    ),
    # ---- Arabic
    _pattern("شارع", 
        rf"(?:(?:مبنى|عمارة|منزل|فيلا)[ ](?:رقم[ ])?\d{{1,5}}[،, ]{{1,2}})?\d{{0,5}}[ ]?شارع[ ]{_NAME}"
        rf"(?:[ ]{_NAME}){{0,3}}?(?:[،, ]{{1,2}}(?:مبنى|عمارة|شقة|رقم|منزل)?[ ]?(?:رقم["
        rf" ])?\d{{1,5}}){{1,3}}"),
    _pattern("شارع", rf"\d{{1,5}}[ ]شارع[ ]{_NAME}(?:[ ]{_NAME})?"),
    # ---- Japanese, Chinese, Korean
    _pattern("〒", r"〒 ?\d{3}-?\d{4}"),
    _pattern(
        "都|道|府|県",
        r"(?:東京都|北海道|大阪府|京都府|(?:神奈川|和歌山|鹿児島|[\u4e00-\u9fff]{2})県)[^\s、。,;:!?"
        r"()\ue000]{1,25}?\d{1,4}(?:(?:丁目|番地?|号|-)\d{1,4}){0,4}(?:丁目|番地|番|号)?(?:[ ]?[^\s、"
        r"。,;:!?()\d\ue000]{1,14}\d{1,4}号室?)?",
    ),
    _pattern(
        "路|街|道|巷|弄|胡同|村",
        r"(?:[^\W\d_我在是到住址为]{2,7}?(?:省|自治区))?(?:[^\W\d_我在是到住址为]{2,6}?市)?(?:[^\W\d_我"
        r"在是到住址为]{1,6}?[区區县縣])?[\u4e00-\u9fff]{1,7}?(?:路|街|大道|巷|弄|胡同)(?:[一二三四五六"
        r"七八九十]段)?\d{1,5}[号號弄](?:[\d\u4e00-\u9fff-]{0,10}?\d{1,4}(?:室|楼|樓|号|號|单元|單元|栋"
        r"|棟)){0,3}",
    ),
    _pattern(
        "로|길|동",
        r"(?:[가-힣]{2,7}(?:시|도)[ ])?(?:[가-힣]{1,5}(?:구|군|시)[ ])?[가-힣\d]{1,10}(?:(?:대로|로|"
        r"길)[ ]?\d{1,4}|동[ ]\d{1,4}-\d{1,4}|동[ ]\d{1,4}번지)(?:-\d{1,4})?(?:번길[ ]?\d{1,4})?"
        r"(?=[^\d%개원일분시층]|$)(?:,?[ ]\d{1,4}동)?(?:[ ]\d{1,4}호)?",
    ),
    # ---- Postcodes that show what they are
    _pattern("", rf"(?<![\w-])(?:{_CITY},?[ ])?{_UK}(?![\w-])"),
    _pattern("", rf"(?<![\w-])(?:{_CITY},?[ ](?-i:{_STATES})[ ])?{_CANADA}(?![\w-])"),
    _pattern("", rf"(?<![\w-]){_CITY},[ ](?-i:{_STATES})[ ]{{1,2}}\d{{5}}(?:-\d{{4}})?(?![\w-])"),
)  # fmt: skip
_NO_POSTCODES = re.compile(
    r"(?i)[A-Za-z,' -]*\b(?:error|code|version|model|step|page|line|room|row|port|type|id)\s"
)
_DIGIT = re.compile(r"\d")


def find_places(reading: Reading) -> Iterator[Found]:
    text, lower = reading.plain, reading.lower
    if not _DIGIT.search(text):
        return
    for words, pattern in _PATTERNS:
        if any(word in lower for word in words):
            for match in pattern.finditer(text):
                yield Found(match.start(), match.end(), "address")
