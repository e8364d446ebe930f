"""What is said around a name, by language: before it, after it, and what looks like one and is none. Data."""

from services.feedback.redaction.words import words_of

NAME_IS = (
    "my name is", "my name's", "my full name is", "name on the account is", "name on the card is",
    "the name is", "account holder is", "cardholder is", "i am called", "my husband's name is",
    "my wife's name is", "ich heiße", "ich heisse", "mein name ist", "mein name lautet", "je m'appelle",
    "mon nom est", "je me nomme", "me llamo", "mi nombre es", "mi nombre completo es", "meu nome é",
    "meu nome completo é", "me chamo", "chamo-me", "mi chiamo", "il mio nome è", "mijn naam is",
    "ik heet", "nazywam się", "mam na imię", "moje imię to", "benim adım", "adım", "ismim",
    "меня зовут", "моё имя", "мое имя", "моя фамилия", "мене звати", "моє ім'я", "اسمي هو", "اسمي",
    "إسمي", "मेरा नाम", "我叫", "我的名字是", "我的名字叫", "我姓名是", "jag heter", "mitt namn är",
    "jeg hedder", "mit navn er", "jeg heter", "mitt navn er", "nimeni on", "jmenuji se", "jmenuju se",
    "mă numesc", "numele meu este", "a nevem", "με λένε", "ονομάζομαι", "קוראים לי", "שמי",
    "tên tôi là", "tôi tên là", "nama saya",
)  # fmt: skip
"""Nearly always followed by one."""

NAME_MAY_FOLLOW = (
    "i am", "i'm", "this is", "spoke to", "spoke with", "speaking to", "speaking with", "talked to",
    "talked with", "chatted with", "helped by", "ich bin", "hier ist", "hier spricht", "je suis",
    "c'est", "soy", "aquí", "sou", "sou a", "sou o", "aqui é a", "aqui é o", "aqui é", "sono", "ik ben",
    "met vriendelijke groet van", "jestem", "z tej strony", "ben", "это", "я", "on behalf of",
    "behalf of",
)  # fmt: skip
"""Two capitalised words are needed after these: "I am Very sorry" tells nobody's name."""

NAME_FIELDS = (
    "name", "full name", "first name", "last name", "surname", "given name", "family name",
    "customer name", "customer", "contact name", "contact person", "account holder", "cardholder",
    "cardholder name", "name on card", "recipient", "ship to", "attn", "vorname", "nachname",
    "vor- und nachname", "kundenname", "ansprechpartner", "empfänger", "nom", "prénom", "nom et prénom",
    "destinataire", "nombre", "apellido", "apellidos", "nombre y apellidos", "nombre completo", "nome",
    "nome completo", "cognome", "nome e cognome", "sobrenome", "naam", "voornaam", "achternaam", "imię",
    "nazwisko", "imię i nazwisko", "ad", "soyad", "ad soyad", "adı soyadı", "имя", "фамилия", "фио",
    "ф.и.о.", "الاسم", "الاسم الكامل", "नाम", "氏名", "お名前", "名前", "姓名", "名字", "联系人",
    "收件人", "이름", "성함", "성명", "namn", "navn", "nimi", "jméno", "nume", "név", "όνομα", "họ tên",
    "họ và tên", "nama",
)  # fmt: skip
"""At the beginning of a line, with a colon."""

GREETINGS = (
    "hi", "hello", "hey", "dear", "good morning", "good afternoon", "good evening", "hi there",
    "thanks", "thank you", "many thanks", "thx", "sorry", "hallo", "guten tag", "guten morgen", "liebe",
    "lieber", "servus", "bonjour", "bonsoir", "salut", "cher", "chère", "hola", "buenos días",
    "buenas tardes", "estimado", "estimada", "querido", "querida", "olá", "ola", "oi", "bom dia",
    "boa tarde", "prezado", "prezada", "caro", "cara", "ciao", "buongiorno", "buonasera", "gentile",
    "beste", "geachte", "goedemorgen", "goedemiddag", "dag", "cześć", "dzień dobry", "witaj", "drogi",
    "droga", "merhaba", "selam", "sayın", "sevgili", "здравствуйте", "привет", "добрый день",
    "уважаемый", "уважаемая", "доброе утро", "добрый вечер", "مرحبا", "مرحباً", "السيد", "السيدة",
    "عزيزي", "عزيزتي", "नमस्ते", "hej", "hei", "ahoj", "dobrý den", "bună", "szia", "kedves", "γεια",
    "שלום", "xin chào", "halo",
)  # fmt: skip

