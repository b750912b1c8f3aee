-- Writes after which nothing was forgotten: TRUNCATE, an assignment or a session given to somebody else, a system that
-- is removed (its name is shown of employees), the moments of an assignment. All are exact; what a NOTIFY does not
-- wake for, a mere sign-in, is seen when processes ask next, within a second.

CREATE TRIGGER users_revoke_truncated AFTER TRUNCATE ON users FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
CREATE TRIGGER employees_revoke_truncated AFTER TRUNCATE ON employees FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
CREATE TRIGGER roles_revoke_truncated AFTER TRUNCATE ON roles FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
CREATE TRIGGER systems_revoke_gone AFTER DELETE OR TRUNCATE ON systems FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
CREATE TRIGGER assignments_revoke_truncated AFTER TRUNCATE ON assignments
    FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();
CREATE TRIGGER sessions_revoke_truncated AFTER TRUNCATE ON sessions FOR EACH STATEMENT EXECUTE FUNCTION revoke_all();

CREATE OR REPLACE FUNCTION revoke_holder() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    INSERT INTO revocations (kind, person_id)
    SELECT 'staff', holder
      FROM (SELECT OLD.user_id UNION SELECT NEW.user_id) held (holder)
     WHERE holder IS NOT NULL;
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER assignments_revoke
    AFTER INSERT OR DELETE OR UPDATE OF id, role_id, system_id, user_id, is_active, assigned_at
    ON assignments FOR EACH ROW EXECUTE FUNCTION revoke_holder();

-- A sign-in is noted on each of somebody's assignments, after it was noted on himself: then all is said already.
CREATE FUNCTION revoke_signed_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM revocations r WHERE r.xid = pg_current_xact_id() AND r.person_id = OLD.user_id
                      AND r.kind = 'staff' AND r.session_id IS NULL) THEN
        INSERT INTO revocations (kind, person_id) VALUES ('staff', OLD.user_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER assignments_revoke_signed_in AFTER UPDATE OF last_logged_on ON assignments FOR EACH ROW
    WHEN (OLD.last_logged_on IS DISTINCT FROM NEW.last_logged_on) EXECUTE FUNCTION revoke_signed_in();
CREATE INDEX revocations_person_idx ON revocations (xid, person_id);
DROP INDEX revocations_xid_idx;

CREATE OR REPLACE TRIGGER sessions_revoke AFTER UPDATE OF ended_at, expires_at, user_id, employee_id ON sessions
    FOR EACH ROW WHEN (OLD.ended_at IS DISTINCT FROM NEW.ended_at OR OLD.expires_at <> NEW.expires_at
                       OR OLD.user_id IS DISTINCT FROM NEW.user_id OR OLD.employee_id IS DISTINCT FROM NEW.employee_id)
    EXECUTE FUNCTION revoke_session();
