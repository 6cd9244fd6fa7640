"""The kinds of answer, as one table: how to recognise each, what it does to the letter, what next.

Forms, the filing of an answer, the board and the tests are all drawn from `KINDS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from outreach.accounts.models import TaskKind
from outreach.replies.models import ReplyKind
from outreach.words import N_


class Group(StrEnum):
    """How the kinds are grouped in a list to choose from, in the order they are offered."""

    ANSWER = "answer"
    ON_THE_WAY = "on_the_way"
    QUESTION = "question"
    AUTOMATIC = "automatic"
    STOP = "stop"


GROUPS: dict[Group, str] = {
    Group.ANSWER: N_("An answer to what we ask"),
    Group.ON_THE_WAY: N_("Not yet, or not they"),
    Group.QUESTION: N_("They want something from us"),
    Group.AUTOMATIC: N_("Sent by a machine"),
    Group.STOP: N_("Stop, gone or dangerous"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of answer is and does.

    human        a person wrote it; counts as a human answer
    substantive  it says something about what we ask; counts as a substantive answer
    closes       the ask is closed: answered in substance, or refused
    stops        the letter counts as answered, so no reminder follows
    task         the kind of task it opens, `task_title` what that task says, `due_days` the working
                 days until it is due
    guarded      only an organiser reads it (and whoever logged it)
    """

    label: str
    hint: str
    next_step: str
    group: Group
    human: bool = True
    substantive: bool = False
    closes: bool = False
    stops: bool = True
    task: TaskKind | None = None
    task_title: str = ""
    due_days: int = 5
    guarded: bool = False


K, T, G = ReplyKind, TaskKind, Group

