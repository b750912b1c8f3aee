"""Phone numbers in E.164, the local spelling of the configured region accepted."""

import re

import phonenumbers

_E164 = re.compile(r"\+[1-9][0-9]{4,14}")  # "possible" ones of some countries are longer


def e164(text: str, region: str) -> str:
    """`+639171234567` from `0917 123 4567` (region PH) or from any international spelling.

    ValueError for what is no possible number.
    """
    if not text.isascii():
        raise ValueError("Enter a valid phone number.")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as err:
        raise ValueError("Enter a valid phone number.") from err
    # Only whole numbers: one without its area code is "possible" too, but reaches nobody from elsewhere.
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict != phonenumbers.ValidationResult.IS_POSSIBLE or number.extension:
        raise ValueError("Enter a valid phone number.")
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not _E164.fullmatch(found):
        raise ValueError("Enter a valid phone number.")
    return found
