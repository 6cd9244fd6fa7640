"""The bodies that people of OpenStates sit in: legislatures, governments, towns, parties."""

from __future__ import annotations

import re

from outreach.directory.importing import cleaning
from outreach.directory.importing.congress import bodies as congress_bodies
from outreach.directory.importing.records import Body
from outreach.directory.models import OrganizationKind, TargetRole

# ISO 3166-2:US, states, the district and the territories that have a legislature.
_STATES: dict[str, str] = dict(
    re.findall(
        r"(\w\w)=(\w+)",
        "AL=Alabama AK=Alaska AZ=Arizona AR=Arkansas CA=California CO=Colorado CT=Connecticut"
        " DE=Delaware FL=Florida GA=Georgia HI=Hawaii ID=Idaho IL=Illinois IN=Indiana IA=Iowa"
        " KS=Kansas KY=Kentucky LA=Louisiana ME=Maine MD=Maryland MA=Massachusetts MI=Michigan"
        " MN=Minnesota MS=Mississippi MO=Missouri MT=Montana NE=Nebraska NV=Nevada"
        " NH=New_Hampshire NJ=New_Jersey NM=New_Mexico NY=New_York NC=North_Carolina"
        " ND=North_Dakota OH=Ohio OK=Oklahoma OR=Oregon PA=Pennsylvania RI=Rhode_Island"
        " SC=South_Carolina SD=South_Dakota TN=Tennessee TX=Texas UT=Utah VT=Vermont VA=Virginia"
        " WA=Washington WV=West_Virginia WI=Wisconsin WY=Wyoming DC=District_of_Columbia"
        " PR=Puerto_Rico GU=Guam VI=Virgin_Islands AS=American_Samoa MP=Northern_Mariana_Islands",
    )
)
# The lower chamber is the House of Representatives except here: its name, its members' title.
_LOWER = {
    "CA": ("State Assembly", "Assembly Member"),
    "MD": ("House of Delegates", "Delegate"),
    "NJ": ("General Assembly", "Assembly Member"),
    "NV": ("Assembly", "Assembly Member"),
    "NY": ("State Assembly", "Assembly Member"),
    "VA": ("House of Delegates", "Delegate"),
    "WI": ("State Assembly", "Representative"),
    "WV": ("House of Delegates", "Delegate"),
}
# Legislatures of one chamber, and what their members are called.
_SINGLE = {
    "DC": ("Council of the District of Columbia", "Councilmember"),
    "GU": ("Guam Legislature", "Senator"),
    "NE": ("Nebraska Legislature", "Senator"),
    "VI": ("Legislature of the Virgin Islands", "Senator"),
}
_STATE = re.compile(r"/(?:state|district|territory):([a-z]{2})(?=/|$)")
_PLACE = re.compile(r"/(?:place|county|parish|borough):([^/]+)")
CHAMBERS = {"upper": TargetRole.MEMBER_UPPER, "lower": TargetRole.MEMBER_LOWER}


def code_of(jurisdiction: str) -> str:
    """Return the ISO 3166 code of `ocd-jurisdiction/country:us/state:ca/government`: "US-CA".

    "US" for the United States themselves, "" for what is neither.
    """
    if "country:us" not in jurisdiction:
        return ""
    found = _STATE.search(jurisdiction)
    return f"US-{found[1].upper()}" if found else "US"


def state_name(code: str) -> str:
    """Return "California" for "US-CA"."""
    short = code.removeprefix("US-")
    return _STATES.get(short, "United States" if code == "US" else short).replace("_", " ")


def member_label(code: str, kind: str) -> str:
    """Return what a member of the `kind` of chamber is called: "Senator", "Delegate"."""
    short = code.removeprefix("US-")
    if kind == "upper":
        return "Senator"
    if kind == "lower":
        return _LOWER.get(short, ("", "Representative"))[1]
    return _SINGLE.get(short, ("", "Member"))[1]


class Bodies:
    """The bodies met so far; each is handed out once, by `new`, before who sits in it."""

    def __init__(self) -> None:
        self._known: dict[str, Body] = {}
        self._waiting: list[Body] = []

    def new(self) -> list[Body]:
        """Return the bodies nobody has been given yet, each after its parent."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def chamber(self, jurisdiction: str, kind: str) -> str:
        """Return the key of a chamber; `kind` is upper, lower or legislature (the whole)."""
        code = code_of(jurisdiction)
        if code == "US":
            for body in congress_bodies.chambers():
                self._keep(body)
            known = {"upper": congress_bodies.SENATE, "lower": congress_bodies.HOUSE}
            return known.get(kind, congress_bodies.CONGRESS)
        short, state = code.removeprefix("US-"), state_name(code)
        single = _SINGLE.get(short)
        whole = self._body(
            f"{code}/legislature",
            code,
            OrganizationKind.PARLIAMENT,
            single[0] if single else f"{state} Legislature",
        )
        if kind not in CHAMBERS or single:
            return whole
        name = "Senate" if kind == "upper" else _LOWER.get(short, ("House of Representatives",))[0]
        return self._body(
            f"{code}/{kind}", code, OrganizationKind.CHAMBER, f"{state} {name}", whole
        )

    def government(self, jurisdiction: str) -> str:
        """Return the key of the government of a state."""
        code = code_of(jurisdiction)
        return self._body(
            f"{code}/government",
            code,
            OrganizationKind.GOVERNMENT,
            f"Government of {state_name(code)}"
            if code != "US"
            else "Government of the United States",
        )

    def town(self, jurisdiction: str) -> str:
        """Return the key of the council of a place."""
        code, place = code_of(jurisdiction), _PLACE.search(jurisdiction)
        name = place[1].replace("_", " ").title() if place else state_name(code)
        key = f"{code}/{place[1] if place else 'council'}"
        short = code.removeprefix("US-")
        return self._body(key, code, OrganizationKind.COUNCIL, f"{name}, {short}")

    def party(self, name: str) -> str:
        """Return the key of a party; parties are of the whole country, "A/B" stays one label."""
        plain = cleaning.text(name)
        return self._body(f"party/{plain}", "US", OrganizationKind.PARTY, plain) if plain else ""

    def _body(
        self, key: str, code: str, kind: OrganizationKind, name: str, parent: str = ""
    ) -> str:
        self._keep(Body(key, code, kind, name, names={"en": name}, parent=parent, place=key))
        return key

    def _keep(self, body: Body) -> None:
        if body.key not in self._known:
            self._known[body.key] = body
            self._waiting.append(body)
