"""What kind of body and which part the free words of a source mean.

Popolo leaves classification and role to whoever writes the file, Wikidata to its labels; these
are the words met in real files. What is not understood is a plain member of another body, whom
nobody writes to by mistake.
"""

from __future__ import annotations

import functools
import re

from outreach.directory.models import OrganizationKind, TargetRole

LEGISLATURES = frozenset({OrganizationKind.PARLIAMENT, OrganizationKind.CHAMBER})
GOVERNMENTS = frozenset({OrganizationKind.GOVERNMENT, OrganizationKind.MINISTRY})

# Asked in this order: a "parliamentary committee" is a committee, a "party group" a group.
_KINDS = (
    (OrganizationKind.COMMITTEE, r"committee|commission|delegation|comisi[oó]n|ausschuss"),
    (OrganizationKind.GROUP, r"faction|fraction|caucus|group|bloc|klub|fraktion"),
    (OrganizationKind.PARTY, r"part(?:y|ies)|coalition|alliance|partei|partido"),
    (OrganizationKind.CHAMBER, r"chamber|house|senate|upper|lower|council of states"),
    (OrganizationKind.PARLIAMENT, r"legislat|parliament|assembly|congress|parlament"),
    (OrganizationKind.MINISTRY, r"ministr|department"),
    (OrganizationKind.GOVERNMENT, r"government|executive|cabinet"),
    (OrganizationKind.COUNCIL, r"council"),
    (OrganizationKind.AUTHORITY, r"agency|authority|bureau"),
)
_UPPER = re.compile(
    r"senat|senador|\bupper\b|lords\b|bundesrat|council of states|house of councill?ors"
    r"|rajya sabha|legislative council|seanad|eerste kamer|ständerat|federation council"
    r"|council of (?:the )?(?:federation|provinces|elders)|house of (?:elders|federation|chiefs)"
    r"|national council of provinces|sangi[- ]?in",
    re.IGNORECASE,
)
_SECOND = re.compile(
    r"\b(?:deputy|vice|former|assistant|acting|shadow|to the|private|advis[eo]r|spokes\w+)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(
    r"\b(?:speaker|presiding officer|president|presidente|chairman of the (?:house|chamber)"
    r"|llywydd|ceann comhairle|marsha(?:l|łek)|talman|präsident(?:in)?)\b",
    re.IGNORECASE,
)
_CHAIR = re.compile(
    r"^(?:the )?(?:co-?)?(?:chair(?:man|woman|person)?|president|presidente|convener|convenor"
    r"|vorsitzende[r]?)\b",
    re.IGNORECASE,
)
_LEADER = re.compile(r"\b(?:group |parliamentary )?(?:leader|chair(?:man|woman|person)?)\b", re.I)
_HEAD_OF_GOVERNMENT = re.compile(
    r"\b(?:prime minister|premier(?: minist(?:er|re))?|taoiseach|first minister|chief minister"
    r"|head of (?:the )?government|federal chancellor|chancellor of (?:germany|austria)"
    r"|minister[- ]president|president of the government)\b",
    re.IGNORECASE,
)
_MINISTER = re.compile(
    r"\b(?:premier ministre|taoiseach|minister(?: for| of|$)|cabinet secretary"
    r"|secretary of state)\b",
    re.IGNORECASE,
)
_HEAD_OF_STATE = re.compile(
    r"^(?:the )?(?:executive |state )?(?:president|monarch|king|queen|emperor|emir|sultan"
    r"|grand duke|head of state|governor[- ]general)(?: of(?: [\w'-]+){1,8})?$",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"(?:ordinary |full )?(?:member|members|representative|deputy|mp|m\.p\.|mep|senator|legislator"
    r"|member of [^,;]+"
    r"|party member|diputad[oa]|deputado|député|congress(?:man|woman)|councillor)",
    re.IGNORECASE,
)


def kind_of(words: str) -> OrganizationKind:
    """Return the kind of body that a classification means ("Upper house", "political party")."""
    low = words.casefold()
    return next(
        (kind for kind, pattern in _KINDS if re.search(pattern, low)), OrganizationKind.OTHER
    )


def is_plain(label: str) -> bool:
    """Tell whether a label says no more than that somebody sits there."""
    return not label or _PLAIN.fullmatch(label) is not None


@functools.lru_cache(maxsize=10_000)
def role_in(
    kind: OrganizationKind, label: str, body: str = "", jurisdiction: str = ""
) -> TargetRole:
    """Return the part of somebody called `label` in a body of `kind`.

    `body` is all that names the body, its classification too: whether it is an upper house.
    """
    second = _SECOND.search(label) is not None
    if kind in LEGISLATURES:
        if _SPEAKER.search(label) and not second:
            return TargetRole.SPEAKER
        if _MINISTER.search(label) and "shadow" not in label.casefold():
            # Some lists seat the government in its parliament.
            return TargetRole.MINISTER if second else _in_government(label)
        if jurisdiction == "EU" or "european parliament" in body.casefold():
            return TargetRole.MEP
        upper = _UPPER.search(body) or _UPPER.search(label)
        return TargetRole.MEMBER_UPPER if upper else TargetRole.MEMBER_LOWER
    if kind in GOVERNMENTS:
        return TargetRole.MINISTER if second else _in_government(label)
    if kind is OrganizationKind.COMMITTEE and _CHAIR.search(label) and not second:
        return TargetRole.COMMITTEE_CHAIR
    if kind is OrganizationKind.GROUP and _LEADER.search(label) and not second:
        return TargetRole.PARTY_GROUP_LEADER
    return TargetRole.MEMBER


def _in_government(label: str) -> TargetRole:
    if _HEAD_OF_GOVERNMENT.search(label):
        return TargetRole.HEAD_OF_GOVERNMENT
    return TargetRole.HEAD_OF_STATE if _HEAD_OF_STATE.search(label) else TargetRole.MINISTER
