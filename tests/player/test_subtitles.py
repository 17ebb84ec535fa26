"""The encodings of subtitle files: of texts in many languages, each in the encodings that are usual for it."""

import codecs
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hangd.player.subtitles import AUTO, check_encoding, utf8_copy

LINES = {
    "ru": ("cp1251 koi8-r cp866 iso8859-5", "Привет! Как дела?|Я не знаю, о чём ты говоришь.|Мы должны идти сейчас!|"
           "Это было очень давно, в другой жизни.|Спасибо, что пришли."),
    "uk": ("cp1251 koi8-u", "Привіт! Як справи?|Я не знаю, про що ти говориш.|Ми повинні йти зараз!|"
           "Це було дуже давно, в іншому житті.|Дякую, що прийшли."),
    "fr": ("cp1252 iso8859-1", "Ça va ?|Je ne sais pas où il est allé.|Il faut y aller tout de suite !|"
           "C'était il y a très longtemps, dans une autre vie.|Merci d'être venus. Elle reviendra à six heures."),
    "de": ("cp1252 iso8859-1", "Schöne Grüße!|Ich weiß nicht, wovon du sprichst.|Wir müssen jetzt sofort gehen!|"
           "Das war vor sehr langer Zeit.|Für dich tät ich alles. Sie käme um sechs."),
    "es": ("cp1252 iso8859-1", "¿Qué tal?|No sé de qué estás hablando.|¡Tenemos que irnos ahora mismo!|"
           "¿Dónde está mi hermano?|Dijo que volvería a las seis. Mañana."),
    "pl": ("cp1250 iso8859-2", "Cześć!|Nie wiem, o czym mówisz.|Musimy iść natychmiast!|Widziałeś go wczoraj?|"
           "Powiedziała, że wróci o szóstej. Źle się czuję, będę w łóżku."),
    "cs": ("cp1250 iso8859-2", "Dobrý den|Nevím, o čem mluvíš.|Musíme jít hned teď!|To bylo velmi dávno.|"
           "Řekla, že se vrátí v šest. Žádný problém, příště to bude lepší."),
    "hu": ("cp1250 iso8859-2", "Jó napot!|Nem tudom, miről beszélsz.|Azonnal mennünk kell!|Ez nagyon régen volt.|"
           "Köszönöm, hogy eljöttek. Őrült dolog, tűz van!"),
    "el": ("cp1253 iso8859-7", "Γεια σου|Δεν ξέρω για τι μιλάς.|Πρέπει να φύγουμε τώρα αμέσως!|"
           "Πού είναι ο αδελφός μου;|Ευχαριστώ που ήρθατε."),
    "tr": ("cp1254 iso8859-9", "Günaydın|Neden bahsettiğini bilmiyorum.|Hemen gitmemiz gerekiyor!|"
           "Bu çok uzun zaman önceydi.|Saat altıda döneceğini söyledi. İşte şimdi oldu."),
    "he": ("cp1255 iso8859-8", "שלום|אני לא יודע על מה אתה מדבר.|אנחנו חייבים ללכת עכשיו!|איפה אחי?|תודה שבאתם."),
    "ar": ("cp1256 iso8859-6", "مرحبا|لا أعرف عما تتحدث.|يجب أن نذهب الآن!|أين أخي؟|شكرا على حضوركم."),
    "th": ("cp874", "สวัสดี|ฉันไม่รู้ว่าคุณกำลังพูดถึงอะไร|เราต้องไปเดี๋ยวนี้!|พี่ชายของฉันอยู่ที่ไหน|นั่นเป็นเรื่องนานมาแล้ว"),
    "zh": ("gb18030 gbk", "你好|我不知道你在说什么。|我们现在必须走了！|我的弟弟在哪里？|那是很久以前的事了。"),
    "zh-TW": ("big5", "你好|我不知道你在說什麼。|我們現在必須走了！|我的弟弟在哪裡？|那是很久以前的事了。"),
    "ja": ("shift_jis euc_jp iso2022_jp", "こんにちは|何を言っているのか分かりません。|今すぐ行かなければなりません！|"
           "兄はどこですか？|来てくれてありがとう。"),
    "ko": ("euc_kr cp949", "안녕하세요|무슨 말을 하는지 모르겠어요.|지금 당장 가야 해요!|"
           "제 동생은 어디 있어요?|와 주셔서 감사합니다."),
}  # fmt: skip

SRT = "{}\r\n00:00:0{},000 --> 00:00:0{},900\r\n<i>{}</i>\r\n\r\n"
ASS = "Dialogue: 0,0:00:0{0}.00,0:00:0{0}.90,Default,,0,0,0,,{{\\i1}}{1}\r\n"
ASS_HEAD = "[Script Info]\r\nScriptType: v4.00+\r\n\r\n[Events]\r\n"
MICRODVD = "{{{0}00}}{{{0}90}}{1}\r\n"
SAMI = "<SYNC Start={0}000><P Class=KRCC>{1}\r\n"


