"""Tables, people and their tokens: `python seed.py COUNT PASSWORD` prints them as JSON."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402 - only after setup
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from rest_framework_simplejwt.tokens import RefreshToken  # noqa: E402

CHAINS = 17


def main(count: int, password: str) -> None:
    """Make so many."""
    call_command("migrate", verbosity=0)
    stored = make_password(password)
    User.objects.bulk_create(
        User(
            username=f"bench{n}",
            email=f"person{n}@bench.example",
            first_name=f"First{n}",
            last_name=f"Last{n}",
            password=stored,
        )
        for n in range(1, count + 1)
    )
    users = list(User.objects.order_by("id"))
    pairs = [RefreshToken.for_user(user) for user in users]
    people = [
        {"id": user.id, "name": user.username, "access": str(pair.access_token)}
        for user, pair in zip(users, pairs, strict=True)
    ]
    print(json.dumps({"people": people, "refresh": [str(pair) for pair in pairs[:CHAINS]]}))


main(int(sys.argv[1]), sys.argv[2])
