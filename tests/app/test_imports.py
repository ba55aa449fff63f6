"""The commands that bring registers and price lists in, as people meet them: outputs, exit code, and what is stored."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.cli import _explain
from app.commands import agreements as agreements_command
from app.commands import prices as prices_command
from auth.journal import JournalEntry
from auth.organisation import Organisation
from auth.permission import Role
from auth.user import User
from catalog.actions.price_review import difference_of, judge
from catalog.actions.register import import_register
from catalog.agreement import Agreement, AgreementState
from catalog.price_list import Article, PriceList, PriceListState
from catalog.price_rule import PriceRule
from catalog.supplier import Supplier
from core.db import TransactionalFlask, commit, db, unit_of_work
from core.errors import NotAllowed
from exchange.registerfile import read_register
from tests.exchange.test_uhm import PROCUREMENT, files
from tests.factories.auth import make_member, make_office, make_organisation

REGISTER = (
    "Avtalsnummer;Avtalsnamn;Från;Till;Leverantörens organisationsnummer;Leverantör;Sammanfattning;Avtalspunkt;"
    "Avropsberättigade\nUK-1;Livsmedel;2026-01-01;2027-12-31;556000-0167;Fjällgrossisten AB;Mat.;punkt 4;alla\n"
)
PRICES = "Artikelnummer;Benämning;Enhet;Pris;Moms\nA1;Penna;st;9,50;25\n"


@pytest.fixture
def run(fresh_app: TransactionalFlask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run a command against the test's own database; files are written below `tmp_path`."""
    monkeypatch.setattr("app.commands.create_app", lambda: fresh_app)
    with fresh_app.app_context():
        make_office()
        make_organisation(name="Strömsunds kommun", organisation_number="2120002486")
        commit()
        db.session.remove()

    def running(group: Any, *arguments: str, **files: str | bytes) -> Result:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            (tmp_path / f"{name}.csv").write_bytes(data)
        monkeypatch.chdir(tmp_path)
        return CliRunner().invoke(group, list(arguments))

    return running


def stored(app: TransactionalFlask, table: type) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_register_and_prices_make_an_offer(run: Any, fresh_app: TransactionalFlask) -> None:
    done = run(agreements_command.agreements, "import", "register.csv", "--publish", register=REGISTER)
    assert done.exit_code == 0, done.output
    assert "1 agreements new, 0 changed, 0 as before, 1 published; 1 suppliers new" in done.stdout
    options = ("--agreement", "UK-1", "--supplier", "556000-0167", "--publish")
    done = run(prices_command.prices, "import", "prices.csv", *options, prices=PRICES)
    assert done.exit_code == 0, done.output
    assert "version 1: 1 articles, publicerad" in done.stdout
    with fresh_app.app_context():
        assert db.session.scalar(select(Agreement.state)) is AgreementState.PUBLISHED
        assert db.session.scalar(select(PriceList.state)) is PriceListState.PUBLISHED


