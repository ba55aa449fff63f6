"""Search: one box over articles, agreements and suppliers, within what the organisation may order."""

from catalog.search.finder import search
from catalog.search.index import IndexState, articles_waiting, follow_index, index_state, update_index
from catalog.search.miss import SearchMiss, note_miss
from catalog.search.request import Facet, Hit, SearchRequest, SearchResult
from catalog.search.suggest import suggest

__all__ = [
    "Facet",
    "Hit",
    "IndexState",
    "SearchMiss",
    "SearchRequest",
    "SearchResult",
    "articles_waiting",
    "follow_index",
    "index_state",
    "note_miss",
    "search",
    "suggest",
    "update_index",
]