SIGN_OFFS = (
    "regards", "best regards", "kind regards", "warm regards", "best", "best wishes", "sincerely",
    "yours sincerely", "yours truly", "yours faithfully", "cheers", "thanks", "thank you",
    "many thanks", "thanks and regards", "thanks & regards", "thanks in advance",
    "thank you in advance", "respectfully", "cordially", "take care", "br", "rgds", "signed",
    "mit freundlichen grüßen", "mit freundlichen grüssen", "freundliche grüße", "viele grüße",
    "liebe grüße", "beste grüße", "mfg", "lg", "vg", "gruß", "schöne grüße", "danke", "vielen dank",
    "hochachtungsvoll", "cordialement", "bien cordialement", "bien à vous", "salutations", "merci",
    "merci d'avance", "sincères salutations", "amicalement", "saludos", "un saludo",
    "saludos cordiales", "atentamente", "cordialmente", "gracias", "muchas gracias", "atenciosamente",
    "att", "cumprimentos", "obrigado", "obrigada", "abraços", "melhores cumprimentos",
    "cordiali saluti", "distinti saluti", "saluti", "grazie", "un saluto", "met vriendelijke groet",
    "met vriendelijke groeten", "vriendelijke groeten", "groeten", "groet", "mvg", "bedankt",
    "alvast bedankt", "pozdrawiam", "z poważaniem", "z wyrazami szacunku", "dziękuję", "saygılarımla",
    "saygılar", "iyi günler", "iyi çalışmalar", "teşekkürler", "teşekkür ederim", "с уважением",
    "спасибо", "заранее спасибо", "всего доброго", "з повагою", "дякую", "مع تحياتي", "تحياتي",
    "مع خالص التحية", "وتفضلوا بقبول فائق الاحترام", "شكرا", "شكراً", "सादर", "धन्यवाद", "भवदीय",
    "med vänliga hälsningar", "mvh", "vänliga hälsningar", "tack", "med venlig hilsen", "vh",
    "med vennlig hilsen", "hilsen", "ystävällisin terveisin", "terveisin", "s pozdravem", "děkuji",
    "cu stimă", "mulțumesc", "üdvözlettel", "με εκτίμηση", "ευχαριστώ", "בברכה", "תודה", "trân trọng",
    "salam", "terima kasih",
)  # fmt: skip

TITLES = (
    "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "miss", "mister", "dr", "dr.", "prof.", "professor", "sir",
    "madam", "herr", "herrn", "frau", "heer", "monsieur", "madame", "mme", "mlle", "señor", "señora",
    "sr.", "sra.", "srta.", "senhor", "senhora", "signor", "signora", "sig.", "sig.ra", "dott.",
    "mevrouw", "mevr.", "meneer", "dhr.", "pan", "pani", "pana", "panem", "panią", "bay", "bayan",
    "господин", "госпожа", "г-н", "г-жа",
)  # fmt: skip

PARTICLES = words_of(
    """
    de da do dos das del della di du van von der den zu zum bin ibn al el la le ter ten y e af av mc o' st
    bint abu
    """
)
"""Small words inside a name."""

