"""What can go wrong, as one tree: each error carries its facts and a sentence for the person."""

from __future__ import annotations

from collections.abc import Sequence

from outreach.words import Sentence


class OutreachError(Exception):
    """The root. `sentence` says what happened, what it means and what to do next."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class BadSetting(OutreachError):
    """An environment variable holds something we can't use."""


class BadFile(OutreachError):
    """A letter, contacts or campaign file can't be used. Names file and line."""

    def __init__(self, file: str, line: int | None, sentence: Sentence) -> None:
        self.file = file
        self.line = line
        self.problem = sentence
        where = f"{file}, line {line}" if line else file
        super().__init__(Sentence("%(where)s: %(problem)s", where=where, problem=str(sentence)))


class BadInput(OutreachError):
    """What a person typed can't be used. `field` is the form field it belongs to, if one."""

    def __init__(self, sentence: Sentence, field: str | None = None) -> None:
        super().__init__(sentence)
        self.field = field


class NotFound(OutreachError):
    """Nothing there, or nothing this person may see. Doors answer 404."""


class NotAllowed(OutreachError):
    """This person may not do that. Doors answer 403."""


class MoveRefused(OutreachError):
    """The letter can't make this move now, or somebody else was first. Doors answer 409."""


class Refused(OutreachError):
    """A rule says no, for every reason in `reasons`. Doors answer 409 and show all of them."""

    def __init__(self, sentence: Sentence, reasons: Sequence[Sentence] = ()) -> None:
        super().__init__(sentence)
        self.reasons = tuple(reasons)
