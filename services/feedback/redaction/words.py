"""Words, by language, that say what comes next: a phone, a password, the number of an order. Data."""

import re


def words_of(text: str) -> frozenset[str]:
    """Words with white space between them."""
    return frozenset(text.split())


# ---- E-mail and links -------------------------------------------------------------------------

AT_WORDS = (
    "at",
    "arroba",
    "arobase",
    "chiocciola",
    "apenstaartje",
    "małpa",
    "собака",
    "собачка",
    "ät",
    "アット",
)
DOT_WORDS = (
    "dot",
    "punkt",
    "point",
    "punto",
    "ponto",
    "kropka",
    "nokta",
    "точка",
    "ドット",
)
PLATFORMS = (
    r"facebook\.com/(?:profile\.php\?id=)?|fb\.com/|m\.me/|instagram\.com/|(?:twitter|x)\.com/"
    r"|tiktok\.com/(?=@)"
    r"|linkedin\.com/(?:in|pub)/|youtube\.com/(?:(?=@)|user/|c/)|t\.me/|telegram\.me/|github\.com/"
    r"|gitlab\.com/"
    r"|reddit\.com/u(?:ser)?/|vk\.com/|ok\.ru/profile/|pinterest\.[a-z.]{2,6}/|snapchat\.com/add/"
    r"|threads\.net/(?=@)"
    r"|medium\.com/(?=@)|twitch\.tv/|soundcloud\.com/|weibo\.com/u?/?|xing\.com/profile/|paypal\.me/"
    r"|venmo\.com/"
)
NO_PROFILES = words_of(
    """
    about account ads api apps blog business careers channel contact developers docs download events explore
    features feed groups hashtag help home i intent join joinchat jobs legal login marketplace marketing
    messages news notifications p pages photo policies pricing privacy profile.php public reel reels search
    security settings share sharer sharer.php shop site status stories story support terms topics tv video
    videos watch web
    """
)
NO_HANDLES = words_of(
    """
    all channel everyone everybody here team support help admin staff agent media import override param
    return returns type types deprecated test suppresswarnings autowired keyframes charset include page
    font-face supports property me you us them it home work noon night id name username login account handle
    and or the is was for on in to of with my your his her settings link post posts story app email e-mail
    phone
    """
)
SECRET_PATHS = (
    "reset|verify|verification|confirm|activate|activation|invite|invitation|unsubscribe|magic|login"
    "|signin|auth"
)
VERSION_WORDS = (
    "version",
    "firmware",
    "build",
    "release",
    " v.",
    "ver.",
    " ver ",
    "versión",
    "версия",
    "versione",
)

# ---- Secrets ----------------------------------------------------------------------------------

