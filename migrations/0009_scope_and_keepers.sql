-- Which systems somebody administers, and that neither a system loses its last Admin nor the service
-- its last superuser, not even by two removals at once.

-- The scope of every list, count, search and by-id statement: all systems for a superuser, else those in
-- which the person holds an active role named exactly Admin.
CREATE FUNCTION administers(caller integer) RETURNS SETOF integer
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 3 AS $$
    SELECT s.id
      FROM systems s
     WHERE EXISTS (SELECT FROM users u WHERE u.id = caller AND u.is_superuser AND u.is_live)
    UNION
    SELECT a.system_id
      FROM assignments a
      JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
      JOIN users u ON u.id = a.user_id AND u.is_live
     WHERE a.user_id = caller AND a.is_active
$$;

-- Locks the system first, so that two removals see each other; a system that is itself going needs nobody.
CREATE FUNCTION require_an_admin(of_system integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM systems WHERE id = of_system FOR UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT FROM assignments a
          JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
          JOIN users u ON u.id = a.user_id AND u.is_live
         WHERE a.system_id = of_system AND a.is_active)
    THEN
        RAISE EXCEPTION 'the last Admin of a system' USING ERRCODE = 'check_violation', CONSTRAINT = 'systems_keep_an_admin';
    END IF;
END $$;

CREATE FUNCTION keep_an_admin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_active
       AND (TG_OP = 'DELETE' OR NOT NEW.is_active OR NEW.role_id <> OLD.role_id)
       AND EXISTS (SELECT FROM roles WHERE id = OLD.role_id AND name = 'Admin')
    THEN
        PERFORM require_an_admin(OLD.system_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_keep_an_admin AFTER UPDATE OF is_active, role_id OR DELETE ON assignments
    FOR EACH ROW EXECUTE FUNCTION keep_an_admin();

CREATE FUNCTION keep_a_superuser() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    administered integer;
BEGIN
    IF OLD.is_superuser AND OLD.is_live AND (TG_OP = 'DELETE' OR NOT (NEW.is_superuser AND NEW.is_live)) THEN
        PERFORM pg_advisory_xact_lock(hashtext('the last superuser'));
        IF NOT EXISTS (SELECT FROM users WHERE is_superuser AND is_live) THEN
            RAISE EXCEPTION 'the last superuser' USING ERRCODE = 'check_violation', CONSTRAINT = 'users_keep_a_superuser';
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.is_live AND NOT NEW.is_live THEN
        FOR administered IN
            SELECT a.system_id FROM assignments a JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
             WHERE a.user_id = OLD.id AND a.is_active ORDER BY a.system_id
        LOOP
            PERFORM require_an_admin(administered);
        END LOOP;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER users_keep_a_superuser AFTER UPDATE OF is_active, status, is_superuser OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION keep_a_superuser();
CREATE INDEX users_superusers_idx ON users (id) WHERE is_superuser;

-- An assignment as the API shows it.
CREATE VIEW assignment_rows AS
SELECT a.id, a.user_id, u.email, u.username, u.first_name, u.middle_name, u.last_name, u.full_name,
       u.is_active AS user_is_active, a.system_id, s.slug AS system_slug, s.name AS system_name, a.role_id,
       r.name AS role, r.name AS role_name, a.is_active, a.settings, a.assigned_at, a.assigned_by, a.last_logged_on
  FROM assignments a
  JOIN users u ON u.id = a.user_id
  JOIN systems s ON s.id = a.system_id
  JOIN roles r ON r.id = a.role_id;
GRANT SELECT ON assignment_rows TO authsvc_app;

-- What a search looks at: each of its words is the beginning of one of these.
ALTER TABLE users ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
    to_tsvector('simple', email_canonical || ' ' || regexp_replace(
        email_canonical || ' ' || username_canonical || ' ' || first_name || ' ' || coalesce(middle_name, '') || ' '
        || last_name || ' ' || company_id || ' ' || coalesce(phone_number, ''), '[^[:alnum:]]+', ' ', 'g'))) STORED;

-- What people type, as a query on it: split where the column is split, so nothing in it is an operator. Without a
-- word it finds nobody.
CREATE FUNCTION search_query(typed text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & ')), ''::tsquery)
      FROM regexp_split_to_table(typed, '[^[:alnum:]]+') word
     WHERE word <> ''
$$;
CREATE INDEX users_search_idx ON users USING gin (search);
CREATE INDEX users_status_idx ON users (status, id) WHERE status <> 'Approved';

-- Whose turn it is. One row per role that ever handed out a turn; its lock makes turns exact.
CREATE TABLE turns (
    role_id      integer NOT NULL CONSTRAINT turns_pkey PRIMARY KEY
                 CONSTRAINT turns_role_id_fkey REFERENCES roles ON DELETE CASCADE,
    last_user_id integer NOT NULL DEFAULT 0,
    turn         bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- An invitation by mail: a link, hashed, single use. Whether the inviter may still grant the role is asked
-- again when it is accepted.
CREATE TABLE invitations (
    id              integer GENERATED ALWAYS AS IDENTITY CONSTRAINT invitations_pkey PRIMARY KEY,
    token_hash      bytea NOT NULL CONSTRAINT invitations_token_key UNIQUE,
    email           text NOT NULL CONSTRAINT invitations_email_length CHECK (length(email) <= 254),
    email_canonical text NOT NULL,
    system_id       integer NOT NULL CONSTRAINT invitations_system_id_fkey REFERENCES systems ON DELETE CASCADE,
    role_id         integer NOT NULL,
    invited_by      integer NOT NULL CONSTRAINT invitations_invited_by_fkey REFERENCES users ON DELETE CASCADE,
    fields          jsonb NOT NULL DEFAULT '{}'
                    CONSTRAINT invitations_fields_object CHECK (jsonb_typeof(fields) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    revoked_at      timestamptz,
    CONSTRAINT invitations_role_id_fkey FOREIGN KEY (role_id, system_id)
        REFERENCES roles (id, system_id) ON DELETE CASCADE,
    CONSTRAINT invitations_ended_once CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE INDEX invitations_system_id_idx ON invitations (system_id, id);
CREATE INDEX invitations_role_id_idx ON invitations (role_id);
CREATE INDEX invitations_invited_by_idx ON invitations (invited_by);
-- One that is open per address and role: a newer one must revoke it.
CREATE UNIQUE INDEX invitations_open_key ON invitations (email_canonical, role_id)
    WHERE accepted_at IS NULL AND revoked_at IS NULL;
COMMENT ON COLUMN invitations.fields IS 'names, suffix, phone and department for the account to be made';

GRANT SELECT, INSERT, UPDATE, DELETE ON turns, invitations TO authsvc_app;
