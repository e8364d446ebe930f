"""What is said around a name, by language: before it, after it, and what looks like one and is none. Data."""

NAME_IS = (
    "my name is", "my name's", "my full name is", "name on the account is", "name on the card is", "the name is",
    "account holder is", "cardholder is", "i am called", "my husband's name is", "my wife's name is",
    "ich heiße", "ich heisse", "mein name ist", "mein name lautet", "je m'appelle", "mon nom est", "je me nomme",
    "me llamo", "mi nombre es", "mi nombre completo es", "meu nome é", "meu nome completo é", "me chamo", "chamo-me",
    "mi chiamo", "il mio nome è", "mijn naam is", "ik heet", "nazywam się", "mam na imię", "moje imię to",
    "benim adım", "adım", "ismim", "меня зовут", "моё имя", "мое имя", "моя фамилия", "мене звати", "моє ім'я",
    "اسمي هو", "اسمي", "إسمي", "मेरा नाम", "我叫", "我的名字是", "我的名字叫", "我姓名是", "jag heter",
    "mitt namn är", "jeg hedder", "mit navn er", "jeg heter", "mitt navn er", "nimeni on", "jmenuji se", "jmenuju se",
    "mă numesc", "numele meu este", "a nevem", "με λένε", "ονομάζομαι", "קוראים לי", "שמי", "tên tôi là", "tôi tên là",
    "nama saya",
)  # fmt: skip
"""Nearly always followed by one."""

NAME_MAY_FOLLOW = (
    "i am", "i'm", "this is", "spoke to", "spoke with", "speaking to", "speaking with", "talked to", "talked with",
    "chatted with", "helped by", "ich bin", "hier ist", "hier spricht", "je suis", "c'est", "soy", "aquí", "sou",
    "aqui é", "sono", "ik ben", "met vriendelijke groet van", "jestem", "z tej strony", "ben", "это", "я", "on behalf of",
    "behalf of",
)  # fmt: skip
"""Two capitalised words are needed after these: "I am Very sorry" tells nobody's name."""

NAME_FIELDS = (
    "name", "full name", "first name", "last name", "surname", "given name", "family name", "customer name",
    "customer", "contact name", "contact person", "account holder", "cardholder", "cardholder name", "name on card",
    "recipient", "ship to", "attn", "vorname", "nachname", "vor- und nachname", "kundenname", "ansprechpartner",
    "empfänger", "nom", "prénom", "nom et prénom", "destinataire", "nombre", "apellido", "apellidos",
    "nombre y apellidos", "nombre completo", "nome", "nome completo", "cognome", "nome e cognome", "sobrenome", "naam",
    "voornaam", "achternaam", "imię", "nazwisko", "imię i nazwisko", "ad", "soyad", "ad soyad", "adı soyadı", "имя",
    "фамилия", "фио", "ф.и.о.", "الاسم", "الاسم الكامل", "नाम", "氏名", "お名前", "名前", "姓名", "名字", "联系人",
    "收件人", "이름", "성함", "성명", "namn", "navn", "nimi", "jméno", "nume", "név", "όνομα", "họ tên", "họ và tên", "nama",
)  # fmt: skip
"""At the beginning of a line, with a colon."""

GREETINGS = (
    "hi", "hello", "hey", "dear", "good morning", "good afternoon", "good evening", "hi there", "thanks", "thank you",
    "many thanks", "thx", "sorry", "hallo", "guten tag", "guten morgen", "liebe", "lieber", "servus", "bonjour",
    "bonsoir", "salut", "cher", "chère", "hola", "buenos días", "buenas tardes", "estimado", "estimada", "querido",
    "querida", "olá", "ola", "oi", "bom dia", "boa tarde", "prezado", "prezada", "caro", "cara", "ciao", "buongiorno",
    "buonasera", "gentile", "beste", "geachte", "goedemorgen", "goedemiddag", "dag", "cześć", "dzień dobry", "witaj",
    "drogi", "droga", "merhaba", "selam", "sayın", "sevgili", "здравствуйте", "привет", "добрый день", "уважаемый",
    "уважаемая", "доброе утро", "добрый вечер", "مرحبا", "مرحباً", "السيد", "السيدة", "عزيزي", "عزيزتي", "नमस्ते",
    "hej", "hei", "ahoj", "dobrý den", "bună", "szia", "kedves", "γεια", "שלום", "xin chào", "halo",
)  # fmt: skip

