"""The word a reader sees for each member of our enumerations: one table for all pages."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from outreach.accounts.models import Mode, Role, Security, SenderKind, TaskKind, Voice
from outreach.directory.calendar import EntryKind
from outreach.directory.identity import ProposalState, RuleKind
from outreach.directory.models import (
    Confidence,
    ContactKind,
    ContactState,
    FormOfAddress,
    OrganizationKind,
    Publicity,
    SuppressionScope,
    TargetRole,
)
from outreach.directory.narrowing import AddressCheck
from outreach.directory.shelf_life import AddressClass, Ending
from outreach.directory.syncing.models import ConflictState, Decision, Effect, RunState
from outreach.letters.checks import Verdict
from outreach.letters.lifecycle import Hand, State
from outreach.letters.models import LetterKind, MailingState
from outreach.letters.reviewing import ApprovedAs
from outreach.petitions.models import (
    FactState,
    Origin,
    Position,
    Precision,
    PromiseState,
    ReadingState,
    StanceBasis,
    Use,
)
from outreach.petitions.pages import MilestoneState, PageRule
from outreach.petitions.reviews import Standing
from outreach.replies.deskwork.readers import MARKS, Mark
from outreach.replies.models import (
    InboxState,
    MailKind,
    ReplyChannel,
    ReplyKind,
    SignedBy,
    Vote,
    Way,
)
from outreach.replies.overdue.cadence import Part
from outreach.sending.finding import Found
from outreach.sending.models import Outcome
from outreach.sending.needed import Need
from outreach.sending.postman import Refusal
from outreach.words import N_

_LEVELS = {
    "high": N_("high"),
    "medium": N_("medium"),
    "low": N_("low"),
    "unknown": N_("unknown"),
}

WORDS: Mapping[type[StrEnum], Mapping[str, str]] = {
    Role: {
        "volunteer": N_("volunteer"),
        "staff": N_("staff"),
        "organiser": N_("organiser"),
        "admin": N_("admin"),
    },
    EntryKind: {
        "recess": N_("recess"),
        "closed": N_("closed"),
        "sitting": N_("sitting"),
        "event": N_("event"),
    },
    MailingState: {
        "waiting": N_("waiting"),
        "making": N_("being made"),
        "made": N_("made"),
        "failed": N_("stopped"),
    },
    Verdict: {"passed": N_("passed"), "look": N_("to look at"), "failing": N_("failing")},
    ApprovedAs: {"read": N_("read"), "sampled": N_("sampled")},
    PageRule: {
        "pool": N_("same signatures as the other pages"),
        "add": N_("other signatures, on top"),
        "exclude": N_("not counted"),
    },
    MilestoneState: {
        "ahead": N_("ahead"),
        "reached": N_("reached"),
        "done": N_("settled"),
    },
    Security: {
        "tls": N_("encrypted from the start (TLS, often port 465)"),
        "starttls": N_("encrypted after the greeting (STARTTLS, often port 587)"),
        "none": N_("not encrypted (a server on this very machine)"),
    },
    Refusal: {
        "later": N_("not now"),
        "unreached": N_("nobody answered"),
        "address": N_("no such address"),
        "sender": N_("we may not send from this address"),
        "content": N_("these words are refused"),
        "account": N_("we don't get in"),
    },
    Found: {
        "good": N_("good"),
        "missing": N_("missing"),
        "wrong": N_("wrong"),
        "unknown": N_("not known"),
    },
    Mode: {"rehearsal": N_("rehearsal"), "live": N_("live")},
    Voice: {"we": N_("we"), "i": N_("I")},
    SenderKind: {"person": N_("person"), "organisation": N_("organisation")},
    TaskKind: {
        "find_address": N_("find an address"),
        "verify_address": N_("check an address"),
        "send_by_hand": N_("send by hand"),
        "read_reply": N_("read an answer"),
        "log_answer": N_("log an answer"),
        "follow_referral": N_("follow a referral"),
        "settle_unknown": N_("find out whether a letter went"),
        "check_reading": N_("check a signature count"),
        "keep_promise": N_("ask about a promise"),
        "other": N_("something else"),
    },
    Confidence: _LEVELS,
    Publicity: _LEVELS,
    OrganizationKind: {
        "government": N_("government"),
        "ministry": N_("ministry"),
        "authority": N_("authority"),
        "parliament": N_("parliament"),
        "chamber": N_("chamber"),
        "committee": N_("committee"),
        "group": N_("political group"),
        "party": N_("party"),
        "council": N_("council"),
        "other": N_("other body"),
    },
    AddressCheck: {
        "checked": N_("checked, and the check still holds"),
        "soon": N_("check ends within 30 days"),
        "expired": N_("check is too old"),
        "never": N_("can decide, never checked"),
        "personal": N_("looks private: to be reviewed"),
    },
    AddressClass: {
        "minister": N_("Address of a minister, an ambassador or a post"),
        "member": N_("Address of a member of a parliament"),
        "registry": N_("Address of a body"),
        "hand": N_("Address that one of us typed"),
    },
    Ending: {
        "dissolution": N_("dissolved"),
        "election": N_("newly elected"),
        "reshuffle": N_("reshuffled"),
        "merger": N_("merged into another body"),
    },
    Need: {
        "letters": N_("needed for letters"),
        "drafts": N_("for drafts"),
        "expired": N_("run out"),
        "soon": N_("run out soon"),
        "never": N_("never checked"),
    },
    TargetRole: {
        "head_of_state": N_("head of state"),
        "head_of_government": N_("head of government"),
        "minister": N_("minister"),
        "ministry": N_("ministry"),
        "speaker": N_("speaker"),
        "member_lower": N_("member of parliament, lower house"),
        "member_upper": N_("member of parliament, upper house"),
        "committee_chair": N_("committee chair"),
        "party_group_leader": N_("leader of a political group"),
        "mep": N_("Member of the European Parliament"),
        "commissioner": N_("commissioner"),
        "ambassador": N_("ambassador"),
        "member": N_("member"),
    },
    ContactKind: {
        "email": N_("e-mail"),
        "form": N_("web form"),
        "postal": N_("post"),
        "phone": N_("phone"),
        "fax": N_("fax"),
        "url": N_("web page"),
        "social": N_("social network"),
    },
    ContactState: {
        "ok": N_("good"),
        "suspect": N_("doubtful"),
        "bouncing": N_("mail comes back"),
        "withdrawn": N_("withdrawn"),
    },
    FormOfAddress: {"m": N_("as a man"), "f": N_("as a woman"), "x": N_("without a title")},
    RuleKind: {
        "language": N_("only in this language"),
        "channel": N_("only this way"),
        "never": N_("never"),
    },
    ProposalState: {
        "open": N_("waits for a decision"),
        "accepted": N_("accepted"),
        "refused": N_("refused"),
    },
    RunState: {
        "waiting": N_("waiting to be read"),
        "reading": N_("being read"),
        "preview": N_("waiting for a decision"),
        "confirmed": N_("being written"),
        "applied": N_("in the directory"),
        "undoing": N_("being undone"),
        "undone": N_("undone"),
        "discarded": N_("discarded"),
        "failed": N_("could not be read"),
    },
    Effect: {
        "added": N_("new"),
        "changed": N_("changed"),
        "refreshed": N_("details only"),
        "ended": N_("ended"),
        "proposed": N_("perhaps somebody we have"),
        "conflict": N_("changed by hand and by the source"),
        "unusable": N_("unusable"),
        "remark": N_("to know"),
    },
    Decision: {"same": N_("the same person"), "different": N_("somebody else")},
    ConflictState: {
        "open": N_("waits for a decision"),
        "kept": N_("ours kept"),
        "taken": N_("theirs taken"),
    },
    SuppressionScope: {"address": N_("this address"), "office": N_("the whole desk")},
    State: {
        "draft": N_("draft"),
        "review": N_("waiting for approval"),
        "approved": N_("approved"),
        "scheduled": N_("scheduled"),
        "sending": N_("being sent"),
        "sent": N_("sent"),
        "unknown": N_("may have gone"),
        "failed": N_("refused by the server"),
        "missed": N_("missed its time"),
        "held": N_("held"),
        "bounced": N_("came back"),
        "withdrawn": N_("withdrawn"),
    },
    Hand: {
        "author": N_("author"),
        "approver": N_("approver"),
        "staff": N_("staff"),
        "volunteer": N_("volunteer"),
        "clock": N_("clock"),
        "inbox": N_("inbox"),
    },
    LetterKind: {
        "first": N_("first letter"),
        "reminder": N_("reminder"),
        "answer": N_("answer"),
        "thanks": N_("thanks"),
        "correction": N_("correction"),
    },
    Origin: {"petition": N_("the petition's own"), "editorial": N_("ours")},
    Use: {"ok": N_("good to use"), "caveat": N_("with care"), "avoid": N_("don't use")},
    FactState: {
        "current": N_("current"),
        "stale": N_("out of date"),
        "disputed": N_("disputed"),
        "withdrawn": N_("withdrawn"),
    },
    Standing: {
        "ok": N_("good to use"),
        "caveat": N_("with care"),
        "overdue": N_("to be checked"),
        "stale": N_("out of date"),
        "disputed": N_("disputed"),
        "avoid": N_("don't use"),
        "withdrawn": N_("withdrawn"),
    },
    Precision: {"day": N_("to the day"), "month": N_("to the month"), "year": N_("to the year")},
    ReadingState: {
        "held": N_("held"),
        "accepted": N_("accepted"),
        "refused": N_("refused"),
    },
    Vote: {
        "aye": N_("aye"),
        "no": N_("no"),
        "abstain": N_("abstained"),
        "absent": N_("absent"),
    },
    Position: {
        "support": N_("support"),
        "lean_support": N_("leaning to support"),
        "undecided": N_("undecided"),
        "lean_oppose": N_("leaning to oppose"),
        "oppose": N_("oppose"),
        "unknown": N_("unknown"),
    },
    StanceBasis: {
        "quote": N_("their words"),
        "act": N_("something they did"),
        "note": N_("our note"),
    },
    PromiseState: {
        "open": N_("open"),
        "kept": N_("kept"),
        "broken": N_("broken"),
        "withdrawn": N_("withdrawn"),
    },
    Way: {
        "imap": N_("from the mailbox"),
        "maildir": N_("from the folder"),
        "pipe": N_("from the mail server"),
        "upload": N_("uploaded"),
        "paste": N_("pasted"),
    },
    InboxState: {
        "new": N_("not read yet"),
        "read": N_("waits to be filed"),
        "filed": N_("filed"),
        "unmatched": N_("belongs to no letter yet"),
        "set_aside": N_("set aside"),
        "unreadable": N_("can't be read"),
    },
    Part: {
        "member": N_("Members of a parliament"),
        "government": N_("Ministers, ministries, heads of government and state, ambassadors"),
        "european": N_("Members of the European Parliament, commissioners"),
    },
    Mark: {mark.value: words for mark, words in MARKS.items()},
    MailKind: {
        "answer": N_("answer"),
        "auto_reply": N_("automatic answer"),
        "bounce_permanent": N_("came back for good"),
        "bounce_temporary": N_("came back, perhaps for now"),
        "delayed": N_("delayed"),
        "receipt": N_("receipt"),
        "complaint": N_("complaint about spam"),
        "list": N_("mail to a list"),
        "other": N_("something else"),
    },
    ReplyChannel: {
        "email": N_("e-mail"),
        "post": N_("post"),
        "phone": N_("phone"),
        "meeting": N_("meeting"),
        "vote": N_("vote"),
        "public_statement": N_("public statement"),
    },
    SignedBy: {
        "member": N_("the person written to"),
        "staff": N_("their staff"),
        "unit": N_("a unit of the office"),
        "automatic": N_("a machine"),
    },
    Outcome: {
        "running": N_("running"),
        "delivered": N_("delivered"),
        "put_back": N_("put back"),
        "refused": N_("refused"),
        "unknown": N_("unknown"),
    },
    ReplyKind: {
        "auto_reply": N_("automatic answer"),
        "out_of_office": N_("out of office"),
        "acknowledgement": N_("acknowledgement"),
        "holding": N_("holding answer"),
        "referral": N_("referral"),
        "supportive": N_("supportive"),
        "leaning_supportive": N_("leaning to support"),
        "noncommittal": N_("noncommittal"),
        "opposed": N_("opposed"),
        "not_competent": N_("says it isn't theirs"),
        "meeting_offer": N_("offer to meet"),
        "evidence_request": N_("asks for evidence"),
        "constituents_only": N_("answers constituents only"),
        "identity_question": N_("asks who we are"),
        "action_report": N_("reports what was done"),
        "bounce_hard": N_("address does not exist"),
        "bounce_soft": N_("could not be delivered yet"),
        "objection_data": N_("objects to being written to"),
        "left_office": N_("has left office"),
        "hostile": N_("hostile"),
        "suspicious": N_("suspicious"),
    },
}


def word_for(member: StrEnum) -> str:
    """Return the English word for `member`, marked for translation; its value if it has none."""
    return WORDS.get(type(member), {}).get(member.value) or member.value.replace("_", " ")
