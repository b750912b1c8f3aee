-- Why somebody cannot sign in: every count of failures that concerns an address, and until when it locks.
--   psql "$AUTHSVC_OPS_DATABASE_URL" -v email=ada@example.com [-v kind=employee] -f sql/ops/why_locked.sql
\set ON_ERROR_STOP on
\if :{?kind} \else \set kind staff \endif
SELECT counted_by, failures, last_failed_at, locked_until FROM authops.why_locked(:'email', :'kind');
