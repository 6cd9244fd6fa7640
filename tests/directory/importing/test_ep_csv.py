"""The European Parliament's open data on its members as CSV."""

from __future__ import annotations

from outreach.directory.importing import ep_csv
from outreach.directory.importing.opening import opened
from outreach.directory.importing.records import Body, PersonRecord, Problem
from outreach.directory.models import TargetRole

COUNTRY = "http://publications.europa.eu/resource/authority/country/"
GENDER = "http://publications.europa.eu/resource/authority/human-sex/"
LIST = (
    "mep_identifier,mep_honorific_prefix,mep_given_name,mep_family_name,mep_gender,mep_birthday,"
    "mep_country_of_representation,mep_political_group,mep_email,mep_homepage,mep_twitter,mep_image\n"
    f"900001,Mrs,Łucja,Żółć,{GENDER}FEMALE,1980-05-27,{COUNTRY}POL,S&D,"
    "mailto:biuro@zolc.example;mailto:lucja.zolc@europarl.europa.eu;mailto:zolc@gmail.com,"
    "https://zolc.example,https://twitter.com/zolc_ex,http://x.example/a.jpg\n"
    "https://data.europarl.europa.eu/person/900002,,Bob,McExample,MALE,,Germany,NI,no mail,,,\n"
)


def test_members_have_the_parliaments_mailbox_first(tmp_path):
    path = tmp_path / "MEPs 2024-07-24.csv"
    path.write_text(LIST)
    with opened(path) as upload:
        (dataset,) = ep_csv.datasets(upload)
        found = list(ep_csv.read(dataset))
    assert (dataset.source, str(dataset.as_of)) == ("ep-open-data", "2024-07-24")
    ann, bob = (one for one in found if isinstance(one, PersonRecord))
    assert (ann.key, ann.identifiers, ann.gender) == ("900001", {"mep": "900001"}, "f")
    assert [(one.value, one.purpose) for one in ann.contacts if one.kind == "email"] == [
        ("lucja.zolc@europarl.europa.eu", "parliament"),
        ("biuro@zolc.example", "constituency"),
        ("zolc@gmail.com", "office"),
    ]
    assert (ann.seats[0].area, ann.seats[0].role) == ("Poland", TargetRole.MEP)
    bodies = {one.key: one.name for one in found if isinstance(one, Body)}
    assert "Socialists" in bodies[ann.seats[0].on_behalf_of]
    assert (bob.key, bob.gender, bob.seats[0].area) == ("900002", "m", "Germany")
    assert bodies[bob.seats[0].on_behalf_of] == "Non-attached Members"
    assert ann.extras == {}
    told = [one for one in found if isinstance(one, Problem)]
    assert [one.stops for one in told] == [False] * len(told)


def test_other_lists_are_left_to_others(tmp_path):
    (tmp_path / "list.csv").write_text("id,name\n1,Ann\n")
    with opened(tmp_path) as upload:
        assert ep_csv.datasets(upload) == []
