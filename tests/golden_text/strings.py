"""The strings of the golden tests: name of the script, font file (a Debian package's or the engine's), direction, texts."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

ENGINE = Path(str(resources.files("flatrender.engine.text") / "data"))
NOTO = Path("/usr/share/fonts/truetype/noto")
CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@dataclass(frozen=True)
class Script:
    """Texts of one script, each of one direction."""

    name: str
    code: str
    font: Path
    language: str
    direction: str
    texts: tuple[str, ...]
    index: int = 0


SCRIPTS = (
    Script("persian", "Arab", ENGINE / "Vazirmatn[wght].ttf", "fa", "rtl", (
        "سلام", "ساخت پیش‌نمایش صحنه‌ها", "فروش ویژه", "می‌خواهم", "مُحَمَّد", "دربارهٔ ما", "گچپژک", "«نقل قول»", "(سلام)",
        "چرا؟ بله!", "لا اله الا الله", "کتاب‌هایشان را می‌خوانند", "ایران، تهران؛ شیراز", "نی‌نامه و مثنوی", "خانهٔ آبیِ کنار دریا",
        "حتماً", "مسئول رؤیا", "پنج‌شنبه‌ها", "ﻻ لإ لأ لآ", "ءآأؤإئابتث", "جچحخدذرزژسشصضطظعغ", "فقکگلمنوهی", "كتاب عربي", "همهٔ ما یکی‌ایم",
    )),
    Script("persian-noto", "Arab", NOTO / "NotoNaskhArabic-Regular.ttf", "fa", "rtl", (
        "سلام", "پیش‌نمایش", "مُحَمَّد", "لا اله الا الله", "می‌خواهم بنویسم", "خوش‌نویسی",
    )),
    Script("arabic", "Arab", NOTO / "NotoNaskhArabic-Regular.ttf", "ar", "rtl", (
        "مرحبا بالعالم", "السَّلامُ عَلَيْكُم", "بِسْمِ اللَّهِ الرَّحْمَٰنِ الرَّحِيمِ", "كتابٌ جديدٌ", "لأنّ الأرض",
    )),
    Script("urdu", "Arab", NOTO / "NotoNastaliqUrdu-Regular.ttf", "ur", "rtl", ("اردو زبان", "پاکستان", "محبت", "ہماری دنیا")),
    Script("hebrew", "Hebr", ENGINE / "NotoSansHebrew[wght].ttf", "he", "rtl", ("שלום עולם", "בְּרֵאשִׁית", "ירושלים", "מה שלומך")),
    Script("latin", "Latn", ENGINE / "Vazirmatn[wght].ttf", "en", "ltr", (
        "AVATAR To Wave", "office affine fjord", "naïve café", "Hello, world!", "Ťŷpé 123", "fi fl ffi", "VAV. Ty.",
    )),
    Script("latin-noto", "Latn", NOTO / "NotoSans-Regular.ttf", "en", "ltr", ("Tiếng Việt", "Ελ 5 × 3", "e\u0301a\u0308o\u0302", "AV To Ta")),
    Script("cyrillic", "Cyrl", ENGINE / "NotoSans-Cyrillic[wght].ttf", "ru", "ltr", ("Привет", "Съешьещё", "ГУТА", "Київ")),
    Script("greek", "Grek", ENGINE / "NotoSans-Greek[wght].ttf", "el", "ltr", ("Καλημέρα", "ΑΥΤΟΣ", "Οδυσσέας", "λόγος")),
    Script("devanagari", "Deva", ENGINE / "NotoSansDevanagari[wght].ttf", "hi", "ltr", ("नमस्ते", "हिन्दी", "क्षत्रिय", "श्रृंखला", "विश्वविद्यालय")),
    Script("thai", "Thai", ENGINE / "NotoSansThai[wght].ttf", "th", "ltr", ("สวัสดี", "ภาษาไทย", "น้ำใจ", "ที่นี่")),
    Script("bengali", "Beng", NOTO / "NotoSansBengali-Regular.ttf", "bn", "ltr", ("বাংলা", "ধন্যবাদ", "শ্রদ্ধা")),
    Script("tamil", "Taml", NOTO / "NotoSansTamil-Regular.ttf", "ta", "ltr", ("வணக்கம்", "தமிழ்", "கொடு")),
    Script("armenian", "Armn", NOTO / "NotoSansArmenian-Regular.ttf", "hy", "ltr", ("Բարեւ", "Հայերեն")),
    Script("georgian", "Geor", NOTO / "NotoSansGeorgian-Regular.ttf", "ka", "ltr", ("გამარჯობა", "საქართველო")),
    Script("japanese", "Hira", CJK, "ja", "ltr", ("こんにちは", "ひらがな")),
    Script("han", "Hani", CJK, "ja", "ltr", ("漢字", "東京都")),
    Script("hangul", "Hang", CJK, "ko", "ltr", ("안녕하세요", "한국어"), 1),
)  # fmt: skip
CASES = [(script, text) for script in SCRIPTS for text in script.texts]
IDS = [f"{script.name}-{script.texts.index(text)}" for script, text in CASES]
