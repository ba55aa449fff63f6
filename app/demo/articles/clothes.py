"""Work clothes and safety shoes, size by size."""

from __future__ import annotations

from app.demo.articles.grammar import product as p

SIZES = "XS|S|M|L|XL|XXL=1.05|3XL=1.1"
WAISTS = "C44|C46|C48|C50|C52|C54|C56|C58|D100|D104|D108"

WORKWEAR = (
    p("Arbetsbyxa {brand} {kind} svart {size}", "690.00", brand="Slit|Norrväv=1.1",
      kind="med hölsterfickor|stretch=1.3", size=WAISTS, words="snickarbyxor, hantverksbyxa, byxor", marks="Öko-Tex|",
      unspsc="53101504"),
    p("Varselbyxa {brand} klass 2 {colour} {size}", "790.00", brand="Slit", colour="gul|orange",
      size="C46|C48|C50|C52|C54|C56|C58", words="reflexbyxa, byxor"),
    p("Varseljacka {brand} klass 3 {colour} {size}", "1190.00", brand="Slit|Norrväv=1.1", colour="gul|orange",
      size=SIZES, words="reflexjacka, vinterjacka", unspsc="53101604"),
    p("Varselväst klass 2 {colour} {size}", "89.00", colour="gul|orange|rosa=1.1",
      size="barn 3–6 år|barn 7–12 år|S/M|L/XL|XXL/3XL", words="reflexväst, väst, förskoleväst", multiple=5),
    p("Softshelljacka {brand} {cut} {colour} {size}", "690.00", brand="Norrväv", cut="dam|herr", colour="svart|marin",
      size="S|M|L|XL|XXL", words="jacka", marks="Bluesign|Öko-Tex"),
    p("Fleecejacka {brand} {colour} {size}", "390.00", brand="Norrväv", colour="svart|marin|röd", size="S|M|L|XL|XXL",
      words="tröja, jacka", marks="Öko-Tex"),
    p("T-shirt {brand} {cut} {colour} {size}", "79.00", brand="Norrväv|Slit=0.9", cut="dam|herr",
      colour="vit|marin|svart", size="S|M|L|XL|XXL", words="tröja, tisha", marks="Fairtrade|GOTS|Öko-Tex",
      unspsc="53103000"),
    p("Pikétröja {cut} {colour} {size}", "149.00", cut="dam|herr", colour="vit|marin|vinröd", size="S|M|L|XL|XXL",
      words="pike, tröja", marks="Fairtrade|Öko-Tex"),
    p("Vårdrock {colour} {size}", "289.00", colour="vit|ljusblå", size=SIZES, words="rock, tunika, vårdkläder",
      marks="Öko-Tex", unspsc="53102710"),
    p("Vårdbyxa {colour} {size}", "249.00", colour="vit|marin|ljusblå", size=SIZES, words="byxor, vårdkläder",
      marks="Öko-Tex"),
    p("Bussarong {colour} {size}", "229.00", colour="vit|ljusblå|mörkblå", size=SIZES, words="vårdtunika, skjorta",
      marks="Öko-Tex|Fairtrade"),
    p("Kockrock {colour} {size}", "349.00", colour="vit|svart", size=SIZES, words="kockkläder, kökskläder"),
    p("Kockbyxa rutig {size}", "289.00", size=SIZES, words="kockkläder, kökskläder"),
    p("Förkläde {kind} {colour}", "129.00", kind="bröst|midje=0.8", colour="vit|svart|randigt", words="kökskläder"),
    p("Regnjacka {brand} {size}", "690.00", brand="Slit|Norrväv=1.1", size=SIZES, words="regnkläder, regnställ"),
    p("Regnbyxa {brand} {size}", "490.00", brand="Slit|Norrväv=1.1", size=SIZES, words="regnkläder, regnställ"),
    p("Vinteroverall {cut} {colour} {size}", "1390.00", cut="dam|herr", colour="svart|marin", size="S|M|L|XL|XXL",
      words="overall, förskolekläder, ute"),
    p("Mössa {kind} {colour}", "98.00", kind="fleece|stickad=0.9|varsel=1.2", colour="svart|marin|gul"),
    p("Arbetshandske {kind} storlek {size}", "49.00", "PR", kind="montage|vinter=1.9|läder=1.4|skärskydd C=1.8",
      size="7|8|9|10|11", words="handskar, vantar", multiple=6),
    p("Knäskydd {kind}", "149.00", "PR", kind="för byxa|utanpå=1.8", words="knädynor"),
    p("Tryck av märke {place}", "39.00", place="bröst|rygg=1.6|namn=1.2", words="brodyr, logga, profiltryck"),
    p("Underställ {part} {size}", "290.00", part="tröja|byxa", size="S|M|L|XL|XXL", words="ull, långkalsonger"),
)  # fmt: skip

FEET = "36|37|38|39|40|41|42|43|44|45|46|47"

SHOES = (
    p("Skyddssko {brand} S3 storlek {size}", "990.00", "PR", brand="Stadig|Tåhätta=1.12", size=FEET,
      words="arbetssko, skyddsskor, skor", unspsc="46181605"),
    p("Skyddssko {brand} S1P sandal storlek {size}", "790.00", "PR", brand="Stadig", size=FEET,
      words="arbetssandal, skor"),
    p("Skyddskänga {brand} vinter storlek {size}", "1490.00", "PR", brand="Stadig|Tåhätta=1.1",
      size="38|39|40|41|42|43|44|45|46", words="känga, vintersko, stövel"),
    p("Vårdsko {brand} {colour} storlek {size}", "590.00", "PR", brand="Mjuksteg", colour="vit|svart", size=FEET,
      words="arbetssko, inneskor, toffla"),
    p("Gummistövel {kind} storlek {size}", "390.00", "PR", kind="vanlig|med skydd=1.9",
      size="37|38|39|40|41|42|43|44|45|46", words="stövlar, regnstövel"),
    p("Inläggssula {size}", "149.00", "PR", size="36–38|39–41|42–44|45–47", words="sula"),
    p("Broddar {size}", "169.00", "PR", size="S|M|L|XL", words="halkskydd, isbroddar"),
)  # fmt: skip
