"""What column headers mean: words met in real lists, in many languages, for the fields we have.

A field is written `base`, `base:tag` (a language or an identifier's scheme) or `base@purpose`
("phone@constituency"); `@purpose.door` keeps two addresses of one purpose apart.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass

from outreach.directory.importing.sheets.more_headers import MORE_WORDS

# {field: words}; folded when loaded, so case, accents, `_` and CamelCase do not matter.
# The English, French, German, Canadian, Australian and Japanese ones are from files that
# parliaments and civic projects publish; the others are the usual words of the language.
WORDS = {
    "id": "id|epid|mep identifier|matricule|unique id|person id|identifier|member id|mp id|"
    "kennung|identifiant|identificador|identificativo|identyfikator|tunniste|ідентифікатор|"
    "идентификатор|αναγνωριστικό|識別子|番号|nr legitymacji|intressent id",
    "name": "name|full name|display name|fullname|member|member name|mep|mp|representative|"
    "councillor|deputy|senator|politician|recipient|nom|nom complet|nom et prenom|prénom et nom|"
    "nom prenom|député|sénateur|vollständiger name|vor und nachname|vorname nachname|"
    "name vorname|nachname vorname|abgeordnete|abgeordneter|abgeordnete r|nombre|"
    "nombre completo|nombre y apellidos|apellidos y nombre|apellidos nombre|apellido y nombre|"
    "diputado|nome|nome completo|nome e cognome|cognome e nome|cognome nome|deputato|deputado|"
    "nome parlamentar|imię i nazwisko|nazwisko i imię|nazwisko imię|poseł|naam|volledige naam|"
    "namn|ledamot|nimi|koko nimi|kansanedustaja|jméno|jméno a příjmení|příjmení a jméno|poslanec|"
    "ім'я|піб|прізвище та ім'я|ім'я та прізвище|прізвище ім'я по батькові|прізвище, ім'я|депутат|"
    "народний депутат|имя|фио|фамилия имя отчество|фамилия и имя|имя и фамилия|фамилия, имя|"
    "όνομα|ονοματεπώνυμο|βουλευτής|氏名|名前|議員氏名|議員名|"
    "first last name|姓名|last name first name|"
    "surname first name|name of member|name des abgeordneten|navn|nume|név|ime i prezime",
    "given": "first name|firstname|given name|given names|given|forename|forenames|"
    "preferred name|mep given name|person official first name|vorname|vornamen|rufname|prénom|"
    "prénom usuel|prénoms|nombre de pila|nombres|primeiro nome|imię|imiona|voornaam|voornamen|"
    "förnamn|tilltalsnamn|etunimi|etunimet|křestní jméno|власне ім'я|личное имя|μικρό όνομα|名|"
    "fornavn|prenume|keresztnév",
    "family": "last name|lastname|surname|family name|family|mep family name|"
    "person official last name|nachname|familienname|zuname|nom usuel|nom de famille|"
    "nom d'usage|apellido|apellidos|primer apellido|cognome|sobrenome|apelido|último nome|"
    "nazwisko|achternaam|familienaam|efternamn|sukunimi|příjmení|прізвище|фамилия|επώνυμο|"
    "επίθετο|姓|etternavn|nume de familie|vezetéknév",
    "sort_name": "sort name|name list as|sortiername|last first name|nom de tri",
    "reading": "読み方|ふりがな|フリガナ|よみ",
    "legal_name": "通称名使用議員の本名|legal name|birth name|maiden name|geburtsname|former name",
    "prefix": "title|academic title|prefix|name prefix|titel|akademischer titel|anrede titel|"
    "tytuł|tytuł naukowy|titul|titre|título|titolo|звання|учёная степень|τίτλος|敬称",
    "honorific": "honorific|honorific prefix|mep honorific prefix|person short honorific|anrede|"
    "civilité|civ|qualité|tratamiento|tratamento|appellativo|aanhef|tilltal|звернення|обращение|"
    "προσφώνηση",
    "salutation": "salutation|name address as|briefanrede|formule d'appel",
    "suffix": "suffix|name suffix|post nominals|postnominal|post nominal|honorific suffix",
    "gender": "gender|sex|mep gender|geschlecht|sexe|genre|sexo|género|sesso|genere|płeć|geslacht|"
    "kön|sukupuoli|pohlaví|стать|пол|φύλο|性別|kjønn",
    "birth": "birth date|birthdate|date of birth|birthday|born|dob|mep birthday|geburtsdatum|"
    "geboren|date de naissance|date naissance|fecha de nacimiento|data di nascita|"
    "data de nascimento|data urodzenia|geboortedatum|födelsedatum|född år|syntymäaika|"
    "datum narození|дата народження|дата рождения|ημερομηνία γέννησης|生年月日|foedselsdato|"
    "birth year|geburtsjahr",
    "death": "death date|date of death|died|mep death date|sterbedatum|date de décès|doedsdato",
    "email": "email|e mail|mail|email address|e mail address|emails|mep email|e post|epost|"
    "courriel|courrier électronique|adresse électronique|adresse email|adresse e mail|mél|"
    "correo|correo electrónico|posta elettronica|indirizzo email|endereço eletrónico|"
    "correio eletrónico|correio eletrônico|adres e mail|poczta elektroniczna|poczta|mailadres|"
    "e mailadres|sähköposti|sähköpostiosoite|e mailová adresa|електронна пошта|пошта|ел пошта|"
    "эл почта|электронная почта|почта|адрес электронной почты|ηλεκτρονικό ταχυδρομείο|"
    "ηλεκτρονική διεύθυνση|メール|メールアドレス|電子メール|"
    "mailadresse|e mail adresse|official email|"
    "електронна адреса|имейл|emailadres|epostadress|e postadress",
    "form": "form|contact form|web form|kontaktformular|formulaire|formulaire de contact|"
    "formulario|formulario de contacto|modulo di contatto|formularz|formularz kontaktowy|"
    "contactformulier|kontaktformulär|yhteydenottolomake|форма|форма зворотного зв'язку|"
    "форма обратной связи|φόρμα επικοινωνίας|問い合わせフォーム",
    "phone": "phone|telephone|tel|phone number|telephone number|voice|office phone|landline|"
    "telefon|telefonnummer|rufnummer|fon|téléphone|teléfono|telefono|telefone|numer telefonu|"
    "nr telefonu|telefoon|telefoonnummer|puhelin|puhelinnumero|телефон|номер телефону|"
    "номер телефона|тел|τηλέφωνο|τηλ|電話|電話番号|telefony|telefoni",
    "fax": "fax|facsimile|fax number|telefax|faxnummer|télécopie|télécopieur|faks|факс|φαξ|"
    "ファックス|faksi",
    "mobile": "mobile|cell|cell phone|mobile phone|mobil|handy|mobiltelefon|portable|móvil|celular|"
    "cellulare|telemóvel|komórka|telefon komórkowy|mobiel|matkapuhelin|мобільний|мобильный|"
    "мобільний телефон|κινητό|携帯|携帯電話|gsm",
    "web": "url|website|web|web site|homepage|home page|web page|site|link|mep homepage|"
    "personal url|webseite|internet|internetseite|site web|site internet|página web|sitio web|"
    "sito|sito web|strona|strona internetowa|strona www|www|kotisivu|verkkosivu|webbplats|hemsida|"
    "webové stránky|сайт|вебсайт|веб сайт|сторінка|ιστοσελίδα|ιστότοπος|ウェブサイト|ホームページ",
    "twitter": "twitter|x|twitter x|x twitter|twitter handle|mep twitter|твіттер|твиттер",
    "facebook": "facebook|fb|mep facebook page|facebook page|фейсбук",
    "instagram": "instagram|mep instagram|інстаграм|инстаграм",
    "address": "address|postal address|mailing address|full address|office address|offices|"
    "label address|adresse|anschrift|postanschrift|adresse postale|dirección|dirección postal|"
    "indirizzo|endereço|morada|adres|adres korespondencyjny|postadres|adress|postadress|osoite|"
    "postiosoite|adresa|адреса|поштова адреса|адрес|почтовый адрес|διεύθυνση|住所|所在地|cím",
    "address1": "address line 1|address 1|address1|street|street address|straße|strasse|rue|"
    "calle|via|rua|ulica|straat|gata|gatuadress|katu|ulice|вулиця|улица|οδός|line1",
    "address2": "address line 2|address 2|address2|adresszusatz|line2",
    "address3": "address line 3|address 3|address3|line3",
    "address4": "address line 4|address 4|address4|line4",
    "locality": "locality|city|town|suburb|municipality of office|ort|stadt|ville|ciudad|localidad|"
    "città|cidade|localidade|miasto|plaats|stad|kaupunki|město|місто|город|πόλη|市区町村|postort",
    "province": "province|state|county|region|bundesland|provincia|województwo|provincie|"
    "län|kraj|voivodeship|область|νομός|都道府県|département|departement",
    "postcode": "postal code|postcode|post code|zip|zip code|plz|postleitzahl|code postal|"
    "código postal|cap|cep|kod pocztowy|postnummer|postinumero|psč|індекс|поштовий індекс|"
    "индекс|почтовый индекс|ταχυδρομικός κώδικας|τκ|郵便番号",
    "country": "address country|land der anschrift",
    "jurisdiction": "jurisdiction|jurisdiction code|country|country code|land|staat|pays|país|"
    "paese|kraj pochodzenia|państwo|maa|země|країна|страна|χώρα|国|mep country of representation",
    "body": "chamber|house|council|legislature|organisation|organization|institution|body|"
    "parliament|elected body|organ|institution name|organisation name|organization name|"
    "behörde|ministerium|ministry|authority|agency|parlament|kammer|chambre|assemblée|organisme|"
    "institución|cámara|organismo|ministerio|istituzione|camera|ministero|instituição|câmara|"
    "ministério|instytucja|izba|urząd|ministerstwo|instelling|kamer|ministerie|departement naam|"
    "institution namn|myndighet|kammare|toimielin|virasto|instituce|úřad|komora|установа|орган|"
    "палата|міністерство|организация|учреждение|министерство|ведомство|όργανο|θεσμός|υπουργείο|"
    "組織|機関|院",
    "parent": "parent|parent body|parent organisation|parent id|parent organization",
    "role": "role|primary role|elected office|position|function|parliamentary title|rolle|"
    "funktion|amt|fonction|mandat|poste|cargo|función|carica|ruolo|funkcja|stanowisko|functie|"
    "befattning|tehtävä|funkce|посада|должность|ρόλος|θέση|αξίωμα|役職",
    "post": "post|office held|ministerial title|portfolio|ressort|portefeuille|cartera|resort",
    "area": "area|district|district name|ward|electorate|riding|constituency|constituency name|"
    "electoral district|seat|circonscription|wahlkreis|circunscripción|distrito|collegio|"
    "circoscrizione|círculo|círculo eleitoral|okręg|okręg wyborczy|kiesdistrict|kieskring|valkrets|"
    "vaalipiiri|volební kraj|volební obvod|округ|виборчий округ|избирательный округ|"
    "εκλογική περιφέρεια|περιφέρεια|選挙区|"
    "fylke|nom circonscription|membership from",
    "party": "party|party name|political party|national party|caucus short name|partei|parti|"
    "parti politique|partido|partido político|partito|partia|partij|puolue|strana|"
    "політична партія|партія|партия|κόμμα|政党|nationalpoliticalgroup|national political group|"
    "latest party",
    "group": "group|eugroup|eu group|political group|parliamentary group|"
    "mep political group|caucus|"
    "fraktion|groupe|groupe politique|groupe politique abrege|grupo|grupo parlamentario|gruppo|"
    "gruppo parlamentare|grupo parlamentar|bancada|klub|klub parlamentarny|club|fractie|frakcja|"
    "eduskuntaryhmä|poslanecký klub|klub poslanců|фракція|фракция|"
    "κοινοβουλευτική ομάδα|会派",
    "committee": "committee|committees|ausschuss|ausschüsse|commission|commissions|comisión|"
    "comisiones|commissione|commissioni|comissão|comissões|komisja|komisje|commissie|commissies|"
    "utskott|valiokunta|valiokunnat|výbor|výbory|комітет|комитет|комітети|комитеты|επιτροπή|"
    "委員会|commission permanente",
    "start": "start|start date|since|from|from date time|membership start date|elected on|"
    "mdbwp von|seit|von|beginn|depuis|début|date de début|début de mandat|desde|fecha de inicio|"
    "dal|inizio|data inizio|início|data de início|od|od dnia|sinds|vanaf|från|alkaen|alkupäivä|"
    "з|початок|дата початку|с|начало|дата начала|από|έναρξη|開始|就任",
    "end": "end|end date|until|to|to date time|membership end date|mdbwp bis|bis|ende|"
    "jusqu'au|fin|date de fin|hasta|fecha de fin|al|fine|data fine|até|fim|do|do dnia|koniec|tot|"
    "till|saakka|loppupäivä|до|кінець|по|конец|дата окончания|έως|λήξη|任期満了|終了",
    "language": "language|reading language|sprache|langue|idioma|lengua|lingua|língua|język|taal|"
    "språk|kieli|jazyk|мова|язык|γλώσσα|言語|preferred language",
    "note": "note|notes|remark|remarks|comment|comments|bemerkung|bemerkungen|anmerkung|notiz|"
    "remarque|remarques|commentaire|nota|notas|observaciones|osservazioni|observações|uwagi|"
    "opmerking|anteckning|huomautus|poznámka|примітка|примітки|примечание|комментарий|"
    "σημειώσεις|備考",
    "active": "active|is active|current|in office|aktiv|actif|état|activo|attivo|ativo|aktywny|"
    "in functie|чинний|действующий",
    "identifier:wikidata": "wikidata|wikidata id|wikidata qid|qid",
    "identifier:bioguide": "bioguide|bioguide id",
    "identifier:mnis": "mnis|mnis id|parliament id",
    "identifier:parlparse": "parlparse|parlparse id",
    "identifier:ocd-person": "ocd person|ocd id|ocd person id",
    "contact_word": "contact|contacts|kontakt|contacto|contatto|contato|контакти|контакты",
}
# A header that begins or ends with these words is of that door: "Electorate Telephone".
PURPOSES = {
    "constituency": "electorate|constituency|constituency office|district|district office|"
    "wahlkreis|wahlkreisbüro|circonscription|permanence|okręg|biuro poselskie|виборчий округ|"
    "local|regional",
    "parliament": "parliament|parliamentary|legislature|capitol|bundestag|parlament|parlement|"
    "assemblée|sejm|riksdag|brussels|strasbourg|парламент",
    "office": "office|work|official|büro|dienstlich|bureau|oficina|ufficio|biuro|kantoor",
    "personal": "personal|private|home|privat|personnel|osobisty|особистий|личный",
    "press": "press|media|presse|prensa|stampa|prasa|преса|пресса",
    "campaign": "campaign|wahlkampf|campagne",
}
# What a longer header is about when one of these words stands in it: "Your e-mail, please".
TELLING = {
    "email": ("email", "mail", "mails", "courriel", "sahkoposti", "メール"),
    "fax": ("fax", "telefax", "telecopie", "факс"),
    "phone": ("phone", "telephone", "telefon", "telefono", "телефон", "τηλεφωνο", "電話"),
    "party": ("party", "partei", "partido", "partito", "партия", "партія", "政党"),
    "address": ("address", "anschrift", "adresse", "адреса", "адрес", "住所"),
    "web": ("website", "homepage", "webseite", "сайт"),
}
# `name` beside a column of the other half means the missing half: "Name, Vorname".
ALSO_FAMILY = ("name", "nom", "naam", "namn", "nume", "név", "navn")
ALSO_GIVEN = (
    *("nombre", "nome", "jméno", "ім'я", "имя", "όνομα", "nimi", "name", "ime"),
    *("namn", "navn", "naam"),
)

_NOT_WORD = re.compile(r"[\W_]+")
_PARTS = re.compile(r"[/|\n;()•·]|\s[-–—]\s|,\s")
_TRANSLATED = re.compile(r"[/|\n]")
_NAMES = frozenset(("name", "given", "family"))
_NUMBERED = re.compile(r"^(?P<rest>.+?) ?(?P<number>[1-9])$")
_LANGUAGE = re.compile(r"^(?P<rest>name|nom|full name|organisation|organization|body) (?P<tag>.+)$")
_TAGS = "ar be bg cs da de el en es et fi fr ga he hr hu hy it ja ka ko lt lv mk mt nl no pl pt"
_LANGUAGES = {
    "latin": "und-Latn",
    "english": "en",
    "romanized": "und-Latn",
    **{tag: tag for tag in [*_TAGS.split(), "ro", "ru", "sk", "sl", "sq", "sr", "sv", "tr"]},
    **{tag: tag for tag in ("uk", "zh")},
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a header seems to mean; `confidence` from 0 to 1."""

    field: str
    confidence: float


