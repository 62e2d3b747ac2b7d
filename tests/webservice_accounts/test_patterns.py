"""Which paths have which shape, which shapes may be saved, and which paths nobody should interpret."""

from urllib.parse import unquote

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from webservice_accounts.patterns import BadPath, compile_pattern, matches, read_methods, split_path


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/api/mahasiswa", "/api/mahasiswa", True),
        ("/api/mahasiswa", "/api/mahasiswa/", True),
        ("/api/mahasiswa/", "/api/mahasiswa", True),
        ("/api/mahasiswa", "/api/mahasiswa/1", False),
        ("/api/mahasiswa", "/api", False),
        ("/api/mahasiswa", "/api/Mahasiswa", False),
        ("/api/mahasiswa", "/api/mahasiswa2", False),
        ("/api/mahasiswa", "/v1/api/mahasiswa", False),
        ("/api/*", "/api/mahasiswa", True),
        ("/api/*", "/api", False),
        ("/api/*", "/api/", False),
        ("/api/*", "/api/mahasiswa/1", False),
        ("/api/*/nilai", "/api/2108107010001/nilai", True),
        ("/api/*/nilai", "/api/nilai", False),
        ("/api/*/nilai", "/api/1/2/nilai", False),
        ("/api/**", "/api", True),
        ("/api/**", "/api/", True),
        ("/api/**", "/api/a/b/c", True),
        ("/api/**", "/apis", False),
        ("/api/*/**", "/api", False),
        ("/api/*/**", "/api/a", True),
        ("/api/*/**", "/api/a/b", True),
        ("/api/mahasiswa/**", "/api/m%61hasiswa/1", True),
        ("/soap/Layanan.asmx", "/soap/Layanan.asmx", True),
        ("/soap/Layanan.asmx", "/soap/LayananXasmx", False),
        ("/api/daftar nama", "/api/daftar%20nama", True),
    ],
)
def test_a_path_has_the_shape_or_not(pattern: str, path: str, expected: bool) -> None:
    assert matches(compile_pattern(pattern), split_path(path)) is expected


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("", "no_slash"),
        ("api/mahasiswa", "no_slash"),
        ("https://data.usk.ac.id/api", "no_slash"),
        ("/", "everything"),
        ("/*", "everything"),
        ("/**", "everything"),
        ("/*/mahasiswa", "everything"),
        ("//**", "everything"),
        ("/api*", "everything"),
        ("/api/**/nilai", "misplaced_star"),
        ("/api/maha*", "misplaced_star"),
        ("/api/***", "misplaced_star"),
        ("/api//mahasiswa", "bad_path"),
        ("/api//", "bad_path"),
        ("/api/../pegawai", "bad_path"),
        ("/api/.", "bad_path"),
        ("/api/%2e%2e/pegawai", "bad_path"),
        ("/api/m%61hasiswa", "bad_path"),
        ("/api?kind=1", "bad_path"),
        ("/api#top", "bad_path"),
        ("/api;v=1", "bad_path"),
        ("/api\\mahasiswa", "bad_path"),
        ("/api/\x00", "bad_path"),
        ("/api/maha\nsiswa", "bad_path"),
        ("/" + "a" * 200, "too_long"),
        ("/a" * 31, "too_many"),
    ],
)
def test_a_shape_that_is_wrong_or_covers_everything_is_not_saved(pattern: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        compile_pattern(pattern)
    assert refused.value.code == code
    assert refused.value.messages[0].endswith(".")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "api/mahasiswa",
        "*",
        "http://data/api/mahasiswa",
        "//api/mahasiswa",
        "/api//mahasiswa",
        "/api/mahasiswa//",
        "/api/..",
        "/api/../pegawai",
        "/api/./mahasiswa",
        "/.",
        "/api/.../mahasiswa",
        "/api/%2e%2e/pegawai",
        "/api/layanan%2easmx",
        "/api/%2E./pegawai",
        "/api/.%2e/pegawai",
        "/api%2fmahasiswa",
        "/api%2Fmahasiswa",
        "/api%5cmahasiswa",
        "/api%5Cmahasiswa",
        "/api\\mahasiswa",
        "/api/mahasiswa;jsessionid=1",
        "/api/..;/pegawai",
        "/api/mahasiswa%3bx",
        "/api/%252e%252e/pegawai",
        "/api/mahasiswa%00",
        "/api/mahasiswa\x00",
        "/api/mahasiswa%0d%0aX: y",
        "/api/mahasiswa\r",
        "/api/mahasiswa%09",
        "/api/mahasiswa%7f",
        "/api/mahasiswa#top",
        "/api/mahasiswa%23top",
        "/api/mahasiswa%3fa=b",
        "/api/mahasiswa%",
        "/api/mahasiswa%4",
        "/api/mahasiswa%zz",
        "/api/%c0%ae%c0%ae/pegawai",  # an overlong dot is no UTF-8
        "/api/%ff",
        "/api/\xff",
        "/api/..%20/pegawai",  # Windows drops the space
        "/api/%ef%bc%8e%ef%bc%8e/pegawai",  # full-width dots, which some programs make plain
        "/api/%e2%80%ae",  # turns the direction of writing
        "/" + "a" * 2048,
    ],
)
def test_a_path_that_two_programs_may_read_differently_is_refused(path: str) -> None:
    with pytest.raises(BadPath):
        split_path(path)


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/", []),
        ("/api", ["api"]),
        ("/api/", ["api"]),
        ("/api/a.b/..c/d..", ["api", "a.b", "..c", "d.."]),
        ("/api/%C3%A9", ["api", "é"]),
        ("/api/\xc3\xa9", ["api", "é"]),
        ("/api/a%20b+c", ["api", "a b+c"]),
        ("/api/a:b@c,d=e~f'(g)!*&$", ["api", "a:b@c,d=e~f'(g)!*&$"]),
    ],
)
def test_the_parts_of_a_plain_path(path: str, parts: list[str]) -> None:
    assert split_path(path) == parts