SIGN_OFFS = (
    "regards", "best regards", "kind regards", "warm regards", "best", "best wishes", "sincerely", "yours sincerely",
    "yours truly", "yours faithfully", "cheers", "thanks", "thank you", "many thanks", "thanks and regards",
    "thanks & regards", "thanks in advance", "thank you in advance", "respectfully", "cordially", "take care", "br", "rgds", "signed",
    "mit freundlichen grüßen", "mit freundlichen grüssen", "freundliche grüße", "viele grüße", "liebe grüße",
    "beste grüße", "mfg", "lg", "vg", "gruß", "schöne grüße", "danke", "vielen dank", "hochachtungsvoll",
    "cordialement", "bien cordialement", "bien à vous", "salutations", "merci", "merci d'avance", "sincères salutations", "amicalement",
    "saludos", "un saludo", "saludos cordiales", "atentamente", "cordialmente", "gracias", "muchas gracias",
    "atenciosamente", "att", "cumprimentos", "obrigado", "obrigada", "abraços", "melhores cumprimentos",
    "cordiali saluti", "distinti saluti", "saluti", "grazie", "un saluto", "met vriendelijke groet",
    "met vriendelijke groeten", "vriendelijke groeten", "groeten", "groet", "mvg", "bedankt", "alvast bedankt",
    "pozdrawiam", "z poważaniem", "z wyrazami szacunku", "dziękuję", "saygılarımla", "saygılar", "iyi günler",
    "iyi çalışmalar", "teşekkürler", "teşekkür ederim", "с уважением", "спасибо", "заранее спасибо", "всего доброго",
    "з повагою", "дякую", "مع تحياتي", "تحياتي", "مع خالص التحية", "وتفضلوا بقبول فائق الاحترام", "شكرا", "شكراً",
    "सादर", "धन्यवाद", "भवदीय", "med vänliga hälsningar", "mvh", "vänliga hälsningar", "tack", "med venlig hilsen",
    "vh", "med vennlig hilsen", "hilsen", "ystävällisin terveisin", "terveisin", "s pozdravem", "děkuji",
    "cu stimă", "mulțumesc", "üdvözlettel", "με εκτίμηση", "ευχαριστώ", "בברכה", "תודה", "trân trọng", "salam", "terima kasih",
)  # fmt: skip

TITLES = (
    "mr", "mr.", "mrs", "mrs.", "ms", "ms.", "miss", "mister", "dr", "dr.", "prof.", "professor", "sir", "madam", "herr",
    "herrn", "frau", "monsieur", "madame", "mme", "mlle", "señor", "señora", "sr.", "sra.", "srta.", "senhor",
    "senhora", "signor", "signora", "sig.", "sig.ra", "dott.", "mevrouw", "mevr.", "meneer", "dhr.", "pan", "pani",
    "pana", "panem", "panią", "bay", "bayan", "господин", "госпожа", "г-н", "г-жа",
)  # fmt: skip

PARTICLES = frozenset(
    "de da do dos das del della di du van von der den zu zum bin ibn al el la le ter ten y e af av mc o' st bint abu".split()
)
"""Small words inside a name."""

