"""Tries a mail account without sending a letter: the line, its encryption, the password."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import replace

from outreach.accounts.models import Security
from outreach.sending.answers import sense
from outreach.sending.finding import Finding, Found
from outreach.sending.postman import Refusal, TransportError
from outreach.sending.smtp import Server, SMTPPostman
from outreach.words import Sentence

# Seconds: a person waits for the answer.
PATIENCE = 15.0


def try_connection(
    server: Server,
    *,
    sender: str,
    probe: str = "",
    trust: ssl.SSLContext | None = None,
) -> list[Finding]:
    """Connect to `server` as a letter would, and say goodbye before one is handed over.

    With a `probe` the server is also asked whether it would take a letter from `sender` to that
    address. Returns what was found, with the server's own words.
    """
    patient = replace(server, timeout=min(server.timeout, PATIENCE))
    with SMTPPostman(patient, trust=trust) as postman:
        try:
            line = postman.connected()
        except TransportError as error:
            return [_failed(server, error)]
        found = [_line(server, line), _hello(line)]
        if server.username:
            words = Sentence("The server takes the user name and the password.")
            found.append(Finding("sign-in", Found.GOOD, words))
        if probe:
            found.append(_probe(line, sender, probe))
        return found


def _failed(server: Server, error: TransportError) -> Finding:
    said = error.__cause__
    busy = isinstance(said, smtplib.SMTPResponseException) and sense(said.smtp_code)
    if error.refusal is Refusal.UNREACHED and busy:
        words = Sentence(
            "The server answers, but turns us away for now: %(words)s. Try again later; if it goes "
            "on, ask your provider.",
            words=error.words,
        )
        return Finding("line", Found.WRONG, words)
    if error.refusal is Refusal.UNREACHED:
        words = Sentence(
            "No mail server answers us at %(host)s, port %(port)s (%(words)s). Check the name, the "
            "port and the encryption: from the start it goes with port 465, after the greeting "
            "with 587.",
            host=server.host,
            port=server.port,
            words=error.words,
        )
        return Finding("line", Found.WRONG, words)
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return Finding("line", Found.WRONG, _certificate(server, error.__cause__))
    if isinstance(error.__cause__, ssl.SSLError) or "STARTTLS" in error.words:
        words = Sentence(
            "No encrypted line comes about: %(words)s. Try the other kind of encryption with its "
            "port: from the start with 465, after the greeting with 587.",
            words=error.words,
        )
        return Finding("line", Found.WRONG, words)
    words = Sentence("The server turned us away: %(words)s", words=error.words)
    return Finding("sign-in", Found.WRONG, words)


def _certificate(server: Server, error: ssl.SSLCertVerificationError) -> Sentence:
    """What is wrong with a certificate, and what to do; nothing was told to such a server."""
    return Sentence(
        "The server can't prove that it is %(host)s (%(words)s). Neither password nor letter was "
        "told to it. Write the server's name as your provider gives it; if it is written so, send "
        "the provider these words: the certificate has to be renewed.",
        host=server.host,
        words=error.verify_message or error.reason or error,
    )


def _line(server: Server, line: smtplib.SMTP) -> Finding:
    if isinstance(line.sock, ssl.SSLSocket):
        words = Sentence(
            "Encrypted (%(version)s), and the certificate is that of %(host)s.",
            version=line.sock.version() or "?",
            host=server.host,
        )
        return Finding("line", Found.GOOD, words)
    assert server.security is Security.NONE
    return Finding(
        "line", Found.GOOD, Sentence("Not encrypted: the server is on this very machine.")
    )


def _hello(line: smtplib.SMTP) -> Finding:
    said = (line.ehlo_resp or line.helo_resp or b"").decode("utf-8", "replace")
    words = Sentence("It says: %(words)s", words=", ".join(said.split("\n")))
    return Finding("hello", Found.GOOD, words)


def _probe(line: smtplib.SMTP, sender: str, probe: str) -> Finding:
    """Ask for an address and take it back: RSET before DATA (RFC 5321 §4.1.1.5)."""
    try:
        code, said = line.mail(sender)
        if code < 300:
            code, said = line.rcpt(probe)
        line.rset()
    except (OSError, smtplib.SMTPException) as error:
        words = Sentence("The line broke when we asked for an address: %(words)s", words=error)
        return Finding("tag", Found.UNKNOWN, words)
    answer = f"{code} {said.decode('utf-8', 'replace')}"
    if code < 300:
        words = Sentence(
            "It would take a letter to %(address)s. That is no proof that it arrives: answer the "
            "test letter to be sure.",
            address=probe,
        )
        return Finding("tag", Found.GOOD, words)
    words = Sentence(
        "It takes nothing for %(address)s, so leave tags off: %(words)s",
        address=probe,
        words=answer,
    )
    return Finding("tag", Found.WRONG, words)
