"""Product promo: a product shown in six scenes with pictures. Light paper, arches and discs; discs lead from scene to scene."""

from kit.keys import Json
from kit.package import Both, Package, SceneSpec, bind, choice, field, image_field, text_field

from designs.promo_scenes import (
    CLAY,
    FRAMES,
    MINT,
    NOIR,
    VIOLET,
    H,
    W,
    ending,
    features,
    figure,
    gallery,
    name,
    opening,
)


def _features() -> list[Json]:
    rows: list[tuple[str, Both, Both]] = [
        ("one", ("ویژگی نخست", "First feature"), ("حذف هوشمند صدای محیط", "Smart noise cancelling")),
        ("two", ("ویژگی دوم", "Second feature"), ("شارژ کامل در ده دقیقه", "Full charge in ten minutes")),
        ("three", ("ویژگی سوم", "Third feature"), ("ضد آب و گرد و غبار", "Water and dust proof")),
    ]
    return [
        text_field(f"feature_{k}", label, default, f"Feature {k}", max_width=620, max_length=40)
        for k, label, default in rows
    ]


def _doors() -> list[Json]:
    doors: list[tuple[str, Both, Both, str]] = [
        ("one", ("نخست", "one"), ("خانه", "Home"), "headphones.jpg"),
        ("two", ("دوم", "two"), ("مهمانی", "Party"), "speaker.jpg"),
        ("three", ("سوم", "three"), ("سفر", "Travel"), "earbuds.jpg"),
    ]
    out: list[Json] = []
    for key, n, caption, file in doors:
        out.append(image_field(f"picture_{key}", (f"تصویر {n[0]}", f"Picture {n[1]}"), file, f"Gallery {key}"))
        out.append(
            text_field(
                f"caption_{key}",
                (f"نام تصویر {n[0]}", f"Caption {n[1]}"),
                caption,
                f"Gallery caption {key}",
                max_width=440,
                max_length=24,
            )
        )
    return out


