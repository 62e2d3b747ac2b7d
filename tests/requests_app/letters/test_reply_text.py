from dataclasses import fields, replace
from datetime import date

import pytest

from requests_app.letters.dates import Language
from requests_app.letters.papers import Block, Facts, Numbered, Paragraph
from requests_app.letters.reply_text import ReplyFacts, ReplyKind, draft, parse

FACTS = ReplyFacts(
    unit_name="Biro Akademik",
    letter_number="B/1234/UN11.1/TI.02/2026",
    letter_date=date(2026, 11, 19),
    letter_subject="Permohonan akses webservice",
    person_name="Cut Meutia Rahmah",
    identity_label="NIP",
    identity_number="19880312 201504 2 003",
    granted=("Data mahasiswa aktif", "Data program studi"),
    purpose="Layanan terpadu Biro Akademik",
    valid_from=date(2026, 11, 23),
    valid_until=date(2027, 11, 23),
    renewal_working_days=10,
    helpdesk_contact="Helpdesk UPT TIK, telepon (0651) 7553205",
)


def test_granted() -> None:
    subject, body = draft("granted", language="id", facts=FACTS)
    assert subject == "Persetujuan akses webservice"
    assert body.split("\n\n") == [
        (
            "Sehubungan dengan surat Saudara Nomor B/1234/UN11.1/TI.02/2026 tanggal 19 November 2026 hal Permohonan "
            "akses webservice, bersama ini kami sampaikan bahwa permohonan akses webservice Biro Akademik disetujui "
            "dengan ketentuan sebagai berikut."
        ),
        (
            "Penanggung jawab : Cut Meutia Rahmah, NIP 198803122015042003\n"
            "Tujuan penggunaan : Layanan terpadu Biro Akademik\n"
            "Masa berlaku : 23 November 2026 s.d. 23 November 2027"
        ),
        "Data yang diberikan:\n1. Data mahasiswa aktif\n2. Data program studi",
        (
            "Informasi akun disampaikan langsung kepada penanggung jawab dan tidak dicantumkan dalam surat ini. Data "
            "hanya digunakan untuk tujuan tersebut, tidak diteruskan kepada pihak lain, dan dilindungi sesuai dengan "
            "ketentuan peraturan perundang-undangan mengenai pelindungan data pribadi."
        ),
        (
            "Perpanjangan diajukan paling lambat 10 hari kerja sebelum masa berlaku berakhir. Apabila memerlukan "
            "penjelasan, Saudara dapat menghubungi Helpdesk UPT TIK, telepon (0651) 7553205."
        ),
        "Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.",
    ]


def test_a_single_data_type_stands_in_the_subject_and_among_the_facts() -> None:
    subject, body = draft("granted", language="id", facts=replace(FACTS, granted=("Data mahasiswa aktif",)))
    assert subject == "Persetujuan akses webservice data mahasiswa aktif"
    assert "Data yang diberikan : Data mahasiswa aktif" in body.splitlines()
    assert "1. " not in body


def test_partial_says_what_is_not_given_and_why() -> None:
    facts = replace(
        FACTS,
        refused=(
            ("Data nilai akhir", "pemilik data belum memberi persetujuan."),
            ("Data pembayaran UKT", ""),
        ),
    )
    subject, body = draft("partial", language="id", facts=facts)
    assert subject == "Persetujuan sebagian akses webservice"
    assert "disetujui sebagian dengan ketentuan sebagai berikut." in body
    assert (
        "Data yang belum dapat kami berikan:\n"
        "1. Data nilai akhir (pemilik data belum memberi persetujuan)\n"
        "2. Data pembayaran UKT\n"
    ) in body
    assert "Data yang belum dapat kami berikan dapat diajukan kembali" in body


def test_a_refusal_is_polite_and_says_how_to_come_back() -> None:
    facts = replace(FACTS, granted=(), refusal_reason="surat belum menyebutkan tujuan penggunaan")
    subject, body = draft("refused", language="id", facts=facts)
    assert subject == "Jawaban atas permohonan akses webservice"
    assert body.split("\n\n") == [
        (
            "Sehubungan dengan surat Saudara Nomor B/1234/UN11.1/TI.02/2026 tanggal 19 November 2026 hal Permohonan "
            "akses webservice, bersama ini kami sampaikan bahwa permohonan akses webservice Biro Akademik belum dapat "
            "kami penuhi dengan pertimbangan sebagai berikut."
        ),
        "Surat belum menyebutkan tujuan penggunaan.",
        "Permohonan dapat diajukan kembali setelah hal tersebut dipenuhi.",
        "Apabila memerlukan penjelasan, Saudara dapat menghubungi Helpdesk UPT TIK, telepon (0651) 7553205.",
        "Atas perhatian dan kerja sama Saudara, kami ucapkan terima kasih.",
    ]
    assert "ditolak" not in body.lower()


