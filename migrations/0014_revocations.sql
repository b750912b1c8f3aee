-- What each process must forget of what it remembers about people and sessions. Processes read this table several
-- times a second, so that a change is felt everywhere at once, whoever makes it: the service, an operator's script,
-- somebody with psql. NOTIFY only wakes them earlier.

-- `xid` and not a sequence tells what is new: numbers of a sequence become visible in another order than they are given
-- out in. Everything below the oldest transaction still running (pg_snapshot_xmin) has been seen; the rest is read again.
CREATE TABLE revocations (
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind       text CONSTRAINT revocations_kind CHECK (kind IN ('staff', 'employee')),  -- null: everything
    person_id  integer,
    session_id bigint  -- null: the person with all sessions
);
CREATE INDEX revocations_xid_idx ON revocations (xid);
CREATE INDEX revocations_at_idx ON revocations USING brin (at);
GRANT SELECT, DELETE ON revocations TO authsvc_app;

-- SECURITY DEFINER: whoever may change a person may not forget to say so.
CREATE FUNCTION revoke_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO revocations (kind, person_id) VALUES (OLD.kind, OLD.id);
    -- Not for a mere sign-in: NOTIFY takes a lock that all committing transactions share.
    IF TG_OP = 'DELETE' OR OLD.last_login IS NOT DISTINCT FROM NEW.last_login THEN
        PERFORM pg_notify('authsvc_revocations', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER users_revoke AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION revoke_person();
CREATE TRIGGER users_revoke_deleted AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION revoke_person();
CREATE TRIGGER employees_revoke AFTER UPDATE ON employees FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION revoke_person();
CREATE TRIGGER employees_revoke_deleted AFTER DELETE ON employees FOR EACH ROW EXECUTE FUNCTION revoke_person();

CREATE FUNCTION revoke_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO revocations (kind, person_id, session_id) VALUES (OLD.kind, OLD.person_id, OLD.id);
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE TRIGGER sessions_revoke AFTER UPDATE OF ended_at, expires_at ON sessions FOR EACH ROW
    WHEN (OLD.ended_at IS DISTINCT FROM NEW.ended_at OR OLD.expires_at <> NEW.expires_at)
    EXECUTE FUNCTION revoke_session();
CREATE TRIGGER sessions_revoke_deleted AFTER DELETE ON sessions FOR EACH ROW
    WHEN (OLD.ended_at IS NULL) EXECUTE FUNCTION revoke_session();

CREATE FUNCTION revoke_holder() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO revocations (kind, person_id)
    VALUES ('staff', CASE TG_OP WHEN 'INSERT' THEN NEW.user_id ELSE OLD.user_id END);
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_revoke AFTER INSERT OR DELETE OR UPDATE OF role_id, system_id, user_id, is_active
    ON assignments FOR EACH ROW EXECUTE FUNCTION revoke_holder();

-- Names of systems and roles are part of what is remembered of everybody.
CREATE FUNCTION revoke_all() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO revocations DEFAULT VALUES;
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE TRIGGER roles_revoke AFTER UPDATE OF name ON roles FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
CREATE TRIGGER systems_revoke AFTER INSERT OR UPDATE OF name, slug, is_active ON systems
    FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
