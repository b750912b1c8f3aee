"""The statements of sql/queries/company_ids.sql, typed."""

from authsvc.core.person import Kind
from authsvc.db.pool import Db
from authsvc.db.sqlfiles import load

SQL = load("company_ids")


async def kind_of(db: Db, company_id: str) -> Kind | None:
    kind = await db.fetchval(SQL["kind_of"], company_id)
    return Kind(kind) if kind else None