@pytest.mark.parametrize(
    ("register", "said"),
    [
        (REGISTER.replace("556000-0167", "556000-0168"), "rad 2: Leverantörens organisationsnummer: ”556000-0168”"),
        (REGISTER.replace("alla", "212000-2494"), "rad 2: Avropsberättigade: Organisationen 2120002494 finns inte"),
        (REGISTER.replace("punkt 4", ""), "avropsordningen står"),
        ("", "Filen är tom."),
        (b"\x89PNG\x00", "inget register"),
        (b'"' + b"x" * 10_000_000, "Ingen rubrikrad"),
    ],
)
def test_bad_register_is_told_and_stores_nothing(
    run: Any, fresh_app: TransactionalFlask, register: str | bytes, said: str
) -> None:
    done = run(agreements_command.agreements, "import", "register.csv", "--publish", register=register)
    assert done.exit_code == 1
    assert said in done.stderr and "nothing was imported" in done.stderr
    assert (stored(fresh_app, Agreement), stored(fresh_app, Supplier)) == (0, 0)


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        (PRICES.replace("9,50", "-9,50"), "rad 2: Pris: ”-9,50”: Talet är negativt."),
        (PRICES.replace("9,50", "1e30"), "rad 2: Pris: ”1e30”"),
        (PRICES.replace("Penna", "=1+1"), "formel"),
        (PRICES.replace("Penna", "Pen\0na"), "ingen textfil"),
        (PRICES.replace("Penna", "x" * 10_000_000), "Cellen är längre"),
        ("", "Filen är tom."),
    ],
)
def test_bad_price_list_is_told_and_stores_nothing(
    run: Any, fresh_app: TransactionalFlask, prices: str, said: str
) -> None:
    run(agreements_command.agreements, "import", "register.csv", register=REGISTER)
    options = ("--agreement", "UK-1", "--supplier", "556000-0167", "--publish")
    done = run(prices_command.prices, "import", "prices.csv", *options, prices=prices)
    assert done.exit_code == 1
    assert said in done.stderr and "nothing was stored" in done.stderr
    assert (stored(fresh_app, PriceList), stored(fresh_app, Article)) == (0, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--agreement", "UK-9", "--supplier", "556000-0167"), "there is no agreement UK-9"),
        (("--agreement", "UK-1", "--supplier", "212000-2486"), "is not on agreement UK-1"),
        (("--agreement", "UK-1", "--supplier", "556000-0168"), "kontrollsiffra"),
        (("--agreement", "UK-1", "--supplier", "556000-0167", "--lot", "7"), "lot 7"),
    ],
)
def test_award_that_is_not_found_is_named(run: Any, options: tuple[str, ...], said: str) -> None:
    run(agreements_command.agreements, "import", "register.csv", register=REGISTER)
    done = run(prices_command.prices, "import", "prices.csv", *options, prices=PRICES)
    assert done.exit_code == 1
    assert said in done.stderr


def test_real_data_goes_the_whole_way_to_the_price_list(
    run: Any, fresh_app: TransactionalFlask, shared: Path, tmp_path: Path
) -> None:
    data = shared / "data"
    folder, groceries = data / "uhm-jamtland-2021", data / "openfoodfacts-se" / "livsmedel_ean73.csv"
    if not folder.is_dir() or not groceries.is_file():
        pytest.skip(f"SKIPPED: the real data are missing: {data}")
    options = ("--register", "r.csv", "--invent-numbers", "--starts-on", "2026-01-01")
    done = run(agreements_command.agreements, "from-uhm", str(folder), *options)
    assert done.exit_code == 0, done.output
    assert "MT994 VA-material: inget ramavtal" in done.stderr
    assert run(agreements_command.agreements, "import", "r.csv", "--publish").exit_code == 0
    assert run(prices_command.prices, "from-groceries", str(groceries), "--out", "p.csv").exit_code == 0
    with fresh_app.app_context():
        owners = db.session.scalars(select(Organisation.name).join(Agreement, Agreement.owner_id == Organisation.id))
        assert set(owners) == {"Strömsunds kommun"}  # the other buyers are not in this database
    options = ("--agreement", "MT3023", "--supplier", "009526-9940", "--publish")
    done = run(prices_command.prices, "import", "p.csv", *options)
    assert done.exit_code == 0 and "2384 articles" in done.stdout, done.output


def test_procurements_of_nobody_known_make_no_register_and_say_so(run: Any, tmp_path: Path) -> None:
    for name, content in files(procurements=[PROCUREMENT | {"Organisationsnummer för köpare": "5560000167"}]).items():
        (tmp_path / name).write_bytes(content)
    done = run(agreements_command.agreements, "from-uhm", str(tmp_path), "--register", "r.csv")
    assert done.exit_code == 1
    assert "no agreement came out of" in done.stderr
    assert not (tmp_path / "r.csv").exists()


