"""Whom we write to, in Popolo's words: jurisdictions, organizations, posts, people, contacts.

Popolo: https://www.popoloproject.com/specs/
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.schema import Base, enum


class Confidence(StrEnum):
    """How sure we are of a carried-over value; unknown stays unknown."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class Publicity(StrEnum):
    """How likely a letter, with its sender's name, becomes readable by strangers."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    UNKNOWN = "unknown"


class OrganizationKind(StrEnum):
    """What kind of body it is."""

    GOVERNMENT = "government"
    MINISTRY = "ministry"
    AUTHORITY = "authority"
    PARLIAMENT = "parliament"
    CHAMBER = "chamber"
    COMMITTEE = "committee"
    GROUP = "group"
    PARTY = "party"
    COUNCIL = "council"
    OTHER = "other"


class TargetRole(StrEnum):
    """The part a target plays; forms of address and asks hang on it."""

    HEAD_OF_STATE = "head_of_state"
    HEAD_OF_GOVERNMENT = "head_of_government"
    MINISTER = "minister"
    MINISTRY = "ministry"
    SPEAKER = "speaker"
    MEMBER_LOWER = "member_lower"
    MEMBER_UPPER = "member_upper"
    COMMITTEE_CHAIR = "committee_chair"
    PARTY_GROUP_LEADER = "party_group_leader"
    MEP = "mep"
    COMMISSIONER = "commissioner"
    AMBASSADOR = "ambassador"
    # Of a committee, a council or a party; nobody is asked anything in this part.
    MEMBER = "member"


class ContactKind(StrEnum):
    """How one can be reached."""

    EMAIL = "email"
    FORM = "form"
    POSTAL = "postal"
    PHONE = "phone"
    FAX = "fax"
    URL = "url"
    SOCIAL = "social"


class ContactState(StrEnum):
    """Whether a way to reach somebody still works."""

    OK = "ok"
    SUSPECT = "suspect"
    BOUNCING = "bouncing"
    WITHDRAWN = "withdrawn"


class FormOfAddress(StrEnum):
    """How a person is addressed. Never guessed from a name; X unless we know."""

    M = "m"
    F = "f"
    X = "x"


class Source(Base):
    """Where values come from: one list that somebody publishes, or one that somebody keeps."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The same list read next year has the same slug, `congress-legislators`.
    slug: Mapped[str] = mapped_column(sa.String(160), unique=True)
    name: Mapped[str] = mapped_column(sa.String(300))
    url: Mapped[str] = mapped_column(default="")
    licence: Mapped[str] = mapped_column(default="")
    attribution: Mapped[str] = mapped_column(default="")
    # Official before community before Wikidata before a spreadsheet: 1 to 4.
    rank: Mapped[int] = mapped_column(default=4)
    # How its columns are read, once somebody confirmed it.
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Jurisdiction(Base):
    """A country (ISO 3166-1 alpha-2), a part of one (ISO 3166-2), `EU`, or an assembly as PACE."""

    __tablename__ = "jurisdiction"

    code: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str]
    eu_member: Mapped[bool] = mapped_column(default=False)
    # IANA zone of the capital or seat; the hours of its offices.
    timezone: Mapped[str | None] = mapped_column(sa.String(60))
    # BCP 47 codes an office there reads, preferred first.
    languages: Mapped[list[str]]
    publicity: Mapped[Publicity] = mapped_column(enum(Publicity, "publicity"))
    publicity_basis: Mapped[str] = mapped_column(default="")
    publicity_confidence: Mapped[Confidence] = mapped_column(enum(Confidence, "pub_confidence"))
    constituency_norm: Mapped[str | None] = mapped_column(sa.String(32))
    recess: Mapped[str] = mapped_column(default="")
    recess_confidence: Mapped[Confidence] = mapped_column(enum(Confidence, "rec_confidence"))
    # Who can list, under which instrument: {list_name, authority, instrument, mechanism,
    # has_national_list, state_organ_possible, basis, also_bound_by, confidence{field: word},
    # cite{lang: short name for letters}, sources[]}.
    designation: Mapped[dict[str, Any]]
    # What a parliamentarian there can do: [{kind, native, reply_deadline, confidence, note}].
    tools: Mapped[list[Any]] = mapped_column(sa.JSON())
    # Ids in the precedents of the same seed: [{id, date, body, act, target, effect, confidence}].
    precedents: Mapped[list[Any]] = mapped_column(sa.JSON())
    notes: Mapped[list[str]]
    checked_on: Mapped[dt.date | None]