def test_english() -> None:
    facts = replace(FACTS, refused=(("Final grades", "the data owner has not agreed"),))
    subject, body = draft("partial", language="en", facts=facts)
    assert subject == "Partial approval of web service access"
    assert "Validity period : 23 November 2026 through 23 November 2027" in body.splitlines()
    assert "Data we are not yet able to grant: Final grades (the data owner has not agreed)." in body.splitlines()
    assert body.endswith("Thank you for your attention and cooperation.")


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("kind", ["granted", "partial", "refused"])
def test_what_is_not_known_leaves_no_gap(kind: ReplyKind, language: str) -> None:
    """An applicant may have left almost everything blank; no label without a value, no doubled space, no "None"."""
    facts = ReplyFacts(
        unit_name="Biro Akademik",
        granted=("Data dosen",),
        refused=(("Data gaji", ""),),
        valid_from=date(2026, 11, 23),
        valid_until=date(2027, 11, 23),
    )
    subject, body = draft(kind, language="en" if language == "en" else "id", facts=facts)
    for line in (subject, *body.splitlines()):
        assert not line.endswith((":", " "))
        assert "  " not in line
        assert "None" not in line
    assert "\n\n\n" not in body
    assert ("Saudara, bersama" if language == "id" else "letter, we") in body


def test_no_field_can_carry_a_secret_or_the_persons_telephone_or_email() -> None:
    names = {field.name for field in fields(ReplyFacts)}
    assert names == {
        *("unit_name", "letter_number", "letter_date", "letter_subject"),
        *("person_name", "identity_label", "identity_number"),
        *("granted", "refused", "purpose", "valid_from", "valid_until", "refusal_reason"),
        *("renewal_working_days", "helpdesk_contact", "is_renewal"),
    }


@pytest.mark.parametrize(
    ("kind", "language", "subject", "words"),
    [
        ("partial", "id", "Persetujuan sebagian perpanjangan akses webservice", "permohonan perpanjangan akses"),
        ("refused", "id", "Jawaban atas permohonan perpanjangan akses webservice", "belum dapat kami penuhi"),
        ("partial", "en", "Partial approval of the renewal of web service access", "for the renewal of web service"),
        ("refused", "en", "Reply to the request for the renewal of web service access", "not yet able to fulfil"),
    ],
)
def test_a_renewal_is_called_one(kind: ReplyKind, language: Language, subject: str, words: str) -> None:
    facts = replace(FACTS, is_renewal=True, refused=(("Data dosen", "belum ada"),), refusal_reason="Belum ada")
    written, body = draft(kind, language=language, facts=facts)
    assert written == subject
    assert words in body


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("id", "Sehubungan dengan permohonan perpanjangan Saudara, bersama ini"),
        ("en", "With reference to your request for renewal, we are"),
    ],
)
def test_a_renewal_without_a_letter_answers_none(language: Language, words: str) -> None:
    facts = replace(FACTS, is_renewal=True, letter_number="", letter_date=None, letter_subject="")
    assert draft("granted", language=language, facts=facts)[1].startswith(words)


@pytest.mark.parametrize(
    ("label", "number", "printed"),
    [
        ("NIP", "19880312.201504.2.003", "NIP 198803122015042003"),
        ("NI PPPK", "19880312 202421 2 003", "NI PPPK 198803122024212003"),
        ("Paspor", "C 123.456", "Paspor C 123.456"),
    ],
)
def test_only_a_nip_loses_its_spaces_and_dots(label: str, number: str, printed: str) -> None:
    _, body = draft("granted", language="id", facts=replace(FACTS, identity_label=label, identity_number=number))
    assert f"Penanggung jawab : Cut Meutia Rahmah, {printed}" in body.splitlines()


