-- no-transaction
-- The audit is read newest first, by time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_time_idx ON audit (at, seq);
