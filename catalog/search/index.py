"""Index: the search index of one node, derived from the published price lists and never the truth.

It lies in the data folder: `search/manifest.json` names the folder in use and says which price lists are in it,
each with the moment it was published. A search filters on the lists that stand both there and in the database's
answer to "what may this organisation order today?", so a lagging index can only miss rows. Swapping is one rename.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, NamedTuple

import tantivy
from flask import current_app
from sqlalchemy import func, select

from catalog.price_list import PriceList, PriceListState
from catalog.search import analyser
from catalog.search.analyser import Vocabulary, number_in, stem
from catalog.search.gathering import IndexedArticle, gather, gathered
from core.db import db, reading

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
HEAP = 15_000_000  # bytes for the writer: the least that Tantivy works well with, as web processes build too
WORDS_KEPT = 100_000
TEXT_FIELDS = ("code", "lead", "name", "parts", "keywords", "description")
REBUILD_SHARE = 5  # when a fifth of the articles are new the compounds are learned anew

_readers: dict[Path, Reader] = {}
_reading = Lock()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the index holds. `lists`: price list id → the moment of its publication, as written by the database."""

    folder: str
    analyser: int
    schema: int
    lists: dict[str, str]
    articles: int

    @property
    def is_ours(self) -> bool:
        return (self.analyser, self.schema) == (analyser.VERSION, SCHEMA_VERSION)


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far this node's index has come: for the readiness page and the command."""

    is_ready: bool
    articles: int
    lists: int
    lists_behind: int  # published lists that it does not hold yet, or holds no longer published


class Reader:
    """An opened index with the vocabulary that its queries are made with."""

    def __init__(self, root: Path, manifest: Manifest, stamp: tuple[int, int]) -> None:
        folder = root / manifest.folder
        self.manifest = manifest
        self.stamp = stamp  # of the manifest's file: another one means that the index has moved
        self.vocabulary = Vocabulary.load(folder / "vocabulary.json")
        self.stands: dict[tuple[tuple[str, ...], tuple[int, ...]], bool] = {}  # words, price lists → is there one?
        index = tantivy.Index.open(str(folder))
        index.config_reader("manual")  # no thread that watches files: the manifest says when to look
        index.reload()
        self.schema = index.schema
        self.searcher = index.searcher()
        for field in TEXT_FIELDS:  # a damaged file is noticed here, and not by whoever searches
            self.searcher.search(tantivy.Query.term_query(self.schema, field, ""), limit=1)


def index_folder() -> Path:
    """Where this node keeps its index."""
    return Path(current_app.config["AVROP"].data_dir) / "search"


def open_index() -> Reader | None:
    """The index as its manifest describes it now; none while there is no usable one. A stat when nothing moved."""
    try:
        return _open(index_folder())
    except FileNotFoundError:  # there is none; or it was swapped while it was being opened
        try:
            return _open(index_folder())
        except FileNotFoundError:
            return None


def _open(root: Path) -> Reader | None:
    path = root / "manifest.json"
    try:
        found = path.stat()
        stamp = (found.st_ino, found.st_mtime_ns)
        with _reading:
            if (reader := _readers.get(root)) is None or reader.stamp != stamp:
                manifest = Manifest(**json.loads(path.read_text("utf-8")))
                if not manifest.is_ours:
                    return None
                reader = _readers[root] = Reader(root, manifest, stamp)
            return reader
    except FileNotFoundError:
        raise
    except (ValueError, TypeError, KeyError, OSError) as error:
        log.warning("the search index is damaged and will be made anew: %s", error)
        return None


def published_lists() -> dict[str, str]:
    """What the index should hold: every list in force or soon to be."""
    rows = db.session.execute(
        select(PriceList.id, PriceList.published_at).where(PriceList.state == PriceListState.PUBLISHED)
    )
    return {str(row.id): str(row.published_at) for row in rows}


def index_state() -> IndexState:
    """How far the index of this node has come. One query."""
    reader, wanted = open_index(), published_lists()
    held = reader.manifest.lists if reader is not None else {}
    return IndexState(
        is_ready=reader is not None,
        articles=reader.manifest.articles if reader is not None else 0,
        lists=len(held),
        lists_behind=sum(wanted.get(i) != held.get(i) for i in wanted.keys() | held.keys()),
    )


def articles_waiting() -> int | None:
    """How many articles have to be read to bring the index up with the database; None when it is up. One query, or
    two when it lags."""
    reader, wanted = open_index(), published_lists()
    if reader is None:
        return _article_count(wanted)
    gone, new = _difference(reader, wanted)
    if not gone and not new:
        return None
    waiting = _article_count(new)
    return _article_count(wanted) if _is_too_much(waiting, reader) else waiting


def update_index(*, wait: bool = True, anew: bool = False) -> bool:
    """Bring the index up with the database; make it anew when it is missing, damaged or of another version.

    Returns whether anything was done. Without `wait` it leaves the work to whoever is doing it already.
    Cheap when there is nothing to do: one query.
    """
    root = index_folder()
    root.mkdir(parents=True, exist_ok=True)
    with _held(root / "lock", wait) as is_ours:
        if not is_ours:
            return False
        reader, wanted = (None if anew else open_index()), published_lists()
        if reader is None:
            _build(root, wanted)
            return True
        gone, new = _difference(reader, wanted)
        if not gone and not new:
            return False
        if _is_too_much(_article_count(new), reader):
            _build(root, wanted)
            return True
        try:
            _follow(root, reader, gone, new, wanted)
        except ValueError as error:  # so says tantivy also of a file that a killed process has left in its way
            log.warning("the search index cannot follow and will be made anew: %s", error)
            _build(root, wanted)
        return True


