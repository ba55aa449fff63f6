"""Shopping lists: who sees them, what they remember, and what becomes of their rows when the catalogue changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from auth.organisation import Unit
from auth.permission import Role
from auth.user import User
from catalog.agreement import Agreement
from catalog.price_list import Article, PriceListState, Tier
from catalog.supplier import Supplier
from core.clock import now, today
from core.db import TransactionalFlask, commit, db
from core.errors import NotAllowed, NotFound, RuleBroken
from orders.actions.basket import add_all, remove
from orders.actions.favourite import keep
from orders.actions.shopping_list import ListTerms, change, create, delete, put
from orders.basket_queries import basket_of
from orders.proposal_queries import propose, wishes_of_list
from orders.requisition import MOST_LINES
from orders.shopping_list import Sharing, ShoppingList, ShoppingListLine
from orders.shopping_list_queries import PAGE_SIZE, list_for, lists_for
from tests.factories.auth import make_address, make_member, make_organisation, make_unit
from tests.factories.catalog import make_agreement, make_award, make_lot, make_offer, make_price_list, make_supplier
from tests.factories.coding import make_dimension
from tests.factories.orders import Place, checkout_at, make_order, make_place

LogIn = Callable[[User], FlaskClient]


def made(place: Place, *goods: tuple[Article, Decimal], **terms: Any) -> ShoppingList:
    kept = create(place.orderer, place.organisation, ListTerms(**{"name": "Städ", **terms}), goods)
    commit()
    return kept


def sees(user: User, place: Place, kept: ShoppingList) -> bool:
    return kept.id in {row.shopping_list.id for row in lists_for(user, place.organisation).items}


# Who sees it


def orderer_at(unit: Unit | None, place: Place) -> User:
    return make_member(Role.ORDERER, place.organisation, unit)


def test_a_private_list_is_its_owners_alone(place: Place) -> None:
    kept = made(place)
    assert sees(place.orderer, place, kept)
    colleague = orderer_at(place.unit, place)
    assert not sees(colleague, place, kept)
    with pytest.raises(NotFound):
        list_for(colleague, place.organisation, kept.id)


def test_a_units_list_is_seen_there_below_and_above_but_not_beside(place: Place) -> None:
    kept = made(place, sharing=Sharing.UNIT, unit=place.unit)
    below, beside = make_unit(parent=place.unit), make_unit(place.organisation)
    assert sees(orderer_at(place.unit, place), place, kept)
    assert sees(orderer_at(below, place), place, kept)
    assert sees(orderer_at(None, place), place, kept)
    assert not sees(orderer_at(beside, place), place, kept)
    deep = made(place, sharing=Sharing.UNIT, unit=below)
    assert sees(orderer_at(place.unit, place), place, deep)
    assert not sees(orderer_at(beside, place), place, deep)


def test_a_list_of_the_organisation_is_seen_in_it_and_nowhere_else(place: Place) -> None:
    kept = made(place, sharing=Sharing.ORGANISATION)
    assert sees(orderer_at(make_unit(place.organisation), place), place, kept)
    elsewhere = make_place()
    assert not sees(elsewhere.orderer, elsewhere, kept)
    with pytest.raises(NotFound):
        list_for(elsewhere.orderer, elsewhere.organisation, kept.id)
    both = make_member(Role.ORDERER, elsewhere.organisation, elsewhere.unit, user=place.orderer)
    with pytest.raises(NotFound):  # her own list of one organisation does not follow her into another
        list_for(both, elsewhere.organisation, kept.id)


def test_others_order_from_a_shared_list_but_do_not_change_it(place: Place) -> None:
    paper = make_offer(place.organisation)
    kept = made(place, (paper, Decimal(2)), sharing=Sharing.ORGANISATION)
    colleague = orderer_at(place.unit, place)
    for act in (
        lambda: put(colleague, kept, paper, Decimal(1)),
        lambda: change(colleague, kept, ListTerms("Min nu"), kept.lines, {}),
        lambda: delete(colleague, kept),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_list_is_not_shared_with_a_unit_of_another_organisation(place: Place) -> None:
    for terms in (
        ListTerms("Fel", Sharing.UNIT, unit=make_unit()),
        ListTerms("Fel", order_unit=make_unit()),
        ListTerms("Fel", address=make_address(make_unit())),
        ListTerms("Fel", Sharing.UNIT),
    ):
        with pytest.raises(RuleBroken):
            create(place.orderer, place.organisation, terms)


# What stands on it


def test_more_of_the_same_article_becomes_one_line_and_the_newest_row(place: Place) -> None:
    old = make_offer(place.organisation)
    kept = made(place, (old, Decimal(2)))
    new_list = make_price_list(old.award, [{"supplier_number": old.supplier_number}])
    new = db.session.query(Article).filter_by(price_list_id=new_list.id).one()
    put(place.orderer, kept, new, Decimal(3))
    assert [(line.article, line.quantity) for line in kept.lines] == [(new, Decimal(5))]


def test_a_drafts_row_is_not_written_down(place: Place) -> None:
    award = make_award(make_lot(make_agreement(place.organisation)))
    draft = make_price_list(award, [{}], state=PriceListState.DRAFT)
    article = db.session.query(Article).filter_by(price_list_id=draft.id).one()
    with pytest.raises(RuleBroken, match="publicerad"):
        made(place, (article, Decimal(1)))


def test_a_list_holds_as_much_as_a_basket(place: Place) -> None:
    award = make_award(make_lot(make_agreement(place.organisation)))
    goods = make_price_list(award, [{} for _row in range(MOST_LINES + 1)])
    *first, last = db.session.query(Article).filter_by(price_list_id=goods.id)
    kept = made(place, *((article, Decimal(1)) for article in first))
    with pytest.raises(RuleBroken, match="200"):
        put(place.orderer, kept, last, Decimal(1))
    rows = propose(wishes_of_list(kept), place.organisation)
    taken = [(row.now, row.quantity) for row in rows if row.now and row.quantity]
    assert add_all(place.orderer, place.organisation, taken) == [()] * MOST_LINES
    with pytest.raises(RuleBroken, match="200"):
        add_all(place.orderer, place.organisation, [(last, Decimal(1))])


def test_rows_are_moved_removed_and_given_other_quantities(place: Place) -> None:
    a, b, c = (make_offer(place.organisation) for _article in range(3))
    kept = made(place, (a, Decimal(1)), (b, Decimal(2)), (c, Decimal(3)))
    first, _second, third = kept.lines
    change(place.orderer, kept, ListTerms("Nytt namn"), [third, first], {first.id: Decimal(7)})
    commit()
    again = list_for(place.orderer, place.organisation, kept.id)
    assert (again.name, [(line.article, line.quantity) for line in again.lines]) == (
        "Nytt namn",
        [(c, Decimal(3)), (a, Decimal(7))],
    )


# What becomes of it


def sold(agreement: Agreement, supplier: Supplier, number: str) -> Article:
    """A supplier's article on a lot of its own."""
    goods = make_price_list(make_award(make_lot(agreement), supplier), [{"supplier_number": number}])
    return db.session.query(Article).filter_by(price_list_id=goods.id).one()


