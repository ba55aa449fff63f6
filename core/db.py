"""The database: one metadata, one session, one commit site, and what differs between the two engines.

A request is one transaction. GET, HEAD and OPTIONS run in a transaction that the database itself keeps from
writing; all other methods begin as writers at once. Why not the defaults:

- SQLite under Python's own transaction handling sends BEGIN only before the first write, so a check followed by
  an act reads outside the transaction: order numbers double and ceilings are passed, without one error.
- A plain BEGIN that later writes fails at once with "database is locked", whatever the busy timeout. Writers
  therefore say BEGIN IMMEDIATE and wait their turn (30 s), in a line, since SQLite's own waiting knows no order.
- WAL with synchronous=NORMAL loses acknowledged orders at power loss; FULL does not.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fcntl import LOCK_EX, flock
from functools import cache, partial, wraps
from inspect import signature
from itertools import chain
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, ParamSpec, cast

from flask import Flask, Response
from flask_babel import lazy_gettext as _l
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import CTE, BigInteger, MetaData, Select, bindparam, event, func, literal, select
from sqlalchemy import cast as type_cast
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect, Engine, make_url
from sqlalchemy.exc import DisconnectionError, IntegrityError, InvalidRequestError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.elements import ColumnElement

from core.errors import NotFound
from core.web import Page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Parameters = ParamSpec("Parameters")
AnySelect = Select[*tuple[Any, ...]]  # of any columns

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
WAIT_SECONDS = 30  # how long a writer waits for another one
LOOK_SECONDS = 0.001  # how often the first in line looks whether it is its turn
RESTED = 1.0  # seconds after which a connection to a server is asked whether it still stands


class Base(DeclarativeBase):
    """All tables. Constraint names follow one convention, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)

_writing: ContextVar[bool] = ContextVar("writing", default=True)
_last_steps: list[Callable[[Session], None]] = []


class TransactionalFlask(Flask):
    """A Flask where the request is the unit of work: 2xx and 3xx of an unsafe method commit, all else rolls back.

    The commit happens inside the dispatch, so that an error in it meets the same error handlers as one in a view.
    """

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        token = _writing.set(environ["REQUEST_METHOD"] not in READING_METHODS)
        try:
            return super().wsgi_app(environ, start_response)
        finally:
            _writing.reset(token)

    def dispatch_request(self) -> Response:
        try:
            response = self.make_response(super().dispatch_request())
            if not _writing.get():
                db.session.close()  # a rollback would make ready to read everything once more
            elif response.status_code < 400:
                commit()
            else:
                rollback()
            return response
        except BaseException:
            rollback()
            raise


