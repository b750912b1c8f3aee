-- The database roles beside the owner who runs the migrations:
--   authsvc_app     what the service runs as: reads and writes rows, no DDL, never deletes audit rows
--   authsvc_ops     operators' psql: executes authops.* and reads views
--   authsvc_lookup  other programs: reads the views of schema lookup, which hold no secrets
-- Roles belong to the whole cluster. Those that an administrator made already stay as they are.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['authsvc_app', 'authsvc_ops', 'authsvc_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this cluster is being migrated at the same moment
            END;
        END IF;
    END LOOP;
    -- Also set per connection by the service; here for whoever connects as the role by hand.
    BEGIN
        ALTER ROLE authsvc_app SET statement_timeout = '2s';
        ALTER ROLE authsvc_app SET lock_timeout = '1s';
        ALTER ROLE authsvc_app SET idle_in_transaction_session_timeout = '5s';
    EXCEPTION WHEN insufficient_privilege OR internal_error THEN
        RAISE NOTICE 'timeouts of authsvc_app are left to the administrator';
    END;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO authsvc_app, authsvc_ops;

-- A moment as the API writes it: ISO 8601 in UTC with Z.
CREATE FUNCTION iso8601(at timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