def test_a_row_is_offered_at_todays_price(place: Place) -> None:
    paper = make_offer(place.organisation, price=Decimal(100))
    kept = made(place, (paper, Decimal(2)))
    make_price_list(paper.award, [{"supplier_number": paper.supplier_number, "price": Decimal(90)}])
    [row] = propose(wishes_of_list(kept), place.organisation)
    assert row.is_taken and not row.stops
    assert (row.then and row.then.price, row.net_now, row.change_percent) == (Decimal(100), Decimal(180), Decimal(-10))


@pytest.mark.parametrize(("quantity", "then", "net", "percent"), [(9, 10, 81, -10), (10, 8, 70, Decimal("-12.5"))])
def test_a_row_is_offered_at_the_price_of_so_many(
    place: Place, quantity: int, then: int, net: int, percent: Decimal
) -> None:
    paper = make_offer(place.organisation, price=Decimal(10), tiers=(Tier(Decimal(10), Decimal(8)),))
    kept = made(place, (paper, Decimal(quantity)))
    row = {"price": Decimal(9), "tiers": (Tier(Decimal(10), Decimal(7)),)}
    make_price_list(paper.award, [{"supplier_number": paper.supplier_number, **row}])
    [offered] = propose(wishes_of_list(kept), place.organisation)
    assert offered.then is not None
    assert (offered.then.price, offered.net_now, offered.change_percent) == (then, net, percent)


