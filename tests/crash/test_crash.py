"""Kill anything at any time while people order: what was promised holds, and nothing is done twice.

A hundred orders by people in their browsers, each approved by two people at once, while pages, workers, connections
and the mail server die and the mail server misbehaves. Then the mail is let out in peace, and the books are checked.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from app.worker import may_send
from auth.permission import Role
from auth.session import begin_session
from auth.user import User
from core.clock import frozen, now
from core.config import SmtpServer
from core.db import TransactionalFlask, db, reading, unit_of_work
from exchange.delivery import deliver_due
from exchange.outbox import MessageState, OutboxMessage
from exchange.smtp import Connection
from orders.approval import ApprovalState, ApprovalStep
from tests.crash.buyers import Browser, Buyer, Told
from tests.crash.invariants import broken
from tests.crash.system import System, free_port
from tests.database import SECRET, new_app
from tests.factories.auth import make_address, make_member, make_office, make_organisation, make_unit
from tests.factories.catalog import make_ceiling, make_offer
from tests.factories.orders import make_rule

pytestmark = pytest.mark.crash

SEED = 20261123
BUYERS, TIMES = 8, 13
CSRF = "the same for everybody here"


@dataclass
class Site:
    """An application with its system around it."""

    app: TransactionalFlask
    system: System
    smtp_port: int


@pytest.fixture
def site(engine: str, tmp_path: Path) -> Iterator[Site]:
    port, smtp_port = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with new_app(engine, tmp_path, AVROP_BASE_URL=url) as app:
        env = {
            "AVROP_DATABASE_URL": app.config["AVROP"].database_url.replace("+psycopg", ""),
            "AVROP_DATA_DIR": str(tmp_path),
            "AVROP_SECRET_KEY": SECRET,
            "AVROP_BASE_URL": url,
            "AVROP_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        }
        system = System(env, tmp_path, port, smtp_port, SEED)
        try:
            yield Site(app, system, smtp_port)
        finally:
            system.stop()


def test_everything_that_was_promised_holds_however_much_is_killed(site: Site) -> None:
    told = Told()
    with site.app.app_context():
        buyers = make_buyers(site, told)
    site.system.start()
    done = threading.Event()
    chaos = threading.Thread(
        target=site.system.kill_at_random, args=(done,), kwargs={"seconds": 30, "pauses": (0.3, 1.2)}
    )
    chaos.start()
    people = [threading.Thread(target=buyer.buy, args=(TIMES,)) for buyer in buyers]
    [person.start() for person in people]
    [person.join() for person in people]
    done.set()
    chaos.join()
    site.system.stop("mail server")
    let_out_the_rest(site)
    site.system.stop()
    with site.app.app_context(), reading():
        taken = site.system.log.read_text().count("\n")
        promised = len(db.session.scalars(select(OutboxMessage.id)).all())
        print(f"{site.system.kills} · {len(told.approved)} approved, {told.refused} refused")
        print(f"{promised} messages, {taken} times taken")
        wrong = broken(told, site.system.log)
        assert wrong == [], "\n".join(wrong)
        assert told.refused > 0, "the ceilings were never reached"


def make_buyers(site: Site, told: Told) -> list[Buyer]:
    """Four organisations with two orderers each, three agreements that have room for most of what they want."""
    with unit_of_work():
        make_office()
        organisations = [make_organisation(name=f"Kommun {n}") for n in "ABCD"]
        articles = [make_offer(*organisations, price=Decimal(price)) for price in ("49.90", "12.35", "199.00")]
        for article in articles:
            wanted = BUYERS * TIMES * 5 * article.price / len(articles)
            make_ceiling(article.award.lot.agreement, (wanted * Decimal("0.6")).quantize(Decimal(1)))
        buyers = []
        for number in range(BUYERS):
            organisation = organisations[number % 4]
            unit = make_unit(organisation)
            if number < 4:
                make_rule(organisation)
            approvers = [make_member(Role.APPROVER, organisation, unit) for _ in range(2)]
            buyers.append(
                Buyer(
                    browser=browser_of(site, make_member(Role.ORDERER, organisation, unit)),
                    approvers=(browser_of(site, approvers[0]), browser_of(site, approvers[1])),
                    articles=tuple(article.id for article in articles),
                    unit_id=unit.id,
                    address_id=make_address(unit).id,
                    steps_of=lambda requisition: pending_steps(site.app, requisition),
                    told=told,
                    random=random.Random(SEED + number),
                )
            )
    return buyers


def browser_of(site: Site, user: User) -> Browser:
    signer = site.app.session_interface.get_signing_serializer(site.app)
    assert signer is not None
    cookie = signer.dumps({"_user_id": begin_session(user, "test"), "csrf_token": CSRF})
    token = URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(CSRF)
    name = site.app.config["SESSION_COOKIE_NAME"]
    return Browser(site.system.port, f"{name}={cookie!s}", str(token))


def pending_steps(app: TransactionalFlask, requisition: int) -> list[tuple[int, str]]:
    """Read beside the system: the link in the mail would say the same."""
    with app.app_context(), reading() as session:
        found = session.execute(
            select(ApprovalStep.id, ApprovalStep.content_hash).where(
                ApprovalStep.requisition_id == requisition, ApprovalStep.state == ApprovalState.PENDING
            )
        )
        return [(step, content_hash) for step, content_hash in found]


def let_out_the_rest(site: Site) -> None:
    """Send what still waits, as the workers would in the days to come: claims run out, pauses end.

    The mail server goes on misbehaving for a while, and then takes everything.
    """
    server = SmtpServer("127.0.0.1", site.smtp_port, None, None, "opportunistic")
    waiting = select(OutboxMessage.id).where(OutboxMessage.state.in_([MessageState.QUEUED, MessageState.SENDING]))
    with site.app.app_context(), Connection(server, "Avrop <avrop@avrop.example>", timeout=0.5) as connection:
        for later in range(1, 9):
            if later == 4:
                site.system.calm.touch()
            with frozen(now() + later * timedelta(hours=5)):
                while deliver_due(connection.send, may_send=may_send).tried:
                    pass
            with reading() as session:
                if not session.scalars(waiting).all():
                    return