def written(form: str, lines: list[str]) -> str:
    match form:
        case "srt":
            return "".join(SRT.format(number, number, number, line) for number, line in enumerate(lines, 1))
        case "ass":
            return ASS_HEAD + "".join(ASS.format(number, line) for number, line in enumerate(lines, 1))
        case "sub":
            return "".join(MICRODVD.format(number, line) for number, line in enumerate(lines, 1))
        case "smi":
            return "<SAMI><BODY>" + "".join(SAMI.format(n, line) for n, line in enumerate(lines, 1)) + "</BODY></SAMI>"
        case _:
            return "WEBVTT\n\n" + "".join(f"00:0{n}.000 --> 00:0{n}.900\n{line}\n\n" for n, line in enumerate(lines, 1))


def copied(folder: Path, content: bytes, choice: str = AUTO) -> str | None:
    path = folder / "film.srt"
    path.write_bytes(content)
    copy = utf8_copy(str(path), choice)
    return None if copy is None else copy.decode()


@pytest.mark.parametrize("form", ["srt", "ass", "sub", "smi", "vtt"])
@pytest.mark.parametrize("language", LINES)
def test_the_encoding_of_subtitles_is_found(language: str, form: str, tmp_path: Path) -> None:
    encodings, lines = LINES[language]
    text = written(form, lines.split("|"))
    for encoding in encodings.split():
        assert copied(tmp_path, text.encode(encoding)) == text, encoding


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r"])
def test_a_single_word_is_enough_for_russian(encoding: str, tmp_path: Path) -> None:
    text = written("srt", ["Привет"])
    assert copied(tmp_path, text.encode(encoding)) == text


@pytest.mark.parametrize("language", ["ru", "fr", "ja"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf_16_is_read_with_and_without_its_mark(language: str, encoding: str, tmp_path: Path) -> None:
    text = written("srt", LINES[language][1].split("|"))
    assert copied(tmp_path, text.encode(encoding)) == text
    if encoding == "utf-16":
        assert copied(tmp_path, codecs.BOM_UTF16_BE + text.encode("utf-16-be")) == text


@pytest.mark.parametrize("content", [
    b"", b"1\n00:00:00,000 --> 00:00:01,000\nhello\n", "Привет".encode(), codecs.BOM_UTF8 + "Привет".encode(),
    b"\0\0\1\xba" + bytes(range(256)) * 50,
])  # fmt: skip
def test_utf_8_and_what_is_no_text_are_left_as_they_are(content: bytes, tmp_path: Path) -> None:
    for choice in (AUTO, "cp1251", "utf-8", ""):
        assert copied(tmp_path, content, choice) is None


def test_the_viewers_choice_counts_for_what_is_not_utf_8(tmp_path: Path) -> None:
    text = written("srt", ["Привет"])
    for choice in ("koi8-r", "+koi8-r"):
        assert copied(tmp_path, text.encode("koi8-r"), choice) == text
    assert copied(tmp_path, text.encode(), "koi8-r") is None
    assert copied(tmp_path, text.encode(), "+koi8-r") == text.encode().decode("koi8-r")
    for choice in ("", "utf-8", "UTF8", "+utf8"):
        assert copied(tmp_path, text.encode("koi8-r"), choice) is None
    assert copied(tmp_path, text.encode("utf-16"), "koi8-r") == text, "its mark says what it is"


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_left_as_they_are(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    for choice in (AUTO, "cp1251", "+shift_jis"):
        copied(folder, content, choice)


@pytest.mark.parametrize("name", ["auto", "cp1251", "+cp1251", "Windows-1252", "GBK", "utf-8", "", "latin1"])
def test_encodings_that_exist_are_accepted(name: str) -> None:
    assert check_encoding(name) == name


@pytest.mark.parametrize("name", ["nonsense", "hex", "base64", "rot13", "a\0b", "+auto", "+", "cp\udcff"])
def test_other_encodings_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be auto or the name of an encoding"):
        check_encoding(name)


@pytest.mark.parametrize(
    "text",
    [
        lambda size: b"<" * size,
        lambda size: b"{" * size,
        lambda size: b"<\xe9" * (size // 2),
        lambda size: b"{\xe9" * (size // 2),
        lambda size: b"<" + b"a" * size,
        lambda size: b"Dialogue:\n" * (size // 10),
        lambda size: b"Dialogue:,,,,,,,,\n" * (size // 18),
    ],
    ids=["angles", "braces", "angles-letters", "braces-letters", "angle", "lines", "columns"],
)
def test_a_file_of_marks_without_an_end_takes_no_longer_than_its_size_says(
    text: Callable[[int], bytes], tmp_path: Path
) -> None:
    def took(size: int) -> float:
        path = tmp_path / "film.srt"
        path.write_bytes(text(size) + b"\n\xcf\xf0\xe8\xe2\xe5\xf2\n")
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            assert utf8_copy(str(path), AUTO) is not None
            times.append(time.perf_counter() - begun)
        return min(times)

    assert took(80_000) < 20 * max(took(10_000), 0.005)
