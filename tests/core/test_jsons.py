"""JSON as the API writes it."""

import tracemalloc

from authsvc.core import jsons

PERSON = {"id": 7, "email": "ada@example.com", "system_roles": [{"system": "tts", "role": "Agent"}] * 5}


def test_what_is_kept_takes_no_more_memory_than_its_bytes() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        found = jsons.kept(PERSON)
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert found == jsons.dump(PERSON)
    assert taken < len(found) + 100