def follow_index() -> int:
    """The worker's job: bring this node's index up with the database. Returns 1 when something was done."""
    with reading():
        return int(update_index(wait=False))


def _difference(reader: Reader, wanted: dict[str, str]) -> tuple[list[str], list[str]]:
    """The lists to take out, and those to put in."""
    held = reader.manifest.lists
    gone = [i for i in held if held[i] != wanted.get(i)]
    return gone, [i for i in wanted if held.get(i) != wanted[i]]


def _is_too_much(new: int, reader: Reader) -> bool:
    """Whether so many articles are new that the whole is better made anew."""
    return new * REBUILD_SHARE > reader.manifest.articles


def _build(root: Path, wanted: dict[str, str]) -> None:
    last = max((int(f.name) for f in root.iterdir() if f.is_dir() and f.name.isdigit()), default=0)
    folder = root / str(last + 1)
    folder.mkdir()
    with TemporaryFile(dir=folder) as file:
        counts: Counter[str] = Counter()
        gather(wanted, counts, file)
        vocabulary = Vocabulary.learn(counts)
        index = tantivy.Index(_schema(), path=str(folder))
        writer = index.writer(HEAP, 1)
        articles = _add(writer, vocabulary, gathered(file))
    writer.commit()
    writer.wait_merging_threads()
    vocabulary.save(folder / "vocabulary.json")
    _swap(root, Manifest(folder.name, analyser.VERSION, SCHEMA_VERSION, wanted, articles))
    log.info("search index made anew: %s articles of %s price lists", articles, len(wanted))


def _follow(root: Path, reader: Reader, gone: list[str], new: list[str], wanted: dict[str, str]) -> None:
    """Take out the lists that are no longer in force and put in the new ones. Safe to do again after a crash."""
    folder = root / reader.manifest.folder
    with TemporaryFile(dir=root) as file:
        counts: Counter[str] = Counter(reader.vocabulary.counts)
        gather(new, counts, file)
        vocabulary = Vocabulary(counts, reader.vocabulary.modifiers)
        index = tantivy.Index.open(str(folder))
        writer = index.writer(HEAP, 1)
        for list_id in {*gone, *new}:
            writer.delete_documents_by_query(tantivy.Query.term_query(index.schema, "price_list", int(list_id)))
        added = _add(writer, vocabulary, gathered(file))
    writer.commit()
    writer.wait_merging_threads()
    vocabulary.save(folder / "vocabulary.json.new")
    (folder / "vocabulary.json.new").replace(folder / "vocabulary.json")
    index.config_reader("manual")
    index.reload()
    articles = index.searcher().num_docs
    _swap(root, Manifest(folder.name, analyser.VERSION, SCHEMA_VERSION, wanted, articles))
    log.info("search index follows: %s articles of %s new price lists", added, len(new))


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("article", indexed=False, fast=True)
    builder.add_unsigned_field("price_list", indexed=True, fast=True)
    builder.add_unsigned_field("price", fast=True)  # for sorting only
    builder.add_text_field("sort_name", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("marks", fast=True, tokenizer_name="raw", index_option="basic")
    for field in TEXT_FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="basic")
    return builder.build()


def _add(writer: Any, vocabulary: Vocabulary, articles: Iterable[IndexedArticle]) -> int:
    """Add articles; returns how many."""
    added, forms = 0, _Forms(vocabulary)
    for article in articles:
        name, other = [forms[word] for word in article.name], [forms[word] for word in article.other]
        document = tantivy.Document()
        document.add_unsigned("article", article.id)
        document.add_unsigned("price_list", article.price_list)
        document.add_unsigned("price", article.price)
        document.add_text("sort_name", article.sort_name)
        for mark in article.marks:
            document.add_text("marks", mark)
        document.add_text("code", article.codes)
        document.add_text("lead", _joined([form.kinds for form in name[:1]]))  # price lists put the noun first
        document.add_text("name", _joined([form.kinds for form in name]))
        document.add_text("keywords", _joined([form.kinds for form in other]))
        document.add_text("parts", _joined([form.pieces for form in (*name, *other) if form.pieces]))
        document.add_text("description", _joined([forms[word].stem for word in article.description]))
        writer.add_document(document)
        added += 1
    return added


class _Form(NamedTuple):
    """A word as it is indexed, each a token or several."""

    stem: str
    kinds: str  # what a thing is: the word, and the last part of a compound, for copying paper is paper
    pieces: str  # what else may be asked for: the first parts of a compound, and the bare number of a measure


class _Forms(dict[str, _Form]):
    """The words of the catalogue as they are indexed: most stand in many articles."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def __missing__(self, word: str) -> _Form:
        if len(self) >= WORDS_KEPT:
            self.clear()
        parts, bare = self._vocabulary.parts(word), number_in(word)
        pieces = (*parts[:-1], bare) if bare is not None else parts[:-1]
        form = self[word] = _Form(own := stem(word), _joined((own, *parts[-1:])), _joined(pieces))
        return form


def _joined(tokens: Iterable[str]) -> str:
    return " ".join(tokens)


def _article_count(list_ids: Iterable[str]) -> int:
    ids = [int(i) for i in list_ids]
    return db.session.scalar(select(func.sum(PriceList.article_count)).where(PriceList.id.in_(ids))) or 0


def _swap(root: Path, manifest: Manifest) -> None:
    """Point at the new state with one rename; folders nobody points at are removed."""
    new = root / "manifest.json.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(root / "manifest.json")
    for folder in root.iterdir():
        if folder.is_dir() and folder.name != manifest.folder:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _held(path: Path, wait: bool) -> Iterator[bool]:
    """Hold the builder's lock among all processes of this node; gives whether it was to be had."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