@functools.lru_cache(maxsize=4096)
def folded(header: str) -> str:
    """Return `header` as plain words: no case, accents, signs or CamelCase."""
    spread = "".join(
        f" {one}" if index and one.isupper() and header[index - 1].islower() else one
        for index, one in enumerate(header)
    )
    bare = unicodedata.normalize("NFKD", spread.casefold().replace("'", "").replace("’", ""))
    bare = "".join(one for one in bare if not unicodedata.combining(one))
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFC", bare)).strip()


def _table(words: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, listed in words.items():
        for word in listed.split("|"):
            found.setdefault(folded(word), field)
    return found


SYNONYMS = {**_table(MORE_WORDS), **_table(WORDS)}
_PURPOSE_OF = dict(
    sorted(_table(PURPOSES).items(), key=lambda one: len(one[0]), reverse=True)  # longest first
)


@functools.lru_cache(maxsize=4096)
def meaning(header: str) -> Meaning | None:
    """Return what `header` means, or None when nothing is recognised."""
    plain = folded(header)
    field = SYNONYMS.get(plain)
    if field == "contact_word" or not plain:
        return None
    if field:
        return Meaning(field, 1.0)
    return (
        _numbered(plain)
        or _in_language(plain)
        or _for_a_purpose(plain)
        or _in_parts(header)
        or _telling(plain)
    )


def known(header: str) -> bool:
    """Tell whether `header` is a word for a field by itself or with its number, or in parts."""
    found = meaning(header)
    return found is not None and found.confidence >= 0.7


def _numbered(plain: str) -> Meaning | None:
    found = _NUMBERED.match(plain)
    field = SYNONYMS.get(found["rest"].strip()) if found else None
    if not field or field == "contact_word":
        return None
    return Meaning(field, 0.9)


def _in_language(plain: str) -> Meaning | None:
    found = _LANGUAGE.match(plain)
    tag = _LANGUAGES.get(found["tag"]) if found else None
    if not found or not tag:
        return None
    return Meaning(f"{SYNONYMS[found['rest']]}:{tag}", 0.9)


def _for_a_purpose(plain: str) -> Meaning | None:
    for word, purpose in _PURPOSE_OF.items():
        for rest in (_without_start(plain, word), _without_end(plain, word)):
            if not rest:
                continue
            numbered = _NUMBERED.match(rest)
            field = SYNONYMS.get(rest) or (SYNONYMS.get(numbered["rest"]) if numbered else None)
            if field and field in REACHING:
                return Meaning(f"{field}@{purpose}", 0.85)
    return None


def _without_start(plain: str, word: str) -> str:
    return plain.removeprefix(f"{word} ") if plain.startswith(f"{word} ") else ""


def _without_end(plain: str, word: str) -> str:
    return plain.removesuffix(f" {word}") if plain.endswith(f" {word}") else ""


def _in_parts(header: str) -> Meaning | None:
    """Read "E-Mail / Courriel / Пошта" (translations, which must agree) and "Name, Vorname"."""
    parts = [folded(part) for part in _PARTS.split(header) if part and part.strip()]
    told = [SYNONYMS[part] for part in parts if part in SYNONYMS]
    fields = {field for field in told if field != "contact_word"}
    if len(parts) < 2 or not fields:
        return None
    if fields <= _NAMES and len(fields) > 1 and not _TRANSLATED.search(header):
        return Meaning("name", 0.8)
    if len(fields) == 2 and "name" in fields and fields <= _NAMES:
        # Beside "First name / Imię", Ukrainian "Ім'я" is the given name, not the whole one.
        fields -= {"name"}
    if len(fields) > 1:
        return None
    return Meaning(fields.pop(), 0.85 if len(told) > 1 else 0.7)


def purpose_in(header: str) -> str:
    """Return the purpose that a header above others names for them ("Wahlkreis"), or ""."""
    parts = [folded(header), *map(folded, _PARTS.split(header))]
    return next((_PURPOSE_OF[part] for part in parts if part in _PURPOSE_OF), "")


def _telling(plain: str) -> Meaning | None:
    words = set(plain.split())
    told = [field for field, telling in TELLING.items() if words & set(telling)]
    return Meaning(told[0], 0.5) if len(told) == 1 else None


# Ways to reach somebody, the parts of an address included: these can have a purpose.
LINES = ("address1", "address2", "address3", "address4")
POSTAL = ("address", *LINES, "locality", "province", "postcode", "country")
SOCIAL = ("twitter", "facebook", "instagram")
REACHING = frozenset(("email", "form", "phone", "fax", "mobile", "web", *SOCIAL, *POSTAL))
ABOUT_A_PERSON = (
    *("id", "name", "name_family_given", "given", "family", "sort_name", "reading", "legal_name"),
    *("prefix", "honorific", "salutation", "suffix", "gender", "birth", "death", "language"),
)
ABOUT_A_SEAT = (
    *("body", "parent", "role", "post", "jurisdiction", "area", "area_country", "party", "group"),
    *("committee", "start", "end", "active"),
)
FIELDS = (*ABOUT_A_PERSON, *ABOUT_A_SEAT, *sorted(REACHING), "note", "identifier", "ignored")


def is_field(value: str) -> bool:
    """Tell whether `value` is a field as described above."""
    base, _, rest = value.partition("@")
    base, colon, tag = base.partition(":")
    if base not in FIELDS or (rest and base not in REACHING):
        return False
    if base == "identifier":
        return bool(tag)
    return not colon or (base in ("name", "body") and bool(tag))
