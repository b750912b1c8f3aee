-- Rights that wait for a second factor, and removals that lock in one order.

-- Where the setting REQUIRE_2FA_FOR_ADMINS is on, each connection of the service says so, and who has no second
-- factor has no administrator's rights: in no list, count, search or by-id statement.
CREATE FUNCTION has_required_factor(otp_enabled boolean) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN otp_enabled OR current_setting('authsvc.require_second_factor', true) IS DISTINCT FROM 'on';

-- Is the caller a superuser, with all rights?
CREATE FUNCTION rules_all(caller integer) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (SELECT FROM users u
                    WHERE u.id = caller AND u.is_superuser AND u.is_live AND has_required_factor(u.otp_enabled))
$$;

CREATE OR REPLACE FUNCTION administers(caller integer) RETURNS SETOF integer
    LANGUAGE sql STABLE PARALLEL SAFE ROWS 3 AS $$
    SELECT s.id
      FROM systems s
     WHERE rules_all(caller)
    UNION
    SELECT a.system_id
      FROM assignments a
      JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
      JOIN users u ON u.id = a.user_id AND u.is_live AND has_required_factor(u.otp_enabled)
     WHERE a.user_id = caller AND a.is_active
$$;

-- Whoever goes takes the locks of all systems that he administers first, in the order of their ids: two who go
-- at once wait for each other in one direction only.
CREATE FUNCTION lock_administered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM systems s
      WHERE s.id IN (SELECT a.system_id FROM assignments a JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
                      WHERE a.user_id = OLD.id AND a.is_active)
      ORDER BY s.id
        FOR UPDATE;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER users_lock_administered BEFORE UPDATE OF is_active, status OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION lock_administered();
