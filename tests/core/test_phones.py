"""Phone numbers: every spelling one form, and only what the column can hold."""

import re

import phonenumbers
import pytest

from authsvc.core.phones import e164

COLUMN = re.compile(r"\+[1-9][0-9]{4,14}")  # the CHECK of users and employees


@pytest.mark.parametrize(
    "text", ["09171234567", "0917 123 4567", "0917-123-4567", "(0917) 123.4567", "+63 917 123 4567", "+639171234567",
             "00639171234567", "tel:+63-917-123-4567", " +63 917 1234567 "],
)  # fmt: skip
def test_spellings_of_one_number(text: str) -> None:
    assert e164(text, "PH") == "+639171234567"


@pytest.mark.parametrize(
    "text, region, number",
    [
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 20 7946 0958", "PH", "+442079460958"),
        ("(212) 555-0100", "US", "+12125550100"),
        ("02 8123 4567", "PH", "+63281234567"),
        ("06 1234 5678", "IT", "+390612345678"),
    ],
)
def test_regions(text: str, region: str, number: str) -> None:
    assert e164(text, region) == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "0", "+", "+0", "112", "911", "12", "abc", "1234567", "+1 2345678", "+4912", "+4915112345678901",
        "+49123456789012345", "+999123456789", "\uff10\uff19171234567", "\u0660\u0669171234567", "0917\u00a01234567",
        "0917 123 4567 x5", "+63 917 123 4567;ext=5", "0917\0", "+639171234567\n+1", "1" * 40, "+" * 40, "9" * 10_000,
        "+63917123456789012", "--", "+63 (0", "'; DROP TABLE users; --",
    ],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Enter a valid phone number\.$"):
        e164(text, "PH")


def test_the_column_holds_whatever_is_let_through() -> None:
    wrong = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        code = phonenumbers.country_code_for_region(region)
        for length in range(1, 18):
            for digit in "29":
                try:
                    found = e164(f"+{code}{digit * length}", "PH")
                except ValueError:
                    continue
                if not COLUMN.fullmatch(found) or e164(found, "PH") != found:
                    wrong.append((region, found))
    assert wrong == []


def test_example_numbers_of_every_region() -> None:
    forms = phonenumbers.PhoneNumberFormat
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number(region)
        assert example
        number = phonenumbers.format_number(example, forms.E164)
        assert e164(number, "PH") == number, region
        assert e164(phonenumbers.format_number(example, forms.INTERNATIONAL), "PH") == number, region