def test_a_row_that_is_gone_tells_why_and_its_successor_under_the_same_number(place: Place) -> None:
    supplier = make_supplier()
    old = make_agreement(place.organisation, ends_on=today() - timedelta(days=1), starts_on=today() - timedelta(days=9))
    was, never = sold(old, supplier, "P1"), sold(old, supplier, "P2")
    new = sold(make_agreement(place.organisation), supplier, "P1")
    make_offer(place.organisation, supplier_number="P2")  # another supplier's number says nothing
    kept = made(place, (was, Decimal(2)), (never, Decimal(1)))
    moved, gone = propose(wishes_of_list(kept), place.organisation)
    assert moved.now is new
    assert moved.is_successor and not moved.is_taken  # offered, but she is to look at it first
    assert [f.code for f in moved.stops] == [f.code for f in gone.stops] == ["agreement-not-active"]
    assert not gone.can_be_ordered


def test_a_successor_that_may_not_be_ordered_is_none(place: Place) -> None:
    supplier = make_supplier()
    old = make_agreement(place.organisation, ends_on=today() - timedelta(days=1), starts_on=today() - timedelta(days=9))
    kept = made(place, (sold(old, supplier, "P1"), Decimal(1)))
    sold(make_agreement(make_place().organisation), supplier, "P1")
    [row] = propose(wishes_of_list(kept), place.organisation)
    assert not row.can_be_ordered


# What it remembers


def test_the_till_is_filled_in_with_what_the_list_remembers(place: Place, login_as: LogIn) -> None:
    other = make_address(place.unit, name="Bakdörren")
    paper = make_offer(place.organisation)
    kept = made(place, (paper, Decimal(2)), address=other, accounting_cost="6410", buyer_reference="REF-7")
    browser = login_as(place.orderer)
    rows = {"take": "1", "row-1-options": str(paper.id), "row-1-quantity": "2", "list_id": str(kept.id)}
    assert browser.post("/basket/rows", data=rows).location == "/basket"
    page = browser.get("/checkout").text
    assert "6410" in page and "REF-7" in page and f'<option selected value="{other.id}">' in page
    other.is_active = False  # a door that is closed since is not suggested
    page = browser.get("/checkout").text
    assert "6410" in page and "Bakdörren" not in page


def test_the_till_tells_nothing_of_a_list_that_is_shared_no_more(place: Place, login_as: LogIn) -> None:
    paper = make_offer(place.organisation)
    colleague = orderer_at(place.unit, place)
    shared = ListTerms("Städ", Sharing.ORGANISATION, accounting_cost="6410", buyer_reference="REF-7")
    kept = create(place.orderer, place.organisation, shared, [(paper, Decimal(2))])
    add_all(colleague, place.organisation, [(paper, Decimal(2))], kept)
    browser = login_as(colleague)
    page = browser.get("/checkout").text
    assert "6410" in page and "REF-7" in page
    change(place.orderer, kept, ListTerms("Städ", accounting_cost="6410", buyer_reference="REF-7"), kept.lines, {})
    page = browser.get("/checkout").text
    assert "6410" not in page and "REF-7" not in page
    assert paper.name in page  # what she chose herself stays hers


def test_the_basket_forgets_the_list_with_its_last_line_and_when_it_is_sent(place: Place) -> None:
    paper = make_offer(place.organisation)
    kept = made(place, (paper, Decimal(2)), accounting_cost="6410")
    add_all(place.orderer, place.organisation, [(paper, Decimal(1))], kept)
    basket = basket_of(place.orderer, place.organisation)
    assert basket is not None and basket.shopping_list is kept
    remove(place.orderer, basket.lines[0])
    assert basket.shopping_list_id is None
    add_all(place.orderer, place.organisation, [(paper, Decimal(1))], kept)
    delete(place.orderer, kept)
    commit()
    assert basket.shopping_list is None and len(basket.lines) == 1
    assert checkout_at(place).accounting_cost is None