NO_NAMES = frozenset(
    # words that stand where a name could, in the languages of the lists above
    """a an the this that these those there here it its is are was were be been not no yes none n/a unknown on in at to of
    for from with and or but so if then when where what why how who which please kindly just still also very really
    i we you he she they me us him her them my your our his their all everyone everybody team support sir madam
    madame customer service services care help desk helpdesk helpline agent agents manager admin administrator staff
    department sales billing account accounts customers user users client clients guest member members folks guys
    friend friends again much lot sincerely regards wishes best kind warm thanks thank cheers hello hi hey dear good
    morning afternoon evening day night week monday tuesday wednesday thursday friday saturday sunday january february
    march april june july august september october november december today tomorrow yesterday wrong correct incorrect
    misspelled spelled different same missing shown displayed listed registered changed invalid required optional
    unable trying having using writing contacting looking waiting sorry happy glad able interested aware sure new old
    first second last next order number ticket issue problem question request update refund payment card bank phone
    email mail address password invoice product item app website page system error version file document report
    windows mac iphone android google apple microsoft amazon paypal visa mastercard facebook instagram sent get
    looking as by after before because since now any some more most other another each every both can could will would
    should may might must do does did have has had let make call contact need want know hear see hope see attached
    advance help. sent via concern whom issues ceo cto hr it qa english german french spanish american british
    herr herren damen frau und oder nicht kein team kundenservice kundendienst support leider noch neu neuer kunde kundin
    guten tag zusammen ihr ihre ihnen sie wir ich der die das ein eine sehr geehrte geehrter bitte danke falsch im mit von
    monsieur messieurs madame équipe service client cliente à tous le la les un une je vous nous pour votre mon et ou pas
    très désolé toujours encore très bonjour merci beaucoup d'avance
    señores señor señora equipo servicio soporte atención todos buenos días buenas tardes por para favor el los las una mi
    su y no muy cliente ya gracias senhores senhor senhora equipe suporte atendimento todos bom boa o os as um uma meu
    não muito obrigado obrigada cliente tutti signori signore signora assistenza servizio il lo gli un una non molto grazie
    mille team klantenservice heer mevrouw allen iedereen het een niet zeer klant dank bedankt wel vooraf
    zespół wszystkim panie panowie państwo szanowni nie jest klient klientem klientką dziękuję
    ekip herkes müşteri hizmetleri değil destek iyi günler çok
    команда поддержка служба коллеги все всем не указано указана неверно это что как так у меня вас ваш клиент уже очень
    فريق الدعم العملاء خدمة غير هو هي على في من إلى لا كل شيء رقم الطلب العميل جزيلا جزيلاً لكم لك
    टीम सहायता ग्राहक सेवा है हैं नहीं में का की के और गलत जी आप सब
    tack hej kund kundtjänst alla support teamet kunde kundeservice asiakaspalvelu""".split()
)
"""Not names, whatever the case they are written in."""

ORDINARY_WORDS = frozenset(
    """will may mark bill rose grace hope faith joy art chase grant rich miles jack pat sue drew dawn june april august
    summer autumn christian frank ernest guy max page young long short brown white black green gray grey king price day
    banks bank church wood field fields stone rivers hill lake street case cash charge card post best love good small
    little rice bush bird fish fox wolf bell ball cook baker mason hunter parker read reed sharp swift strong wise power
    powers key keys lane way park major sales support admin test user customer service team info client guest account
    order help desk agent company email phone name number office contact group the and for not inc ltd gmbh llc
    new old dan don rob sandy penny daisy lily iris ivy heather holly amber ruby pearl crystal melody harmony christmas
    bond carpenter taylor smith-free weber richter kaiser koch lang klein gross schwarz weiss weiß jung alt bauer wolf
    vogel fuchs blanc petit grand roux leblanc rosa luz mar sol cruz flores rey blanco moreno costa pinto leite prato
    rossi bianchi russo serra monte campo conti sala deniz güneş yağmur umut sevgi barış can ela su ay вера надежда
    любовь роман лев май नमन आशा पूजा प्रिया दीपक""".split()
)
"""Names that are words as well: alone they count only with a capital, inside a sentence."""

SURNAMES_ZH = "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文"
SURNAMES_KO = "김이박최정강조윤장임한오서신권황안송류유홍전고문양손배백허남심노하곽성차주우구민나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
