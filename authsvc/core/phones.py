"""Phone numbers in E.164, the local spelling of the configured region accepted."""

import phonenumbers


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
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise ValueError("Enter a valid phone number.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
