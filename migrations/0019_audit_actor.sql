-- no-transaction
-- The same by one actor.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_actor_idx ON audit (actor_type, actor_id, at, seq);
