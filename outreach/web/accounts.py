"""Pages about people: the first admin, adding and ending access, one's own password."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import login_user, verify_password
from werkzeug.wrappers import Response

from outreach.accounts import campaigns, people, roles
from outreach.accounts.models import Member, Role, User
from outreach.database import transaction
from outreach.errors import BadInput
from outreach.web import access
from outreach.web.access import needs, public
from outreach.web.accounts_forms import (
    FirstAdminForm,
    InviteForm,
    PasswordForm,
    RoleForm,
    WelcomeForm,
)
from outreach.web.signing_in import hash_password, normalised, slowdown
from outreach.words import Sentence

bp = Blueprint("accounts", __name__)


@bp.route("/welcome/<token>", methods=["GET", "POST"])
@public
def welcome(token: str) -> str | Response | tuple[str, int]:
    """Let an invited person, or the first admin, choose a name and a password."""
    invitation = people.invitation(access.session(), token, now=access.now())
    person = invitation.user
    form: WelcomeForm = WelcomeForm() if person else FirstAdminForm()
    if request.method == "GET" and person is not None:
        form.name.data = person.name
    if form.validate_on_submit():
        try:
            user = _accept(token, form)
        except BadInput as error:
            form.show(error)
        else:
            login_user(user, remember=False, authn_via=["link"])
            flash(_("Welcome. The link you used works no more."), "success")
            return redirect(url_for("overview.landing"))
    page = render_template("pages/accounts/welcome.html", form=form, guest=person)
    return _answer(page, form)


def _accept(token: str, form: WelcomeForm) -> User:
    email = form.email.data if isinstance(form, FirstAdminForm) else ""
    _refuse_guessable(form.password.data, form.name.data, email)
    with transaction(access.session()):
        return people.accept_invitation(
            access.session(),
            token,
            name=form.name.data,
            email=email,
            password_hash=hash_password(form.password.data),
            now=access.now(),
        )


@bp.route("/account", methods=["GET", "POST"])
@needs("account.own")
def own() -> str | Response | tuple[str, int]:
    """Show what one may do here, and change one's password."""
    form, user = PasswordForm(), access.user()
    assert user is not None
    if form.validate_on_submit():
        try:
            _change_password(user, form)
        except BadInput as error:
            form.show(error)
        else:
            login_user(user, remember=False, authn_via=["password"])
            flash(_("Your password is changed. Every other device is signed out."), "success")
            return redirect(url_for("accounts.own"))
    allowed = [words for holders, words in roles.PERMISSIONS.values() if _role() in holders]
    page = render_template("pages/accounts/own.html", form=form, user=user, allowed=allowed)
    return _answer(page, form)


def _change_password(user: User, form: PasswordForm) -> None:
    counter, now = slowdown(), access.now()
    if counter.is_refused(user.email, now=now):
        raise BadInput(
            Sentence("Too many attempts for this account. Wait five minutes and try again.")
        )
    if not verify_password(normalised(form.current.data), user.password or ""):
        counter.fail(user.email, now=now)
        raise BadInput(Sentence("This is not your present password."), "current")
    _refuse_guessable(form.password.data, user.name, user.email)
    with transaction(access.session()):
        people.change_password(
            access.session(),
            user,
            password_hash=hash_password(form.password.data),
            by=access.actor(),
            now=now,
        )


@bp.get("/people", endpoint="people")
@needs("people.manage")
def people_list() -> str:
    """Show everybody who belongs to the campaign."""
    return _people_page(InviteForm())


@bp.post("/people")
@needs("people.manage")
def invite() -> str | tuple[str, int]:
    """Add a person and show their link, this once."""
    form, session = InviteForm(), access.session()
    if form.validate_on_submit():
        try:
            with transaction(session):
                token = people.invite(
                    session,
                    access.campaign(),
                    name=form.name.data,
                    email=form.email.data,
                    role=Role(form.role.data),
                    by=access.actor(),
                    now=access.now(),
                )
        except BadInput as error:
            form.show(error)
        else:
            return _link_page(token, form.name.data)
    return _people_page(form), 422


@bp.post("/people/<int:user_id>/role")
@needs("people.manage")
def change_role(user_id: int) -> Response:
    """Give a member another role."""
    form, member, session = RoleForm(), _member(user_id), access.session()
    if not form.validate_on_submit():
        raise BadInput(Sentence("Choose one of the roles."))
    with transaction(session):
        people.change_role(
            session, member, Role(form.role.data), by=access.actor(), now=access.now()
        )
    flash(_("The role of %(name)s is changed.", name=member.user.name), "success")
    return _back_to_people(member)


@bp.post("/people/<int:user_id>/disable")
@needs("people.manage")
def disable(user_id: int) -> Response:
    """End somebody's access at once."""
    member, session = _member(user_id), access.session()
    with transaction(session):
        people.disable(session, member, by=access.actor(), now=access.now())
    flash(_("%(name)s is signed out and can't come back.", name=member.user.name), "success")
    return _back_to_people(member)


@bp.post("/people/<int:user_id>/enable")
@needs("people.manage")
def enable(user_id: int) -> Response:
    """Let somebody in again."""
    member, session = _member(user_id), access.session()
    with transaction(session):
        people.enable(session, member, by=access.actor(), now=access.now())
    flash(_("%(name)s can sign in again.", name=member.user.name), "success")
    return _back_to_people(member)


@bp.post("/people/<int:user_id>/link")
@needs("people.manage")
def new_link(user_id: int) -> str:
    """Make a new link for somebody who can't get in, and show it, this once."""
    member, session = _member(user_id), access.session()
    with transaction(session):
        token = people.new_link(session, member, by=access.actor(), now=access.now())
    return _link_page(token, member.user.name)


def _member(user_id: int) -> Member:
    return people.member_of(access.session(), access.campaign(), user_id)


def _role() -> Role | None:
    return access.actor().role


def _back_to_people(member: Member) -> Response:
    """Return to the list, or to one's own first page after giving up the right to see it."""
    mine = member.user_id == access.actor().user_id
    return redirect(url_for("overview.landing" if mine else "accounts.people"))


def _people_page(form: InviteForm) -> str:
    session, campaign = access.session(), access.campaign()
    members = campaigns.members(session, campaign.id)
    return render_template(
        "pages/accounts/people.html",
        form=form,
        members=members,
        invited=set(people.invited(session, campaign, now=access.now())),
        roles=list(Role),
    )


def _link_page(token: str, name: str) -> str:
    link = url_for("accounts.welcome", token=token, _external=True)
    return render_template("pages/accounts/link.html", link=link, name=name, days=people.LINK_DAYS)


def _refuse_guessable(password: str, *known: str) -> None:
    parts = [part for text in known for part in text.casefold().replace("@", " ").split()]
    rest = password.casefold()
    for part in parts:
        rest = rest.replace(part, "") if len(part) > 3 else rest
    if len(set(rest)) < 5:
        raise BadInput(
            Sentence("This password is easy to guess. Don't use your name or one repeated sign."),
            "password",
        )


def _answer(page: str, form: WelcomeForm | PasswordForm) -> str | tuple[str, int]:
    return (page, 422) if form.is_submitted() else page
