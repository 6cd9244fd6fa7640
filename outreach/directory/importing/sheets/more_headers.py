"""What column headers mean in more languages: see `headers`, which these words join."""

from __future__ import annotations

# The usual words of more languages: Lithuanian, Latvian, Estonian, Romanian, Hungarian, Turkish,
# Croatian, Slovak, Slovene, Bulgarian, Belarusian, Danish, Georgian.
MORE_WORDS = {
    "name": "vardas pavardė|vardas ir pavardė|pavardė vardas|seimo narys|vārds uzvārds|"
    "vārds un uzvārds|deputāts|nimi ja perekonnanimi|ees ja perekonnanimi|nume și prenume|"
    "nume complet|teljes név|ad soyad|adı soyadı|ime in priimek|meno a priezvisko|"
    "име и фамилия|имя и отчество|прозвішча і імя|fulde navn|სახელი და გვარი|სახელი გვარი",
    "given": "vardas|vārds|eesnimi|utónév|ad|adı|krstné meno|ime|meno|собствено име|імя|სახელი",
    "family": "pavardė|uzvārds|perekonnanimi|családnév|soyad|soyadı|prezime|priezvisko|priimek|"
    "прозвішча|გვარი",
    "birth": "gimimo data|dzimšanas datums|sünniaeg|data nașterii|születési dátum|doğum tarihi|"
    "fødselsdato",
    "email": "el paštas|elektroninis paštas|el pašto adresas|e pasts|e pasta adrese|epasts|"
    "e posti aadress|e posta|eposta|e mail cím|elektronička pošta|e pošta|elektronska pošta|"
    "электронная пошта|ელფოსტა",
    "phone": "telefonas|tel nr|telefono numeris|tālrunis|tālruņa numurs|telefoninumber|"
    "telefonszám|telefon numarası|телефонен номер|тэлефон|ტელეფონი",
    "mobile": "mobilusis|mobilais|mobiil|cep telefonu|mobilni telefon",
    "web": "svetainė|tinklalapis|tīmekļa vietne|koduleht|veebileht|honlap|web sitesi",
    "address": "adresas|aadress|adrese|adresă|adres posta|მისამართი|адрас",
    "area": "apygarda|rinkimų apygarda|vēlēšanu apgabals|apgabals|valimisringkond|"
    "circumscripție|circumscripția|circumscripție electorală|választókerület|seçim bölgesi|"
    "seçim çevresi|izborna jedinica|volilno okrožje|избирателен район|выбарчая акруга|valgkreds|"
    "valgdistrikt|ოლქი",
    "party": "partija|politinė partija|erakond|partid|partidul|párt|stranka|politická strana|"
    "партыя|პარტია",
    "group": "frakcija|fraktsioon|grup parlamentar|képviselőcsoport|frakció|klub poslancov|"
    "poslanska skupina|парламентарна група|folketingsgruppe",
    "committee": "komitetas|komisija|komisjon|comisie|comisia|bizottság|komisyon|комисия|камітэт",
    "role": "pareigos|amats|amet|funcție|funcția|tisztség|görev|funkcija|dužnost|длъжност|пасада",
}