IS_WORDS = "is|was|are|=|ist|war|lautet|est|était|es|era|è|é|jest|to|это|هي|هو"
PASSWORD_WORDS = (
    "password", "passwd", "pwd", "passphrase", "passcode", "pass", "pw", "api key", "api-key",
    "api_key", "apikey", "api token", "access token", "auth token", "access key", "secret key",
    "client secret", "token", "client_secret", "private key", "secret", "authorization", "x-api-key",
    "session id", "sessionid", "session_id", "phpsessid", "jsessionid", "passwort", "kennwort",
    "zugangscode", "mot de passe", "mdp", "contraseña", "contrasena", "clave", "senha", "palavra-passe",
    "wachtwoord", "hasło", "haslo", "şifre", "şifrem", "parola", "parolam", "lösenord", "adgangskode",
    "passord", "salasana", "heslo", "jelszó", "пароль", "пароля", "كلمة المرور", "كلمة السر",
    "パスワード", "密码", "密碼", "비밀번호", "पासवर्ड", "סיסמה", "kata sandi", "mật khẩu", "κωδικός",
)  # fmt: skip
NO_SECRETS = words_of(
    """
    bearer basic reset change changed changes expired incorrect invalid required wrong forgot forgotten none
    null true false yes the not is was and with for from this that error failed failure missing unknown page
    link field email required. n/a protected reset. please your my does doesn't don't never cannot can't
    which what when after before policy unchanged vergessen falsch geändert ungültig nicht oublié invalide
    incorrecta olvidada esquecida dimenticata errata vergeten zapomniane забыл забыла неверный не sent
    received enter entered hidden redacted removed removed. same still works working must should will would
    rejected accepted manager recovery help-me login blank empty undefined
    """
)
CODE_WORDS = (
    "cvv", "cvc", "cvv2", "cvc2", "security code", "pin", "pin code", "pin-code", "otp",
    "one-time code", "one time code", "one-time password", "verification code", "confirmation code",
    "2fa code", "sms code", "passcode", "prüfnummer", "kartenprüfnummer", "bestätigungscode", "tan",
    "code de vérification", "code secret", "cryptogramme", "código de verificación",
    "código de seguridad", "código de verificação", "codice di verifica", "verificatiecode", "pincode",
    "kod weryfikacyjny", "doğrulama kodu", "код подтверждения", "код из смс", "пин-код", "رمز التحقق",
    "認証コード", "暗証番号", "验证码", "驗證碼", "인증번호", "ओटीपी",
)  # fmt: skip
IDENTITY_WORDS = (
    "ssn", "social security", "social security number", "national id", "national insurance",
    "ni number", "id number", "id card", "identity card", "passport", "driver's license",
    "drivers license", "driver license", "driving licence", "driving license", "tax id", "tin", "itin",
    "imei", "nhs", "sin", "tfn", "medicare", "steuer-id", "steuer-idnr", "steueridentifikationsnummer",
    "steuernummer", "personalausweis", "ausweisnummer", "personalausweisnummer", "reisepass",
    "reisepassnummer", "passnummer", "sozialversicherungsnummer", "führerschein", "sécurité sociale",
    "numéro de sécurité sociale", "carte d'identité", "passeport", "permis de conduire",
    "numéro fiscal", "dni", "nie", "nif", "cédula", "cedula", "curp", "rfc", "pasaporte", "rut", "cuil",
    "cpf", "rg", "cartão de cidadão", "passaporte", "codice fiscale", "carta d'identità",
    "carta di identità", "passaporto", "patente", "bsn", "burgerservicenummer", "paspoort",
    "paspoortnummer", "rijbewijs", "pesel", "dowód osobisty", "dowodu", "paszport", "paszportu",
    "tc kimlik", "t.c. kimlik", "kimlik", "tckn", "pasaport", "personnummer", "henkilötunnus", "cpr",
    "fødselsnummer", "rodné číslo", "cnp", "снилс", "инн", "паспорт", "паспорта", "паспортные данные",
    "хувийн", "رقم الهوية", "رقم جواز السفر", "جواز السفر", "الهوية الوطنية", "aadhaar", "aadhar",
    "आधार", "पैन", "पासपोर्ट", "マイナンバー", "パスポート", "免許証", "身份证", "身份證", "护照",
    "주민등록번호", "여권", "ת.ז", "תעודת זהות",
)  # fmt: skip
ACCOUNT_WORDS = (
    "username", "user name", "user id", "userid", "login name", "screen name", "instagram", "insta",
    "twitter", "telegram", "skype", "skype id", "discord", "snapchat", "wechat", "wechat id", "line id",
    "facebook", "tiktok", "gamertag", "steam id", "psn id", "benutzername", "nutzername",
    "nom d'utilisateur", "pseudo", "usuario", "nombre de usuario", "nome de usuário", "usuário",
    "nome utente", "gebruikersnaam", "nazwa użytkownika", "kullanıcı adı", "kullanıcı adım",
    "имя пользователя", "логин", "телеграм", "اسم المستخدم", "ユーザー名", "用户名", "微信", "微信号",
    "아이디", "카톡", "यूज़रनेम",
)  # fmt: skip

# ---- Numbers ----------------------------------------------------------------------------------

