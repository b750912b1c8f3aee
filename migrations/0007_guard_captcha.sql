-- The credential guard: how often a secret was wrong, per account name, known device, network, person.
-- Logged, unlike request_limits: a lockout outlives a crash. A try is counted as in flight before its secret
-- is checked, so parallel guesses cannot get more than their share; then it becomes a failure or is forgotten.

CREATE TABLE guard (
    key             text COLLATE "C" NOT NULL CONSTRAINT guard_pkey PRIMARY KEY
                    CONSTRAINT guard_key_length CHECK (length(key) <= 400),
    failures        integer NOT NULL DEFAULT 0 CONSTRAINT guard_failures_positive CHECK (failures >= 0),
    in_flight       integer NOT NULL DEFAULT 0 CONSTRAINT guard_in_flight_positive CHECK (in_flight >= 0),
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_failed_at  timestamptz NOT NULL DEFAULT now(),
    last_tried_at   timestamptz NOT NULL DEFAULT now(),
    locked_until    timestamptz
) WITH (fillfactor = 75);
CREATE INDEX guard_last_failed_at_idx ON guard USING brin (last_failed_at);

ALTER TABLE sessions ADD COLUMN wrong_secrets integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN sessions.wrong_secrets IS 'the tenth ends the session';

-- A captcha is one image and one try; a right answer gives a token for one use.
CREATE TABLE captchas (
    session_hash     bytea NOT NULL CONSTRAINT captchas_pkey PRIMARY KEY,
    answer_hash      bytea NOT NULL,
    purpose          text CONSTRAINT captchas_purpose CHECK (purpose IN ('sign_in', 'register', 'forgot')),
    expires_at       timestamptz NOT NULL,
    answered_at      timestamptz,
    token_hash       bytea CONSTRAINT captchas_token_key UNIQUE,
    token_expires_at timestamptz,
    token_used_at    timestamptz,
    CONSTRAINT captchas_token CHECK ((token_hash IS NULL) = (token_expires_at IS NULL))
);
CREATE INDEX captchas_expires_at_idx ON captchas USING brin (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON guard, captchas TO authsvc_app;

-- What operators call from psql. Functions run as their owner, with a fixed search path.
CREATE SCHEMA authops;
GRANT USAGE ON SCHEMA authops TO authsvc_ops;

-- Every count that concerns an address, and until when it locks: by account name, on known devices, by
-- secrets asked for inside a session, by codes. An international domain is given as its A-label (xn--…).
CREATE FUNCTION authops.why_locked(address text, person_kind text DEFAULT 'staff')
    RETURNS TABLE (counted_by text, failures integer, last_failed_at timestamptz, locked_until timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH person AS (
        SELECT 'staff:' || id AS name FROM users
         WHERE person_kind = 'staff' AND email_canonical = lower(btrim(address))
        UNION ALL
        SELECT 'employee:' || id FROM employees
         WHERE person_kind = 'employee' AND email_canonical = lower(btrim(address))
    )
    SELECT split_part(g.key, ':', 1), g.failures, g.last_failed_at,
           CASE WHEN g.locked_until > now() THEN g.locked_until END
      FROM guard g
     WHERE g.key = 'account:' || person_kind || ':' || lower(btrim(address))
        OR EXISTS (SELECT FROM person p
                    WHERE g.key IN ('person:' || p.name, 'own_code:' || p.name, 'code:' || p.name)
                       OR g.key LIKE 'device:' || p.name || ':%')
     ORDER BY g.key
$$;
REVOKE EXECUTE ON FUNCTION authops.why_locked(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authops.why_locked(text, text) TO authsvc_ops;