# The pages


def test_from_nothing_to_a_list_and_into_the_basket(place: Place, login_as: LogIn) -> None:
    paper, pens = make_offer(place.organisation), make_offer(place.organisation)
    browser = login_as(place.orderer)
    assert "Inga listor än" in browser.get("/lists").text
    where = browser.post(f"/lists/pick/{paper.id}", data={"list_id": "0", "name": "Veckan", "quantity": "2,5"}).location
    list_id = where.rsplit("/", 1)[1]
    nameless = browser.post(f"/lists/pick/{paper.id}", data={"list_id": "0", "quantity": "1"})
    assert nameless.status_code == 422 and "Skriv vad den nya listan ska heta." in nameless.get_data(as_text=True)
    assert browser.post(f"/lists/pick/{pens.id}", data={"list_id": list_id, "quantity": "4"}).location == where
    page = browser.get(where).text
    assert "Veckan" in page and paper.name in page and pens.name in page
    kept = db.session.get_one(ShoppingList, int(list_id))
    one, two = kept.lines
    edited = {"name": "Varje vecka", "sharing": "unit", "unit_id": str(place.unit.id), "order_unit_id": "0"}
    edited |= {"address_id": "0", f"line-{one.id}-quantity": "3", f"line-{two.id}-quantity": "5"}
    assert browser.post(f"{where}/edit", data={**edited, "move": f"{two.id}:up"}).location.startswith(f"{where}/edit#")
    assert browser.post(f"{where}/edit", data={**edited, f"line-{one.id}-remove": "y"}).location == where
    db.session.expire_all()
    kept = db.session.get_one(ShoppingList, int(list_id))
    assert (kept.name, kept.sharing, kept.unit) == ("Varje vecka", Sharing.UNIT, place.unit)
    assert [(line.article, line.quantity) for line in kept.lines] == [(pens, Decimal(5))]
    assert browser.post(f"{where}/delete").location == "/lists"
    assert browser.get(where).status_code == 404


def test_a_list_remembers_no_free_coding_where_the_till_asks_for_codes(place: Place, login_as: LogIn) -> None:
    browser = login_as(place.orderer)
    assert 'name="accounting_cost"' in browser.get("/lists/new").text
    make_dimension(place.organisation, "Ansvar", "100")
    commit()
    page = browser.get("/lists/new").text
    assert 'name="accounting_cost"' not in page and 'name="buyer_reference"' in page
    sent = {
        "name": "Städ",
        "sharing": "private",
        "unit_id": str(place.unit.id),
        "order_unit_id": "0",
        "address_id": "0",
    }
    where = browser.post("/lists/new", data={**sent, "accounting_cost": "6410"}).location
    assert db.session.get_one(ShoppingList, int(where.rsplit("/", 1)[1])).accounting_cost is None


@pytest.mark.parametrize("wrong", [{"name": ""}, {"sharing": "world"}, {"unit_id": "x"}, {"order_unit_id": "99999"}])
def test_a_list_with_a_wrong_head_is_shown_again(wrong: dict[str, str], place: Place, login_as: LogIn) -> None:
    sound = {"name": "Städ", "sharing": "private", "unit_id": str(place.unit.id)}
    sound |= {"order_unit_id": "0", "address_id": "0"}
    browser = login_as(place.orderer)
    assert browser.post("/lists/new", data=sound | wrong).status_code == 422
    assert browser.post("/lists/new", data=sound).status_code == 303


def test_a_list_is_made_where_there_are_no_units_yet(login_as: LogIn, app: TransactionalFlask) -> None:
    browser = login_as(make_member(Role.ORDERER, make_organisation()))
    sound = {"name": "Först", "sharing": "organisation", "unit_id": "0", "order_unit_id": "0", "address_id": "0"}
    assert 'name="unit_id" value="0"' in browser.get("/lists/new").text
    assert browser.post("/lists/new", data=sound).status_code == 303


