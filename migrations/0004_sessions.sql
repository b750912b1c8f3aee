-- One row per sign-in. The row alone decides whether a session lives and which refresh token is its
-- current one; refresh_tokens only remembers which session a token ever belonged to, so that a
-- stolen, already rotated one is recognised. Tokens are stored as SHA-256 of 256 random bits.

CREATE TABLE sessions (
    id                 bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT sessions_pkey PRIMARY KEY,
    user_id            integer CONSTRAINT sessions_user_id_fkey REFERENCES users ON DELETE CASCADE,
    employee_id        integer CONSTRAINT sessions_employee_id_fkey REFERENCES employees ON DELETE CASCADE,
    kind               text NOT NULL GENERATED ALWAYS AS
                       (CASE WHEN user_id IS NULL THEN 'employee' ELSE 'staff' END) STORED,
    person_id          integer NOT NULL GENERATED ALWAYS AS (coalesce(user_id, employee_id)) STORED,
    created_at         timestamptz NOT NULL DEFAULT now(),
    last_used_at       timestamptz NOT NULL DEFAULT now(),
    expires_at         timestamptz NOT NULL,
    ip                 inet,
    user_agent         text CONSTRAINT sessions_user_agent_length CHECK (length(user_agent) <= 300),
    remember           boolean NOT NULL DEFAULT true,
    refresh_hash       bytea CONSTRAINT sessions_refresh_hash_length CHECK (length(refresh_hash) = 32),
    refresh_expires_at timestamptz,
    previous_hash      bytea,
    sealed_successor   bytea,
    rotated_at         timestamptz,
    ended_at           timestamptz,
    end_reason         text,
    CONSTRAINT sessions_one_person CHECK (num_nonnulls(user_id, employee_id) = 1),
    CONSTRAINT sessions_refresh_expires CHECK ((refresh_hash IS NULL) = (refresh_expires_at IS NULL)),
    CONSTRAINT sessions_end CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) WITH (fillfactor = 75);
COMMENT ON COLUMN sessions.remember IS 'false: cookies of this session end with the browser';
COMMENT ON COLUMN sessions.sealed_successor IS
    'the current token, readable only with the previous one: parallel tabs get the same successor';
CREATE INDEX sessions_live_person_idx ON sessions (kind, person_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_user_id_idx ON sessions (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX sessions_employee_id_idx ON sessions (employee_id) WHERE employee_id IS NOT NULL;
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash bytea NOT NULL CONSTRAINT refresh_tokens_pkey PRIMARY KEY,
    session_id bigint NOT NULL CONSTRAINT refresh_tokens_session_id_fkey REFERENCES sessions ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_session_id_idx ON refresh_tokens (session_id);
