"""Search: one box over articles, agreements and suppliers, within what the organisation may order."""

from catalog.search.finder import search
from catalog.search.index import IndexState, follow_index, index_state, update_index
from catalog.search.request import Facet, Hit, SearchRequest, SearchResult

__all__ = [
    "Facet",
    "Hit",
    "IndexState",
    "SearchRequest",
    "SearchResult",
    "follow_index",
    "index_state",
    "search",
    "update_index",
]
