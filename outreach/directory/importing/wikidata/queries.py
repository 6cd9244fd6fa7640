"""What to ask Wikidata's query service so that the answer can be imported.

Run at https://query.wikidata.org/ and downloaded as JSON or CSV. Properties: P39 position held,
P768 district, P4100 parliamentary group, P102 party, P580/P582 start and end, P968 e-mail, P856
website, P2002 Twitter, P2013 Facebook, P361 part of, P1001 applies to, P297 country's code.
"""

from __future__ import annotations

import re
from enum import StrEnum

from outreach.errors import BadInput
from outreach.words import Sentence


class Asked(StrEnum):
    """Whom a query asks for."""

    # Everybody who holds one position, "member of the Riigikogu".
    HOLDERS = "holders"
    # Everybody in any position that is part of a legislature.
    LEGISLATURE = "legislature"
    # Ministers of a country.
    MINISTERS = "ministers"


_POSITIONS = {
    Asked.HOLDERS: "VALUES ?position { wd:%s }",
    Asked.LEGISLATURE: "VALUES ?org { wd:%s }\n  ?position wdt:P279*/wdt:P361 ?org .",
    Asked.MINISTERS: "VALUES ?land { wd:%s }\n"
    "  ?position wdt:P279* wd:Q83307 ; wdt:P1001|wdt:P17 ?land .",
}
_QUERY = """\
SELECT DISTINCT ?item ?itemLabel ?statement ?position ?positionLabel ?org ?orgLabel
  ?district ?districtLabel ?party ?partyLabel ?start ?startPrecision ?end ?endPrecision
  ?gender ?birth ?birthPrecision ?email ?website ?twitter ?facebook ?countryCode WHERE {
  %s
  ?item p:P39 ?statement .
  ?statement ps:P39 ?position .
  ?item wdt:P31 wd:Q5 .
  FILTER NOT EXISTS { ?item wdt:P570 ?death }
  FILTER NOT EXISTS { ?statement pq:P582 ?gone . FILTER(?gone < NOW()) }
  OPTIONAL { ?position wdt:P361 ?org }
  OPTIONAL { ?statement pq:P768 ?district }
  OPTIONAL { ?statement pq:P4100 ?group }
  OPTIONAL { ?item wdt:P102 ?member }
  BIND(COALESCE(?group, ?member) AS ?party)
  OPTIONAL { ?statement pqv:P580 [ wikibase:timeValue ?start ;
                                   wikibase:timePrecision ?startPrecision ] }
  OPTIONAL { ?statement pqv:P582 [ wikibase:timeValue ?end ;
                                   wikibase:timePrecision ?endPrecision ] }
  OPTIONAL { ?item wdt:P21 ?gender }
  OPTIONAL { ?item p:P569/psv:P569 [ wikibase:timeValue ?birth ;
                                     wikibase:timePrecision ?birthPrecision ] }
  OPTIONAL { ?item wdt:P968 ?email }
  OPTIONAL { ?item wdt:P856 ?website }
  OPTIONAL { ?item wdt:P2002 ?twitter }
  OPTIONAL { ?item wdt:P2013 ?facebook }
  OPTIONAL { ?position (wdt:P1001|wdt:P17)/wdt:P297 ?countryCode }
  SERVICE wikibase:label { bd:serviceParam wikibase:language "en,mul,fr,de,es,ru,ar,zh" }
}
"""


def query(qid: str, kind: Asked | str = Asked.HOLDERS) -> str:
    """Return the query for `qid`: a position, a legislature or a country, as `kind` says.

    Raises BadInput (field "of") when `qid` is no number of Wikidata or `kind` none we know.
    """
    if not re.fullmatch(r"Q[1-9]\d{0,12}", qid):
        raise BadInput(Sentence("Write a number of Wikidata such as Q486839."), "of")
    try:
        asked = Asked(kind)
    except ValueError as error:
        raise BadInput(Sentence("There is no such query."), "of") from error
    return _QUERY % (_POSITIONS[asked] % qid)
