"""Password link: lets the reader of a mailbox choose a password, once and for a short time.

The token is signed with the secret key and with a digest of the present password and address as salt: choosing a
password, or changing the address, makes every link that is out worthless without a list of used ones.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from auth.user import User
from core.db import db

RESET = timedelta(hours=1)
INVITATION = timedelta(days=7)  # the first password of a new person


def lifetime(user: User) -> timedelta:
    """How long a link for her lasts, counted from when it was made."""
    return INVITATION if user.password_hash is None else RESET


def make_token(user: User) -> str:
    """A token for her who has the mailbox; the user must have her id."""
    return _serializer(user).dumps(user.id)


def user_of_token(token: str) -> User | None:
    """Whose token this is; nobody's when it is forged, too old, used already, or its owner is disabled."""
    try:
        _, claimed = URLSafeTimedSerializer("").loads_unsafe(token)
    except BadData:
        return None
    user = db.session.get(User, claimed) if isinstance(claimed, int) and 0 < claimed < 2**31 else None
    if user is None or not user.is_active:
        return None
    try:
        _serializer(user).loads(token, max_age=int(lifetime(user).total_seconds()))
    except BadData:
        return None
    return user


def _serializer(user: User) -> URLSafeTimedSerializer:
    secret = current_app.secret_key
    if not secret:
        raise LookupError("the application has no secret key")
    state = sha256(f"{user.email}\n{user.password_hash or ''}".encode()).hexdigest()
    return URLSafeTimedSerializer(secret, salt=f"password link {state}")
