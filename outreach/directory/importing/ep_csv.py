"""Members of the European Parliament from its open data portal (CSV).

Columns begin with `mep_`; countries, genders and ids may be codes or the addresses of such codes
(http://publications.europa.eu/resource/authority/country/DEU), mailboxes a list of `mailto:`.
Dataset: https://data.europarl.europa.eu/ (MEPs, by parliamentary term).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from outreach.directory.importing.dated import day_of
from outreach.directory.importing.opening import Upload
from outreach.directory.importing.records import Problem, Record
from outreach.directory.importing.registry import Dataset, Format
from outreach.directory.importing.sheets.headers import folded
from outreach.directory.importing.sheets.mapping import Mapping, shipped
from outreach.directory.importing.sheets.people import People
from outreach.directory.importing.sheets.tables import Row, table

# The member states that ever elected, by the three letters that the EU's registers use.
_THREE_LETTERS = {
    "AUT": "AT",
    "BEL": "BE",
    "BGR": "BG",
    "CYP": "CY",
    "CZE": "CZ",
    "DEU": "DE",
    "DNK": "DK",
    "ESP": "ES",
    "EST": "EE",
    "FIN": "FI",
    "FRA": "FR",
    "GBR": "GB",
    "GRC": "GR",
    "HRV": "HR",
    "HUN": "HU",
    "IRL": "IE",
    "ITA": "IT",
    "LTU": "LT",
    "LUX": "LU",
    "LVA": "LV",
    "MLT": "MT",
    "NLD": "NL",
    "POL": "PL",
    "PRT": "PT",
    "ROU": "RO",
    "SVK": "SK",
    "SVN": "SI",
    "SWE": "SE",
}
# Columns whose cells may be addresses of codes; mailboxes and homepages are not.
_CODES = ("mep_identifier", "mep_gender", "mep_country_of_representation", "mep_political_group")


def mapping() -> Mapping:
    """Return how the columns are read."""
    return next(one for one in shipped() if one.name == "ep-open-data")


def datasets(upload: Upload) -> list[Dataset]:
    """Return a dataset for each CSV with a column `mep_identifier`."""
    found = []
    for file in upload.files:
        if b"mep_identifier" not in upload.head(file, 4096).replace(b"\x00", b""):
            continue
        said = mapping()
        found.append(
            Dataset(
                "ep-csv",
                (file,),
                said.source,
                said.source_name,
                jurisdiction="EU",
                as_of=day_of(upload, file),
                licence=said.licence,
                attribution=said.attribution,
                url=said.url,
                rank=1,
                options={"place": upload.place(file)},
            )
        )
    return found


def read(dataset: Dataset) -> Iterator[Record]:
    """Yield the records of one such CSV. Raises BadFile (file, line)."""
    place = str(dataset.options.get("place") or dataset.files[0].name)
    opened = table(Path(dataset.files[0]), place)
    for words in opened.remarks:
        yield Problem(place, words)
    people = People(mapping(), opened.headers, place, "", "BE")
    yield from people.records(_with_codes(opened.headers, opened.rows))


def _with_codes(headers: tuple[str, ...], rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows with codes in place of their addresses, and our two letters of a country."""
    codes = set(map(folded, _CODES))
    coded = [index for index, header in enumerate(headers) if folded(header) in codes]
    for number, cells in rows:
        for index in coded:
            cells[index] = _code(cells[index])
        yield number, cells


def _code(value: str) -> str:
    if "://" in value or value.startswith(("person/", "org/")):
        value = value.rstrip("/").rpartition("/")[2]
    return _THREE_LETTERS.get(value, value)


FORMAT = Format("ep-csv", "European Parliament, open data (CSV)", datasets, read)
