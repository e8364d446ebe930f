"""What people write to support, by language; what is personal in it is marked {kind:…}. All made up.

A line without a mark is there for what must stay: numbers of orders, dates, amounts, versions, products.
"""

SAMPLES: dict[str, str] = {
    "en": """
My name is {name:Olivia Hartwell} and I was charged twice.
Hi {name:Marcus}, thanks for the quick reply!
Dear Ms. {name:Okafor}, your parcel is on its way.
Please call me at {phone:(415) 555-2671} after 5 pm.
My mobile is {phone:+44 7911 123456}, landline {phone:020 7946 0958}.
You can reach me on {phone:555-0199} any time.
Send it to {email:olivia.hartwell+shop@mail.example.co.uk} please.
Write to {email:jane (at) example dot com}, not to the old one.
my email is {email:bob at example dot org} thank you
I paid with {card:4111 1111 1111 1111}, exp 12/27, CVV {secret:123}.
Card number {card:5555-5555-5555-4444} was declined.
amex {card:378282246310005} please remove it
My SSN is {id number:536-90-4399}, why do you need it?
National Insurance number {id number:AB 12 34 56 C}
Passport no. {id number:533380006} expires soon.
We live at {address:12 Main Street, Springfield, IL 62704}.
Deliver to {address:221B Baker Street, London NW1 6XE} instead.
Ship to: {name:Peter Nowak}, {address:450 Serra Mall, Stanford, CA 94305}
my address is {address:88 elm avenue}, apartment on the left
{address:P.O. Box 4471}, that is where it went.
password: {secret:hunter2!x}
My password is {secret:Tr0ub4dor&3} and it does not work.
Authorization: Bearer {secret:abcDEF1234567890abcDEF1234567890}
api_key={secret:9f8e7d6c5b4a39281706}
Your key {secret:sk_live_ThisIsNotARealKey000000} leaked into the log.
The link https://app.example.com/reset?token={url secret:9a8b7c6d5e4f}&lang=en does nothing.
open https://example.com/verify/{url secret:8f14e45fceea167a5a36dedd4bea2543} first
I am logged in from {ip:203.0.113.42}, is that blocked?
Our IPv6 is {ip:2001:db8:85a3::8a2e:370:7334}.
Follow {handle:@olivia_h} for pictures.
My profile: https://www.instagram.com/{handle:olivia.hartwell}
see https://www.linkedin.com/in/{handle:peter-nowak-1a2b3c}/ for details
username: {handle:dragonfly84}
Verification code is {secret:482913}
Best regards,\\n{name:Olivia Hartwell}
It works now.\\nThanks,\\n{name:Tom}
Kind regards\\n{name:J. P. Morris}
Cheers, {name:Dave}
Name: {name:Ada Byron}\\nOrder: 55120
I'm {name:Sarah Connor} from the Leeds office.
I spoke with {name:Brian Adeyemi} yesterday.
Mrs {name:Doyle} picked up the parcel.
my name is {name:sanjay gupta}, i ordered a lamp
The IBAN is {iban:GB29 NWBK 6016 1331 9268 19} at your bank.
My IMEI is {id number:490154203237518}.
hi, this is {name:Rebecca} from accounts payable
Thank you,\\n\\n{name:Janet Q. Public}\\nSenior Buyer
Meeting: https://zoom.example/j/98712345678?pwd={url secret:QWxhZGRpbjpvcGVu}
He sent {"email":"{email:x@y.io}","token":"{secret:abcd1234efgh}","id":123456789}
UPS 1Z999AA10123456784 delivered 2024-05-01T10:00:00Z
transaction id 8f14e45f-ceea-467a-9a36-dedd4bea2543
Between 2019-2021 we paid 1,250,000 USD
I bought 2 iPhone 13 Pro Max on Black Friday.
At 10:15:30.123 the log says 0x1F4 1650000000000
Batch 4111 1111 1111 1112 is late.
Order 4155552671 has not arrived.
Ticket #88120934 was closed on 2024-03-15 at 14:30.
Tracking number 9400111899223197428490 shows nothing.
Version 10.0.19045.3803 crashes after the update.
The total was $1,234.56 instead of $1,134.56.
I am Very disappointed with this.
Hi team, any news?
Dear Customer Service, please help.
My password is not working any more.
Password: required field is missing
Open Settings > Account > Password reset.
We had 12 users on 3 floors for 45 minutes.
Meet me at noon.
Paid via PayPal 2 days ago.
See https://help.example.com/articles/360012345678?lang=en for help.
The server listens on 127.0.0.1:8080.
Invoice INV-2024-000123 from 12/03/2024, due 11.04.2024.
Thanks, this worked!
This is Really Annoying, fix it.
I drove 5 miles down the road to get it.
Model SM-G991B, firmware G991BXXU5CVDD.
Opening hours 9:00-17:30, Monday to Friday.
@media queries do not work in this theme.
The error code is 0x80070057, error 404 later.
Refund 150 EUR by 2025-01-31, please.
ISBN 978-3-16-148410-0 is out of stock.
PO 4500012345, batch 20240115-003.
It took 3 attempts, 2 phones and 1 hour.
""",
    "de": """
Guten Tag, ich heiße {name:Jürgen Vogt} und warte seit Montag.
Mein Name ist {name:Anneliese Groß}.
Sehr geehrter Herr {name:Brandt}, wir melden uns.
Hallo {name:Sabine}, danke für die Antwort.
Meine Telefonnummer: {phone:030 901820}
Rufen Sie mich unter {phone:0171 2345678} an.
Handy: {phone:+49 151 23456789}
Meine IBAN lautet {iban:DE89 3704 0044 0532 0130 00}.
Ich wohne in der {address:Hauptstraße 12, 10115 Berlin}.
Adresse: {address:Berliner Allee 5a, 40212 Düsseldorf}
Lieferung bitte an {address:Lindenweg 7}.
Passwort: {secret:Sommer2024!}
Meine Steuer-ID ist {id number:86095742719}.
Mail an {email:vogt@müller-handel.de} bitte.
schreiben Sie an {email:jvogt [at] beispiel [punkt] de}
Mit freundlichen Grüßen\\n{name:Jürgen Vogt}
Viele Grüße, {name:Sabine}
Frau Dr. {name:Weinert} war sehr hilfreich.
Tel: {phone:0221-1234567}. 2 Stück à 12345 Euro
Bestellnummer 1234567890 ist nicht angekommen.
Die Rechnung 2024-00815 über 1.299,00 € ist falsch.
Am 03.04.2024 um 14:30 Uhr war nichts da.
Ich habe 10000 Kunden angeschrieben.
Das Passwort ist falsch, was nun?
Sehr geehrte Damen und Herren, wo bleibt mein Paket?
Mein Name ist falsch geschrieben.
Version 7.2.1 läuft unter Windows 11 nicht.
Ich bin Sehr enttäuscht.
""",
    "fr": """
Bonjour, je m'appelle {name:Élodie Marchand}.
Mon nom est {name:Jean-Luc Petitjean}, client depuis 2019.
Monsieur {name:Lefèvre} m'a répondu hier.
Téléphone : {phone:06 12 34 56 78}
Appelez-moi au {phone:+33 1 42 68 53 00}.
J'habite {address:12 rue de la Paix, 75002 Paris}.
Adresse : {address:8 bis avenue Jean Jaurès, 69007 Lyon}
Mon numéro de sécurité sociale : {id number:2 95 10 99 126 111 93}
Mot de passe : {secret:soleil83}
Mon mail est {email:elodie.marchand@exemple.fr}
IBAN {iban:FR14 2004 1010 0505 0001 3M02 606}
Cordialement,\\n{name:Élodie Marchand}
Merci, {name:Benoît}
Nom : {name:Garnier}\\nCommande : 77120
Bonjour {name:Camille}, votre colis est parti.
La commande 4521897630 n'est pas arrivée.
Facture du 12/03/2024 : 1 299,00 €.
Bonjour à tous, des nouvelles ?
Je suis Très déçu de ce service.
Mon mot de passe est oublié.
La version 3.4.12 ne démarre pas.
J'ai attendu 45 minutes au téléphone.
""",
    "es": """
Hola, me llamo {name:Lucía Fernández}.
Mi nombre es {name:Íñigo Salazar} y no recibí nada.
Estimada {name:Carmen}, gracias por escribir.
Mi teléfono es {phone:612 345 678}.
Llámame al {phone:+34 91 123 45 67}.
Celular: {phone:+52 55 1234 5678}
Vivo en {address:Calle Mayor 15, 28013 Madrid}.
Envíelo a {address:Avenida de la Constitución, 22}.
Mi DNI es {id number:12345678Z}.
NIE {id number:X1234567L}, gracias
Contraseña: {secret:gato1985}
Correo: {email:lucia_fdez@ejemplo.es}
Un saludo,\\n{name:Lucía}
Señor {name:Ortega}, ya está resuelto.
El pedido 5567123409 no llegó.
Factura del 15/03/2024 por 1.299,00 euros.
Hola equipo, ¿alguna novedad?
La contraseña es incorrecta.
Tengo 3 productos y 2 devoluciones.
La versión 12.1 no abre.
""",
    "pt": """
Olá, meu nome é {name:João Teixeira}.
Me chamo {name:Beatriz Lins} e quero cancelar.
Meu CPF é {id number:390.533.447-05}.
Telefone: {phone:(11) 98765-4321}
Ligue para {phone:+351 912 345 678}.
Moro na {address:Rua das Flores, 123}.
CEP: {address:01310-100}
Endereço: {address:Avenida Paulista, 1578}
Senha: {secret:flor#2020}
E-mail {email:beatriz.lins@exemplo.com.br}
Atenciosamente,\\n{name:João Teixeira}
Obrigada, {name:Beatriz}
sou a {name:Maria Silva}, tel {phone:11987654321}
O pedido 8812345670 não chegou.
Paguei R$ 1.299,90 em 12/03/2024.
Bom dia, equipe, alguma notícia?
Minha senha é inválida, diz o site.
A versão 4.0.2 trava.
""",
    "it": """
Buongiorno, mi chiamo {name:Giulia Ferrante}.
Il mio nome è {name:Matteo De Luca}.
Gentile Signora {name:Marchetti}, grazie.
Il mio cellulare è {phone:347 123 4567}.
Chiamatemi al {phone:+39 06 6982 1234}.
Abito in {address:Via Roma 12, 00184 Roma}.
Spedire a {address:Piazza del Duomo, 3}.
Codice fiscale {id number:RSSMRA85T10A562S}
Password: {secret:tiramisu77}
Scrivete a {email:giulia.ferrante@esempio.it}
Cordiali saluti,\\n{name:Giulia Ferrante}
Ciao {name:Matteo}, tutto a posto?
P.IVA 12345678901 in fattura
L'ordine 3344556677 non è arrivato.
Fattura del 12/03/2024 di 1.299,00 euro.
Sono Molto deluso.
La versione 9.1.3 non parte.
""",
    "nl": """
Hallo, mijn naam is {name:Femke Jansen}.
Ik heet {name:Bram van der Meer}.
Geachte heer {name:Visser}, dank u.
Mijn nummer: {phone:06 12345678}
Bel mij op {phone:+31 20 123 4567}.
Ik woon op {address:Keizersgracht 123, 1015 CJ Amsterdam}.
Adres: {address:Dorpsstraat 7a}
Mijn BSN is {id number:111222333}.
Wachtwoord: {secret:tulp2021}
Mail naar {email:femke@voorbeeld.nl}
IBAN {iban:NL91 ABNA 0417 1643 00}
Met vriendelijke groet,\\n{name:Femke Jansen}
Bestelling 9988776655 is niet geleverd.
Factuur van 12-03-2024: € 1.299,00.
Ik ben Zeer teleurgesteld.
Mijn wachtwoord is vergeten.
""",
    "pl": """
Dzień dobry, nazywam się {name:Katarzyna Wójcik}.
Mam na imię {name:Tomek}.
Mój PESEL to {id number:44051401359}.
Telefon: {phone:601 234 567}
Proszę dzwonić: {phone:+48 22 123 45 67}
Mieszkam przy {address:ul. Marszałkowska 10/12, 00-590 Warszawa}.
Kod pocztowy {address:31-042 Kraków}
Hasło: {secret:kotek12}
Mail {email:k.wojcik@przyklad.pl}
Pozdrawiam,\\n{name:Katarzyna Wójcik}
Zamówienie 7766554433 nie dotarło.
Faktura z 12.03.2024 na 1 299,00 zł.
Wersja 5.5.1 nie działa.
""",
    "tr": """
Merhaba, benim adım {name:Ahmet Yıldırım}.
Sayın {name:Ayşe Kaplan}, teşekkürler.
Telefonum {phone:0532 123 45 67}.
Cep: {phone:+90 212 345 67 89}
TC kimlik numaram {id number:10000000146}
Adres: {address:Bağdat Caddesi No: 15}
Şifre: {secret:bahar44}
E-posta {email:ahmet.y@ornek.com.tr}
Saygılarımla,\\n{name:Ahmet Yıldırım}
Sipariş 6655443322 gelmedi.
12.03.2024 tarihli fatura 1.299,00 TL.
Sürüm 2.8.0 açılmıyor.
""",
    "ru": """
Здравствуйте, меня зовут {name:Иван Петров}.
Моё имя {name:Анна}, я ваш клиент.
Уважаемая {name:Мария Ивановна}, спасибо.
Телефон: {phone:8 (916) 123-45-67}
Звоните {phone:+7 495 123 45 67}.
Адрес: {address:ул. Ленина, д. 5, кв. 12}
Живу: {address:проспект Мира 101}
Пароль: {secret:zima2023}
ИНН {id number:500100732259}
СНИЛС {id number:112-233-445 95}
Почта {email:ivan@пример.рф}
С уважением,\\n{name:Иван Петров}
ФИО: {name:Кузнецов Олег}
Заказ 5544332211 не пришёл.
Счёт от 12.03.2024 на 1 299,00 руб.
Пароль не подходит.
Версия 6.1.4 не запускается.
Привет всем, есть новости?
""",
    "uk": """
Вітаю, мене звати {name:Олена Шевчук}.
Телефон {phone:+380 44 123 45 67}
Адреса: {address:вул. Хрещатик, буд. 22}
З повагою,\\n{name:Олена Шевчук}
Замовлення 12345 від 12.03.2024.
""",
    "ar": """
مرحبا، اسمي {name:أحمد المصري} ولدي مشكلة
رقم الجوال {phone:٠٥٠١٢٣٤٥٦٧}
اتصل بي على {phone:+966 50 123 4567}
العنوان: {address:15 شارع التحرير}
كلمة المرور: {secret:qamar99}
البريد {email:ahmed@mithal.example.com}
رقم الهوية {id number:1098765432}
رقم الطلب 4433221100 لم يصل
المبلغ ١٢٩٩ ريال في ١٢/٠٣/٢٠٢٤
الاسم: {name:فاطمة الزهراء}
""",
    "hi": """
मेरा नाम {name:राहुल शर्मा} है
मोबाइल नंबर {phone:९८७६५४३२१०}
कॉल करें {phone:+91 98765 43210}
आधार {id number:2345 6789 0124}
पासवर्ड: {secret:mango123}
ईमेल {email:rahul@udaharan.example.in}
नाम: {name:प्रीति वर्मा}
ऑर्डर 3322110099 नहीं आया
12/03/2024 को 1299 रुपये कटे
PAN {id number:ABCPE1234F} is attached
""",
    "ja": """
私は{name:田中太郎}です。
{name:佐藤}と申します。
{name:鈴木}様、ご連絡ありがとうございます。
電話番号は{phone:090-1234-5678}です。
携帯：{phone:０８０－１２３４－５６７８}
住所は{address:〒150-0001} {address:東京都渋谷区神宮前1-2-3}です。
メールは{email:taro@example.co.jp}です。
パスワード：{secret:sakura77}
氏名：{name:山田花子}
注文番号1234567890が届きません。
2024年3月12日に1,299円払いました。
お客様各位、新しいお知らせです。
バージョン3.2.1が起動しません。
担当者様、お願いします。
""",
    "zh": """
我叫{name:王伟}，订单没到。
我是{name:李小龙}。
{name:张}先生您好
手机：{phone:13812345678}
电话是{phone:010-12345678}
身份证{id number:11010519491231002X}
地址：{address:北京市朝阳区建国路88号}
密码：{secret:xiong2020}
邮箱{email:wangwei@example.cn}，谢谢
姓名：{name:陈静}
订单号20240312889900还没发货
2024年3月12日付款1299元
版本4.1.0打不开
我是新用户，请帮忙。
微信号：{handle:wx_wangwei88}
""",
    "ko": """
제 이름은 {name:김민수}입니다.
저는 {name:이영희}라고 합니다.
{name:박지훈} 님, 감사합니다.
전화번호 {phone:010-1234-5678}
주소: {address:서울특별시 강남구 테헤란로 152}
비밀번호: {secret:hangul12}
주민등록번호 {id number:900101-1234568}
이메일 {email:minsu@example.kr}
성함: {name:최수진}
주문번호 20240312-0001234 이고 {phone:010.2345.6789} 입니다
주문번호 1234567890 이 안 왔어요
2024년 3월 12일에 12,990원 결제
고객님, 문의 감사합니다.
버전 2.3.1 오류입니다.
""",
    "sv": """
Hej, jag heter {name:Astrid Lindqvist}.
Mitt personnummer är {id number:811228-9874}.
Mobil: {phone:070-123 45 67}
Med vänliga hälsningar\\n{name:Astrid Lindqvist}
Order 2211009988 har inte kommit.
Jag betalade 1 299 kr den 2024-03-12.
""",
    "fi": """
Hei, nimeni on {name:Matti Virtanen}.
Henkilötunnus {id number:131052-308T}
Puhelin {phone:+358 40 1234567}
Terveisin\\n{name:Matti Virtanen}
Tilaus 887766 ei ole tullut 12.3.2024.
""",
    "vi": """
Tên tôi là {name:Nguyễn Văn An}.
Điện thoại {phone:0912 345 678}
Mật khẩu: {secret:hoasen55}
Phiên bản 3.1.0 bị lỗi.
""",
}