def test_of_two_who_bring_in_the_same_register_at_once_one_is_done(run: Any, fresh_app: TransactionalFlask) -> None:
    rows = read_register(REGISTER.encode()).rows
    barrier, outcomes = Barrier(2), []

    def work() -> None:
        with fresh_app.app_context():
            barrier.wait()
            try:
                with unit_of_work():
                    import_register(None, rows, publish=True)
                outcomes.append("done")
            except IntegrityError as error:  # on PostgreSQL, where both have looked before either writes
                outcomes.append("told" if "run it again" in _explain(error) else str(error))

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2 and "done" in outcomes and set(outcomes) <= {"done", "told"}
    assert (stored(fresh_app, Agreement), stored(fresh_app, Supplier)) == (1, 1)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_list_in_force_is_exported_as_it_is_imported(run: Any, tmp_path: Path, form: str) -> None:
    assert run(agreements_command.agreements, "import", "register.csv", "--publish", register=REGISTER).exit_code == 0
    options = ("--agreement", "UK-1", "--supplier", "556000-0167")
    done = run(prices_command.prices, "export", *options, "--out", f"ut.{form}")
    assert done.exit_code == 1 and "no list in force" in done.stderr
    run(prices_command.prices, "import", "prices.csv", *options, "--publish", prices=PRICES)
    done = run(prices_command.prices, "export", *options, "--out", f"ut.{form}")
    assert done.exit_code == 0 and "version 1, 1 articles" in done.stdout, done.output
    done = run(prices_command.prices, "import", f"ut.{form}", *options)
    assert done.exit_code == 0 and "version 2: 1 articles" in done.stdout, done.output


def test_template_is_written_by_its_ending(run: Any, tmp_path: Path) -> None:
    for form, start in (("xlsx", b"PK"), ("csv", "\ufeffArtikelnummer;".encode())):
        assert run(prices_command.prices, "template", "--out", f"mall.{form}").exit_code == 0
        assert (tmp_path / f"mall.{form}").read_bytes().startswith(start)
    assert run(prices_command.prices, "template", "--out", "mall.doc").exit_code == 1


def test_list_is_compared_refused_published_and_taken_back_by_command(run: Any, tmp_path: Path) -> None:
    place = ("--agreement", "UK-1", "--supplier", "556000-0167")
    prices = prices_command.prices
    dearer = PRICES.replace("9,50", "19") + "A2;Block;st;5;25\n"
    run(agreements_command.agreements, "import", "register.csv", "--publish", register=REGISTER)
    run(prices, "import", "prices.csv", *place, "--publish", prices=PRICES)
    run(prices, "import", "prices.csv", *place, prices=dearer)
    shown = run(prices, "changes", *place)
    assert shown.exit_code == 0, shown.output
    assert "1 new, 0 gone, 1 dearer" in shown.stdout and "A1 Penna: dearer +100.0 %" in shown.stdout
    assert run(prices, "changes", *place, "--kind", "new", "--out", "c.csv").exit_code == 0
    assert "A2;Block" in (tmp_path / "c.csv").read_text("utf-8") and "A1" not in (tmp_path / "c.csv").read_text("utf-8")
    assert run(prices, "refuse", *place, "--reason", "Nej").exit_code == 2
    refused = run(prices, "refuse", *place, "A1", "--reason", "För dyrt", "--out", "r.csv")
    assert refused.exit_code == 0 and "För dyrt" in (tmp_path / "r.csv").read_text("utf-8"), refused.output
    published = run(prices, "publish", *place)
    assert "version 2: publicerad" in published.stdout, published.output
    assert run(prices, "export", *place, "--out", "l.csv").exit_code == 0
    assert ";9,5;" in (tmp_path / "l.csv").read_text("utf-8")
    assert run(prices, "publish", *place).exit_code == 1
    assert run(prices, "restore", *place, "--version", "7").exit_code == 1
    back = run(prices, "restore", *place, "--version", "1", "--publish")
    assert "version 3: 1 articles as in 1, publicerad" in back.stdout, back.output


