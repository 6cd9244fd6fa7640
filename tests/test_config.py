"""Settings: read once, refused with the variable's name."""

from __future__ import annotations

import stat

import pytest

from outreach.config import read_settings, shipped
from outreach.errors import BadSetting


def test_defaults_serve_this_machine_only(tmp_path):
    settings = read_settings({"OUTREACH_HOME": str(tmp_path / "home")})
    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, True)
    assert settings.on_loopback
    assert settings.database_url == f"sqlite:///{tmp_path / 'home' / 'outreach.sqlite'}"


def test_the_secret_key_is_made_once_and_for_us_alone(tmp_path):
    environ = {"OUTREACH_HOME": str(tmp_path / "home")}
    first = read_settings(environ).secret_key
    assert len(first) == 64
    assert read_settings(environ).secret_key == first
    mode = (tmp_path / "home" / "secret-key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("PORT", "²"),
        ("DEMO", "perhaps"),
        ("OUTREACH_FAST", "very"),
        ("OUTREACH_DATABASE_URL", "mysql://x/y"),
        ("OUTREACH_DATABASE_URL", "nonsense"),
        ("OUTREACH_HOME", "/dev/null/home"),
        ("OUTREACH_CONTACT", "me@house.example\r\nX-Evil: 1"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path, name, value):
    with pytest.raises(BadSetting, match=name):
        read_settings({"OUTREACH_HOME": str(tmp_path), name: value})


def test_a_database_password_is_never_printed(tmp_path):
    with pytest.raises(BadSetting) as caught:
        read_settings(
            {"OUTREACH_HOME": str(tmp_path), "OUTREACH_DATABASE_URL": "oracle://me:hunter2@x/y"}
        )
    assert "hunter2" not in str(caught.value)


def test_whom_to_reach_is_told_to_nobody_unless_set(tmp_path):
    environ = {"OUTREACH_HOME": str(tmp_path)}
    assert read_settings(environ).contact == ""
    environ["OUTREACH_CONTACT"] = " desk@house.example "
    assert read_settings(environ).contact == "desk@house.example"


def test_a_plain_postgresql_url_gets_its_driver(tmp_path):
    settings = read_settings(
        {"OUTREACH_HOME": str(tmp_path), "OUTREACH_DATABASE_URL": "postgresql://me:pw@h/name"}
    )
    assert settings.database_url == "postgresql+psycopg://me:pw@h/name"


@pytest.mark.parametrize("name", ["contacts", "migrations", "templates"])
def test_shipped_files_are_found(name):
    assert shipped(name).is_dir()
