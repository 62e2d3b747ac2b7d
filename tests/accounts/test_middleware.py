"""Language, typed text and privacy, as they follow somebody from page to page."""

from typing import Any

import pytest
from django.core import signing
from django.test import Client

from accounts.middleware import KEPT, MAX_KEPT_CHARACTERS, TYPIST_COOKIE, TYPIST_SALT
from accounts.models import User
from accounts.roles import Role
from tests.factories import PASSWORD, person

pytestmark = pytest.mark.django_db

LOGIN = "/masuk/login/"
PAGE = "/pengganti/"
TYPED = {"basis": "SP 12/2026 <b>&", "starts_on": "2026-11-23", "ends_on": ""}


@pytest.fixture
def typist() -> User:
    return person(Role.HEAD)


def sign_in(client: Client, user: User, next_page: str = PAGE) -> None:
    response = client.post(f"{LOGIN}?next={next_page}", {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302, response.content.decode()


def end_session(client: Client) -> None:
    """The session ends; the browser and its other cookies stay."""
    del client.cookies["sessionid"]


@pytest.fixture
def browser(client: Client, typist: User) -> Client:
    """A browser in which `typist` had a page open when their session ended."""
    client.force_login(typist)
    client.get(PAGE)
    end_session(client)
    return client


# --- what was typed -----------------------------------------------------------------------------------------
def test_what_was_typed_is_there_after_signing_in_again(browser: Client, typist: User) -> None:
    response = browser.post(PAGE, TYPED)
    assert response.status_code == 302
    assert LOGIN in response["Location"]
    sign_in(browser, typist)
    page = browser.get(PAGE).content.decode()
    assert 'value="SP 12/2026 &lt;b&gt;&amp;"' in page
    assert 'value="2026-11-23"' in page


def test_it_comes_back_once_and_is_not_sent_by_itself(browser: Client, typist: User) -> None:
    browser.post(PAGE, TYPED | {"ends_on": "2026-11-23"})
    sign_in(browser, typist)
    browser.get(PAGE)
    assert not typist.substitutions.exists()
    assert "SP 12/2026" not in browser.get(PAGE).content.decode()


def test_another_person_at_the_same_computer_does_not_get_it(browser: Client) -> None:
    browser.post(PAGE, TYPED)
    sign_in(browser, person(Role.HEAD))
    assert "SP 12/2026" not in browser.get(PAGE).content.decode()
    assert KEPT not in browser.session


def test_another_page_does_not_get_it(browser: Client, typist: User) -> None:
    browser.post(PAGE, TYPED)
    sign_in(browser, typist, "/profil/")
    assert "SP 12/2026" not in browser.get("/profil/").content.decode()
    assert "SP 12/2026" in browser.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("/masuk/password/change/", {"oldpassword": PASSWORD, "password1": "baru-sekali-2026", "password2": "x"}),
        ("/masuk/reauthenticate/", {"password": PASSWORD}),
        (PAGE, TYPED | {"Password_again": PASSWORD}),
    ],
)
def test_a_password_is_never_kept(browser: Client, page: str, typed: dict[str, str]) -> None:
    """The session is a readable row of the database; a password stands nowhere readable."""
    assert LOGIN in browser.post(page, typed)["Location"]
    assert KEPT not in browser.session


def test_of_a_browser_that_nobody_was_signed_in_with_nothing_is_kept(client: Client) -> None:
    client.post(PAGE, TYPED)
    assert KEPT not in client.session


def test_a_forged_cookie_keeps_nothing(browser: Client) -> None:
    browser.cookies[TYPIST_COOKIE] = "7:1abcde:" + "x" * 43
    browser.post(PAGE, TYPED)
    assert KEPT not in browser.session


def test_a_cookie_signed_for_something_else_keeps_nothing(browser: Client, typist: User) -> None:
    browser.cookies[TYPIST_COOKIE] = signing.dumps(typist.pk, salt="something.else")
    assert TYPIST_SALT != "something.else"
    browser.post(PAGE, TYPED)
    assert KEPT not in browser.session


def test_a_flood_of_text_is_not_kept(browser: Client) -> None:
    browser.post(PAGE, TYPED | {"basis": "x" * MAX_KEPT_CHARACTERS})
    assert KEPT not in browser.session


def test_neither_the_token_nor_a_password_is_kept(browser: Client, typist: User) -> None:
    browser.post(PAGE, TYPED | {"csrfmiddlewaretoken": "abc"})
    assert "csrfmiddlewaretoken" not in browser.session[KEPT]["text"]
    before = browser.session[KEPT]["text"]
    browser.post(LOGIN, {"login": typist.email, "password": "bukan-sandinya"})
    assert browser.session[KEPT]["text"] == before


def test_text_typed_by_somebody_signed_in_is_not_kept(client: Client, typist: User) -> None:
    client.force_login(typist)
    client.post(PAGE, TYPED)
    assert KEPT not in client.session


# --- language -------------------------------------------------------------------------------------------------
def test_indonesian_whatever_the_browser_asks_for(client: Client) -> None:
    assert client.get(LOGIN, headers={"accept-language": "en-US,en;q=0.9"})["Content-Language"] == "id"


@pytest.mark.parametrize(
    ("cookie", "spoken"), [("en", "en"), ("id", "id"), ("fr", "id"), ("", "id"), ("<script>", "id")]
)
def test_without_signing_in_the_cookie_decides(client: Client, cookie: str, spoken: str) -> None:
    client.cookies["language"] = cookie
    response = client.get(LOGIN)
    assert response["Content-Language"] == spoken
    assert f'<html lang="{spoken}"' in response.content.decode()


@pytest.mark.parametrize(("chosen", "cookie"), [("en", "id"), ("id", "en")])
def test_a_persons_choice_comes_before_the_cookie(client: Client, chosen: str, cookie: str) -> None:
    client.force_login(person(None, language=chosen))
    client.cookies["language"] = cookie
    assert client.get("/profil/")["Content-Language"] == chosen


def test_one_readers_language_does_not_stay_for_the_next(client: Client) -> None:
    client.force_login(person(None, language="en"))
    client.get("/profil/")
    assert Client().get(LOGIN)["Content-Language"] == "id"


# --- privacy ----------------------------------------------------------------------------------------------------
def test_pages_of_a_person_are_kept_by_no_cache(client: Client, typist: User) -> None:
    client.force_login(typist)
    assert client.get("/profil/")["Cache-Control"] == "no-store, private"


def test_the_cookie_that_remembers_the_typist_cannot_be_read_by_scripts(client: Client, typist: User) -> None:
    client.force_login(typist)
    cookie = client.get("/profil/").cookies[TYPIST_COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert str(typist.email) not in cookie.value


@pytest.mark.parametrize("page", ["/tidak-ada/", "/permohonan/GP26-000000/"])
def test_people_who_try_the_demo_find_our_own_page_where_nothing_is(client: Client, settings: Any, page: str) -> None:
    settings.DEBUG = True
    client.force_login(person())
    answer = client.get(page)
    assert answer.status_code == 404
    assert "Halaman tidak ditemukan" in answer.content.decode()