@pytest.fixture
def owners(run: Any, fresh_app: TransactionalFlask) -> list[str]:
    """The addresses of two agreement owners at the office, of an orderer there, and of one who has left; and an
    agreement whose prices may change by 10 % without a second person."""
    run(agreements_command.agreements, "import", "register.csv", "--publish", register=REGISTER)
    with fresh_app.app_context():
        office = db.session.scalars(select(Organisation).order_by(Organisation.id)).first()
        assert office is not None
        roles = (Role.AGREEMENT_OWNER, Role.AGREEMENT_OWNER, Role.ORDERER, Role.AGREEMENT_OWNER)
        people = [make_member(role, office) for role in roles]
        people[-1].is_active = False
        db.session.add(PriceRule(agreement_id=db.session.scalar(select(Agreement.id)), limit_percent=10))
        addresses = [person.email for person in people]
        commit()
        db.session.remove()
    return addresses


def test_command_says_who_brought_a_list_in(run: Any, fresh_app: TransactionalFlask, owners: list[str]) -> None:
    place = ("--agreement", "UK-1", "--supplier", "556000-0167")
    prices = prices_command.prices
    done = run(prices, "import", "prices.csv", *place, "--publish", "--actor", owners[0].upper(), prices=PRICES)
    assert done.exit_code == 0, done.output
    run(prices, "import", "prices.csv", *place, "--actor", owners[0], prices=PRICES.replace("9,50", "19"))
    run(prices, "refuse", *place, "A1", "--reason", "Nej", "--actor", owners[1])
    run(prices, "restore", *place, "--version", "1", "--actor", owners[1])
    with fresh_app.app_context():
        entries = db.session.scalars(
            select(JournalEntry).where(JournalEntry.thing == "price-list").order_by(JournalEntry.number)
        ).all()
        people = {person.name: person.email for person in db.session.scalars(select(User))}
        assert [(entry.act, people[entry.actor_name]) for entry in entries if entry.act != "restore"] == [
            *((act, owners[0]) for act in ("import", "review", "publish", "import")),
            ("refuse", owners[1]),
        ]
        made_by = [p.created_by.email for p in db.session.scalars(select(PriceList)) if p.created_by]
        assert made_by == [owners[0], owners[0]]


@pytest.mark.parametrize("who", [0, None])
def test_no_command_is_the_second_person(
    run: Any, fresh_app: TransactionalFlask, owners: list[str], who: int | None
) -> None:
    place = ("--agreement", "UK-1", "--supplier", "556000-0167")
    named = () if who is None else ("--actor", owners[who])
    prices = prices_command.prices
    run(prices, "import", "prices.csv", *place, "--publish", prices=PRICES)
    dearer = PRICES.replace("9,50", "19")
    done = run(prices, "import", "prices.csv", *place, *named, "--publish", prices=dearer)
    assert isinstance(done.exception, NotAllowed) and stored(fresh_app, PriceList) == 1
    assert run(prices, "import", "prices.csv", *place, *named, prices=dearer).exit_code == 0
    assert isinstance(run(prices, "publish", *place).exception, NotAllowed)
    with fresh_app.app_context():
        draft = db.session.scalars(select(PriceList).where(PriceList.state == PriceListState.DRAFT)).one()
        people = {person.email: person for person in db.session.scalars(select(User))}
        for number, address in enumerate(owners[:2]):
            assert judge(people[address], draft, difference_of(draft)).needs_another == (number == who)


@pytest.mark.parametrize("who", [2, 3])
def test_command_acts_for_nobody_who_may_not(
    run: Any, fresh_app: TransactionalFlask, owners: list[str], who: int
) -> None:
    place = ("--agreement", "UK-1", "--supplier", "556000-0167")
    done = run(prices_command.prices, "import", "prices.csv", *place, "--actor", owners[who], prices=PRICES)
    assert done.exit_code == 1 and stored(fresh_app, PriceList) == 0
    assert isinstance(done.exception, NotAllowed) or "nobody logs in" in done.stderr