PHONE_WORDS = re.compile(
    # Latin and Cyrillic ones begin a word: "bestelling" has nothing to do with "tel".
    r"(?<![^\W\d_])(?:phone|call|tel|mobile|cell|whatsapp|sms|text me|fax|reach me|contact me|anruf"
    r"|handy|rückruf|rufen?\b"
    r"|rufnummer|mobil|téléph|appel|rappel|portable|joignable|móvil|movil|llama|llám|celular|teléfono"
    r"|ligue|ligar|telemóvel"
    r"|chiam|cellulare|bel\b|bellen|mobiel|zadzwo|komórk|dzwon|arayın|cep\b|gsm|тел|звон|позвон|моб"
    r"|ring\b|ringa|điện thoại"
    r"|hubungi|τηλ|puhelin)"
    r"|هاتف|جوال|موبايل|اتصل|الاتصال|واتساب|電話|携帯|连絡|电话|手机|致电|전화|휴대폰|연락처|핸드폰"
    r"|फ़ोन|फोन|मोबाइल|कॉल|טלפון"
)
COUNTING_WORDS = re.compile(
    r"order|p\.? ?iva|\bvat\b|ust-id|ticket|invoice|case\b|\bref\b|reference|tracking|serial|sku\b"
    r"|article|\bitem|model|part\b"
    r"|version|build|\bid\b"
    r"|transaction|booking|receipt|policy|parcel|shipment|request|\bpo\b|bestell|rechnung|auftrag"
    r"|sendung|vorgang|kunden"
    r"|commande|facture|dossier|colis|suivi|pedido|factura|envío|envio|nota fiscal|protocolo|ordine"
    r"|fattura|spedizione"
    r"|bestelling|factuur|zamówieni|faktur|przesyłk|sipariş|fatura|kargo|заказ|счет|счёт|накладн|трек"
    r"|обращени|заявк"
    r"|طلب|فاتورة|تذكرة|注文|伝票|受付|問い合わせ番号|订单|訂單|快递|运单|工单|주문|송장|운송장|접수"
    r"|ऑर्डर|आदेश|इनवॉइस"
    r"|#|№|isbn|ean\b|asin|upc\b|gtin|error|code\b|timestamp|amount|total|סכום|הזמנה"
)
CURRENCIES = (
    r"[$€£¥₹₽₺₩₴₪]|usd|eur|gbp|jpy|inr|rub|try|brl|pln|chf|cny|rmb|krw|euros?|dollars?|pounds?|rupees?"
    r"|yen|reais|zł|złotych"
    r"|руб|рублей|грн|円|元|원|lira|tl|kr|sek|nok|dkk|ريال|درهم|جنيه|रुपये"
)
MEASURES = (
    r"kb|mb|gb|tb|bytes?|ms|sec|seconds?|minutes?|hours?|days?|px|pixels?|users?|rows?|items?|records?"
    r"|tickets?|tage|jours"
    r"|días|dias|giorni|dagen|dni|gün|дней|件|個|个|개|kg|km|mm|cm|units?|pieces|stück"
)
REGIONS = {
    "en": ("US", "GB", "AU", "IN"), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE", "CH", "CA"),
    "es": ("ES", "MX", "AR", "CO", "CL"), "pt": ("BR", "PT"), "it": ("IT", "CH"),
    "nl": ("NL", "BE"), "pl": ("PL",),
    "tr": ("TR",), "ru": ("RU", "KZ", "BY"), "uk": ("UA",), "ar": ("SA", "EG", "AE", "MA"), "ja": ("JP",),
    "ko": ("KR",), "zh": ("CN", "TW", "HK"), "hi": ("IN",), "sv": ("SE",), "da": ("DK",),
    "no": ("NO",), "nb": ("NO",),
    "fi": ("FI",), "cs": ("CZ",), "el": ("GR",), "he": ("IL",), "vi": ("VN",), "id": ("ID",), "ro": ("RO",),
    "hu": ("HU",), "th": ("TH",), "fa": ("IR",), "bn": ("BD", "IN"), "ta": ("IN",),
    "te": ("IN",), "mr": ("IN",),
}  # fmt: skip
REGIONS_BY_SCRIPT = (
    (re.compile("[\u3040-\u30ff]"), ("JP",)), (re.compile("[\uac00-\ud7a3]"), ("KR",)),
    (re.compile("[\u4e00-\u9fff]"), ("CN", "TW", "HK")), (re.compile("[\u0400-\u04ff]"), ("RU", "UA", "KZ")),
    (re.compile("[\u0600-\u06ff]"), ("SA", "EG", "AE", "MA")), (re.compile("[\u0900-\u0dff]"), ("IN",)),
    (re.compile("[\u0590-\u05ff]"), ("IL",)), (re.compile("[\u0370-\u03ff]"), ("GR",)),
    (re.compile("[\u0e00-\u0e7f]"), ("TH",)),
)  # fmt: skip
REGIONS_UNTOLD = (
    "US",
    "GB",
    "DE",
    "FR",
    "ES",
    "BR",
    "IT",
    "NL",
    "PL",
    "TR",
)
BARE_MOBILES = frozenset({"IN", "CN", "TR", "UA", "VN", "EG", "SA"})
"""Where mobiles are as often written without the nought that is dialled."""