NO_NAMES = words_of(
    """
    a an the this that these those there here it its is are was were be been not no yes none n/a unknown on
    in at to of for from with and or but so if then when where what why how who which please kindly just
    still also very really i we you he she they me us him her them my your our his their all everyone
    everybody team support sir madam madame customer service services care help desk helpdesk helpline agent
    agents manager admin administrator staff department sales billing account accounts customers user users
    client clients guest member members folks guys friend friends again much lot sincerely regards wishes
    best kind warm thanks thank cheers hello hi hey dear good morning afternoon evening day night week
    monday tuesday wednesday thursday friday saturday sunday january february march july 
    september october november december today tomorrow yesterday wrong correct incorrect misspelled spelled
    different same missing shown displayed listed registered changed invalid required optional unable trying
    having using writing contacting looking waiting sorry happy glad able interested aware sure new old
    first second last next order number ticket issue problem question request update refund payment card
    bank phone email mail address password invoice product item app website page system error version file
    document report windows mac iphone android google apple microsoft amazon paypal visa mastercard facebook
    instagram sent get as by after before because since now any some more most other another each every both
    can could would should might must do does did have has had let make call contact need want know
    hear see hope attached advance help. via concern whom issues ceo cto hr qa english german french spanish
    american british herr herren damen frau und oder nicht kein kundenservice kundendienst leider noch neu
    neuer kunde kundin guten tag zusammen ihr ihre ihnen sie wir ich der die das ein eine sehr geehrte
    geehrter bitte danke falsch im mit von monsieur messieurs équipe cliente à tous le la les un une je vous
    nous pour votre mon et ou pas très désolé toujours encore bonjour merci beaucoup d'avance señores señor
    señora equipo servicio soporte atención todos buenos días buenas tardes por para favor el los las una mi
    su y muy ya gracias senhores senhor senhora equipe suporte atendimento bom boa o os um uma meu não muito
    obrigado obrigada tutti signori signore signora assistenza servizio il lo gli non molto grazie mille
    klantenservice allen iedereen het een niet zeer klant dank bedankt wel vooraf zespół wszystkim panie
    panowie państwo szanowni nie jest klient klientem klientką dziękuję ekip herkes müşteri hizmetleri değil
    destek iyi günler çok команда поддержка служба коллеги все всем не указано указана неверно это что как
    так у меня вас ваш клиент уже очень فريق الدعم العملاء خدمة غير هو هي على في من إلى لا كل شيء رقم الطلب
    العميل جزيلا جزيلاً لكم لك टीम सहायता ग्राहक सेवा है हैं नहीं में का की के और गलत जी आप सब tack hej kund
    kundtjänst alla teamet kundeservice asiakaspalvelu
    """
)
"""Not names, whatever the case they are written in."""

ORDINARY_WORDS = words_of(
    """
    will may mark bill rose grace hope faith joy art chase grant rich miles jack pat sue drew dawn june
    april august summer autumn christian frank ernest guy max page young long short brown white black green
    gray grey king price day banks bank church wood field fields stone rivers hill lake street case cash
    charge card post best love good small little rice bush bird fish fox wolf bell ball cook baker mason
    hunter parker read reed sharp swift strong wise power powers key keys lane way park major sales support
    admin test user customer service team info client guest account order help desk agent company email
    phone name number office contact group the and for not inc ltd gmbh llc new old dan don rob sandy penny
    daisy lily iris ivy heather holly amber ruby pearl crystal melody harmony christmas bond carpenter
    taylor smith-free weber richter kaiser koch lang klein gross schwarz weiss weiß jung alt bauer vogel
    fuchs blanc petit grand roux leblanc rosa luz mar sol cruz flores rey blanco moreno costa pinto leite
    prato rossi bianchi russo serra monte campo conti sala deniz güneş yağmur umut sevgi barış can ela su ay
    вера надежда любовь роман лев май नमन आशा पूजा प्रिया दीपक
    """
)
"""Names that are words as well: alone they count only with a capital, inside a sentence."""

SURNAMES_ZH = (
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓"
    "鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝"
    "孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文"
)
SURNAMES_KO = (
    "김이박최정강조윤장임한오서신권황안송류유홍전고문양손배백허남심노하곽성차주우구민나진지엄채원천방공"
    "현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)

NO_EASTERN_NAMES = words_of(
    """
    皆様 皆 お客 客 担当者 担当 各位 何 王様 神 奥 御社 貴社 様 会員 利用者 会社 店員 店長 係員 業者
    先方 運営 社員 配達員 問題 大変 不良品 初心者 学生 主婦 日本人 男性 女性 会社員 高先生 客户 用户
    会员 高级 经理 广告 方面 时候 万能 고객 상담원 상담사 선생 기사 담당자 사장 회원 판매자 구매자
    관리자 여러분 주문 문의 이것 이상 이용 정상 문제 오류 하자 최고 신규 배송 환불 교환 반품 결제 이중
    전화 조금 지금 처음 주소 성인 학생 직원 고장 불량 안녕 기본 제품 상품 상태 사용자 이메일 임시 이유
    이번 현재 최근 정말 한국 한국인 전부 여기 저기 거기 우리 오늘 내일 어제 마지막 이미 고민 이후 이전
    연락처 연락 번호 구매 구입 선물 여성 남성 위험 국내 국제 유료 무료 기간 공식 정품 중고 신상 신청
    예약 예정 방법 차이
    """
)

CASE_ENDINGS = words_of(
    """
    а у ом ем ём е ы и ой ей ю я ью ого его ому ему ым им ых их ую юю ая ии ию ией ові еві ам ами ах ов ин
    ина a i y u e ie owi em ego emu im ym ej iem om o ov ove ou ovi ami ach ów s es n ns
    """
)