def test_an_order_the_basket_the_favourites_and_a_list_become_lists(place: Place, login_as: LogIn) -> None:
    paper = make_offer(place.organisation)
    order = make_order(place, [(paper, Decimal(4))])
    shared = made(place, (paper, Decimal(4)), sharing=Sharing.ORGANISATION)
    add_all(place.orderer, place.organisation, [(paper, Decimal(4))])
    keep(place.orderer, paper)
    browser = login_as(place.orderer)
    sound = {"name": "Ny", "sharing": "private", "unit_id": str(place.unit.id), "order_unit_id": "0", "address_id": "0"}
    counts = {f"order={order.number}": 4, f"list={shared.id}": 4, "of=basket": 4, "of=favourites": 1}
    for query, count in counts.items():
        assert browser.get(f"/lists/new?{query}").status_code == 200
        where = browser.post(f"/lists/new?{query}", data=sound).location
        kept = db.session.get_one(ShoppingList, int(where.rsplit("/", 1)[1]))
        assert [(line.article, line.quantity) for line in kept.lines] == [(paper, Decimal(count))], query
    page = browser.get(f"/lists/new?order={order.number}").text
    assert f'<option selected value="{place.address.id}">' in page


def test_nothing_is_made_of_what_she_does_not_see(place: Place, login_as: LogIn) -> None:
    elsewhere = make_place()
    order, foreign = make_order(elsewhere), made(elsewhere)
    browser = login_as(place.orderer)
    for query in (f"order={order.number}", f"list={foreign.id}", "list=x", "list=99999999999"):
        assert browser.get(f"/lists/new?{query}").status_code == 404
        assert browser.post(f"/lists/new?{query}", data={"name": "Min"}).status_code == 404
    paper = make_offer(place.organisation)
    rows = {"take": "1", "row-1-options": str(paper.id), "row-1-quantity": "2", "list_id": str(foreign.id)}
    assert browser.post("/basket/rows", data=rows).status_code == 404
    assert (
        browser.post(f"/lists/pick/{paper.id}", data={"list_id": str(foreign.id), "quantity": "1"}).status_code == 422
    )


def test_favourites_that_cannot_be_ordered_say_why(place: Place, login_as: LogIn) -> None:
    paper = make_offer(place.organisation)
    keep(place.orderer, paper)
    paper.award.supplier.blocked_at, paper.award.supplier.blocked_reason = now(), "Konkurs"
    page = login_as(place.orderer).get("/favourites").text
    assert paper.name in page and "Konkurs" in page


def test_rows_with_something_wrong_come_back_and_none_is_put_in_the_basket(place: Place, login_as: LogIn) -> None:
    paper, dozen = make_offer(place.organisation), make_offer(place.organisation, quantity_multiple=Decimal(12))
    browser = login_as(place.orderer)
    sound = {"row-1-options": str(paper.id), "row-1-quantity": "2", "row-2-options": str(dozen.id)}
    wrong: list[dict[str, Any]] = [
        {"take": [], "row-2-quantity": "12"},
        {"take": ["1", "2"], "row-2-quantity": "ett dussin"},
        {"take": ["1", "2"], "row-2-quantity": "0"},
        {"take": ["1", "2"], "row-2-quantity": "13"},
        {"take": ["1", "2"], "row-2-quantity": "12", "row-2-options": f"{paper.id} {dozen.id}"},
        {"take": ["1", "2"], "row-2-quantity": "12", "row-2-options": "999999"},
        {"take": ["1", "2"], "row-2-quantity": "12", "row-2-options": "99999999999999999999 -1 x"},
        {"take": ["1", "2"], "row-2-quantity": "12", "list_id": "x"},
        {"take": ["1", "2"], "row-2-quantity": "12", "list_id": "99999999999"},
        {"take": ["x", "99999999999"]},
        {"take": [str(number) for number in range(1, 203)]},
    ]
    for values in wrong:
        answer = browser.post("/basket/rows", data=sound | values)
        assert answer.status_code == 422, values
        assert "Inget är lagt i varukorgen" in answer.text
    assert "steg om 12" in browser.post("/basket/rows", data=sound | wrong[3]).text
    assert basket_of(place.orderer, place.organisation) is None
    chosen = {"row-2-options": f"{paper.id} {dozen.id}", "row-2-article": str(dozen.id), "row-2-quantity": "12"}
    assert browser.post("/basket/rows", data=sound | chosen | {"take": ["1", "2"]}).location == "/basket"


