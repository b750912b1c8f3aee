-- Why somebody cannot sign in: every count of failures that concerns an address, and until when it locks; with his
-- IP address, that of his network too. A name that nobody has is kept as a keyed hash only, so nothing is shown of it.
--   psql "$AUTHSVC_OPS_DATABASE_URL" -v email=ada@example.com [-v kind=employee] [-v network=203.0.113.7]
--        -f sql/ops/why_locked.sql
\set ON_ERROR_STOP on
\if :{?kind} \else \set kind staff \endif
\if :{?network} \else \set network '' \endif
SELECT counted_by, failures, last_failed_at, locked_until FROM authops.why_locked(:'email', :'kind', :'network');