def at_commit(step: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register what must be the last statements of every transaction.

    Only the journal uses it: its head is one row, so it must be the last lock that a transaction takes.
    """
    _last_steps.append(step)
    return step


def commit() -> None:
    """Make everything since the transaction began true, or nothing of it."""
    session = db.session()
    for step in _last_steps:
        step(session)
    session.commit()


def rollback() -> None:
    """Undo everything since the transaction began, also what was only noted to be written at its end."""
    session = db.session()
    session.info.clear()
    session.rollback()


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """One transaction outside a request's own: of a command, of the worker, or a short one before the request's.

    Commits at the end and rolls back on any exception. Must start when no transaction is open in this context.
    """
    token = _writing.set(True)
    try:
        yield db.session()
        commit()
    except BaseException:
        rollback()
        raise
    finally:
        _writing.reset(token)


@contextmanager
def undone() -> Iterator[Session]:
    """Whatever is done inside is undone at its end, also what was only noted to be written with the commit: to show
    what an act would do, with all its rules, before anybody says yes to it."""
    session = db.session()
    noted = {key: list(notes) for key, notes in session.info.items()}
    savepoint = session.begin_nested()
    try:
        yield session
    finally:
        if savepoint.is_active:
            savepoint.rollback()
        session.expire_all()
        session.info.clear()
        session.info.update(noted)


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only transaction outside a request: takes no write lock, and the database refuses a write in it."""
    token = _writing.set(False)
    try:
        yield db.session()
    finally:
        rollback()
        _writing.reset(token)


def prepared(build: Callable[Parameters, AnySelect]) -> Callable[Parameters, tuple[AnySelect, dict[str, Any]]]:
    """A select as a function of its parameters, built only once: composing one costs more than the database's answer.

    The function is called a single time, with a bound parameter in the place of each argument, so it may compare them
    but never ask what they are. What it becomes gives statement and values: `session.scalars(*of_order(number))`.
    """
    names = list(signature(build).parameters)

    @cache
    def statement() -> AnySelect:
        return cast(Any, build)(*map(bindparam, names))  # type: ignore[no-any-return]

    @wraps(build)
    def bound(*args: Parameters.args, **kwargs: Parameters.kwargs) -> tuple[AnySelect, dict[str, Any]]:
        return statement(), dict(zip(names, args, strict=False)) | kwargs

    return bound


_LARGE = "".join(c for c in map(chr, range(0xC0, 0x180)) if c.lower() != c and len(c.lower()) == 1)  # Å, Ä, Ö, É …


def mentions(column: Any, text: str) -> ColumnElement[bool]:
    """Whether a column has a text in it, large and small letters alike. PostgreSQL's own lower() knows no Å, Ä or Ö in
    a database of locale C, which is the usual one of a server that came without locales."""
    small = func.lower(column)
    if db.engine.dialect.name == "postgresql":
        small = func.translate(small, _LARGE, _LARGE.lower())
    return small.contains(text.lower(), autoescape=True)


def hold(thing: Base) -> None:
    """Have a thing for oneself until the transaction ends, read anew: what somebody else has just saved is seen. A
    reading transaction holds nothing. What refers to the thing may still be entered (no key is changed). Raises
    NotFound where somebody has just removed it."""
    if locks_rows() and _writing.get():
        db.session.flush()  # or what is not written yet is forgotten
        try:
            db.session.refresh(thing, with_for_update={"key_share": True, "of": type(thing)})
        except InvalidRequestError:
            raise NotFound(_l("Det finns inte längre: någon annan har just tagit bort det.")) from None


def locks_rows() -> bool:
    """Whether a row must be locked to have it for oneself: a writer on SQLite is alone since its BEGIN IMMEDIATE."""
    return db.engine.dialect.name == "postgresql"


def paginate(statement: Select[Any], number: int, size: int = 25) -> Page:
    """Page `number` (from 1; one beyond the last gives the last) of a select of one ordered entity. Two queries."""
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    number = max(1, min(number, -(-total // size)))
    items = db.session.scalars(statement.limit(size).offset((number - 1) * size)).unique().all()
    return Page(items, number, size, total)


def insert_with_conflict(table: type[Base]) -> Any:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`, in the dialect of the database."""
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(table.__table__)  # not the class: the ORM would look at every value, for nothing


def json_table(name: str, rows: Iterable[Sequence[int | None]], columns: Sequence[str]) -> CTE:
    """Whole numbers that the program knows, as a table for a statement: one parameter, however many rows."""
    if db.engine.dialect.name == "postgresql":
        content = literal(list(rows), postgresql.JSONB)
        value: Any = func.jsonb_array_elements(content, type_=postgresql.JSONB).column_valued("item")
        found = [value[i].astext.cast(BigInteger) for i in range(len(columns))]
    else:
        value = func.json_each(json.dumps(list(rows))).table_valued("value").c.value
        # cast, or SQLite makes no index of its own for the join and looks through all of them for every row
        found = [type_cast(func.json_extract(value, f"$[{i}]"), BigInteger) for i in range(len(columns))]
    table = select(*(column.label(label) for label, column in zip(columns, found, strict=True)))
    return table.cte(name).prefix_with("MATERIALIZED")


def insert_many(table: str, columns: Sequence[str], chunks: Iterable[Iterable[Sequence[Any]]]) -> None:
    """Insert rows by the hundred thousand, in the session's transaction: with COPY on PostgreSQL.

    table, columns: their names; chunks: of rows, the values as the driver takes them (no type of a column is asked).
    Raises IntegrityError, after which the transaction, or its savepoint, must be rolled back.
    """
    connection = db.session.connection()
    names = ", ".join(columns)
    if connection.dialect.name != "postgresql":
        statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  ours
        for chunk in chunks:
            connection.exec_driver_sql(statement, list(chunk))
        return
    statement = f"COPY {table} ({names}) FROM STDIN"
    try:
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
            for row in chain.from_iterable(chunks):
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.IntegrityError as error:
        raise IntegrityError(statement, None, error) from error


def init_db(app: Flask, url: str) -> None:
    """Bind the application to its database."""
    is_sqlite = make_url(url).get_backend_name() == "sqlite"
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        # what PostgreSQL would compile here takes seconds to compile and less than one to run
        "connect_args": {"timeout": WAIT_SECONDS} if is_sqlite else {"options": "-c jit=off"}
    }
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def prepare_engine(engine: Engine) -> None:
    """Give an engine the transactions described at the top of this file."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", partial(_check_rested, engine.dialect))
        engine.dialect.do_rollback = _end_postgresql  # type: ignore[assignment, method-assign]


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # no BEGIN of the driver's own
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    """SQLite's own lower() knows no Å, Ä or Ö: whoever searched for ”äldre” would not find Äldreomsorg."""
    return None if text is None else text.lower()


def _begin_sqlite(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    writing = _writing.get()
    if connection.info.get("writing") is not writing:
        driver.execute(f"PRAGMA query_only={int(not writing)}")
        connection.info["writing"] = writing
    path = connection.engine.url.database or ":memory:"
    if not writing:
        driver.execute("BEGIN")
    elif path == ":memory:":
        driver.execute("BEGIN IMMEDIATE")
    else:
        _begin_in_turn(connection, path)


def _begin_in_turn(connection: Connection, path: str) -> None:
    """BEGIN IMMEDIATE in the order in which it was asked for (docs/decisions/0017).

    SQLite gives the lock to whoever happens to look when it is free, and who has waited long looks least often. So
    only the first in line looks, and often; the others sleep until it is their turn.
    """
    driver: Any = connection.connection.dbapi_connection
    until = monotonic() + WAIT_SECONDS
    with _first_in_line(path):
        driver.execute("PRAGMA busy_timeout=0")
        try:
            while not _has_begun(driver) and monotonic() < until:
                sleep(LOOK_SECONDS)
            if not driver.in_transaction:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last try; its error is everybody's
        finally:
            driver.execute(f"PRAGMA busy_timeout={WAIT_SECONDS * 1000}")


@contextmanager
def _first_in_line(path: str) -> Iterator[None]:
    """Wait for a lock on an empty file beside the database: the kernel hands it on in order, also from who dies."""
    try:
        line = os.open(f"{path}-line", os.O_RDONLY | os.O_CREAT, 0o666)
    except OSError:  # not ours to open: then without order
        yield
        return
    try:
        flock(line, LOCK_EX)
        yield
    finally:
        os.close(line)


def _has_begun(driver: Any) -> bool:
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise
        return False
    return True


def _begin_postgresql(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.read_only = not _writing.get()  # psycopg's BEGIN says so


def _note_use(_driver: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = monotonic()


def _check_rested(dialect: Dialect, driver: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Ask a connection that has rested whether it still stands, before anything is entrusted to it; one that was used
    a moment ago is believed, because asking costs as much as a query. The pool makes another for one that has gone."""
    if monotonic() - record.info.get("used", 0) > RESTED:
        try:
            dialect.do_ping(driver)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def _end_postgresql(driver: Any) -> None:
    """What has only read ends with COMMIT: at a ROLLBACK psycopg forgets the statements that it has prepared, and the
    planner's work on a page's joins takes longer than the database's answers."""
    if driver.read_only:
        driver.commit()
    else:
        driver.rollback()
