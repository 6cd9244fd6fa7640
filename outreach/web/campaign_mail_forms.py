"""What an admin says about a mail account, in plain words."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    PasswordField,
    RadioField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from outreach.accounts.mail_accounts import AccountValues
from outreach.accounts.models import MailAccount, Security
from outreach.web.filters import label
from outreach.web.forms import Form

_MANY = NumberRange(1, 1_000_000, _("Write a number of letters, 1 or more, or nothing."))


class ServerForm(Form):
    """A mail server's door, whether letters leave by it or answers come in."""

    port = IntegerField(
        _("Port"),
        validators=[
            InputRequired(_("Write a number.")),
            NumberRange(1, 65535, _("Write a number from 1 to 65535.")),
        ],
    )
    password = PasswordField(
        _("Password"),
        validators=[Length(max=1000)],
        description=_("Kept locked and never shown again. Empty: the one that is there stays."),
        render_kw={"autocomplete": "new-password"},
    )


class AccountForm(ServerForm):
    """Where the server is, how we get in, and what it allows."""

    name = StringField(
        _("Name"),
        validators=[DataRequired(_("Give the account a name.")), Length(max=80)],
        description=_("Only for you, such as the provider's name."),
    )
    host = StringField(
        _("Server for outgoing mail"),
        validators=[DataRequired(_("Write the server's name.")), Length(max=253)],
        description=_("Your provider calls it SMTP server, such as smtp.example.org."),
    )
    security = RadioField(
        _("The line is"), choices=lambda: [(one.value, label(one)) for one in Security]
    )
    username = StringField(
        _("User name"), validators=[Length(max=254)], render_kw={"autocomplete": "off"}
    )
    hello = StringField(
        _("We introduce ourselves as"),
        validators=[DataRequired(_("Write your domain.")), Length(max=253)],
        description=_("Your domain, such as example.org. This machine's name is told to nobody."),
    )
    bounce_address = EmailField(
        _("Letters that can't be delivered come back to"),
        validators=[Length(max=254)],
        description=_("Empty: to the address they are sent from."),
    )
    reply_tags = BooleanField(
        _("Answers go to an address of their own for each letter"),
        description=_(
            "Such as answers+7k4q2m@example.org: an answer then finds its letter. The mailbox must "
            "take such addresses; try it below before you switch this on."
        ),
    )
    per_hour = IntegerField(
        _("At most so many letters in an hour"),
        validators=[Optional(), _MANY],
        description=_("Empty: as many as there are. Ask your provider."),
    )
    per_day = IntegerField(_("At most so many letters in 24 hours"), validators=[Optional(), _MANY])
    enabled = BooleanField(_("In use"))

    @classmethod
    def of(cls, account: MailAccount | None) -> AccountForm:
        """Return the form as it shows an account, never its password; or a new one."""
        if account is None:
            return cls(port=465, security=Security.TLS.value, enabled=True)
        return cls(obj=account, security=account.security.value)

    def typed(self) -> AccountValues:
        """Return what was typed; without a user name there is no password either."""
        return AccountValues(
            name=self.name.data,
            host=self.host.data,
            port=self.port.data,
            security=Security(self.security.data),
            hello=self.hello.data,
            username=self.username.data or "",
            password=(self.password.data or None) if self.username.data else "",
            bounce_address=self.bounce_address.data or "",
            reply_tags=self.reply_tags.data,
            per_hour=self.per_hour.data,
            per_day=self.per_day.data,
            enabled=self.enabled.data,
        )


class KeyForm(Form):
    """Whose letters are signed, and under which name the key is published."""

    domain = StringField(
        _("Domain that letters come from"),
        validators=[DataRequired(_("Write a domain.")), Length(max=253)],
    )
    selector = StringField(
        _("Name of the key"),
        validators=[DataRequired(_("Write a name.")), Length(max=63)],
        description=_("Small letters, figures and hyphens. A new key needs a new name."),
    )