def test_the_list_page_asks_as_many_queries_for_forty_rows_as_for_four(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    browser = login_as(place.orderer)
    counted = []
    for rows in (4, 40):
        goods = [(make_offer(place.organisation), Decimal(1)) for _row in range(rows)]
        for article, _quantity in goods[: rows // 2]:  # half of them are gone, and one of those has a successor
            article.award.lot.agreement.ends_on = today() - timedelta(days=1)
        gone = goods[0][0]
        new = make_award(make_lot(make_agreement(place.organisation)), gone.award.supplier)
        make_price_list(new, [{"supplier_number": gone.supplier_number}])
        kept = made(place, *goods, name=f"{rows} rader")
        for path in (f"/lists/{kept.id}", "/lists", f"/lists/{kept.id}/edit"):
            with count_queries() as queries:
                assert browser.get(path).status_code == 200
            counted.append(len(queries))
    assert counted[:3] == counted[3:], counted
    assert counted[0] <= 20 and counted[1] <= 8 and counted[2] <= 10, counted


def fill(place: Place, lists: int, rows: int) -> None:
    """Many lists of hers, each with the same many articles."""
    award = make_award(make_lot(make_agreement(place.organisation)))
    goods = make_price_list(award, [{} for _row in range(rows)])
    articles = db.session.scalars(select(Article.id).where(Article.price_list_id == goods.id)).all()
    for _list in range(lists):
        kept = create(place.orderer, place.organisation, ListTerms("Städ"))
        lines = [
            {"list_id": kept.id, "position": position, "article_id": article, "quantity": Decimal(1)}
            for position, article in enumerate(articles, start=1)
        ]
        db.session.execute(insert(ShoppingListLine), lines)
    commit()


def test_a_hundred_full_lists_are_read_in_as_many_queries_as_one(
    place: Place, login_as: LogIn, count_queries: Any
) -> None:
    counted = []
    for lists, rows in ((1, 2), (99, MOST_LINES)):
        fill(place, lists, rows)
        browser = login_as(place.orderer)
        newest = db.session.scalar(select(func.max(ShoppingList.id)))
        for path in ("/lists", "/lists?page=4", f"/lists/{newest}", f"/lists/{newest}/edit", "/"):
            with count_queries() as queries:
                assert browser.get(path).status_code == 200
            counted.append(len(queries))
    assert counted[:5] == counted[5:], counted


def test_lists_are_paged_her_own_first(place: Place, login_as: LogIn) -> None:
    colleague = orderer_at(place.unit, place)
    create(colleague, place.organisation, ListTerms("Alla", Sharing.ORGANISATION))
    for number in range(PAGE_SIZE):
        made(place, name=f"Lista {number:02}")
    pages = [lists_for(place.orderer, place.organisation, number) for number in (0, 1, 2, 99)]
    assert [page.number for page in pages] == [1, 1, 2, 2] and pages[0].total == PAGE_SIZE + 1
    assert [row.shopping_list.name for row in pages[1].items][::24] == ["Lista 00", "Lista 24"]
    assert [row.shopping_list.name for row in pages[2].items] == ["Alla"]
    browser = login_as(place.orderer)
    assert "Sida 1 av 2" in browser.get("/lists").text
    assert "Alla" in browser.get("/lists?page=2").text and "Lista 24" not in browser.get("/lists?page=2").text


def test_a_page_of_lists_that_is_not_hers_to_see_stays_empty(place: Place) -> None:
    fill(place, 2, 2)
    page = lists_for(orderer_at(place.unit, place), place.organisation)
    assert (page.items, page.total) == ([], 0)