@pytest.mark.parametrize(
    ("typed", "methods"),
    [("GET", ("GET",)), ("get, post", ("GET", "POST")), ("GET,GET PUT", ("GET", "PUT")), ("delete", ("DELETE",))],
)
def test_methods_are_read_as_people_type_them(typed: str, methods: tuple[str, ...]) -> None:
    assert read_methods(typed) == methods


@pytest.mark.parametrize(("typed", "named"), [("GETT", "GETT"), ("GET, CONNECT", "CONNECT"), ("*", "*")])
def test_an_unknown_method_is_named(typed: str, named: str) -> None:
    with pytest.raises(ValidationError, match="bukan metode HTTP") as refused:
        read_methods(typed)
    assert f"“{named}”" in refused.value.messages[0]


def test_a_rule_needs_a_method() -> None:
    with pytest.raises(ValidationError, match="paling sedikit satu metode"):
        read_methods(" , ")


# --- properties ------------------------------------------------------------------------------------------------
PIECES = st.sampled_from(
    [
        "/",
        "//",
        "a",
        "api",
        ".",
        "..",
        "%2e",
        "%2F",
        "%5c",
        "\\",
        ";",
        "%",
        "%25",
        "%61",
        "%00",
        "?",
        "#",
        "é",
        "*",
        "~",
    ]
)
PATHS = st.lists(PIECES, max_size=12).map(lambda pieces: "/" + "".join(pieces))
WORDS = st.sampled_from(["api", "a", "b", "nilai"])
PATTERN_PARTS = st.lists(st.one_of(WORDS, st.just("*")), max_size=4)


@given(PATHS)
def test_no_accepted_path_climbs_or_hides_a_separator(path: str) -> None:
    try:
        parts = split_path(path)
    except BadPath:
        return
    assert not {"", ".", ".."} & set(parts)
    assert unquote(path).count("/") == path.count("/")
    for part in parts:
        assert not set(part) & set("/\\;?#%")
    assert unquote("/" + "/".join(parts)) == "/" + "/".join(parts), "decoding once more would change it"


def naive(pattern: list[str], parts: list[str]) -> bool:
    """The definition, part by part."""
    if pattern == ["**"]:
        return True
    if not pattern or not parts:
        return not pattern and not parts
    return pattern[0] in ("*", parts[0]) and naive(pattern[1:], parts[1:])


@given(WORDS, PATTERN_PARTS, st.booleans(), st.lists(WORDS, max_size=6))
def test_matching_agrees_with_the_definition(first: str, rest: list[str], is_open: bool, parts: list[str]) -> None:
    wanted = [first, *rest, *(["**"] if is_open else [])]
    found = matches(compile_pattern("/" + "/".join(wanted)), split_path("/" + "/".join(parts)))
    assert found is naive(wanted, parts)
