"""Tables, people and their tokens: `python seed.py COUNT PASSWORD` prints them as JSON."""

import asyncio
import json
import sys

from app import Base, User, engine, get_strategy, passwords, sessions


async def main(count: int, password: str) -> None:
    """Make so many."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    stored = passwords.hash(password)
    async with sessions() as session:
        users = [
            User(email=f"person{n}@bench.example", hashed_password=stored, first_name=f"First{n}", last_name=f"Last{n}")
            for n in range(1, count + 1)
        ]
        session.add_all(users)
        await session.commit()
        strategy = get_strategy()
        people = [{"id": user.id, "name": user.email, "access": await strategy.write_token(user)} for user in users]
    await engine.dispose()
    print(json.dumps({"people": people}))


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
