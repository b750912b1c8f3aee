-- no-transaction
-- The same of one event.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_event_idx ON audit (event, at, seq);
