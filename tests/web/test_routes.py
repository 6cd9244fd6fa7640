"""Every view says who may see it, and each role sees exactly what the table of rights says."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from outreach.accounts.models import Actor, Role
from outreach.accounts.roles import PERMISSIONS, may
from tests.web.conftest import Client

# What anybody may see: signing in and out, a link that works once, and the files of the pages.
PUBLIC = {
    *("static", "security.login", "security.logout", "accounts.welcome"),
    *("health.health", "health.ready"),
}
NAMES = {Role.ADMIN: "ada", Role.ORGANISER: "olga", Role.STAFF: "sam", Role.VOLUNTEER: "vera"}


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def requests(app: Flask) -> list[tuple[str, str, str]]:
    """Every (method, address, permission) that is not public, with made-up numbers and names."""
    found = []
    with app.test_request_context():
        for rule in rules(app):
            view = app.view_functions[rule.endpoint]
            if getattr(view, "public", False):
                continue
            values: dict[str, Any] = {name: _made_up(rule, name) for name in rule.arguments}
            _domain, path = rule.build(values, append_unknown=False) or ("", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                found.append((method, path, view.permission))  # type: ignore[attr-defined]
    return found


def _made_up(rule: Rule, name: str) -> Any:
    """A value that fits the address and leads to nothing."""
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 999_999 if isinstance(converter, IntegerConverter) else "nothing"


def test_every_view_says_who_may_see_it(app: Flask) -> None:
    silent = {
        rule.endpoint
        for rule in rules(app)
        if not hasattr(app.view_functions[rule.endpoint], "permission")
        and not getattr(app.view_functions[rule.endpoint], "public", False)
    }
    assert not silent


def test_only_few_views_are_public(app: Flask) -> None:
    public = {
        rule.endpoint
        for rule in rules(app)
        if getattr(app.view_functions[rule.endpoint], "public", False)
    }
    assert public == PUBLIC


@pytest.mark.own_app
def test_a_view_that_says_nothing_is_closed(app: Flask, ada: Client) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    answer = ada.get("/forgotten")

    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_nobody_gets_in_without_signing_in(app: Flask, nobody: Client) -> None:
    for method, path, _permission in requests(app):
        answer = nobody.get(path) if method == "GET" else nobody.send(path)
        assert answer.status_code == 302, (method, path)
        assert answer.location.startswith("/sign-in"), (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_refused_what_it_may_not(
    app: Flask, role: Role, request: pytest.FixtureRequest
) -> None:
    client: Client = request.getfixturevalue(NAMES[role])
    actor = Actor("x", 1, role)

    for method, path, permission in requests(app):
        if may(actor, permission):
            continue
        answer = client.get(path) if method == "GET" else client.send(path)
        assert answer.status_code == 403, (role, method, path)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_the_pages_it_may(
    app: Flask, role: Role, request: pytest.FixtureRequest
) -> None:
    client: Client = request.getfixturevalue(NAMES[role])
    actor = Actor("x", 1, role)

    for method, path, permission in requests(app):
        if method != "GET" or not may(actor, permission):
            continue
        # Made-up numbers lead nowhere; a rule may say no; but the door itself is open.
        assert client.get(path).status_code in (200, 302, 404, 409, 422), (role, path)


def test_every_right_is_held_by_somebody_and_asked_somewhere(app: Flask) -> None:
    asked = {permission for _method, _path, permission in requests(app)}
    for name, (holders, words) in PERMISSIONS.items():
        assert holders and words, name
    assert asked <= set(PERMISSIONS)


def test_addresses_are_plain(app: Flask) -> None:
    for first, second in itertools.pairwise(rules(app)):
        assert first.rule != second.rule or not (
            (first.methods or set()) & (second.methods or set()) - {"HEAD", "OPTIONS"}
        ), first.rule
