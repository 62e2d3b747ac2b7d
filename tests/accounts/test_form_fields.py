"""The fields for people's data: what is wrong stands beside the field, what was typed stays."""

import pytest
from django import forms
from phonenumber_field.phonenumber import PhoneNumber

from accounts.form_fields import IdentityFields, PhoneField
from accounts.models import User


class Contact(IdentityFields):
    phone = PhoneField()


class Profile(IdentityFields, forms.ModelForm):
    phone = PhoneField(required=False)

    class Meta:
        model = User
        fields = ("identity_type", "identity_number", "phone")


def typed(kind: str = "nip", number: str = "198609262015051001", phone: str = "0812 3456 7890 (WA)") -> dict[str, str]:
    return {"identity_type": kind, "identity_number": number, "phone": phone}


def test_numbers_are_cleaned_to_what_is_stored() -> None:
    form = Contact(typed(number="19860926 201505 1 001"))
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {
        "identity_type": "nip",
        "identity_number": "198609262015051001",
        "phone": "+6281234567890",
    }


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (
            typed(number="19860926 201505 1 00"),
            {"identity_number": ["NIP terdiri atas 18 angka; yang diisi 17 angka."]},
        ),
        (typed(phone="-"), {"phone": ["Isi satu nomor telepon, misalnya 0812-3456-7890."]}),
        (typed(phone="0651 7551234 / 7551235"), {"phone": ["Isi satu nomor telepon, misalnya 0812-3456-7890."]}),
    ],
)
def test_errors_stand_beside_their_field_and_the_typed_text_stays(
    data: dict[str, str], errors: dict[str, list[str]]
) -> None:
    form = Contact(data)
    assert form.errors == errors
    for name, text in data.items():
        assert form[name].value() == text


def test_another_kind_of_number_is_taken_as_it_is() -> None:
    form = Contact(typed(kind="nipk", number=" K.123-45 "))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["identity_number"] == "K.123-45"


def test_a_number_without_its_kind_is_not_judged_as_a_nip() -> None:
    assert set(Contact(typed(kind="", number="123")).errors) == {"identity_type"}


def test_it_works_in_a_model_form_and_an_optional_phone_may_stay_empty() -> None:
    form = Profile(typed(number="19860926.201505.1.001", phone=""))
    assert form.is_valid(), form.errors
    person = form.save(commit=False)
    assert person.identity_number == "198609262015051001"
    assert not person.phone


def test_a_stored_phone_is_shown_as_people_read_it() -> None:
    person = User(phone=PhoneNumber.from_string("+6281234567890"))
    assert Profile(instance=person)["phone"].value() == "0812-3456-7890"
    assert 'value="0812-3456-7890"' in str(Profile(instance=person)["phone"])


def test_a_phone_in_another_spelling_is_no_change() -> None:
    person = User(phone=PhoneNumber.from_string("+6281234567890"), identity_type="nip", identity_number="1")
    assert "phone" not in Profile(typed(phone="0812 3456 7890"), instance=person).changed_data
    assert "phone" in Profile(typed(phone="0812 3456 7891"), instance=person).changed_data


def test_the_phone_opens_the_number_pad() -> None:
    html = str(Contact()["phone"])
    assert 'type="tel"' in html
    assert 'autocomplete="tel"' in html