class Organization(Base):
    """A government, ministry, authority, parliament, chamber, committee, group or party."""

    __tablename__ = "organization"

    id: Mapped[int] = mapped_column(primary_key=True)
    # Stable name inside the seed, e.g. `de/bundestag`; an import's own ids come later.
    slug: Mapped[str] = mapped_column(sa.String(120), unique=True)
    jurisdiction_code: Mapped[str] = mapped_column(sa.ForeignKey("jurisdiction.code"), index=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    kind: Mapped[OrganizationKind] = mapped_column(enum(OrganizationKind, "kind"))
    name: Mapped[str]
    # {language: name}, native names included.
    names: Mapped[dict[str, str]]
    members: Mapped[int | None]
    members_as_of: Mapped[str | None] = mapped_column(sa.String(60))
    confidence: Mapped[Confidence] = mapped_column(enum(Confidence, "confidence"))
    source: Mapped[str] = mapped_column(default="")
    search_key: Mapped[str] = mapped_column(default="")
    # The day it was dissolved or merged; its seats ended then.
    ended_on: Mapped[dt.date | None]
    demonstration: Mapped[bool] = mapped_column(default=False)

    jurisdiction: Mapped[Jurisdiction] = relationship(lazy="raise")
    parent: Mapped[Organization | None] = relationship(lazy="raise", remote_side="Organization.id")


class Area(Base):
    """A constituency or country of election."""

    __tablename__ = "area"
    __table_args__ = (sa.UniqueConstraint("jurisdiction_code", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    jurisdiction_code: Mapped[str] = mapped_column(sa.ForeignKey("jurisdiction.code"))
    name: Mapped[str] = mapped_column(sa.String(200))


class Post(Base):
    """A position that outlives its holder and owns its own ways to be reached."""

    __tablename__ = "post"
    __table_args__ = (sa.UniqueConstraint("organization_id", "role", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    role: Mapped[TargetRole] = mapped_column(enum(TargetRole, "role"))
    label: Mapped[str] = mapped_column(sa.String(200))
    labels: Mapped[dict[str, str]]
    confidence: Mapped[Confidence] = mapped_column(enum(Confidence, "confidence"))

    organization: Mapped[Organization] = relationship(lazy="raise")


class Person(Base):
    """Somebody who holds or held a post. Only what belongs to the public role."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(300))
    given_name: Mapped[str] = mapped_column(sa.String(200), default="")
    family_name: Mapped[str] = mapped_column(sa.String(200), default="")
    # Earned titles as the person writes them, "Dr. " without the space.
    title_prefix: Mapped[str] = mapped_column(sa.String(60), default="")
    honorific: Mapped[str] = mapped_column(sa.String(60), default="")
    postnominal: Mapped[str] = mapped_column(sa.String(60), default="")
    # How lists sort it, where a source says so ("Smith, Ann").
    sort_name: Mapped[str] = mapped_column(sa.String(300), default="")
    # {language or script tag: name}, e.g. {"el": "…", "und-Latn": "…"}.
    names: Mapped[dict[str, str]]
    # Former and other names: [{name, form: former|address|other, language, start, end}].
    other_names: Mapped[list[Any]] = mapped_column(sa.JSON(), default=list)
    # "1951-02-12", "1951-02" or "1951": tells namesakes apart, printed nowhere.
    birth_date: Mapped[str] = mapped_column(sa.String(10), default="")
    death_date: Mapped[str] = mapped_column(sa.String(10), default="")
    # What a source says that we have no place for: {its column: value}.
    extras: Mapped[dict[str, str]] = mapped_column(default=dict)
    # Set when this was another person's second row.
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    form_of_address: Mapped[FormOfAddress] = mapped_column(
        enum(FormOfAddress, "form_of_address"), default=FormOfAddress.X
    )
    form_of_address_basis: Mapped[str] = mapped_column(default="")
    # BCP 47 code of the language this person reads, if known.
    reading_language: Mapped[str | None] = mapped_column(sa.String(16))
    search_key: Mapped[str] = mapped_column(default="")
    demonstration: Mapped[bool] = mapped_column(default=False)


class Membership(Base):
    """A person in an organization or post, from a day to a day. Ended, never deleted."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organization_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))
    area_id: Mapped[int | None] = mapped_column(sa.ForeignKey("area.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    role: Mapped[TargetRole] = mapped_column(enum(TargetRole, "role"))
    # The part in the source's words: "Chairman", "Deputy Speaker".
    label: Mapped[str] = mapped_column(sa.String(300), default="")
    start_on: Mapped[dt.date | None]
    end_on: Mapped[dt.date | None]
    # How exact the two days are: day, month, year, period (of a term) or unknown ("by then").
    start_precision: Mapped[str] = mapped_column(sa.String(10), default="day")
    end_precision: Mapped[str] = mapped_column(sa.String(10), default="day")
    end_reason: Mapped[str | None]
    source_id: Mapped[int | None] = mapped_column(sa.ForeignKey("source.id"))
    source_key: Mapped[str | None] = mapped_column(sa.String(400))

    person: Mapped[Person] = relationship(lazy="raise")
    organization: Mapped[Organization] = relationship(lazy="raise", foreign_keys=[organization_id])
    on_behalf_of: Mapped[Organization | None] = relationship(
        lazy="raise", foreign_keys=[on_behalf_of_id]
    )
    post: Mapped[Post | None] = relationship(lazy="raise")
    area: Mapped[Area | None] = relationship(lazy="raise")


class ContactDetail(Base):
    """One way to reach a person, a post or an organization, with where it comes from."""

    __tablename__ = "contact_detail"
    __table_args__ = (
        sa.CheckConstraint(
            "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN post_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN organization_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_owner",
        ),
        sa.CheckConstraint("(verified_on IS NULL) = (verified_by IS NULL)", name="verified_by"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    post_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"))
    organization_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    kind: Mapped[ContactKind] = mapped_column(enum(ContactKind, "kind"))
    value: Mapped[str]
    # What makes two values one desk: a lower-cased address, a form's URL, a folded postal address.
    normalised: Mapped[str] = mapped_column(sa.String(500))
    # Or parliament, constituency, role, campaign, personal, press.
    purpose: Mapped[str] = mapped_column(sa.String(32), default="office")
    label: Mapped[str] = mapped_column(sa.String(200), default="")
    language: Mapped[str | None] = mapped_column(sa.String(16))
    # Details of one door (address, phone, fax) share this name inside their owner.
    bundle: Mapped[str] = mapped_column(sa.String(160), default="")
    # At a free provider: perhaps private, so somebody looks before it is used.
    personal: Mapped[bool] = mapped_column(default=False)
    # Typed by a person of ours, not read from a list.
    by_hand: Mapped[bool] = mapped_column(default=False)
    source_id: Mapped[int | None] = mapped_column(sa.ForeignKey("source.id"))
    # The first day its source no longer gave it.
    unseen_since: Mapped[dt.date | None]
    position: Mapped[int] = mapped_column(default=0)
    source: Mapped[str]
    source_url: Mapped[str] = mapped_column(default="")
    seen_on: Mapped[dt.date | None]
    verified_on: Mapped[dt.date | None]
    verified_by: Mapped[str | None] = mapped_column(sa.String(120))
    state: Mapped[ContactState] = mapped_column(
        enum(ContactState, "state"), default=ContactState.OK
    )


class Office(Base):
    """The desk behind one or several targets; what one open ask and the cooling time hang on."""

    __tablename__ = "office"

    id: Mapped[int] = mapped_column(primary_key=True)
    # `email:info@x.example`, `form:https://…`, `postal:…`, else `organization:7` or `membership:9`.
    key: Mapped[str] = mapped_column(sa.String(520), unique=True)
    name: Mapped[str]
    # No letter of kind first or reminder is claimed before this instant (law 7).
    quiet_until: Mapped[dt.datetime | None]


class Target(Base):
    """One row of a list: a membership (a person in a post) or an organization.

    The columns below `office_id` repeat the directory for lists; only `offices.py` writes them.
    """

    __tablename__ = "target"
    __table_args__ = (
        sa.CheckConstraint(
            "(membership_id IS NULL) <> (organization_id IS NULL)", name="one_subject"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    membership_id: Mapped[int | None] = mapped_column(sa.ForeignKey("membership.id"), unique=True)
    organization_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organization.id"), unique=True
    )
    office_id: Mapped[int] = mapped_column(sa.ForeignKey("office.id"))
    jurisdiction_code: Mapped[str] = mapped_column(sa.ForeignKey("jurisdiction.code"))
    # The body the target sits in: the chamber, the ministry, the organization itself.
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("organization.id"), index=True)
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organization.id"))
    role: Mapped[TargetRole] = mapped_column(enum(TargetRole, "role"))
    name: Mapped[str] = mapped_column(sa.String(300))
    search_key: Mapped[str]
    # The source that gave the seat; null for an organization itself.
    source_id: Mapped[int | None] = mapped_column(sa.ForeignKey("source.id"))
    # The language we write in: the person's, else the jurisdiction's first.
    language: Mapped[str] = mapped_column(sa.String(16))
    # The way we write by: email, form, postal, or null when there is none.
    channel: Mapped[ContactKind | None] = mapped_column(enum(ContactKind, "channel"))
    # Every kind of way that works, also those we don't write by: bits, see `ways.py`.
    ways: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    # The last day the check of that way holds; null when nobody checked it.
    verified_until: Mapped[dt.date | None]
    # The day the seat ends or ended, which may lie ahead; null while no end is known.
    ended_on: Mapped[dt.date | None]
    demonstration: Mapped[bool] = mapped_column(default=False)

    membership: Mapped[Membership | None] = relationship(lazy="raise")
    organization: Mapped[Organization | None] = relationship(
        lazy="raise", foreign_keys=[organization_id]
    )
    body: Mapped[Organization] = relationship(lazy="raise", foreign_keys=[body_id])
    group: Mapped[Organization | None] = relationship(lazy="raise", foreign_keys=[group_id])
    office: Mapped[Office] = relationship(lazy="raise")
    jurisdiction: Mapped[Jurisdiction] = relationship(lazy="raise")


class SuppressionScope(StrEnum):
    """What must not be written to."""

    ADDRESS = "address"
    OFFICE = "office"


class Suppression(Base):
    """An office or address we must not write to, and why; for the whole installation."""

    __tablename__ = "suppression"
    __table_args__ = (sa.UniqueConstraint("scope", "value"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[SuppressionScope] = mapped_column(enum(SuppressionScope, "scope"))
    # A normalised address or an office key.
    value: Mapped[str] = mapped_column(sa.String(520))
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[dt.datetime]
