"""Need reports of the last months: one in every state, with every answer, and some that wait for Karin today."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from app.demo.agreements import Office
from app.demo.chronicle import Chronicle
from core.clock import now
from core.db import db
from core.errors import AvropError
from orders.actions.need import (
    Answer,
    Asked,
    NeedFacts,
    ProcurementFacts,
    answer,
    answer_directly,
    pass_on,
    report,
    take,
    withdraw,
)
from orders.direct_procurement import AskedAnswer, ProcurementLaw
from orders.need import NeedAnswer, NeedReport
from orders.need_queries import agreement_numbered


class Scene(NamedTuple):
    """A report so many working days ago; `story` is its answer, or "waits", "taken", "passed" or "withdrawn"."""

    workdays: int
    who: str
    place: tuple[str, str]
    title: str
    reason: str
    category: str
    story: str
    said: str = ""
    how_much: str | None = None
    value: int | None = None
    agreement: str | None = None
    search: str | None = None


SCHOOL = ("OSD", "311")
HOUR = timedelta(hours=1)  # until somebody does something about it
SCENES = (
    Scene(
        80, "anna@ostersund", SCHOOL, "Laminator till biblioteket", "Vi gör egna skyltar och spelkort.", "10.1",
        "agreement", "Laminatorer finns under kontorsmaskiner.", "1 st", 1_800, "UK24-011", "laminator",
    ),
    Scene(
        68, "ahmed@ostersund", ("OSD", "321"), "Pizzaugn till skolköket", "Den gamla är utdömd av besiktningen.", "20",
        "direct-procurement", "Beställ av Fjällkök AB, offerten bifogas i mejl.", "1 st", 148_000,
    ),
    Scene(
        53, "emil@krokom", ("KRO", "211"), "Hyra av tält till skolavslutningen", "400 besökare, en dag i juni.", "80",
        "direct-procurement", "Boka hos den valda leverantören.", "2 tält", 38_500,
    ),
    Scene(
        29, "petra@are", ("ARE", "411"), "Konstsnö till pulkabacken", "Ett önskemål från elevrådet.", "90.3",
        "no", "Det ryms inte i skolans uppdrag. Fråga gärna fritidsförvaltningen.", None, 90_000,
    ),
    Scene(
        41, "robin@krokom", ("KRO", "400"), "Elcyklar till hemtjänsten", "Ersätter fyra bilar i tätorten.", "95",
        "procurement", "Vi planerar en gemensam upphandling i vår. Du är med i referensgruppen.", "25 st", 750_000,
    ),
    Scene(
        13, "nils@ostersund", ("OSD", "110"), "Videosystem till sammanträdesrummet", "Nämnden möts på distans.", "50",
        "competition", "Vi hjälper dig att begära anbud från avtalets leverantörer.", "1 rum", 210_000,
    ),
    Scene(
        19, "anna@ostersund", SCHOOL, "Får vi köpa begagnade böcker?", "Klassuppsättningar finns på nätet.", "90.4",
        "reply", "Nej, inte privat. Bokavtalet har begagnat i sortimentet: sök på titeln och ordet begagnad.",
    ),
    Scene(
        8, "anna@ostersund", SCHOOL, "Akustikskärmar till matsalen", "Ljudnivån är för hög.", "40", "withdrawn",
        how_much="6 st", value=42_000,
    ),
    Scene(
        6, "sara@ostersund", ("OSD", "312"), "Skyltar med punktskrift", "En ny elev är blind.", "10.3", "waits",
        how_much="40 st", value=24_000, search="punktskrift",
    ),
    Scene(
        3, "anna@ostersund", SCHOOL, "Whiteboard på hjul", "Till fritids, som saknar egen sal.", "10.1", "taken",
        how_much="2 st", value=7_500, search="whiteboard på hjul",
    ),
    Scene(
        2, "anna@ostersund", SCHOOL, "Svetsutrustning till slöjden", "Kursplanen kräver det från i höst.", "80.1",
        "passed", how_much="4 platser", value=96_000, search="svets",
    ),
    Scene(
        1, "fatima@ostersund", ("OSD", "411"), "Skumplastmadrasser i udda mått", "Madrasserna på avtalet är för långa.",
        "30", "waits", how_much="8 st", value=16_000, search="madrass 160",
    ),
)  # fmt: skip


def plan_needs(office: Office, chronicle: Chronicle) -> None:
    """Put the reports and what became of them into the chronicle."""
    for number, scene in enumerate(SCENES):
        instant = chronicle.instant(chronicle.workday(scene.workdays), 8, 20 + number)
        chronicle.at(instant, partial(_report, office, chronicle, scene, number))


def _report(office: Office, chronicle: Chronicle, scene: Scene, number: int) -> None:
    need = report(
        office.people[scene.who],
        office.places.organisations[scene.place[0]],
        NeedFacts(
            key=f"demo-need-{number:02d}",
            title=scene.title,
            reason=scene.reason,
            is_question=scene.story == "reply",
            unit=office.places.units[scene.place],
            how_much=scene.how_much,
            estimated_value=None if scene.value is None else Decimal(scene.value),
            category=office.categories[scene.category],
            search_text=scene.search,
            refusal_code="no-hit" if scene.search else None,
        ),
    )
    if scene.story != "waits":
        chronicle.at(now() + HOUR, partial(_go_on, office, scene, need))


def _go_on(office: Office, scene: Scene, need: NeedReport) -> None:
    buyer = need.receiver
    if buyer is None:
        raise AvropError(f"nobody answers {scene.title}")
    if scene.story == "withdrawn":
        withdraw(need.reporter, need)
    elif scene.story == "taken":
        take(buyer, need)
    elif scene.story == "passed":
        pass_on(buyer, need, office.categories["10.1"], "Vi provar kontorsavtalet först.")
    elif scene.story == "direct-procurement":
        answer_directly(buyer, need, _procurement(need, scene))
    else:
        agreement = agreement_numbered(scene.agreement) if scene.agreement else None
        answer(buyer, need, Answer(answer=NeedAnswer(scene.story), text=scene.said, agreement=agreement))
    db.session.flush()


def _procurement(need: NeedReport, scene: Scene) -> ProcurementFacts:
    assert need.category is not None and scene.value is not None
    value = Decimal(scene.value)
    return ProcurementFacts(
        law=ProcurementLaw.LOU,
        category=need.category,
        value=value,
        reasons="Värdet är under gränsen och behovet engångs. Tre leverantörer tillfrågades, lägst pris valdes.",
        text=scene.said,
        asked=[
            Asked("Fjällkök och event AB", "5559900716", AskedAnswer.OFFER, value, is_chosen=True),
            Asked("Storkök i Norr AB", "5559900724", AskedAnswer.OFFER, value + 12_000),
            Asked("Jämtlands inventarier AB", "5559900732", AskedAnswer.DECLINED),
        ],
    )
