"""Account: logging in, and what a person does with her own account.

Comparing a password takes a tenth of a second. Here no transaction is open meanwhile: on SQLite it would hold the
one write lock, and everybody's log-in at eight would stand in line behind it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from flask_babel import lazy_gettext as _l

from auth.journal import record
from auth.mail import send_reset
from auth.password_link import user_of_token
from auth.queries import found, user_by_email
from auth.session import LoginSession, end_sessions
from auth.throttle import TooManyTries, forget, take_back, within_limit
from auth.user import User, check_password, hash_password, normal_email, password_matches, stored_hash
from core.clock import now
from core.db import hold, reading, rollback, unit_of_work
from core.errors import NotFound, RuleBroken

log = logging.getLogger("avrop.auth")

QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
TRIES_PER_ACCOUNT = 10
TRIES_PER_ADDRESS = 100
RESETS_PER_ACCOUNT = 3
RESETS_PER_ADDRESS = 20


def sign_in(email: str, password: str, address: str) -> User | None:
    """The person whose address and password these are, or none: without a word, or a moment, that tells why not.

    `address` is the network address that asks. Raises TooManyTries. Must be called with no transaction open; leaves
    one open, for the session to be written in.
    """
    account, network = f"log-in of {normal_email(email)}", f"log-in from {address}"
    with unit_of_work():
        by_address = within_limit(network, TRIES_PER_ADDRESS, QUARTER)
        by_account = within_limit(account, TRIES_PER_ACCOUNT, QUARTER)
    if not (by_address and by_account):
        log.warning("log-in throttled, from %s", address)
        raise TooManyTries(QUARTER)
    with reading():
        stored = stored_hash(user_by_email(email))
    right = password_matches(stored, password)
    user = user_by_email(email)
    if user is None or not right or stored_hash(user) != stored:
        # the address is not logged: people type their password in the wrong field
        log.warning("log-in refused for user %s, from %s", user.id if user else "unknown", address)
        return None
    take_back(network)  # a whole municipality may stand behind one address
    forget(account)
    return user


def switch_organisation(user: User, session: LoginSession, organisation_id: int) -> None:
    """Act for another of her organisations from now on, in this browser."""
    organisation = found(next((o for o in user.organisations() if o.id == organisation_id), None))
    session.organisation = organisation
    record(user, "switch", "session", session.id, organisation_id=organisation.id)


def choose_language(user: User, language: str) -> None:
    """Read the pages, and get mail, in a language."""
    user.language = language


def change_password(user: User, session: LoginSession, present: str, new: str) -> None:
    """Change her own password; every other browser is logged out.

    Raises RuleBroken when the present one is wrong or the new one too weak, TooManyTries after ten wrong ones.
    Ends the transaction that is open, and leaves another.
    """
    check_password(new, user)
    stored, key = user.password_hash, f"password of {user.id}"
    rollback()
    with unit_of_work():
        allowed = within_limit(key, TRIES_PER_ACCOUNT, QUARTER)
    if not allowed:
        raise TooManyTries(QUARTER)
    right = password_matches(stored, present)
    hashed = hash_password(new) if right else ""
    if not right or user.password_hash != stored:
        raise RuleBroken(_l("Ditt nuvarande lösenord stämmer inte."))
    forget(key)
    _use(user, hashed, but=session.id)
    record(user, "change-password", "user", user.id, organisation_id=session.organisation_id)


def end_other_sessions(user: User, session: LoginSession) -> None:
    """Log out everywhere but here."""
    end_sessions(user.id, but=session.id)
    record(user, "end-sessions", "user", user.id, organisation_id=session.organisation_id)


def ask_for_reset(email: str, address: str) -> None:
    """Mail a link for a new password, when there is such a person; says nothing of whether there is.

    Raises TooManyTries for a network address that asks too much. Too many for one mailbox are dropped in silence.
    Must be called with no transaction open.
    """
    with unit_of_work():
        by_address = within_limit(f"reset from {address}", RESETS_PER_ADDRESS, HOUR)
        by_account = within_limit(f"reset of {normal_email(email)}", RESETS_PER_ACCOUNT, HOUR)
    if not by_address:
        raise TooManyTries(HOUR)
    user = user_by_email(email)
    if user is not None and user.is_active and by_account:
        send_reset(user)


def reset_password(token: str, new: str) -> User:
    """Choose a password by a link; every browser of hers is logged out.

    Raises NotFound for a link that no longer counts, RuleBroken for a weak password. Ends the transaction that is
    open, and leaves another.
    """
    user = user_of_token(token)
    if user is None:
        raise NotFound(_l("Länken gäller inte längre."), way_on=_l("Be om en ny länk på sidan Glömt lösenord."))
    check_password(new, user)
    rollback()
    hashed = hash_password(new)
    if user := user_of_token(token):
        hold(user)
        user = user_of_token(token)  # somebody may have used it meanwhile
    if user is None:
        raise NotFound(_l("Länken gäller inte längre."), way_on=_l("Be om en ny länk på sidan Glömt lösenord."))
    _use(user, hashed)
    record(user, "reset-password", "user", user.id)
    return user


def _use(user: User, hashed: str, but: int | None = None) -> None:
    user.password_hash, user.password_changed_at = hashed, now()
    end_sessions(user.id, but=but)
