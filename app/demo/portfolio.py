"""The office's portfolio in the demo: some thirty agreements as data; `agreements.py` makes them.

Days are counted from the day the demo is made (negative: in the past), amounts are SEK excl. VAT. `assortment` names
a file of the price-list grammar in `app/demo/articles/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from catalog.agreement import CallOffMethod as M
from catalog.agreement import FollowUpClass, LegalRegime

MUNICIPALITIES = "OSD KRO ARE BER BRA HJD RAG STR"
SCHOOLS = f"{MUNICIPALITIES} SGF"
ALL = f"UPK {SCHOOLS} FBO JVA NDE FRF"


@dataclass(frozen=True)
class W:
    """An award: the supplier and its terms."""

    supplier: str
    assortment: str | None = None
    part: int = 100  # percent of the assortment that this supplier sells
    level: int = 100  # percent of the assortment's prices
    minimum: int | None = None  # below it the small-order fee is due
    fee: int | None = None
    freight: int | None = None
    free_from: int | None = None
    days: int | None = 5
    share: int | None = None
    limit: int | None = None  # a ceiling of the award's own
    renewed: int | None = None  # days ago that the price list was superseded by a newer one
    coming: Literal["reviewed", "draft"] | None = None  # a newer list that waits


@dataclass(frozen=True)
class L:
    """A lot."""

    title: str
    category: str
    method: M
    clause: str
    awards: tuple[W, ...] = ()
    above: int | None = None  # renewed competition above this amount
    grounds: str | None = None
    entitled: str | None = None  # only these, instead of the agreement's
    limit: int | None = None
    external: int = 0


@dataclass(frozen=True)
class A:
    """An agreement. `limit` none is an unknown ceiling; `external` is what was called off before Avrop."""

    number: str
    title: str
    category: str
    owner: str
    starts: int
    ends: int
    lots: tuple[L, ...]
    summary: str
    how: str
    limit: int | None = None
    external: int = 0
    entitled: str = ALL
    regime: LegalRegime = LegalRegime.LOU
    follow_up: FollowUpClass = FollowUpClass.B
    fate: Literal["published", "draft", "paused", "ended"] = "published"
    fated: int = 0  # days ago that it was paused or ended
    extension: int | None = None  # days that it can be prolonged
    delivers_after: bool = False


_BASKET = "Lägg varorna i varukorgen och skicka in. Beställningen går till leverantören när den är godkänd."
_RANKED = (
    f"{_BASKET} Beställ av den som står först i rangordningen. Kan den inte leverera noterar du svaret i varukorgen; "
    "då öppnas nästa leverantör."
)
_FREE_CHOICE = f"{_BASKET} Du väljer leverantör själv, men anger vilken av avtalets grunder du väljer på."
_COMPETE = (
    "Här finns inga varor att lägga i korgen. Tryck på Begär anbud och beskriv vad som ska göras, så får alla "
    "leverantörer på avtalet samma chans att svara."
)

PORTFOLIO = (
    A(
        "UK24-011", "Kontorsmaterial och papper", "10", "karin", -620, 475, limit=6_500_000, external=1_240_000,
        summary="Pennor, pärmar, häftapparater och allt annat till kontoret, samt kopieringspapper och kuvert.",
        how=_RANKED, delivers_after=True, extension=365,
        lots=(
            L("Kontorsmaterial", "10.1", M.RANKING, "Avtalet punkt 4.2", above=400_000, awards=(
                W("norrkontor", "office", minimum=500, fee=75, days=2, renewed=150),
                W("skrivlagret", "office", part=85, level=106, minimum=800, fee=95, days=4),
                W("pappershuset", "office", part=55, level=109, freight=125, free_from=1_500, days=3),
            )),
            L("Papper och kuvert", "10.2", M.SINGLE, "Avtalet punkt 4.3", awards=(
                W("pappershuset", "paper", minimum=500, fee=95, days=2, renewed=120, coming="reviewed"),
            )),
        ),
    ),
    A(
        "UK25-003", "Tryck och profilvaror", "10.3", "karin", -410, 1050, limit=2_400_000, external=310_000,
        summary="Visitkort, foldrar, affischer och roll-ups med kommunens grafiska profil.", how=_FREE_CHOICE,
        regime=LegalRegime.LOU_19,
        lots=(
            L("Trycksaker", "10.3", M.CHOICE, "Avtalet punkt 5.1", above=150_000, awards=(
                W("tryckeriet", "print", days=6, freight=95, free_from=2_000),
                W("profilverket", "print", part=80, level=97, days=8),
            ), grounds="Lägst pris för uppdraget\nKortast leveranstid\nBäst uppfyllda miljökrav för uppdraget"),
        ),
    ),
    A(
        "UK24-020", "Mejerivaror och ägg", "20.1", "erik", -500, 590, limit=24_000_000, external=9_800_000,
        entitled=SCHOOLS, follow_up=FollowUpClass.A, extension=365,
        summary="Mjölk, fil, smör, ost och ägg till kök i skola, förskola och omsorg. Levereras kylt till köket.",
        how=f"{_BASKET} Beställ senast kl. 12 två vardagar före leverans.",
        lots=(
            L("Mejeri och ägg", "20.1", M.SINGLE, "Avtalet punkt 3.1", awards=(
                W("fjallmejeriet", "dairy", minimum=900, fee=150, days=2, renewed=90),
            )),
        ),
    ),
    A(
        "UK24-021", "Kött och chark", "20.2", "erik", -480, 615, limit=18_000_000, external=6_100_000,
        entitled=SCHOOLS, follow_up=FollowUpClass.A,
        summary="Nötkött, fläsk, kyckling, vilt och charkuterier, styckat och packat för storkök.", how=_RANKED,
        lots=(
            L("Färskt kött och chark", "20.2", M.RANKING, "Avtalet punkt 3.4", awards=(
                W("jamtchark", "meat", part=90, minimum=1_500, fee=200, days=2),
                W("nordkott", "meat", level=104, minimum=2_500, fee=250, days=3),
            )),
        ),
    ),
    A(
        "UK24-022", "Bröd och kaffebröd", "20.3", "erik", -470, 260, limit=5_200_000, external=2_350_000,
        entitled=ALL, summary="Färskt matbröd, frallor, tunnbröd och kaffebröd från bageriet, levererat på morgonen.",
        how=f"{_BASKET} Beställ senast kl. 10 dagen före.",
        lots=(
            L("Färskt bröd", "20.3", M.SINGLE, "Avtalet punkt 3.1", awards=(
                W("bagarstugan", "bread", minimum=300, fee=90, days=1),
            )),
        ),
    ),
    A(
        "UK24-023", "Frukt, bär och grönsaker", "20.4", "erik", -465, 630, limit=15_000_000, external=4_900_000,
        entitled=ALL, follow_up=FollowUpClass.A,
        summary="Färsk frukt, bär, grönsaker och potatis, även skalat och skuret, efter säsong.", how=_RANKED,
        lots=(
            L("Frukt och grönt", "20.4", M.RANKING, "Avtalet punkt 3.3", awards=(
                W("gronkorgen", "fruit", minimum=800, fee=120, days=1),
                W("fruktringen", "fruit", part=85, level=103, minimum=1_200, fee=150, days=2),
            )),
        ),
    ),
    A(
        "UK24-024", "Kolonial, fisk och fryst", "20", "erik", -450, 645, limit=31_000_000, external=11_700_000,
        entitled=ALL, follow_up=FollowUpClass.A,
        summary="Torrvaror, konserver, kryddor, drycker, fisk och frysta varor till kök och fikarum.", how=_BASKET,
        lots=(
            L("Kolonial och drycker", "20.5", M.SINGLE, "Avtalet punkt 3.1", awards=(
                W("storhushallet", "dry", minimum=1_500, fee=250, days=3, renewed=60),
            )),
            L("Fisk och fryst", "20.6", M.RANKING, "Avtalet punkt 3.2", entitled=SCHOOLS, awards=(
                W("fiskcentralen", "fish", part=80, minimum=1_000, fee=180, days=2),
                W("storhushallet", "fish", level=105, minimum=1_500, fee=250, days=3),
            )),
        ),
    ),
    A(
        "UK22-008", "Städ och hygien 2022–2026", "30", "karin", -1415, 45, limit=9_000_000, external=6_900_000,
        summary="Rengöringsmedel, moppar, soppåsar, toalettpapper och handdukar. Avtalet löper snart ut; ett nytt är "
        "tecknat och tar vid utan glapp.", how=_RANKED,
        lots=(
            L("Städkemikalier och redskap", "30.1", M.RANKING, "Avtalet punkt 4.1", awards=(
                W("renkraft", "cleaning", minimum=600, fee=95, days=3),
                W("blankstad", "cleaning", part=70, level=103, minimum=600, fee=110, days=5),
                W("stadia", "cleaning", part=85, level=108, freight=190, free_from=3_000, days=5),
            )),
            L("Mjukpapper och engångsartiklar", "30.2", M.SINGLE, "Avtalet punkt 4.2", awards=(
                W("mjukbolaget", "tissue", minimum=1_000, fee=140, days=4),
            )),
        ),
    ),
    A(
        "UK26-002", "Städ och hygien 2026–2030", "30", "karin", 46, 1506, limit=11_000_000,
        summary="Efterträder avtalet från 2022: rengöringsmedel, redskap och mjukpapper med fler miljömärkta val.",
        how=_RANKED,
        lots=(
            L("Städkemikalier och redskap", "30.1", M.RANKING, "Avtalet punkt 4.1", awards=(
                W("stadia", "cleaning", level=99, minimum=700, fee=95, days=3),
                W("renkraft", "cleaning", part=75, level=102, minimum=600, fee=95, days=3),
            )),
            L("Mjukpapper och engångsartiklar", "30.2", M.SINGLE, "Avtalet punkt 4.2", awards=(
                W("mjukbolaget", "tissue", level=104, minimum=1_000, fee=140, days=4),
            )),
        ),
    ),
    A(
        "UK25-007", "Skolmöbler", "40.1", "lars", -330, 1130, limit=14_000_000, external=1_900_000, entitled=SCHOOLS,
        summary="Elevbord, stolar, förvaring och möbler för förskola, provade för svensk skola.",
        how=f"{_FREE_CHOICE} Möblering av hela salar över 150 000 kr konkurrensutsätts.", delivers_after=True,
        lots=(
            L("Möbler för skola och förskola", "40.1", M.CHOICE, "Avtalet punkt 4.4", above=150_000, awards=(
                W("lardomsmobler", "schoolfurniture", freight=495, free_from=15_000, days=20),
                W("skolrum", "schoolfurniture", part=75, level=102, freight=450, free_from=20_000, days=25),
            ), grounds="Passar befintliga möbler\nLägst totalkostnad\nKortast leveranstid\nErgonomi för målgruppen"),
        ),
    ),
    A(
        "UK25-008", "Kontorsmöbler", "40.2", "lars", -320, 1140, limit=12_000_000, external=2_600_000,
        summary="Höj- och sänkbara bord, kontorsstolar, skärmar, belysning och förvaring.", how=_RANKED,
        lots=(
            L("Kontorsmöbler", "40.2", M.RANKING, "Avtalet punkt 4.2", above=500_000, awards=(
                W("sittbra", "officefurniture", freight=350, free_from=8_000, days=10),
                W("rumochform", "officefurniture", part=80, level=104, freight=390, free_from=10_000, days=14),
            )),
        ),
    ),
    A(
        "UK24-030", "Datorer och skärmar", "50.1", "johanna", -540, 190, limit=16_000_000, external=14_150_000,
        follow_up=FollowUpClass.A,
        summary="Bärbara och stationära datorer, skärmar och dockor med tre års garanti. Takvolymen är snart nådd; "
        "nytt avtal upphandlas.", how=f"{_BASKET} Fråga IT-enheten om du är osäker på modell.",
        lots=(
            L("Klienter och skärmar", "50.1", M.SINGLE, "Avtalet punkt 6.1", above=1_000_000, awards=(
                W("datastig", "computers", days=7, renewed=75),
            )),
        ),
    ),
    A(
        "UK24-031", "IT-tillbehör", "50.2", "johanna", -535, 560, limit=4_800_000, external=1_050_000,
        summary="Möss, tangentbord, headset, kablar, dockor, minnen, toner och väskor.", how=_RANKED,
        lots=(
            L("Tillbehör", "50.2", M.RANKING, "Avtalet punkt 6.2", awards=(
                W("bitochbyte", "accessories", freight=79, free_from=600, days=2),
                W("datastig", "accessories", part=70, level=105, freight=89, free_from=800, days=3),
                W("kabelkungen", "accessories", part=60, level=107, freight=95, days=4),
            )),
        ),
    ),
    A(
        "UK25-012", "Telefoner och surfplattor", "50.3", "johanna", -280, 815, limit=6_000_000, external=1_400_000,
        summary="Mobiltelefoner, surfplattor, skal, laddare och trygghetstelefoner.", how=_BASKET,
        lots=(
            L("Telefoner, surfplattor och tillbehör", "50.3", M.SINGLE, "Avtalet punkt 5.2", awards=(
                W("fjalltele", "phones", days=4),
            )),
        ),
    ),
    A(
        "UK23-015", "Sjukvårdsmaterial", "60", "erik", -700, 395, limit=19_000_000, external=9_400_000,
        entitled=MUNICIPALITIES, follow_up=FollowUpClass.A,
        summary="Förband, sprutor, provtagning, handskar och inkontinensskydd till vård och omsorg.", how=_RANKED,
        lots=(
            L("Förband, provtagning och instrument", "60.1", M.SINGLE, "Avtalet punkt 4.1", awards=(
                W("vardvaror", "medical", minimum=750, fee=120, days=3),
            )),
            L("Handskar, skydd och inkontinens", "60.2", M.RANKING, "Avtalet punkt 4.2", limit=1_400_000,
              external=1_353_000, awards=(
                W("omsorgslagret", "gloves", minimum=500, fee=90, days=2),
                W("vardvaror", "gloves", part=80, level=105, minimum=750, fee=120, days=3),
            )),
        ),
    ),
    A(
        "UK25-016", "Hjälpmedel", "60.3", "erik", -260, 1200, limit=7_500_000, external=600_000,
        entitled=MUNICIPALITIES,
        summary="Rollatorer, duschstolar, greppverktyg och annat som underlättar vardagen.",
        how=f"{_BASKET} Inköpen fördelas mellan två leverantörer, 60 och 40 procent, efter avtalets fördelningsnyckel.",
        lots=(
            L("Hjälpmedel för det dagliga livet", "60.3", M.ALLOCATION, "Avtalet punkt 4.5", awards=(
                W("rullaut", "aids", share=60, days=6, freight=149, free_from=2_000),
                W("stodet", "aids", share=40, part=90, level=101, days=6, freight=149, free_from=2_500),
            )),
        ),
    ),
    A(
        "UK24-040", "Arbetskläder och skyddsskor", "70", "lars", -430, 300, limit=5_500_000, external=1_800_000,
        summary="Kläder för kök, vård, förskola, park och verkstad, med tryck av kommunens märke, samt skyddsskor.",
        how=f"{_BASKET} Arbetskläder beställs av den som har lägst totalpris för just din varukorg, med frakt. "
        "Varukorgen räknar ut det åt dig.",
        lots=(
            L("Arbetskläder", "70.1", M.DYNAMIC_RANKING, "Avtalet punkt 4.1", awards=(
                W("varselbod", "workwear", freight=120, free_from=1_500, days=7),
                W("nordplagg", "workwear", part=90, freight=145, free_from=900, days=9),
            )),
            L("Skyddsskor", "70.2", M.SINGLE, "Avtalet punkt 4.2", awards=(
                W("varselbod", "shoes", freight=120, free_from=1_500, days=7),
            )),
        ),
    ),
    A(
        "UK24-044", "Verktyg och förnödenheter", "80.1", "lars", -425, 305,
        summary="Handverktyg, maskiner, skruv, färg, tejp och annat från järnhandeln. Takvolymen är inte känd: avtalet "
        "är äldre än kraven på den.", how=_RANKED, regime=LegalRegime.LOU,
        lots=(
            L("Järnhandelsvaror", "80.1", M.RANKING, "Avtalet punkt 3.3", awards=(
                W("jarnbod", "tools", minimum=300, fee=60, days=2, limit=3_000_000),
                W("verktygsmax", "tools", part=65, level=102, days=3),
                W("spikochplank", "tools", part=45, level=104, days=3),
            )),
        ),
    ),
    A(
        "UK24-045", "Bygg- och trävaror", "80.2", "lars", -420, 310, limit=8_000_000, external=3_100_000,
        entitled="OSD KRO ARE BER HJD FBO JVA",
        summary="Virke, skivor, isolering, gips och beslag. Två delområden efter var du finns.",
        how=f"{_BASKET} Hämta själv på brädgården utan frakt, eller få levererat.",
        lots=(
            L("Östersund, Krokom och Åre", "80.2", M.SINGLE, "Avtalet punkt 3.1", entitled="OSD KRO ARE FBO JVA",
              awards=(W("spikochplank", "building", freight=450, free_from=6_000, days=3),)),
            L("Berg och Härjedalen", "80.2", M.SINGLE, "Avtalet punkt 3.1", entitled="BER HJD", awards=(
                W("harjebygg", "building", part=85, level=103, freight=490, free_from=6_000, days=4),
            )),
        ),
    ),
    A(
        "UK25-018", "Ljuskällor och elmateriel", "80.3", "lars", -250, 480,
        summary="Ledlampor, lysrör, batterier, kablar och skarvdosor. Takvolymen är inte fastställd i avtalet.",
        how=_BASKET, regime=LegalRegime.LOU_19,
        lots=(
            L("Ljuskällor och elmateriel", "80.3", M.SINGLE, "Avtalet punkt 3.1", awards=(
                W("ljuspunkten", "light", minimum=400, fee=70, days=3, coming="draft"),
            )),
        ),
    ),
    A(
        "UK24-050", "Skolmaterial", "90.1", "johanna", -400, 330, limit=5_000_000, external=1_500_000,
        entitled=SCHOOLS, extension=365,
        summary="Skrivhäften, pennor, färg, papper, lim och pysselmaterial för skola, fritids och förskola.",
        how=_BASKET,
        lots=(
            L("Skol- och hobbymaterial", "90.1", M.SINGLE, "Avtalet punkt 4.1", awards=(
                W("skolskafferi", "schoolmaterial", minimum=500, fee=85, days=4, renewed=135),
            )),
        ),
    ),
    A(
        "UK24-051", "Lek och leksaker", "90.2", "johanna", -395, 335, limit=2_200_000, external=700_000,
        entitled=MUNICIPALITIES,
        summary="Leksaker, spel, bygg och konstruktion, uteleksaker och cyklar för förskola och fritids.",
        how=_FREE_CHOICE,
        lots=(
            L("Leksaker", "90.2", M.CHOICE, "Avtalet punkt 4.3", awards=(
                W("lekmaster", "toys", freight=99, free_from=1_000, days=5),
                W("skolskafferi", "toys", part=60, level=102, minimum=500, fee=85, days=4),
            ), grounds="Pedagogiskt innehåll för barngruppen\nHållbarhet och lång livslängd\nLägst pris"),
        ),
    ),
    A(
        "UK25-020", "Idrottsmateriel", "90.3", "johanna", -230, 865, limit=1_800_000, external=260_000,
        entitled="OSD KRO ARE SGF", regime=LegalRegime.LOU_19,
        summary="Bollar, redskap, skidor och matchvästar till skolidrott och idrottshallar. Gäller fyra köpare.",
        how=_BASKET,
        lots=(
            L("Idrottsmateriel", "90.3", M.SINGLE, "Avtalet punkt 4.1", awards=(
                W("sportforum", "sport", freight=119, free_from=1_200, days=6),
            )),
        ),
    ),
    A(
        "UK25-021", "Böcker och läromedel", "90.4", "johanna", -225, 505, limit=9_000_000, external=2_700_000,
        entitled=SCHOOLS, regime=LegalRegime.LOU_19,
        summary="Läromedel, skönlitteratur och facklitteratur för skola och bibliotek, med eller utan inplastning.",
        how=_RANKED,
        lots=(
            L("Tryckta böcker", "90.4", M.RANKING, "Avtalet punkt 5.1", awards=(
                W("bokrosten", "books", days=5, freight=49, free_from=500),
                W("lasfjall", "books", part=80, level=104, days=3),
            )),
        ),
    ),
    A(
        "UK26-001", "Biblioteksinredning", "90.4", "johanna", -50, 610, limit=900_000, external=120_000,
        entitled="OSD", regime=LegalRegime.LOU_19, follow_up=FollowUpClass.C,
        summary="Bokvagnar, hyllor, bokstöd och inplastning till Stadsbiblioteket. Bara Östersund får avropa.",
        how=_BASKET,
        lots=(
            L("Inredning och bokvård", "90.4", M.SINGLE, "Avtalet punkt 4.1", awards=(
                W("skolrum", "library", freight=350, free_from=5_000, days=15),
            )),
        ),
    ),
    A(
        "UK24-060", "Däck och fälg", "95.1", "lars", -390, 55, limit=2_600_000, external=2_240_000,
        summary="Sommar- och vinterdäck till personbilar, skåpbilar och maskiner, med montering.", how=_RANKED,
        lots=(
            L("Däck", "95.1", M.RANKING, "Avtalet punkt 3.2", awards=(
                W("dackdepan", "tyres", days=3),
                W("hjulnorr", "tyres", part=70, level=103, days=4),
            )),
        ),
    ),
    A(
        "UK23-061", "Drivmedel på station", "95.2", "lars", -760, 330, regime=LegalRegime.EXTERNAL,
        summary="Drivmedel med kort på bemannade och obemannade stationer, genom ett statligt ramavtal.",
        how="Tanka med organisationens drivmedelskort. Nya kort beställs hos fordonsansvarig.", limit=30_000_000,
        external=17_600_000, follow_up=FollowUpClass.C,
        lots=(L("Drivmedel med kort", "95.2", M.SINGLE, "Avropsvägledningen avsnitt 2", awards=(W("drivnat"),)),),
    ),
    A(
        "UK25-030", "Byggentreprenader och snickeri", "80.4", "lars", -210, 1250, limit=40_000_000,
        external=6_800_000, entitled=f"{MUNICIPALITIES} FBO JVA", follow_up=FollowUpClass.A,
        summary="Om- och tillbyggnad, underhåll och snickeri upp till fem miljoner kronor per uppdrag.", how=_COMPETE,
        lots=(
            L("Bygg och snickeri", "80.4", M.COMPETITION, "Avtalet punkt 6.1", awards=(
                W("byggmastarna", days=None), W("snickarlaget", days=None), W("harjebygg", days=None),
                W("spikochplank", days=None),
            )),
        ),
    ),
    A(
        "UK25-031", "El- och VVS-arbeten", "80.4", "lars", -205, 525, limit=22_000_000, external=4_300_000,
        entitled=f"{MUNICIPALITIES} FBO JVA SGF",
        summary="Service och mindre arbeten av elektriker och rörmokare på timpris, jour dygnet runt.",
        how="Under 100 000 kr beställer du av den som står först. Större arbeten konkurrensutsätts av kontoret.",
        lots=(
            L("El och VVS på timpris", "80.4", M.COMBINATION, "Avtalet punkt 6.2", above=100_000, awards=(
                W("elochvatten", "hours", days=2),
                W("storsjoror", "hours", level=104, days=3),
            )),
        ),
    ),
    A(
        "UK25-032", "Transporter och flytt", "95.3", "lars", -190, 540, limit=3_000_000, external=420_000,
        summary="Flytt av kontor och skolor, magasinering och budtransporter.", how=_COMPETE,
        lots=(
            L("Flytt och magasinering", "95.3", M.COMPETITION, "Avtalet punkt 5.3", awards=(
                W("flyttfjall", days=None), W("byggmastarna", days=None),
            )),
        ),
    ),
    A(
        "UK26-003", "Lokala livsmedelsproducenter (DIS)", "20", "erik", -35, 1280, entitled=SCHOOLS,
        summary="Dynamiskt inköpssystem för kött, fisk, grönsaker och bär från små producenter. Nya leverantörer kan "
        "ansöka när som helst.", how=_COMPETE, follow_up=FollowUpClass.C,
        lots=(L("Råvaror från små producenter", "20", M.DYNAMIC_PURCHASING, "LOU 8 kap. 1 §"),),
    ),
    A(
        "UK20-009", "Kontorsmaterial 2020–2024", "10.1", "karin", -1660, -200, limit=3_000_000, external=2_310_000,
        summary="Det tidigare avtalet om kontorsmaterial, kvar för uppföljning.", how=_BASKET, fate="ended", fated=199,
        lots=(
            L("Kontorsmaterial", "10.1", M.SINGLE, "Avtalet punkt 4.1", awards=(
                W("skrivlagret", "office", part=40, level=96, days=4),
            )),
        ),
    ),
    A(
        "UK24-070", "Kaffe och kaffeautomater", "20.5", "erik", -370, 360, limit=2_800_000, external=910_000,
        summary="Kaffe, te och mjölkpulver till automater, med service. Pausat medan priserna granskas.", how=_BASKET,
        fate="paused", fated=18,
        lots=(
            L("Kaffe och tillbehör", "20.5", M.SINGLE, "Avtalet punkt 3.2", awards=(
                W("kaffeverket", "coffee", freight=99, free_from=900, days=4),
            )),
        ),
    ),
    A(
        "UK26-005", "Vitvaror och storköksutrustning", "40", "lars", 75, 1535, limit=9_500_000, entitled=SCHOOLS,
        summary="Diskmaskiner, spisar, kylar och utrustning till storkök. Avtalet skrivs just nu.", how=_RANKED,
        fate="draft",
        lots=(
            L("Vitvaror och storkök", "40", M.RANKING, "Avtalet punkt 4.1", awards=(
                W("storhushallet", "kitchen", days=14), W("elochvatten", days=20),
            )),
        ),
    ),
)  # fmt: skip
