-- no-transaction
-- The same about one person.
CREATE INDEX CONCURRENTLY IF NOT EXISTS audit_about_idx ON audit (subject_type, subject_id, at, seq);
