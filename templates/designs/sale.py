"""Sale: eight loud scenes with numbers, seals, a coupon and a deadline. Poster colours; slanted bands lead from scene to scene."""

from kit.keys import Json
from kit.package import Both, Package, SceneSpec, bind, both, choice, field, image_field, text_field

from designs.sale_scenes import (
    COUPON,
    NOWRUZ,
    OCEAN,
    POP,
    YALDA,
    H,
    W,
    coupon,
    deadline,
    ending,
    extras,
    percent,
    price,
    product,
    teaser,
)


def _gifts() -> list[Json]:
    out: list[Json] = []
    gifts: list[tuple[str, Both, Both]] = [
        ("one", ("نخست", "one"), ("ارسال رایگان", "Free delivery")),
        ("two", ("دوم", "two"), ("هفت روز بازگشت", "Seven-day returns")),
        ("three", ("سوم", "three"), ("بسته‌بندی هدیه", "Gift wrapping")),
    ]
    for key, n, default in gifts:
        parts = [f"Gift {key}", f"Gift ground {key}", f"Gift box {key}", f"Gift check {key}"]
        out.append(
            text_field(
                f"gift_{key}", (f"هدیهٔ {n[0]}", f"Extra {n[1]}"), default, f"Gift {key}", max_width=760, max_length=40
            )
        )
        out.append(
            field(
                f"show_{key}",
                "checkbox",
                (f"نمایش هدیهٔ {n[0]}", f"Show extra {n[1]}"),
                True,
                [bind(part, "visible") for part in parts],
            )
        )
    return out


STICKERS = [choice("seal", ("مُهر", "Seal")), choice("disc", ("دایره", "Disc")), choice("ribbon", ("روبان", "Ribbon"))]
CURRENCIES = [
    choice("toman", ("تومان", "Toman")),
    choice("rial", ("ریال", "Rial")),
    choice("dollar", ("دلار", "Dollar")),
    choice("euro", ("یورو", "Euro")),
]

