-- Statements of authsvc/queries/revocations.py: what to forget.

-- name: since
-- What was revoked by transaction $1 or a later one, at most $2 rows; where to go on from: the oldest transaction
-- whose end this statement could not see; and when it was asked, in seconds. A row of nulls when nothing was.
SELECT s.following, s.asked_at, r.kind, r.person_id, r.session_id, r.xid IS NOT NULL AS is_one
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS following,
               extract(epoch FROM clock_timestamp())::float8 AS asked_at) s
  LEFT JOIN LATERAL (SELECT xid, kind, person_id, session_id FROM revocations
                      WHERE xid >= $1::text::xid8 LIMIT $2) r ON true;

-- name: now
-- Below which transaction all are over: where to begin for who remembers nothing yet.
SELECT pg_snapshot_xmin(pg_current_snapshot())::text;

-- name: purge
-- Forget what transactions below $1 revoked; and of those that this cluster has not begun yet: such rows came with a
-- dump of another one.
DELETE FROM revocations WHERE xid < $1::text::xid8 OR xid > pg_snapshot_xmax(pg_current_snapshot());
