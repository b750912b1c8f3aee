"""fastapi-users with JWT strategy and SQLAlchemy on asyncpg, after the full example of its documentation."""

import os
from collections.abc import AsyncGenerator

from fastapi import Depends, FastAPI
from fastapi_users import BaseUserManager, FastAPIUsers, IntegerIDMixin, schemas
from fastapi_users.authentication import AuthenticationBackend, BearerTransport, JWTStrategy
from fastapi_users.db import SQLAlchemyBaseUserTable, SQLAlchemyUserDatabase
from fastapi_users.password import PasswordHelper
from pwdlib import PasswordHash
from pwdlib.hashers.bcrypt import BcryptHasher
from sqlalchemy import String
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET = "bench-only-bench-only-bench-only-bench-only-bench"
FOUR_HOURS = 4 * 3600

engine = create_async_engine(os.environ["PEER_DSN"], pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)
passwords = PasswordHelper(PasswordHash((BcryptHasher(rounds=12),)))


class Base(DeclarativeBase):
    """Where the tables are noted."""


class User(SQLAlchemyBaseUserTable[int], Base):
    """A user with names, as the others have."""

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(150), default="")
    last_name: Mapped[str] = mapped_column(String(150), default="")


class UserRead(schemas.BaseUser[int]):
    """What is shown of a user."""

    first_name: str
    last_name: str


class UserManager(IntegerIDMixin, BaseUserManager[User, int]):
    """The documentation's manager, with the rig's password hash."""

    reset_password_token_secret = SECRET
    verification_token_secret = SECRET


async def get_session() -> AsyncGenerator[AsyncSession]:
    """A database session per request."""
    async with sessions() as session:
        yield session


async def get_user_db(session: AsyncSession = Depends(get_session)) -> AsyncGenerator[SQLAlchemyUserDatabase]:  # noqa: B008 - FastAPI's way
    """Where users are kept."""
    yield SQLAlchemyUserDatabase(session, User)


async def get_user_manager(user_db: SQLAlchemyUserDatabase = Depends(get_user_db)) -> AsyncGenerator[UserManager]:  # noqa: B008
    """The manager of one request."""
    yield UserManager(user_db, passwords)


def get_strategy() -> JWTStrategy:
    """Signed tokens, HS256."""
    return JWTStrategy(secret=SECRET, lifetime_seconds=FOUR_HOURS)


backend = AuthenticationBackend("jwt", BearerTransport(tokenUrl="auth/jwt/login"), get_strategy)
users = FastAPIUsers[User, int](get_user_manager, [backend])

app = FastAPI()
app.include_router(users.get_auth_router(backend), prefix="/auth/jwt")


@app.get("/users/me", response_model=UserRead)
async def me(user: User = Depends(users.current_user(active=True))) -> User:  # noqa: B008
    """Whoever holds the token; the documentation's users router would bring more routes, but not another answer."""
    return user