@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        ("granted", {"granted": ()}, "a grant needs"),
        ("granted", {"valid_from": None}, "a grant needs"),
        ("granted", {"valid_until": None}, "a grant needs"),
        ("partial", {"refused": ()}, "a partial grant needs"),
        ("refused", {"refusal_reason": " ", "refused": ()}, "a refusal needs"),
    ],
)
def test_facts_that_do_not_carry_the_letter_are_refused(
    kind: ReplyKind, change: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        draft(kind, language="id", facts=replace(FACTS, **change))  # type: ignore[arg-type]


def test_line_breaks_typed_by_the_applicant_do_not_break_the_form() -> None:
    facts = replace(FACTS, purpose="Satu\n\n1. dua\nTiga : empat", granted=("Data\nA", "Data\tB"))
    _, body = draft("granted", language="id", facts=facts)
    blocks = parse(body)
    assert [type(block) for block in blocks] == [
        *(Paragraph, Facts, Paragraph, Numbered),
        *(Paragraph, Paragraph, Paragraph),
    ]
    assert isinstance(blocks[1], Facts)
    assert blocks[1].rows[1] == ("Tujuan penggunaan", "Satu 1. dua Tiga : empat")
    assert blocks[3] == Numbered(("Data A", "Data B"))


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        ("", []),
        ("\n \n\t\n", []),
        ("Satu baris.", [Paragraph("Satu baris.")]),
        ("Satu\nkalimat   yang\r\ndipotong.", [Paragraph("Satu kalimat yang dipotong.")]),
        ("Satu.\n\nDua.\n\n\n\nTiga.", [Paragraph("Satu."), Paragraph("Dua."), Paragraph("Tiga.")]),
        ("1. A\n2. B", [Numbered(("A", "B"))]),
        ("1) A\n2) B", [Numbered(("A", "B"))]),
        ("Daftar:\n1. A\n2. B\nSelesai.", [Paragraph("Daftar:"), Numbered(("A", "B")), Paragraph("Selesai.")]),
        # A deleted or doubled number is set right; a blank line between items is not the end of the list.
        ("1. A\n3. C\n1. D", [Numbered(("A", "C", "D"))]),
        ("1. A\n\n2. B", [Numbered(("A", "B"))]),
        ("1. A\n\n1. B", [Numbered(("A",)), Numbered(("B",))]),
        ("1. A\n   lanjutan\n2. B", [Numbered(("A lanjutan", "B"))]),
        # A sentence that wraps at a year or a decimal is not a list.
        ("Sejak tahun\n2026. Selanjutnya", [Paragraph("Sejak tahun 2026. Selanjutnya")]),
        ("Sejak bab\n12. Selanjutnya", [Paragraph("Sejak bab 12. Selanjutnya")]),
        ("1.5 persen", [Paragraph("1.5 persen")]),
        ("1.", [Paragraph("1.")]),
        ("Nama : Cut\nNIP : 1988", [Facts((("Nama", "Cut"), ("NIP", "1988")))]),
        ("Nama\t:\tCut", [Facts((("Nama", "Cut"),))]),
        ("Waktu : pukul 10 : 30", [Facts((("Waktu", "pukul 10 : 30"),))]),
        ("Nama : Cut\n  Meutia", [Facts((("Nama", "Cut Meutia"),))]),
        ("Sebagai berikut.\nNama : Cut", [Paragraph("Sebagai berikut."), Facts((("Nama", "Cut"),))]),
        ("Nama : Cut\n\nUnit : TIK", [Facts((("Nama", "Cut"),)), Facts((("Unit", "TIK"),))]),
        # A colon without a space before it belongs to the sentence, as does one after forty characters.
        ("Data yang diberikan: mahasiswa", [Paragraph("Data yang diberikan: mahasiswa")]),
        ("Lihat https://tik.usk.ac.id", [Paragraph("Lihat https://tik.usk.ac.id")]),
        ("x" * 40 + " : y", [Facts((("x" * 40, "y"),))]),
        ("x" * 41 + " : y", [Paragraph("x" * 41 + " : y")]),
        ("Nama :", [Paragraph("Nama :")]),
        ("*tebal* #let $x$", [Paragraph("*tebal* #let $x$")]),
    ],
)
def test_parse(body: str, blocks: list[Block]) -> None:
    assert parse(body) == blocks
