"""What people type about themselves and each other."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

from outreach.accounts.models import Role
from outreach.web.filters import label
from outreach.web.forms import Form
from outreach.web.signing_in import PASSWORD_MAX, PASSWORD_MIN

_LONG_ENOUGH = Length(
    min=PASSWORD_MIN,
    max=PASSWORD_MAX,
    message=_("Use at least 12 letters, digits or signs; four random words are good."),
)


def _new_password() -> PasswordField:
    return PasswordField(
        _("New password"),
        validators=[DataRequired(_("Write a password.")), _LONG_ENOUGH],
        description=_("At least 12 letters, digits or signs. Use it nowhere else."),
        render_kw={"autocomplete": "new-password"},
    )


def _again() -> PasswordField:
    return PasswordField(
        _("New password again"),
        validators=[EqualTo("password", _("The two passwords are not the same."))],
        render_kw={"autocomplete": "new-password", "required": True},
    )


class InviteForm(Form):
    """Who is added, and what they may do."""

    name = StringField(
        _("Name"),
        validators=[DataRequired(_("Write a name.")), Length(max=120)],
        description=_("As colleagues see it; a pseudonym is fine."),
    )
    email = EmailField(
        _("E-mail address"),
        validators=[DataRequired(_("Write an address.")), Length(max=255)],
        description=_("They sign in with it. No mail is sent to it."),
    )
    role = SelectField(_("Role"), choices=lambda: [(role.value, label(role)) for role in Role])


class RoleForm(Form):
    """Another role for a member."""

    role = SelectField(_("Role"), choices=lambda: [(role.value, label(role)) for role in Role])


class WelcomeForm(Form):
    """What an invited person adds about themselves."""

    name = StringField(
        _("Your name"),
        validators=[DataRequired(_("Write a name.")), Length(max=120)],
        description=_("As colleagues see it; a pseudonym is fine."),
        render_kw={"autocomplete": "off"},
    )
    password = _new_password()
    again = _again()


class FirstAdminForm(WelcomeForm):
    """The first admin also says which address they sign in with."""

    email = EmailField(
        _("E-mail address"),
        validators=[DataRequired(_("Write an address.")), Length(max=255)],
        description=_("You sign in with it. No mail is sent to it."),
        render_kw={"autocomplete": "username"},
    )


class PasswordForm(Form):
    """One's own new password, with the present one."""

    current = PasswordField(
        _("Present password"),
        validators=[DataRequired(_("Write your present password.")), Length(max=PASSWORD_MAX)],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password()
    again = _again()