PACKAGE = Package(
    key="promo",
    title=("معرفی محصول", "Product promo"),
    description=(
        "محصول شما در پانزده ثانیه: تصویرها، ویژگی‌ها، یک عدد درخشان و نشانی فروشگاه.",
        "Your product in fifteen seconds: pictures, features, one shining figure and where to buy it.",
    ),
    category="promo",
    tags=["product", "shop", "pictures"],
    sizes=[("16x9", W, H)],
    slots=[
        ("background", ("پس‌زمینه", "Background")),
        ("surface", ("سطح", "Surface")),
        ("primary", ("رنگ اصلی", "Primary")),
        ("accent", ("رنگ تأکید", "Accent")),
        ("text", ("نوشته", "Text")),
        ("contrast", ("نوشته روی رنگ اصلی", "Text on primary")),
    ],
    presets=[
        ("clay", ("سفال", "Clay"), CLAY),
        ("violet", ("بنفشه", "Violet"), VIOLET),
        ("mint", ("نعنا", "Mint"), MINT),
        ("noir", ("شب طلایی", "Noir"), NOIR),
    ],
    music=[("drive", ("شتاب", "Drive"))],
    pictures=["headphones.jpg", "speaker.jpg", "earbuds.jpg", "detail.jpg", "finishes.jpg"],
    fields=[field("font", "font", ("قلم", "Font"), "Vazirmatn", [bind("*", "font")])],
    scenes=[
        SceneSpec(
            "opening",
            ("آغاز", "Opening"),
            "intro",
            FRAMES,
            50,
            opening,
            [
                image_field("hero", ("تصویر محصول", "Product picture"), "headphones.jpg", "Hero"),
                text_field(
                    "kicker",
                    ("بالانویس", "Kicker"),
                    ("هدفون بی‌سیم نوا", "Nava wireless headphones"),
                    "Kicker",
                    start=True,
                    max_length=50,
                ),
                text_field(
                    "headline",
                    ("تیتر", "Headline"),
                    ("صدایی که\nحس می‌شود", "Sound you\ncan feel"),
                    "Headline",
                    kind="textarea",
                    start=True,
                    required=True,
                    max_length=60,
                    max_lines=3,
                ),
                text_field(
                    "lead",
                    ("زیرنویس", "Lead"),
                    (
                        "سکوت دنیا، موسیقی شما.\nچهل ساعت بی‌وقفه.",
                        "The world quiet, your music loud.\nForty hours without a break.",
                    ),
                    "Lead",
                    kind="textarea",
                    start=True,
                    max_length=120,
                    max_lines=3,
                ),
                field(
                    "show_badge",
                    "checkbox",
                    ("نشان دایره‌ای", "Round badge"),
                    True,
                    [bind(n, "visible") for n in ("Badge", "Badge ring", "Badge text")],
                ),
                field(
                    "badge",
                    "dropdown",
                    ("نوشتهٔ نشان", "Badge words"),
                    "new",
                    [bind("Badge text", "text", max_width=180)],
                    options=[
                        choice("new", ("تازه رسید", "New in")),
                        choice("best", ("پرفروش", "Best seller")),
                        choice("limited", ("تعداد محدود", "Limited")),
                        choice("local", ("ساخت ایران", "Local made")),
                    ],
                ),
            ],
            is_required=True,
        ),
        SceneSpec(
            "name",
            ("نام محصول", "Product name"),
            "normal",
            FRAMES,
            48,
            name,
            [
                image_field("portrait", ("تصویر", "Picture"), "speaker.jpg", "Portrait"),
                text_field(
                    "name",
                    ("نام محصول", "Product name"),
                    ("نوا ۲", "Nava 2"),
                    "Name",
                    start=True,
                    required=True,
                    max_length=24,
                ),
                text_field(
                    "about",
                    ("معرفی کوتاه", "In short"),
                    ("بلندگویی کوچک\nبا صدایی بزرگ", "A small speaker\nwith a big voice"),
                    "About",
                    kind="textarea",
                    start=True,
                    max_length=90,
                    max_lines=3,
                ),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "features",
            ("ویژگی‌ها", "Features"),
            "normal",
            FRAMES,
            54,
            features,
            [
                text_field(
                    "heading", ("تیتر", "Heading"), ("چرا نوا؟", "Why Nava?"), "Heading", max_width=820, max_length=30
                ),
                *_features(),
                image_field("picture_one", ("تصویر بزرگ", "Large picture"), "earbuds.jpg", "Picture one"),
                image_field("picture_two", ("تصویر کوچک", "Small picture"), "finishes.jpg", "Picture two"),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "figure",
            ("عدد", "Figure"),
            "normal",
            FRAMES,
            54,
            figure,
            [
                field(
                    "number",
                    "number",
                    ("عدد", "Number"),
                    40,
                    [bind("Number", "text", max_width=500)],
                    min=0,
                    max=9999,
                    step=1,
                    decimals=0,
                ),
                text_field(
                    "unit", ("واحد", "Unit"), ("ساعت پخش", "hours of play"), "Unit", max_width=440, max_length=24
                ),
                text_field(
                    "caption",
                    ("توضیح", "Caption"),
                    ("یک بار شارژ کنید،\nیک هفته گوش بدهید", "Charge it once,\nlisten for a week"),
                    "Caption",
                    kind="textarea",
                    start=True,
                    max_length=90,
                    max_lines=3,
                ),
                image_field("detail", ("تصویر", "Picture"), "detail.jpg", "Detail"),
                field(
                    "zoom",
                    "slider",
                    ("بزرگ‌نمایی تصویر", "Picture zoom"),
                    108,
                    [bind("Picture zoom", "scale")],
                    min=100,
                    max=180,
                    step=1,
                    decimals=0,
                    suffix="%",
                ),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "gallery",
            ("نمایشگاه", "Gallery"),
            "normal",
            FRAMES,
            52,
            gallery,
            [
                text_field(
                    "heading",
                    ("تیتر", "Heading"),
                    ("برای هر سلیقه", "For every taste"),
                    "Heading",
                    max_width=1460,
                    max_length=40,
                ),
                *_doors(),
            ],
            can_repeat=True,
        ),
        SceneSpec(
            "ending",
            ("پایان", "Ending"),
            "outro",
            FRAMES,
            56,
            ending,
            [
                image_field("last_picture", ("تصویر", "Picture"), "headphones.jpg", "Last picture"),
                text_field(
                    "call",
                    ("دعوت", "Call"),
                    ("همین امروز بشنوید", "Hear it today"),
                    "Call",
                    max_width=1660,
                    max_length=40,
                ),
                text_field(
                    "shop",
                    ("نشانی فروشگاه", "Shop address"),
                    ("nava-sound.ir", "nava-sound.com"),
                    "Shop",
                    max_width=620,
                    max_length=40,
                ),
            ],
        ),
    ],
)
