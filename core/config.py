"""Settings from the environment, checked when the program starts: a wrong one stops it and says its name."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import unquote, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SHORTEST_KEY = 32  # characters
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:\*\.{_LABEL}\.)?{_LABEL}(?:\.{_LABEL})*(?::[1-9]\d{{0,4}})?")


class SettingError(Exception):
    """A setting cannot be used: which one, and what is expected."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"{name}: {expected}")
        self.name = name


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over: `smtp://` (STARTTLS when offered), `smtp+starttls://` (demanded), `smtps://`."""

    host: str
    port: int
    user: str | None
    password: str | None
    security: str  # "opportunistic", "starttls" or "tls"

    def __repr__(self) -> str:  # a password must never reach a log
        return f"SmtpServer({self.host}:{self.port}, {self.security}, user={self.user!r})"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; README.md has the same table."""

    database_url: str
    secret_key: str
    base_url: str
    smtp: SmtpServer | None
    mail_from: str
    data_dir: Path
    picture_hosts: tuple[str, ...]  # small letters: `img.example.se`, `*.example.se`, `img.example.se:8443`

    @property
    def is_secure(self) -> bool:
        """Whether people reach the system over https: cookies are then marked Secure."""
        return self.base_url.startswith("https://")


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises SettingError naming the first wrong one."""
    env = os.environ if env is None else env
    data_dir = Path(env.get("AVROP_DATA_DIR") or ".data").expanduser().resolve()
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError("AVROP_DATA_DIR", f"a folder that can be written to ({error.strerror})") from None
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise SettingError("AVROP_DATA_DIR", f"a folder that can be written to, which {data_dir} is not")
    base_url = _base_url(env)
    return Settings(
        database_url=_database_url(env, data_dir),
        secret_key=_secret_key(env, data_dir),
        base_url=base_url,
        smtp=_smtp(env),
        mail_from=_mail_from(env, base_url),
        data_dir=data_dir,
        picture_hosts=_picture_hosts(env),
    )


def _database_url(env: Mapping[str, str], data_dir: Path) -> str:
    text = env.get("AVROP_DATABASE_URL") or f"sqlite:///{data_dir / 'avrop.db'}"
    expected = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingError("AVROP_DATABASE_URL", expected) from None
    kind = url.get_backend_name()
    if kind == "postgresql":
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        return text
    if kind == "sqlite":
        expected += " (a database in memory is not shared between processes)"
    raise SettingError("AVROP_DATABASE_URL", expected)


def _secret_key(env: Mapping[str, str], data_dir: Path) -> str:
    """The key that signs cookies and tokens; made once and kept in the data folder when none is given."""
    key, expected = env.get("AVROP_SECRET_KEY"), f"at least {SHORTEST_KEY} characters that nobody can guess"
    if key is None:
        path = data_dir / "secret-key"
        if not path.exists():
            _make_key(path)
        key, expected = path.read_text("ascii").strip(), f"{expected}, which {path} does not hold"
    if len(key) < SHORTEST_KEY:
        raise SettingError("AVROP_SECRET_KEY", expected)
    return key


def _make_key(path: Path) -> None:
    """Write a key that only we read. The file is there whole or not at all: of several processes that start at once the
    first one's key is everybody's, and none reads half of it."""
    descriptor, unnamed = mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(unnamed, path)
    finally:
        Path(unnamed).unlink()


def _base_url(env: Mapping[str, str]) -> str:
    text = env.get("AVROP_BASE_URL") or f"http://{env.get('HOST') or '127.0.0.1'}:{env.get('PORT') or '8000'}"
    expected = "the address people use, such as https://avrop.example.se"
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # read, because it raises for what is no port
    except ValueError:
        raise SettingError("AVROP_BASE_URL", expected) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingError("AVROP_BASE_URL", expected)
    return text.rstrip("/")


def _smtp(env: Mapping[str, str]) -> SmtpServer | None:
    text = env.get("AVROP_SMTP_URL")
    if not text:
        return None
    expected = "smtp://, smtp+starttls:// or smtps://[USER:PASSWORD@]HOST[:PORT]"
    security = {"smtp": "opportunistic", "smtp+starttls": "starttls", "smtps": "tls"}
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        raise SettingError("AVROP_SMTP_URL", expected) from None
    if parts.scheme not in security or not parts.hostname:
        raise SettingError("AVROP_SMTP_URL", expected)
    default = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[parts.scheme]
    return SmtpServer(
        host=parts.hostname,
        port=port or default,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        security=security[parts.scheme],
    )


def _mail_from(env: Mapping[str, str], base_url: str) -> str:
    host = urlsplit(base_url).hostname or "localhost"
    text = (
        env.get("AVROP_MAIL_FROM") or f"Avrop <avrop@{host if '.' in host and host[-1].isalpha() else 'avrop.example'}>"
    )
    address = parseaddr(text)[1]
    if "@" not in address or any(c in text for c in "\r\n"):
        raise SettingError("AVROP_MAIL_FROM", "an address such as Avrop <avrop@example.se>")
    return text


def _picture_hosts(env: Mapping[str, str]) -> tuple[str, ...]:
    """From which hosts pictures of articles may be fetched; none by default."""
    hosts = [host.strip().lower() for host in (env.get("AVROP_PICTURE_HOSTS") or "").split(",")]
    for host in filter(None, hosts):
        if not _HOST.fullmatch(host):
            raise SettingError("AVROP_PICTURE_HOSTS", "host names parted by commas: img.example.se, *.example.com")
    return tuple(dict.fromkeys(filter(None, hosts)))
