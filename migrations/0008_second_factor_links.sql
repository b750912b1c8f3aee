-- Second factors and mailed links. Codes and tokens are stored as hashes only (codes keyed, since six
-- digits can be tried out), the secrets of authenticator apps encrypted with a key outside the database.

-- The sign-in that waits for its second factor; its token is no credential for anything else.
CREATE TABLE challenges (
    token_hash  bytea NOT NULL CONSTRAINT challenges_pkey PRIMARY KEY,
    user_id     integer CONSTRAINT challenges_user_id_fkey REFERENCES users ON DELETE CASCADE,
    employee_id integer CONSTRAINT challenges_employee_id_fkey REFERENCES employees ON DELETE CASCADE,
    kind        text NOT NULL GENERATED ALWAYS AS
                (CASE WHEN user_id IS NULL THEN 'employee' ELSE 'staff' END) STORED,
    person_id   integer NOT NULL GENERATED ALWAYS AS (coalesce(user_id, employee_id)) STORED,
    password_hash text NOT NULL,  -- the one that was right: a change of password voids the challenge
    remember    boolean NOT NULL,
    tries       integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    CONSTRAINT challenges_one_person CHECK (num_nonnulls(user_id, employee_id) = 1),
    CONSTRAINT challenges_tries CHECK (tries BETWEEN 0 AND 5)
);
CREATE INDEX challenges_user_id_idx ON challenges (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX challenges_employee_id_idx ON challenges (employee_id) WHERE employee_id IS NOT NULL;

CREATE TABLE codes (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT codes_pkey PRIMARY KEY,
    user_id     integer CONSTRAINT codes_user_id_fkey REFERENCES users ON DELETE CASCADE,
    employee_id integer CONSTRAINT codes_employee_id_fkey REFERENCES employees ON DELETE CASCADE,
    kind        text NOT NULL GENERATED ALWAYS AS
                (CASE WHEN user_id IS NULL THEN 'employee' ELSE 'staff' END) STORED,
    person_id   integer NOT NULL GENERATED ALWAYS AS (coalesce(user_id, employee_id)) STORED,
    purpose     text NOT NULL CONSTRAINT codes_purpose CHECK (purpose IN ('sign_in', 'account')),
    code_hash   bytea NOT NULL,
    tries       integer NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    voided_at   timestamptz,
    CONSTRAINT codes_one_person CHECK (num_nonnulls(user_id, employee_id) = 1),
    CONSTRAINT codes_tries CHECK (tries BETWEEN 0 AND 5),
    CONSTRAINT codes_once CHECK (used_at IS NULL OR voided_at IS NULL)
);
CREATE INDEX codes_user_id_idx ON codes (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX codes_employee_id_idx ON codes (employee_id) WHERE employee_id IS NOT NULL;
-- One live code per person and purpose: a newer one must void the older.
CREATE UNIQUE INDEX codes_live_key ON codes (kind, person_id, purpose) WHERE used_at IS NULL AND voided_at IS NULL;

CREATE TABLE authenticators (
    id           bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT authenticators_pkey PRIMARY KEY,
    user_id      integer CONSTRAINT authenticators_user_id_key UNIQUE
                 CONSTRAINT authenticators_user_id_fkey REFERENCES users ON DELETE CASCADE,
    employee_id  integer CONSTRAINT authenticators_employee_id_key UNIQUE
                 CONSTRAINT authenticators_employee_id_fkey REFERENCES employees ON DELETE CASCADE,
    kind         text NOT NULL GENERATED ALWAYS AS
                 (CASE WHEN user_id IS NULL THEN 'employee' ELSE 'staff' END) STORED,
    person_id    integer NOT NULL GENERATED ALWAYS AS (coalesce(user_id, employee_id)) STORED,
    sealed       bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz,
    last_step    bigint NOT NULL DEFAULT 0,  -- the newest time step that was accepted: none is taken twice
    CONSTRAINT authenticators_one_person CHECK (num_nonnulls(user_id, employee_id) = 1),
    CONSTRAINT authenticators_person_key UNIQUE (kind, person_id)
);

CREATE TABLE recovery_codes (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT recovery_codes_pkey PRIMARY KEY,
    user_id     integer CONSTRAINT recovery_codes_user_id_fkey REFERENCES users ON DELETE CASCADE,
    employee_id integer CONSTRAINT recovery_codes_employee_id_fkey REFERENCES employees ON DELETE CASCADE,
    kind        text NOT NULL GENERATED ALWAYS AS
                (CASE WHEN user_id IS NULL THEN 'employee' ELSE 'staff' END) STORED,
    person_id   integer NOT NULL GENERATED ALWAYS AS (coalesce(user_id, employee_id)) STORED,
    code_hash   bytea NOT NULL,
    used_at     timestamptz,
    CONSTRAINT recovery_codes_one_person CHECK (num_nonnulls(user_id, employee_id) = 1),
    CONSTRAINT recovery_codes_code_key UNIQUE (kind, person_id, code_hash)
);
CREATE INDEX recovery_codes_user_id_idx ON recovery_codes (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX recovery_codes_employee_id_idx ON recovery_codes (employee_id) WHERE employee_id IS NOT NULL;

-- Links that were mailed: to set a new password, to prove an address, to change to another one.
CREATE TABLE links (
    token_hash  bytea NOT NULL CONSTRAINT links_pkey PRIMARY KEY,
    user_id     integer CONSTRAINT links_user_id_fkey REFERENCES users ON DELETE CASCADE,
    employee_id integer CONSTRAINT links_employee_id_fkey REFERENCES employees ON DELETE CASCADE,
    kind        text NOT NULL GENERATED ALWAYS AS
                (CASE WHEN user_id IS NULL THEN 'employee' ELSE 'staff' END) STORED,
    person_id   integer NOT NULL GENERATED ALWAYS AS (coalesce(user_id, employee_id)) STORED,
    purpose     text NOT NULL CONSTRAINT links_purpose CHECK (purpose IN ('reset', 'address')),
    email       text NOT NULL,  -- the address it was sent to; the one it proves
    created_at  timestamptz NOT NULL DEFAULT now(),
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    voided_at   timestamptz,
    CONSTRAINT links_one_person CHECK (num_nonnulls(user_id, employee_id) = 1)
);
CREATE INDEX links_user_id_idx ON links (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX links_employee_id_idx ON links (employee_id) WHERE employee_id IS NOT NULL;
CREATE INDEX links_live_person_idx ON links (kind, person_id, purpose) WHERE used_at IS NULL AND voided_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON challenges, codes, authenticators, recovery_codes, links TO authsvc_app;
