-- Keys of other services, and who reviews employees.

-- `X-API-Key` at internal paths. Only the hash is kept; a revoked key stays as a record.
CREATE TABLE service_keys (
    id           integer GENERATED ALWAYS AS IDENTITY CONSTRAINT service_keys_pkey PRIMARY KEY,
    name         text NOT NULL CONSTRAINT service_keys_name_form CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    key_hash     bytea NOT NULL CONSTRAINT service_keys_hash_key UNIQUE,
    scopes       text[] NOT NULL CONSTRAINT service_keys_scopes_known
                 CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['users', 'employees', 'turns', 'metrics']),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE UNIQUE INDEX service_keys_name_key ON service_keys (name) WHERE revoked_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON service_keys TO authsvc_app;

-- Employees are the help desk's people: its admins and superusers review them.
CREATE FUNCTION reviews_employees(caller integer) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT rules_all(caller)
        OR EXISTS (SELECT FROM systems s WHERE s.slug = 'hdts' AND s.id IN (SELECT administers(caller)))
$$;

ALTER TABLE employees ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', email_canonical || ' ' || regexp_replace(
        email_canonical || ' ' || username_canonical || ' ' || first_name || ' ' || coalesce(middle_name, '') || ' '
        || last_name || ' ' || company_id || ' ' || coalesce(phone_number, ''), '[^[:alnum:]]+', ' ', 'g'))) STORED;
CREATE INDEX employees_search_idx ON employees USING gin (search);
CREATE INDEX employees_status_idx ON employees (status, id) WHERE status <> 'Approved';
