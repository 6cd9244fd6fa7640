"""What the files of `contacts/` look like; `contacts/README.md` tells it to a campaigner."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, ConfigDict, Field

from outreach.directory.models import (
    Confidence,
    ContactKind,
    FormOfAddress,
    OrganizationKind,
    Publicity,
    TargetRole,
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PostCard(_Strict):
    """A position in a body."""

    role: TargetRole
    label: str = Field(min_length=1, max_length=200)
    labels: dict[str, str] = Field(default_factory=dict)
    # How the office is called in speech, where an English letter opens with it.
    spoken: str = ""
    confidence: Confidence


class OfficeCard(_Strict):
    """A government, ministry or authority that decides."""

    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    kind: OrganizationKind
    name: str = Field(min_length=1)
    names: dict[str, str] = Field(default_factory=dict)
    confidence: Confidence
    posts: list[PostCard] = Field(default_factory=list)
    sources: list[str] = Field(default_factory=list)
    note: str = ""


class ChamberCard(_Strict):
    """A house of a parliament and how many sit in it."""

    slug: str = Field(pattern=r"^[a-z0-9-]+$")
    name: str = Field(min_length=1)
    names: dict[str, str] = Field(default_factory=dict)
    house: str = Field(pattern=r"^(lower|upper|single)$")
    members: int | None = Field(default=None, gt=0)
    members_as_of: str = ""
    confidence: Confidence
    posts: list[PostCard] = Field(default_factory=list)
    sources: list[str] = Field(default_factory=list)
    note: str = ""


class ParliamentCard(_Strict):
    """A parliament and its houses."""

    name: str = Field(min_length=1)
    names: dict[str, str]
    structure: str
    confidence: Confidence
    chambers: list[ChamberCard] = Field(min_length=1)


class DesignationCard(_Strict):
    """Who can list, under which instrument, and how sure we are of each part."""

    has_list: str
    list_name: str = ""
    authority: str = ""
    instrument: str = ""
    mechanism: str = ""
    state_organ_possible: str = ""
    basis: str = ""
    alternatives: list[str] = Field(default_factory=list)
    also_bound_by: str = ""
    confidence: dict[str, Confidence]
    sources: list[str] = Field(default_factory=list)
    # {language: words for letters}: after "under", "nach", "en vertu de"; and who decides.
    cite: dict[str, str] = Field(default_factory=dict)
    authority_in: dict[str, str] = Field(default_factory=dict)


class ToolCard(_Strict):
    """What a parliamentarian there can do."""

    kind: str
    native: str = ""
    reply_deadline: str = ""
    confidence: Confidence
    note: str = ""


class PublicityCard(_Strict):
    """How likely a letter becomes readable by strangers."""

    level: Publicity
    basis: str = ""
    confidence: Confidence
    sources: list[str] = Field(default_factory=list)


class ConstituencyCard(_Strict):
    """How much a member's office discards mail from outside its area."""

    norm: str
    confidence: Confidence
    note: str = ""


class RecessCard(_Strict):
    """When a parliament doesn't sit, in words."""

    pattern: str
    confidence: Confidence
    sources: list[str] = Field(default_factory=list)


class JurisdictionFile(_Strict):
    """One file of `contacts/jurisdictions/`."""

    code: str = Field(pattern=r"^[A-Z]{2}(-[A-Z]+)?$|^PACE$|^OSCE-PA$")
    name: str = Field(min_length=1)
    kind: str
    eu_member: bool
    timezone: str
    languages: list[str] = Field(min_length=1)
    checked_on: dt.date
    parliament: ParliamentCard
    offices: list[OfficeCard]
    designation: DesignationCard
    tools: list[ToolCard]
    precedents: list[str]
    publicity: PublicityCard
    constituency: ConstituencyCard
    recess: RecessCard
    notes: list[str]


class PrecedentCard(_Strict):
    """What somebody decided or asked for before."""

    id: str
    date: str
    body: str
    act: str
    target: str
    effect: str
    confidence: Confidence
    sources: list[str] = Field(default_factory=list)
    note: str = ""
    # {language: the sentence a letter says it with}; what has none is never mentioned.
    wording: dict[str, str] = Field(default_factory=dict)


class PrecedentsFile(_Strict):
    """`contacts/precedents.yaml`."""

    precedents: list[PrecedentCard]


class SourceCard(_Strict):
    """A page or document that a value is from."""

    title: str
    publisher: str
    date: str = ""
    address: str = ""
    seen: str


class SourcesFile(_Strict):
    """`contacts/sources.yaml`."""

    sources: dict[str, SourceCard]


class ContactCard(_Strict):
    """A way to reach somebody, at a reserved domain."""

    kind: ContactKind
    value: str = Field(min_length=1)


class BodyCard(_Strict):
    """A fictional ministry, committee or group."""

    slug: str = Field(pattern=r"^demo/[a-z0-9-]+$")
    jurisdiction: str
    kind: OrganizationKind
    name: str = Field(min_length=1)
    names: dict[str, str] = Field(default_factory=dict)
    parent: str | None = None
    # Whether it is written to itself.
    target: bool = False
    contacts: list[ContactCard] = Field(default_factory=list)


class PersonCard(_Strict):
    """A fictional person in a body; in a post of that body where `post` names its label."""

    body: str
    role: TargetRole
    post: str = ""
    group: str | None = None
    area: str = ""
    name: str = Field(min_length=1)
    given: str
    family: str
    names: dict[str, str] = Field(default_factory=dict)
    title_prefix: str = ""
    honorific: str = ""
    postnominal: str = ""
    form: FormOfAddress = FormOfAddress.X
    reads: str | None = None
    contacts: list[ContactCard] = Field(default_factory=list)


class DemonstrationFile(_Strict):
    """`contacts/demonstration.yaml`."""

    bodies: list[BodyCard]
    people: list[PersonCard]