KINDS: dict[ReplyKind, Kind] = {
    K.SUPPORTIVE: Kind(
        N_("Yes, they support it"),
        N_("They agree with the ask, or tell of a step they have taken or will take."),
        N_("Thank them, and ask whether we may quote the sentence."),
        G.ANSWER,
        substantive=True,
        closes=True,
        task=T.OTHER,
        task_title=N_("Thank %(name)s and ask whether we may quote the answer"),
    ),
    K.LEANING_SUPPORTIVE: Kind(
        N_("Rather yes, with a condition"),
        N_("They are sympathetic but name something that must happen first."),
        N_("Answer the condition."),
        G.ANSWER,
        substantive=True,
        closes=True,
        task=T.OTHER,
        task_title=N_("Answer the condition that %(name)s names"),
    ),
    K.NONCOMMITTAL: Kind(
        N_("Neither yes nor no"),
        N_("They follow it with concern, or point to sanctions that exist already."),
        N_("Use the prepared answer to that objection and ask one precise question."),
        G.ANSWER,
        substantive=True,
        closes=True,
        task=T.OTHER,
        task_title=N_("Ask %(name)s one precise question in return"),
    ),
    K.OPPOSED: Kind(
        N_("No, they refuse"),
        N_("They give reasons against the ask, or decline it."),
        N_("Answer once, with facts, then let it rest. Nothing in public before that."),
        G.ANSWER,
        substantive=True,
        closes=True,
        task=T.OTHER,
        task_title=N_("Answer the reasons of %(name)s once, with facts"),
    ),
    K.ACTION_REPORT: Kind(
        N_("They report an act"),
        N_("A question was tabled, a minister was written to, a motion was signed."),
        N_("Find it in the public record and add the link."),
        G.ANSWER,
        substantive=True,
        closes=True,
        task=T.OTHER,
        task_title=N_("Find the act of %(name)s in the public record"),
    ),
    K.ACKNOWLEDGEMENT: Kind(
        N_("Received, nothing more"),
        N_("Thanks, a reference number, “has been noted”; or a form answer about another matter."),
        N_("Put their reference number into the note. The days until the reminder go on."),
        G.ON_THE_WAY,
        stops=False,
    ),
    K.HOLDING: Kind(
        N_("They will answer later"),
        N_("“You will receive a full answer by …”"),
        N_("Enter the day as a promise."),
        G.ON_THE_WAY,
    ),
    K.REFERRAL: Kind(
        N_("Passed on to somebody else"),
        N_("“We have forwarded your letter to …”: another department, ministry or member."),
        N_("Find the new desk and write there. It is no refusal."),
        G.ON_THE_WAY,
        task=T.FOLLOW_REFERRAL,
        task_title=N_("Find the desk that %(name)s passed our letter to"),
    ),
    K.NOT_COMPETENT: Kind(
        N_("Not their business"),
        N_("“The Council decides that”, “please turn to the ministry”."),
        N_("Check what we asked of whom: more often our slip than theirs."),
        G.ON_THE_WAY,
        task=T.OTHER,
        task_title=N_("Check whether %(name)s can do what we asked"),
    ),
    K.CONSTITUENTS_ONLY: Kind(
        N_("Only for their own voters"),
        N_("“I can only act for people who live in my constituency.”"),
        N_("Hand over to somebody who lives there; nobody else writes again."),
        G.ON_THE_WAY,
        task=T.OTHER,
        task_title=N_("Find a resident who can write to %(name)s"),
    ),
    K.MEETING_OFFER: Kind(
        N_("They want to talk"),
        N_("They offer or ask for a meeting or a call."),
        N_("An organiser takes over within two working days."),
        G.QUESTION,
        task=T.OTHER,
        task_title=N_("Arrange the talk with %(name)s"),
        due_days=2,
    ),
    K.EVIDENCE_REQUEST: Kind(
        N_("They want evidence"),
        N_("They ask for documents, a legal basis, or people who were harmed."),
        N_(
            "An organiser sends what may be sent. No name of a person harmed without their consent."
        ),
        G.QUESTION,
        task=T.OTHER,
        task_title=N_("Send %(name)s the evidence they ask for"),
    ),
    K.IDENTITY_QUESTION: Kind(
        N_("They ask who we are"),
        N_("Who is behind the campaign, and who pays for it?"),
        N_("An organiser answers, openly."),
        G.QUESTION,
        task=T.OTHER,
        task_title=N_("Tell %(name)s who we are"),
    ),
    K.AUTO_REPLY: Kind(
        N_("Automatic receipt"),
        N_("Came within minutes, says nothing about our letter, often from a no-reply address."),
        N_("Nothing. The reminder stays as planned."),
        G.AUTOMATIC,
        human=False,
        stops=False,
    ),
    K.OUT_OF_OFFICE: Kind(
        N_("Out of office"),
        N_("Names the days of absence, perhaps a deputy."),
        N_("Enter the day they are back; the reminder waits for it. Don't write to the deputy."),
        G.AUTOMATIC,
        human=False,
        stops=False,
    ),
    K.BOUNCE_HARD: Kind(
        N_("Came back: no such address"),
        N_("From a mail system: unknown user, rejected, a number from 5; or post returned."),
        N_("The letter counts as come back. Find another way to reach them."),
        G.AUTOMATIC,
        human=False,
        stops=False,
        task=T.FIND_ADDRESS,
        task_title=N_("Find another way to reach %(name)s"),
    ),
    K.BOUNCE_SOFT: Kind(
        N_("Delayed, mailbox full"),
        N_("From the mail system: for now, mailbox full, number beginning with 4."),
        N_("Nothing yet: most arrive within three days."),
        G.AUTOMATIC,
        human=False,
        stops=False,
    ),
    K.OBJECTION_DATA: Kind(
        N_("They want no more letters"),
        N_("They ask us to stop, to be taken off the list, or to delete what we keep."),
        N_(
            "Nobody writes to this desk again, from this moment. An organiser confirms in one line."
        ),
        G.STOP,
        closes=True,
        task=T.OTHER,
        task_title=N_("Confirm to %(name)s in one line that we write no more"),
        due_days=2,
    ),
    K.LEFT_OFFICE: Kind(
        N_("No longer in office"),
        N_("Resigned, lost the seat, or died."),
        N_("Check who holds the post now. No successor by guess."),
        G.STOP,
        human=False,
        task=T.VERIFY_ADDRESS,
        task_title=N_("Check who holds the post of %(name)s now"),
    ),
    K.HOSTILE: Kind(
        N_("Threat or abuse"),
        N_("Threatens or insults somebody."),
        N_("Don't answer. An organiser keeps it as evidence."),
        G.STOP,
        task=T.READ_REPLY,
        task_title=N_("Read the hostile answer from %(name)s"),
        due_days=1,
        guarded=True,
    ),
    K.SUSPICIOUS: Kind(
        N_("Suspicious"),
        N_("An unexpected attachment or link, a request to sign in, or for a list of our people."),
        N_("Open nothing and follow no link. An organiser looks at it."),
        G.STOP,
        human=False,
        task=T.READ_REPLY,
        task_title=N_("Look at the suspicious answer from %(name)s"),
        due_days=1,
        guarded=True,
    ),
}

GUARDED: frozenset[ReplyKind] = frozenset(kind for kind, row in KINDS.items() if row.guarded)
HUMAN: frozenset[ReplyKind] = frozenset(kind for kind, row in KINDS.items() if row.human)
SUBSTANTIVE: frozenset[ReplyKind] = frozenset(
    kind for kind, row in KINDS.items() if row.substantive
)


def grouped() -> list[tuple[str, list[tuple[ReplyKind, Kind]]]]:
    """Return every kind under the words of its group, in the order they are offered."""
    return [
        (words, [(kind, row) for kind, row in KINDS.items() if row.group is group])
        for group, words in GROUPS.items()
    ]
