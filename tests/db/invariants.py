"""What holds at every moment, as SQL: each statement finds the rows that break one rule."""

import asyncpg

from authsvc import mails
from authsvc.core import names

BROKEN = {
    "a live session of somebody who may not have one": """
        SELECT s.id FROM sessions s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN employees e ON e.id = s.employee_id
         WHERE s.ended_at IS NULL AND s.expires_at > now() AND NOT coalesce(u.is_live, e.is_live)""",
    "a refresh token that is current in two sessions": """
        SELECT refresh_hash FROM sessions WHERE refresh_hash IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    "a current refresh token that is not remembered as its session's": """
        SELECT s.id FROM sessions s LEFT JOIN refresh_tokens t ON t.token_hash = s.refresh_hash AND t.session_id = s.id
         WHERE s.refresh_hash IS NOT NULL AND t.token_hash IS NULL""",
    "more than one live link of a purpose": """
        SELECT kind, person_id, purpose FROM links WHERE used_at IS NULL AND voided_at IS NULL
         GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a link used after its end": "SELECT token_hash FROM links WHERE used_at >= expires_at OR used_at > voided_at",
    "a link that was used and is void": """
        SELECT token_hash FROM links WHERE used_at IS NOT NULL AND voided_at IS NOT NULL""",
    "more than one live code of a purpose": """
        SELECT kind, person_id, purpose FROM codes WHERE used_at IS NULL AND voided_at IS NULL
         GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    "a code used after its end": "SELECT id FROM codes WHERE used_at >= expires_at OR used_at > voided_at",
    "more than five tries at a code": "SELECT id FROM codes WHERE tries > 5",
    "more than five tries at a challenge": "SELECT token_hash FROM challenges WHERE tries > 5",
    "a captcha token used after its end": "SELECT session_hash FROM captchas WHERE token_used_at >= token_expires_at",
    "a captcha token without an answer": """
        SELECT session_hash FROM captchas WHERE token_hash IS NOT NULL AND answered_at IS NULL""",
    "a lock without the failures for it": "SELECT key FROM guard WHERE locked_until IS NOT NULL AND failures < 10",
    "a mail sent after its end": "SELECT id FROM outbox WHERE sent_at >= not_after",
    "a mail that was both sent and given up": """
        SELECT id FROM outbox WHERE sent_at IS NOT NULL AND failed_at IS NOT NULL""",
    "an assignment to a role of another system": """
        SELECT a.id FROM assignments a JOIN roles r ON r.id = a.role_id WHERE r.system_id <> a.system_id""",
    "a company id that nobody claimed": """
        SELECT company_id FROM (SELECT company_id FROM users UNION ALL SELECT company_id FROM employees) p
         GROUP BY 1 HAVING count(*) > 1 OR NOT EXISTS (SELECT FROM company_ids c WHERE c.company_id = p.company_id)""",
}


async def check(db: asyncpg.Connection) -> None:
    """AssertionError naming every rule that some row breaks."""
    broken = {rule: rows for rule, sql in BROKEN.items() if (rows := await db.fetch(sql))}
    assert broken == {}
    await _addresses_are_canonical_and_unique(db)
    await _nobody_is_mailed_too_often(db)


async def _addresses_are_canonical_and_unique(db: asyncpg.Connection) -> None:
    for table in ("users", "employees"):
        rows = await db.fetch(f"SELECT email, email_canonical, username, username_canonical FROM {table}")
        assert [row for row in rows if row["email_canonical"] != names.canonical_email(row["email"])] == []
        assert [row for row in rows if row["username_canonical"] != names.fold(row["username"])] == []
        assert len({names.canonical_email(row["email"]) for row in rows}) == len(rows)


async def _nobody_is_mailed_too_often(db: asyncpg.Connection) -> None:
    rows = await db.fetch(
        """SELECT template, count(*) AS mails FROM outbox WHERE created_at > now() - interval '1 hour'
            GROUP BY kind, person_id, template"""
    )
    assert [dict(row) for row in rows if row["mails"] > mails.KINDS[row["template"]].per_hour] == []
