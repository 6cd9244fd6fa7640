"""Mail providers where anybody gets a mailbox: an address there may be somebody's own."""

from __future__ import annotations

# Well-known ones of the countries we write to; a name without a dot stands for every ending.
_EVERY_ENDING = frozenset(
    {"gmail", "googlemail", "yahoo", "ymail", "rocketmail", "hotmail", "outlook", "live", "gmx"}
)
_LISTED = """
aim.com aol.com fastmail.com hey.com hushmail.com icloud.com inbox.com mac.com mail.com me.com
msn.com pm.me proton.me protonmail.ch protonmail.com tuta.com tuta.io tutanota.com tutanota.de
zoho.com zohomail.com zohomail.eu
arcor.de email.de freenet.de mail.de mailbox.org posteo.de t-online.de web.de
aon.at chello.at kabsi.at utanet.at bluewin.ch hispeed.ch
free.fr laposte.net neuf.fr numericable.fr orange.fr sfr.fr wanadoo.fr skynet.be telenet.be
alice.it inwind.it libero.it tim.it tin.it tiscali.it virgilio.it iol.pt sapo.pt
telefonica.net terra.es btinternet.com ntlworld.com sky.com talktalk.net virginmedia.com
eircom.net
home.nl kpnmail.nl planet.nl xs4all.nl ziggo.nl online.no telia.com kolumbus.fi pp.inet.fi
centrum.cz email.cz post.cz seznam.cz volny.cz azet.sk post.sk zoznam.sk
citromail.hu freemail.hu indamail.hu t-online.hu
interia.eu interia.pl gazeta.pl o2.pl onet.eu onet.pl op.pl poczta.fm poczta.onet.pl
tlen.pl wp.pl
abv.bg dir.bg mail.bg net.hr siol.net t-2.net eunet.rs mailbox.hr
forthnet.gr otenet.gr cytanet.com.cy in.gr
delfi.ee hot.ee mail.ee apollo.lv e-apollo.lv inbox.lv inbox.lt one.lt takas.lt
bigmir.net i.ua meta.ua ua.fm ukr.net rambler.ru bk.ru inbox.ru list.ru mail.ru yandex.ru
yandex.com yandex.by yandex.ua ya.ru tut.by mail.by mynet.com walla.co.il walla.com
bezeqint.net 163.com 126.com qq.com sina.com naver.com hanmail.net daum.net rediffmail.com
bol.com.br terra.com.br uol.com.br prodigy.net.mx mweb.co.za telkomsa.net vodamail.co.za
webmail.co.za bigpond.com optusnet.com.au xtra.co.nz comcast.net verizon.net att.net
sympatico.ca videotron.ca rogers.com shaw.ca
"""
_DOMAINS = frozenset(_LISTED.split())
_USUAL_ENDINGS = ("co.uk", "com", "de", "fr", "net")
# The longest first: `yahoo.co.uk` is not Colombia's.
_WRITTEN_OUT = sorted(
    _DOMAINS | {f"{name}.{ending}" for name in _EVERY_ENDING for ending in _USUAL_ENDINGS},
    key=len,
    reverse=True,
)


def is_free_mail(address: str) -> bool:
    """Return whether the mailbox `address` is at a provider that gives one to anybody."""
    domain = address.rpartition("@")[2].strip().rstrip(".").casefold()
    name, dot, _ending = domain.partition(".")
    return domain in _DOMAINS or (bool(dot) and name in _EVERY_ENDING)


def provider_at_start(text: str) -> str:
    """Return the provider that `text` begins with (`gmail.combo` → gmail.com), or ""."""
    plain = text.casefold()
    return next((domain for domain in _WRITTEN_OUT if plain.startswith(domain)), "")