PACKAGE = Package(
    key="sale",
    title=("اعلام فروش ویژه", "Sale announcement"),
    description=(
        "حراج شما در هشت صحنهٔ پرانرژی: درصد، قیمت، کد تخفیف و مهلت.",
        "Your sale in eight lively scenes: percentage, price, code and deadline.",
    ),
    category="sale",
    tags=["sale", "discount", "shop", "campaign"],
    sizes=[("16x9", W, H)],
    slots=[
        ("background", ("پس‌زمینه", "Background")),
        ("primary", ("رنگ اصلی", "Primary")),
        ("accent", ("رنگ تأکید", "Accent")),
        ("text", ("نوشته", "Text")),
        ("contrast", ("نوشته روی رنگ اصلی", "Text on primary")),
        ("ink", ("نوشته روی رنگ تأکید", "Text on accent")),
    ],
    presets=[
        ("pop", ("انار", "Pop"), POP),
        ("nowruz", ("نوروز", "Nowruz"), NOWRUZ),
        ("ocean", ("دریا", "Ocean"), OCEAN),
        ("yalda", ("یلدا", "Yalda"), YALDA),
    ],
    music=[("drive", ("شتاب", "Drive"))],
    pictures=["gifts.jpg"],
    fields=[field("font", "font", ("قلم", "Font"), "Vazirmatn", [bind("*", "font")])],
    scenes=[
        SceneSpec(
            "teaser",
            ("خبر", "Teaser"),
            "intro",
            66,
            44,
            teaser,
            [
                text_field(
                    "shout",
                    ("ندا", "Shout"),
                    ("خبر خوب!", "Good news!"),
                    "Shout",
                    max_width=1080,
                    required=True,
                    max_length=24,
                ),
                text_field(
                    "hint",
                    ("زیرنویس", "Hint"),
                    ("فروش ویژهٔ پایان فصل رسید", "The end-of-season sale is here"),
                    "Hint",
                    max_width=1560,
                    max_length=60,
                ),
            ],
        ),
        SceneSpec(
            "percent",
            ("درصد تخفیف", "Percentage"),
            "normal",
            75,
            50,
            percent,
            [
                field(
                    "percent",
                    "number",
                    ("درصد", "Percent"),
                    50,
                    [bind("Percent", "text", max_width=640, count={"from": 0, "start": 14, "end": 40, "ease": "out"})],
                    required=True,
                    min=1,
                    max=99,
                    step=1,
                    decimals=0,
                    suffix={"fa": "٪", "en": "%"},
                ),
                text_field(
                    "up_to", ("بالای عدد", "Above the figure"), ("تا", "up to"), "Up to", max_width=420, max_length=16
                ),
                text_field(
                    "off", ("زیر عدد", "Below the figure"), ("تخفیف", "OFF"), "Off", max_width=520, max_length=16
                ),
                field(
                    "tilt",
                    "slider",
                    ("کجی مُهر", "Tilt of the seal"),
                    -6,
                    [bind("Seal tilt", "rotation")],
                    min=-20,
                    max=20,
                    step=1,
                    decimals=0,
                    suffix="°",
                ),
            ],
            is_required=True,
        ),
        SceneSpec(
            "product",
            ("کالا", "Product"),
            "normal",
            75,
            50,
            product,
            [
                image_field("product", ("تصویر کالا", "Product picture"), "gifts.jpg", "Product"),
                text_field(
                    "product_name",
                    ("نام کالا", "Product name"),
                    ("جعبهٔ هدیه", "Gift box"),
                    "Product name",
                    start=True,
                    max_length=30,
                ),
                text_field(
                    "about",
                    ("توضیح", "About"),
                    ("سه اندازه، ده رنگ،\nبا روبان دست‌دوز", "Three sizes, ten colours,\nhand-tied ribbon"),
                    "About",
                    kind="textarea",
                    start=True,
                    max_length=90,
                    max_lines=3,
                ),
                field(
                    "sticker",
                    "dropdown",
                    ("شکل برچسب", "Sticker"),
                    "seal",
                    [bind(f"Sticker {c['key']}", "visible", when=c["key"]) for c in STICKERS],
                    options=STICKERS,
                ),
                text_field(
                    "sticker_words",
                    ("نوشتهٔ برچسب", "Sticker words"),
                    ("ویژه", "HOT"),
                    "Sticker words",
                    max_width=210,
                    max_length=14,
                ),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "price",
            ("قیمت", "Price"),
            "normal",
            78,
            54,
            price,
            [
                text_field(
                    "was",
                    ("بالای قیمت قبلی", "Above the old price"),
                    ("قیمت قبلی", "Before"),
                    "Was",
                    max_width=1200,
                    max_length=30,
                ),
                field(
                    "old_price",
                    "number",
                    ("قیمت قبلی", "Old price"),
                    980000,
                    [bind("Old price", "text", max_width=1000)],
                    min=0,
                    max=999999999,
                    step=1,
                    decimals=0,
                    grouping=True,
                ),
                field(
                    "new_price",
                    "number",
                    ("قیمت تازه", "New price"),
                    490000,
                    [bind("New price", "text", max_width=960)],
                    min=0,
                    max=999999999,
                    step=1,
                    decimals=0,
                    grouping=True,
                ),
                field(
                    "currency",
                    "dropdown",
                    ("واحد پول", "Currency"),
                    "toman",
                    [bind("Currency", "text", max_width=1000)],
                    options=CURRENCIES,
                ),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "extras",
            ("هدیه‌ها", "Extras"),
            "normal",
            75,
            54,
            extras,
            [
                text_field(
                    "heading",
                    ("تیتر", "Heading"),
                    ("و این‌ها\nهدیهٔ ما", "And these\nare on us"),
                    "Heading",
                    kind="textarea",
                    max_length=40,
                    max_lines=3,
                ),
                *_gifts(),
            ],
        ),
        SceneSpec(
            "coupon",
            ("کد تخفیف", "Coupon"),
            "normal",
            72,
            46,
            coupon,
            [
                text_field(
                    "ask",
                    ("راهنما", "Instruction"),
                    ("این کد را هنگام خرید بنویسید", "Enter this code at the checkout"),
                    "Ask",
                    max_width=1600,
                    max_length=60,
                ),
                text_field(
                    "code", ("کد", "Code"), ("SALE50", "SALE50"), "Code", max_width=940, max_length=16, min_font_size=80
                ),
                text_field(
                    "small_print",
                    ("ریزنوشته", "Small print"),
                    ("تنها در فروشگاه اینترنتی", "Online shop only"),
                    "Small print",
                    max_width=1460,
                    max_length=60,
                ),
                field("coupon_color", "color", ("رنگ کوپن", "Coupon colour"), COUPON, [bind("Coupon", "color")]),
            ],
        ),
        SceneSpec(
            "deadline",
            ("مهلت", "Deadline"),
            "normal",
            75,
            52,
            deadline,
            [
                text_field(
                    "hurry",
                    ("بالانویس", "Kicker"),
                    ("فرصت کوتاه است", "Time is short"),
                    "Hurry",
                    start=True,
                    max_length=40,
                ),
                field(
                    "ends",
                    "dropdown",
                    ("مهلت را چگونه بنویسیم", "How the deadline is told"),
                    "words",
                    [bind("Deadline", "visible", when=["words", "date"])],
                    options=[choice("words", ("با نوشته", "In words")), choice("date", ("با تاریخ", "As a date"))],
                ),
                field(
                    "deadline",
                    "textarea",
                    ("مهلت", "Deadline"),
                    ("فقط تا\nپایان جمعه", "Only until\nFriday night"),
                    [bind("Deadline", "text", valign="middle", justify="start")],
                    required=True,
                    when=[{"field": "ends", "is": "words"}],
                    max_length=40,
                    max_lines=3,
                ),
                field(
                    "last_day",
                    "date",
                    ("آخرین روز", "Last day"),
                    "2027-03-20",
                    [
                        bind(
                            "Deadline",
                            "text",
                            valign="middle",
                            justify="start",
                            format=both(("فقط تا\n{value}", "Only until\n{value}")),
                        )
                    ],
                    when=[{"field": "ends", "is": "date"}],
                ),
                text_field(
                    "stock",
                    ("زیرنویس", "Note"),
                    ("تا وقتی که داریم", "While stocks last"),
                    "Stock",
                    start=True,
                    max_length=50,
                ),
            ],
        ),
        SceneSpec(
            "ending",
            ("پایان", "Ending"),
            "outro",
            78,
            56,
            ending,
            [
                text_field(
                    "shop",
                    ("نام فروشگاه", "Shop name"),
                    ("بازارچه", "Bazaar"),
                    "Shop",
                    max_width=560,
                    max_length=24,
                    min_font_size=48,
                ),
                text_field(
                    "slogan",
                    ("شعار", "Slogan"),
                    ("خرید خوش، قیمت خوش", "Happy prices"),
                    "Slogan",
                    max_width=520,
                    max_length=36,
                ),
                text_field(
                    "address",
                    ("نشانی", "Address"),
                    ("bazarcheh.ir", "bazaar-shop.com"),
                    "Address",
                    max_width=720,
                    max_length=40,
                ),
            ],
        ),
    ],
)
