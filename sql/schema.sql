-- What the migrations make; compared by a test.
CREATE SCHEMA authops;
CREATE SCHEMA lookup;
CREATE FUNCTION authops.why_locked(address text, person_kind text DEFAULT 'staff'::text, client_ip text DEFAULT NULL::text) RETURNS TABLE(counted_by text, failures integer, last_failed_at timestamp with time zone, locked_until timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
        OR g.key = 'network:' || CASE WHEN client_ip !~ '[.:]' THEN btrim(client_ip)
                                      WHEN family(btrim(client_ip)::inet) = 4 THEN host(btrim(client_ip)::inet)
                                      ELSE network(set_masklen(btrim(client_ip)::inet, 64))::text END
        OR EXISTS (SELECT FROM person p
                    WHERE g.key IN ('person:' || p.name, 'own_code:' || p.name, 'code:' || p.name)
                       OR g.key LIKE 'device:' || p.name || ':%')
     ORDER BY g.key
$$;
CREATE FUNCTION public.administers(caller integer) RETURNS SETOF integer
    LANGUAGE sql STABLE ROWS 3 PARALLEL SAFE
    AS $$
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
CREATE FUNCTION public.claim_company_id(new_kind text, wanted text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE
    number    bigint;
    candidate text := wanted;
    claimed   text;
BEGIN
    IF wanted IS NOT NULL THEN
        INSERT INTO company_ids (company_id, kind) VALUES (wanted, new_kind);
        RETURN wanted;
    END IF;
    LOOP
        number := nextval('company_id_numbers');
        candidate := 'MA' || lpad(number::text, greatest(4, length(number::text)), '0');
        INSERT INTO company_ids (company_id, kind) VALUES (candidate, new_kind)
        ON CONFLICT DO NOTHING
        RETURNING company_id INTO claimed;
        EXIT WHEN claimed IS NOT NULL;
    END LOOP;
    RETURN claimed;
END $$;
CREATE FUNCTION public.has_required_factor(otp_enabled boolean) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (otp_enabled OR (current_setting('authsvc.require_second_factor'::text, true) IS DISTINCT FROM 'on'::text));
CREATE FUNCTION public.iso8601(at timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_char((at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text);
CREATE FUNCTION public.keep_a_superuser() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.keep_an_admin() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.is_active
       AND (TG_OP = 'DELETE' OR NOT NEW.is_active OR NEW.role_id <> OLD.role_id)
       AND EXISTS (SELECT FROM roles WHERE id = OLD.role_id AND name = 'Admin')
       -- Whose account is being removed is no user any more; those who were not live went before, see below.
       AND NOT EXISTS (SELECT FROM users WHERE id = OLD.user_id AND NOT is_live)
    THEN
        PERFORM require_an_admin(OLD.system_id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.lock_administered() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT OLD.is_live THEN
        DELETE FROM assignments WHERE user_id = OLD.id;  -- while it can be seen that he was not live
        RETURN OLD;
    END IF;
    PERFORM FROM systems s
      WHERE s.id IN (SELECT a.system_id FROM assignments a JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
                      WHERE a.user_id = OLD.id AND a.is_active)
      ORDER BY s.id
        FOR UPDATE;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE FUNCTION public.require_an_admin(of_system integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
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
CREATE FUNCTION public.reviews_employees(caller integer) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT rules_all(caller)
        OR EXISTS (SELECT FROM systems s WHERE s.slug = 'hdts' AND s.id IN (SELECT administers(caller)))
$$;
CREATE FUNCTION public.revoke_all() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO revocations DEFAULT VALUES;
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE FUNCTION public.revoke_holder() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO revocations (kind, person_id)
    SELECT 'staff', holder
      FROM (SELECT OLD.user_id UNION SELECT NEW.user_id) held (holder)
     WHERE holder IS NOT NULL;
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE FUNCTION public.revoke_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO revocations (kind, person_id) VALUES (OLD.kind, OLD.id);
    -- Not for a mere sign-in: NOTIFY takes a lock that all committing transactions share.
    IF TG_OP = 'DELETE' OR OLD.last_login IS NOT DISTINCT FROM NEW.last_login THEN
        PERFORM pg_notify('authsvc_revocations', '');
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.revoke_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    INSERT INTO revocations (kind, person_id, session_id) VALUES (OLD.kind, OLD.person_id, OLD.id);
    PERFORM pg_notify('authsvc_revocations', '');
    RETURN NULL;
END $$;
CREATE FUNCTION public.revoke_signed_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM revocations r WHERE r.xid = pg_current_xact_id() AND r.person_id = OLD.user_id
                      AND r.kind = 'staff' AND r.session_id IS NULL) THEN
        INSERT INTO revocations (kind, person_id) VALUES ('staff', OLD.user_id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.rules_all(caller integer) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT EXISTS (SELECT FROM users u
                    WHERE u.id = caller AND u.is_superuser AND u.is_live AND has_required_factor(u.otp_enabled))
$$;
CREATE FUNCTION public.search_query(typed text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT coalesce(to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & ')), ''::tsquery)
      FROM (SELECT DISTINCT word FROM regexp_split_to_table(typed, '[^[:alnum:]]+') word WHERE word <> '' LIMIT 12) w
$$;
CREATE TABLE public.assignments (
    id integer NOT NULL,
    user_id integer NOT NULL,
    system_id integer NOT NULL,
    role_id integer NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    assigned_at timestamp with time zone DEFAULT now() NOT NULL,
    assigned_by integer,
    last_logged_on timestamp with time zone,
    CONSTRAINT assignments_settings_object CHECK ((jsonb_typeof(settings) = 'object'::text))
);
CREATE TABLE public.roles (
    id integer NOT NULL,
    system_id integer NOT NULL,
    name text NOT NULL,
    name_canonical text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    is_custom boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT roles_description_length CHECK ((length(description) <= 2000)),
    CONSTRAINT roles_name_length CHECK (((length(name) >= 1) AND (length(name) <= 150)))
);
CREATE TABLE public.systems (
    id integer NOT NULL,
    name text NOT NULL,
    name_canonical text NOT NULL,
    slug text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    url text,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT systems_description_length CHECK ((length(description) <= 2000)),
    CONSTRAINT systems_name_length CHECK (((length(name) >= 1) AND (length(name) <= 150))),
    CONSTRAINT systems_slug_form CHECK ((slug ~ '^[a-z0-9-]{1,50}$'::text)),
    CONSTRAINT systems_url_form CHECK (((url ~ '^https?://'::text) AND (length(url) <= 500)))
);
CREATE VIEW lookup.assignments AS
 SELECT a.id,
    a.user_id,
    s.slug AS system,
    r.name AS role,
    a.is_active,
    a.assigned_at
   FROM ((public.assignments a
     JOIN public.roles r ON ((r.id = a.role_id)))
     JOIN public.systems s ON ((s.id = a.system_id)));
CREATE TABLE public.employees (
    id integer NOT NULL,
    kind text GENERATED ALWAYS AS ('employee'::text) STORED NOT NULL,
    email text NOT NULL,
    email_canonical text NOT NULL,
    email_verified_at timestamp with time zone,
    username text NOT NULL,
    username_canonical text NOT NULL,
    password_hash text,
    first_name text DEFAULT ''::text NOT NULL,
    middle_name text,
    last_name text DEFAULT ''::text NOT NULL,
    suffix text,
    full_name text GENERATED ALWAYS AS (btrim(replace(((((first_name || COALESCE((' '::text || middle_name), ''::text)) || ' '::text) || last_name) || COALESCE((' '::text || suffix), ''::text)), '  '::text, ' '::text))) STORED NOT NULL,
    phone_number text,
    company_id text NOT NULL,
    department text,
    status text DEFAULT 'Pending'::text NOT NULL,
    status_by integer,
    status_at timestamp with time zone,
    notified boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_live boolean GENERATED ALWAYS AS ((is_active AND (status = 'Approved'::text))) STORED NOT NULL,
    picture text,
    otp_enabled boolean DEFAULT false NOT NULL,
    date_joined timestamp with time zone DEFAULT now() NOT NULL,
    last_login timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, ((email_canonical || ' '::text) || regexp_replace(((((((((((((email_canonical || ' '::text) || username_canonical) || ' '::text) || first_name) || ' '::text) || COALESCE(middle_name, ''::text)) || ' '::text) || last_name) || ' '::text) || company_id) || ' '::text) || COALESCE(phone_number, ''::text)), '[^[:alnum:]]+'::text, ' '::text, 'g'::text)))) STORED NOT NULL,
    CONSTRAINT employees_department_length CHECK (((length(department) >= 1) AND (length(department) <= 100))),
    CONSTRAINT employees_email_length CHECK ((length(email) <= 254)),
    CONSTRAINT employees_first_name_length CHECK ((length(first_name) <= 100)),
    CONSTRAINT employees_last_name_length CHECK ((length(last_name) <= 100)),
    CONSTRAINT employees_middle_name_length CHECK (((length(middle_name) >= 1) AND (length(middle_name) <= 100))),
    CONSTRAINT employees_phone_number_form CHECK ((phone_number ~ '^\+[1-9][0-9]{4,14}$'::text)),
    CONSTRAINT employees_picture_form CHECK ((picture ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT employees_status_known CHECK ((status = ANY (ARRAY['Pending'::text, 'Approved'::text, 'Rejected'::text]))),
    CONSTRAINT employees_suffix_known CHECK ((suffix = ANY (ARRAY['Jr.'::text, 'Sr.'::text, 'II'::text, 'III'::text, 'IV'::text, 'V'::text]))),
    CONSTRAINT employees_username_form CHECK (((username <> ''::text) AND (length(username) <= 150) AND (strpos(username, '@'::text) = 0)))
)
WITH (fillfactor='85');
COMMENT ON COLUMN public.employees.is_live IS 'may hold a session: active and approved';
CREATE VIEW lookup.employees AS
 SELECT id,
    email,
    username,
    first_name,
    middle_name,
    last_name,
    full_name,
    suffix,
    company_id,
    department,
    status,
    is_active,
    is_live
   FROM public.employees;
CREATE TABLE public.users (
    id integer NOT NULL,
    kind text GENERATED ALWAYS AS ('staff'::text) STORED NOT NULL,
    email text NOT NULL,
    email_canonical text NOT NULL,
    email_verified_at timestamp with time zone,
    username text NOT NULL,
    username_canonical text NOT NULL,
    password_hash text,
    first_name text DEFAULT ''::text NOT NULL,
    middle_name text,
    last_name text DEFAULT ''::text NOT NULL,
    suffix text,
    full_name text GENERATED ALWAYS AS (btrim(replace(((((first_name || COALESCE((' '::text || middle_name), ''::text)) || ' '::text) || last_name) || COALESCE((' '::text || suffix), ''::text)), '  '::text, ' '::text))) STORED NOT NULL,
    phone_number text,
    company_id text NOT NULL,
    department text,
    status text DEFAULT 'Pending'::text NOT NULL,
    status_by integer,
    status_at timestamp with time zone,
    notified boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_staff boolean DEFAULT false NOT NULL,
    is_superuser boolean DEFAULT false NOT NULL,
    is_live boolean GENERATED ALWAYS AS ((is_active AND (status <> 'Rejected'::text))) STORED NOT NULL,
    picture text,
    otp_enabled boolean DEFAULT false NOT NULL,
    date_joined timestamp with time zone DEFAULT now() NOT NULL,
    last_login timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, ((email_canonical || ' '::text) || regexp_replace(((((((((((((email_canonical || ' '::text) || username_canonical) || ' '::text) || first_name) || ' '::text) || COALESCE(middle_name, ''::text)) || ' '::text) || last_name) || ' '::text) || company_id) || ' '::text) || COALESCE(phone_number, ''::text)), '[^[:alnum:]]+'::text, ' '::text, 'g'::text)))) STORED NOT NULL,
    password_proven_at timestamp with time zone,
    CONSTRAINT users_department_length CHECK (((length(department) >= 1) AND (length(department) <= 100))),
    CONSTRAINT users_email_length CHECK ((length(email) <= 254)),
    CONSTRAINT users_first_name_length CHECK ((length(first_name) <= 100)),
    CONSTRAINT users_last_name_length CHECK ((length(last_name) <= 100)),
    CONSTRAINT users_middle_name_length CHECK (((length(middle_name) >= 1) AND (length(middle_name) <= 100))),
    CONSTRAINT users_phone_number_form CHECK ((phone_number ~ '^\+[1-9][0-9]{4,14}$'::text)),
    CONSTRAINT users_picture_form CHECK ((picture ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT users_status_known CHECK ((status = ANY (ARRAY['Pending'::text, 'Approved'::text, 'Rejected'::text]))),
    CONSTRAINT users_suffix_known CHECK ((suffix = ANY (ARRAY['Jr.'::text, 'Sr.'::text, 'II'::text, 'III'::text, 'IV'::text, 'V'::text]))),
    CONSTRAINT users_username_form CHECK (((username <> ''::text) AND (length(username) <= 150) AND (strpos(username, '@'::text) = 0)))
)
WITH (fillfactor='85');
COMMENT ON COLUMN public.users.is_live IS 'may hold a session: active and not rejected (pending staff may sign in)';
COMMENT ON COLUMN public.users.password_proven_at IS 'when a mailed link last set the password; null: only a session ever did';
CREATE VIEW lookup.users AS
 SELECT id,
    email,
    username,
    first_name,
    middle_name,
    last_name,
    full_name,
    suffix,
    company_id,
    department,
    status,
    is_active,
    is_live
   FROM public.users;
CREATE VIEW public.assignment_rows AS
 SELECT a.id,
    a.user_id,
    u.email,
    u.username,
    u.first_name,
    u.middle_name,
    u.last_name,
    u.full_name,
    u.is_active AS user_is_active,
    a.system_id,
    s.slug AS system_slug,
    s.name AS system_name,
    a.role_id,
    r.name AS role,
    r.name AS role_name,
    a.is_active,
    a.settings,
    a.assigned_at,
    a.assigned_by,
    a.last_logged_on
   FROM (((public.assignments a
     JOIN public.users u ON ((u.id = a.user_id)))
     JOIN public.systems s ON ((s.id = a.system_id)))
     JOIN public.roles r ON ((r.id = a.role_id)));
ALTER TABLE public.assignments ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.assignments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.audit (
    seq bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    event text NOT NULL,
    actor_type text,
    actor_id integer,
    actor_name text,
    subject_type text,
    subject_id integer,
    subject_name text,
    system text,
    ip inet,
    session_id bigint,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_actor_type CHECK ((actor_type = ANY (ARRAY['user'::text, 'employee'::text, 'operator'::text]))),
    CONSTRAINT audit_details_object CHECK ((jsonb_typeof(details) = 'object'::text)),
    CONSTRAINT audit_event_form CHECK ((event ~ '^[a-z0-9_]{1,60}$'::text)),
    CONSTRAINT audit_subject_type CHECK ((subject_type = ANY (ARRAY['user'::text, 'employee'::text])))
);
ALTER TABLE public.audit ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.authenticators (
    id bigint NOT NULL,
    user_id integer,
    employee_id integer,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (user_id IS NULL) THEN 'employee'::text
    ELSE 'staff'::text
END) STORED NOT NULL,
    person_id integer GENERATED ALWAYS AS (COALESCE(user_id, employee_id)) STORED NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    CONSTRAINT authenticators_one_person CHECK ((num_nonnulls(user_id, employee_id) = 1))
);
ALTER TABLE public.authenticators ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.authenticators_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.captchas (
    session_hash bytea NOT NULL,
    answer_hash bytea NOT NULL,
    purpose text,
    expires_at timestamp with time zone NOT NULL,
    answered_at timestamp with time zone,
    token_hash bytea,
    token_expires_at timestamp with time zone,
    token_used_at timestamp with time zone,
    CONSTRAINT captchas_purpose CHECK ((purpose = ANY (ARRAY['sign_in'::text, 'register'::text, 'forgot'::text]))),
    CONSTRAINT captchas_token CHECK (((token_hash IS NULL) = (token_expires_at IS NULL)))
);
CREATE TABLE public.challenges (
    token_hash bytea NOT NULL,
    user_id integer,
    employee_id integer,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (user_id IS NULL) THEN 'employee'::text
    ELSE 'staff'::text
END) STORED NOT NULL,
    person_id integer GENERATED ALWAYS AS (COALESCE(user_id, employee_id)) STORED NOT NULL,
    password_hash text NOT NULL,
    remember boolean NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT challenges_one_person CHECK ((num_nonnulls(user_id, employee_id) = 1)),
    CONSTRAINT challenges_tries CHECK (((tries >= 0) AND (tries <= 5)))
);
CREATE TABLE public.codes (
    id bigint NOT NULL,
    user_id integer,
    employee_id integer,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (user_id IS NULL) THEN 'employee'::text
    ELSE 'staff'::text
END) STORED NOT NULL,
    person_id integer GENERATED ALWAYS AS (COALESCE(user_id, employee_id)) STORED NOT NULL,
    purpose text NOT NULL,
    code_hash bytea NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    voided_at timestamp with time zone,
    CONSTRAINT codes_once CHECK (((used_at IS NULL) OR (voided_at IS NULL))),
    CONSTRAINT codes_one_person CHECK ((num_nonnulls(user_id, employee_id) = 1)),
    CONSTRAINT codes_purpose CHECK ((purpose = ANY (ARRAY['sign_in'::text, 'account'::text]))),
    CONSTRAINT codes_tries CHECK (((tries >= 0) AND (tries <= 5)))
);
ALTER TABLE public.codes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.codes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE SEQUENCE public.company_id_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
CREATE TABLE public.company_ids (
    company_id text NOT NULL,
    kind text NOT NULL,
    claimed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT company_ids_form CHECK ((company_id ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'::text)),
    CONSTRAINT company_ids_kind CHECK ((kind = ANY (ARRAY['staff'::text, 'employee'::text])))
);
CREATE VIEW public.employee_profiles AS
 SELECT e.id,
    e.email,
    e.username,
    e.first_name,
    e.middle_name,
    e.last_name,
    e.full_name,
    e.suffix,
    e.phone_number,
    e.company_id,
    e.department,
    e.status,
    e.notified,
    e.is_active,
    e.picture,
    e.date_joined,
    e.last_login,
    e.otp_enabled,
    e.date_joined AS created_at,
    e.updated_at,
    e.is_live,
    json_build_array(json_build_object('id', e.id, 'system_name', COALESCE(s.name, 'Help Desk and Ticketing System'::text), 'system_slug', 'hdts', 'role_name', 'Employee', 'assigned_at', public.iso8601(e.date_joined), 'last_logged_on', public.iso8601(e.last_login), 'is_active', e.is_active)) AS system_roles
   FROM (public.employees e
     LEFT JOIN public.systems s ON ((s.slug = 'hdts'::text)));
ALTER TABLE public.employees ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.employees_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.guard (
    key text NOT NULL COLLATE pg_catalog."C",
    failures integer DEFAULT 0 NOT NULL,
    in_flight integer DEFAULT 0 NOT NULL,
    first_failed_at timestamp with time zone DEFAULT now() NOT NULL,
    last_failed_at timestamp with time zone DEFAULT now() NOT NULL,
    last_tried_at timestamp with time zone DEFAULT now() NOT NULL,
    locked_until timestamp with time zone,
    CONSTRAINT guard_failures_positive CHECK ((failures >= 0)),
    CONSTRAINT guard_in_flight_positive CHECK ((in_flight >= 0)),
    CONSTRAINT guard_key_length CHECK ((length(key) <= 400))
)
WITH (fillfactor='75');
CREATE TABLE public.invitations (
    id integer NOT NULL,
    token_hash bytea NOT NULL,
    email text NOT NULL,
    email_canonical text NOT NULL,
    system_id integer NOT NULL,
    role_id integer NOT NULL,
    invited_by integer NOT NULL,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT invitations_email_length CHECK ((length(email) <= 254)),
    CONSTRAINT invitations_ended_once CHECK (((accepted_at IS NULL) OR (revoked_at IS NULL))),
    CONSTRAINT invitations_fields_object CHECK ((jsonb_typeof(fields) = 'object'::text))
);
COMMENT ON COLUMN public.invitations.fields IS 'names, suffix, phone and department for the account to be made';
ALTER TABLE public.invitations ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.invitations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.links (
    token_hash bytea NOT NULL,
    user_id integer,
    employee_id integer,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (user_id IS NULL) THEN 'employee'::text
    ELSE 'staff'::text
END) STORED NOT NULL,
    person_id integer GENERATED ALWAYS AS (COALESCE(user_id, employee_id)) STORED NOT NULL,
    purpose text NOT NULL,
    email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    voided_at timestamp with time zone,
    CONSTRAINT links_one_person CHECK ((num_nonnulls(user_id, employee_id) = 1)),
    CONSTRAINT links_purpose CHECK ((purpose = ANY (ARRAY['reset'::text, 'address'::text])))
);
CREATE TABLE public.outbox (
    id bigint NOT NULL,
    template text NOT NULL,
    kind text NOT NULL,
    person_id integer NOT NULL,
    recipient text NOT NULL,
    sealed bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    not_after timestamp with time zone NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_try_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    failed_at timestamp with time zone,
    last_error text,
    CONSTRAINT outbox_kind CHECK ((kind = ANY (ARRAY['staff'::text, 'employee'::text]))),
    CONSTRAINT outbox_template_form CHECK ((template ~ '^[a-z_]{1,60}$'::text)),
    CONSTRAINT outbox_wiped CHECK (((sealed IS NULL) = ((sent_at IS NOT NULL) OR (failed_at IS NOT NULL))))
);
ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.recovery_codes (
    id bigint NOT NULL,
    user_id integer,
    employee_id integer,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (user_id IS NULL) THEN 'employee'::text
    ELSE 'staff'::text
END) STORED NOT NULL,
    person_id integer GENERATED ALWAYS AS (COALESCE(user_id, employee_id)) STORED NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_one_person CHECK ((num_nonnulls(user_id, employee_id) = 1))
);
ALTER TABLE public.recovery_codes ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recovery_codes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.refresh_tokens (
    token_hash bytea NOT NULL,
    session_id bigint NOT NULL
);
CREATE UNLOGGED TABLE public.request_limits (
    key text NOT NULL,
    tat timestamp with time zone NOT NULL
)
WITH (fillfactor='50');
CREATE TABLE public.revocations (
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    kind text,
    person_id integer,
    session_id bigint,
    CONSTRAINT revocations_kind CHECK ((kind = ANY (ARRAY['staff'::text, 'employee'::text])))
);
ALTER TABLE public.roles ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.roles_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.schema_migrations (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.service_keys (
    id integer NOT NULL,
    name text NOT NULL,
    key_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT service_keys_name_form CHECK ((name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'::text)),
    CONSTRAINT service_keys_scopes_known CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['users'::text, 'employees'::text, 'turns'::text, 'metrics'::text])))
);
ALTER TABLE public.service_keys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.service_keys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.sessions (
    id bigint NOT NULL,
    user_id integer,
    employee_id integer,
    kind text GENERATED ALWAYS AS (
CASE
    WHEN (user_id IS NULL) THEN 'employee'::text
    ELSE 'staff'::text
END) STORED NOT NULL,
    person_id integer GENERATED ALWAYS AS (COALESCE(user_id, employee_id)) STORED NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ip inet,
    user_agent text,
    remember boolean DEFAULT true NOT NULL,
    refresh_hash bytea,
    refresh_expires_at timestamp with time zone,
    previous_hash bytea,
    sealed_successor bytea,
    rotated_at timestamp with time zone,
    ended_at timestamp with time zone,
    end_reason text,
    wrong_secrets integer DEFAULT 0 NOT NULL,
    CONSTRAINT sessions_end CHECK (((ended_at IS NULL) = (end_reason IS NULL))),
    CONSTRAINT sessions_one_person CHECK ((num_nonnulls(user_id, employee_id) = 1)),
    CONSTRAINT sessions_refresh_expires CHECK (((refresh_hash IS NULL) = (refresh_expires_at IS NULL))),
    CONSTRAINT sessions_refresh_hash_length CHECK ((length(refresh_hash) = 32)),
    CONSTRAINT sessions_user_agent_length CHECK ((length(user_agent) <= 300))
)
WITH (fillfactor='75');
COMMENT ON COLUMN public.sessions.remember IS 'false: cookies of this session end with the browser';
COMMENT ON COLUMN public.sessions.sealed_successor IS 'the current token, readable only with the previous one: parallel tabs get the same successor';
COMMENT ON COLUMN public.sessions.wrong_secrets IS 'the tenth ends the session';
ALTER TABLE public.sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.systems ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.systems_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.turns (
    role_id integer NOT NULL,
    last_user_id integer DEFAULT 0 NOT NULL,
    turn bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');
CREATE VIEW public.user_profiles AS
 SELECT u.id,
    u.email,
    u.username,
    u.first_name,
    u.middle_name,
    u.last_name,
    u.full_name,
    u.suffix,
    u.phone_number,
    u.company_id,
    u.department,
    u.status,
    u.notified,
    u.is_active,
    u.picture,
    u.date_joined,
    u.last_login,
    u.otp_enabled,
    u.is_staff,
    u.is_superuser,
    u.is_live,
    held.system_roles
   FROM (public.users u
     CROSS JOIN LATERAL ( SELECT COALESCE(json_agg(json_build_object('id', a.id, 'system_name', s.name, 'system_slug', s.slug, 'role_name', r.name, 'assigned_at', public.iso8601(a.assigned_at), 'last_logged_on', public.iso8601(a.last_logged_on), 'is_active', a.is_active) ORDER BY a.id), '[]'::json) AS system_roles
           FROM ((public.assignments a
             JOIN public.roles r ON ((r.id = a.role_id)))
             JOIN public.systems s ON ((s.id = a.system_id)))
          WHERE (a.user_id = u.id)) held);
ALTER TABLE public.users ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_user_role_key UNIQUE (user_id, role_id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_person_key UNIQUE (kind, person_id);
ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.captchas
    ADD CONSTRAINT captchas_pkey PRIMARY KEY (session_hash);
ALTER TABLE ONLY public.captchas
    ADD CONSTRAINT captchas_token_key UNIQUE (token_hash);
ALTER TABLE ONLY public.challenges
    ADD CONSTRAINT challenges_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.codes
    ADD CONSTRAINT codes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.company_ids
    ADD CONSTRAINT company_ids_kind_key UNIQUE (company_id, kind);
ALTER TABLE ONLY public.company_ids
    ADD CONSTRAINT company_ids_pkey PRIMARY KEY (company_id);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_company_id_key UNIQUE (company_id);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_email_key UNIQUE (email_canonical);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_phone_number_key UNIQUE (phone_number);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_username_key UNIQUE (username_canonical);
ALTER TABLE ONLY public.guard
    ADD CONSTRAINT guard_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_token_key UNIQUE (token_hash);
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_code_key UNIQUE (kind, person_id, code_hash);
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.request_limits
    ADD CONSTRAINT request_limits_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_id_system_id_key UNIQUE (id, system_id);
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_name_key UNIQUE (system_id, name_canonical);
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.service_keys
    ADD CONSTRAINT service_keys_hash_key UNIQUE (key_hash);
ALTER TABLE ONLY public.service_keys
    ADD CONSTRAINT service_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.systems
    ADD CONSTRAINT systems_name_key UNIQUE (name_canonical);
ALTER TABLE ONLY public.systems
    ADD CONSTRAINT systems_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.systems
    ADD CONSTRAINT systems_slug_key UNIQUE (slug);
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_pkey PRIMARY KEY (role_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_company_id_key UNIQUE (company_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email_canonical);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_phone_number_key UNIQUE (phone_number);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key UNIQUE (username_canonical);
CREATE INDEX assignments_assigned_by_idx ON public.assignments USING btree (assigned_by) WHERE (assigned_by IS NOT NULL);
CREATE INDEX assignments_inactive_idx ON public.assignments USING btree (role_id, id) WHERE (NOT is_active);
CREATE INDEX assignments_role_id_id_idx ON public.assignments USING btree (role_id, id);
CREATE INDEX assignments_role_id_idx ON public.assignments USING btree (role_id, user_id) INCLUDE (is_active);
CREATE INDEX assignments_system_id_idx ON public.assignments USING btree (system_id, user_id);
CREATE INDEX audit_about_idx ON public.audit USING btree (subject_type, subject_id, at, seq);
CREATE INDEX audit_actor_idx ON public.audit USING btree (actor_type, actor_id, at, seq);
CREATE INDEX audit_event_idx ON public.audit USING btree (event, at, seq);
CREATE INDEX audit_time_idx ON public.audit USING btree (at, seq);
CREATE INDEX authenticators_employee_id_idx ON public.authenticators USING btree (employee_id);
CREATE INDEX authenticators_user_id_idx ON public.authenticators USING btree (user_id);
CREATE INDEX captchas_expires_at_idx ON public.captchas USING brin (expires_at);
CREATE INDEX challenges_employee_id_idx ON public.challenges USING btree (employee_id) WHERE (employee_id IS NOT NULL);
CREATE INDEX challenges_user_id_idx ON public.challenges USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX codes_employee_id_idx ON public.codes USING btree (employee_id) WHERE (employee_id IS NOT NULL);
CREATE UNIQUE INDEX codes_live_key ON public.codes USING btree (kind, person_id, purpose) WHERE ((used_at IS NULL) AND (voided_at IS NULL));
CREATE INDEX codes_user_id_idx ON public.codes USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX employees_search_idx ON public.employees USING gin (search);
CREATE INDEX employees_status_by_idx ON public.employees USING btree (status_by) WHERE (status_by IS NOT NULL);
CREATE INDEX employees_status_idx ON public.employees USING btree (status, id) WHERE (status <> 'Approved'::text);
CREATE INDEX guard_last_failed_at_idx ON public.guard USING brin (last_failed_at);
CREATE INDEX invitations_invited_by_idx ON public.invitations USING btree (invited_by);
CREATE UNIQUE INDEX invitations_open_key ON public.invitations USING btree (email_canonical, role_id) WHERE ((accepted_at IS NULL) AND (revoked_at IS NULL));
CREATE INDEX invitations_role_id_idx ON public.invitations USING btree (role_id);
CREATE INDEX invitations_system_id_idx ON public.invitations USING btree (system_id, id);
CREATE INDEX links_employee_id_idx ON public.links USING btree (employee_id) WHERE (employee_id IS NOT NULL);
CREATE INDEX links_live_person_idx ON public.links USING btree (kind, person_id, purpose) WHERE ((used_at IS NULL) AND (voided_at IS NULL));
CREATE INDEX links_user_id_idx ON public.links USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX outbox_due_idx ON public.outbox USING btree (next_try_at) WHERE ((sent_at IS NULL) AND (failed_at IS NULL));
CREATE INDEX outbox_person_idx ON public.outbox USING btree (kind, person_id, template, created_at);
CREATE INDEX recovery_codes_employee_id_idx ON public.recovery_codes USING btree (employee_id) WHERE (employee_id IS NOT NULL);
CREATE INDEX recovery_codes_user_id_idx ON public.recovery_codes USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX refresh_tokens_session_id_idx ON public.refresh_tokens USING btree (session_id);
CREATE INDEX request_limits_tat_idx ON public.request_limits USING brin (tat);
CREATE INDEX revocations_at_idx ON public.revocations USING brin (at);
CREATE INDEX revocations_person_idx ON public.revocations USING btree (xid, person_id);
CREATE UNIQUE INDEX service_keys_name_key ON public.service_keys USING btree (name) WHERE (revoked_at IS NULL);
CREATE INDEX sessions_employee_id_idx ON public.sessions USING btree (employee_id) WHERE (employee_id IS NOT NULL);
CREATE INDEX sessions_expires_at_idx ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_live_person_idx ON public.sessions USING btree (kind, person_id) WHERE (ended_at IS NULL);
CREATE INDEX sessions_user_id_idx ON public.sessions USING btree (user_id) WHERE (user_id IS NOT NULL);
CREATE INDEX users_inactive_idx ON public.users USING btree (id) WHERE (NOT is_active);
CREATE INDEX users_not_live_idx ON public.users USING btree (id) WHERE (NOT is_live);
CREATE INDEX users_search_idx ON public.users USING gin (search);
CREATE INDEX users_status_by_idx ON public.users USING btree (status_by) WHERE (status_by IS NOT NULL);
CREATE INDEX users_status_idx ON public.users USING btree (status, id) WHERE (status <> 'Approved'::text);
CREATE INDEX users_superusers_idx ON public.users USING btree (id) WHERE is_superuser;
CREATE TRIGGER assignments_keep_an_admin AFTER DELETE OR UPDATE OF is_active, role_id ON public.assignments FOR EACH ROW EXECUTE FUNCTION public.keep_an_admin();
CREATE TRIGGER assignments_revoke AFTER INSERT OR DELETE OR UPDATE OF id, role_id, system_id, user_id, is_active, assigned_at ON public.assignments FOR EACH ROW EXECUTE FUNCTION public.revoke_holder();
CREATE TRIGGER assignments_revoke_signed_in AFTER UPDATE OF last_logged_on ON public.assignments FOR EACH ROW WHEN ((old.last_logged_on IS DISTINCT FROM new.last_logged_on)) EXECUTE FUNCTION public.revoke_signed_in();
CREATE TRIGGER assignments_revoke_truncated AFTER TRUNCATE ON public.assignments FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER employees_revoke AFTER UPDATE ON public.employees FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.revoke_person();
CREATE TRIGGER employees_revoke_deleted AFTER DELETE ON public.employees FOR EACH ROW EXECUTE FUNCTION public.revoke_person();
CREATE TRIGGER employees_revoke_truncated AFTER TRUNCATE ON public.employees FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER roles_revoke AFTER UPDATE OF name ON public.roles FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER roles_revoke_truncated AFTER TRUNCATE ON public.roles FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER sessions_revoke AFTER UPDATE OF ended_at, expires_at, user_id, employee_id ON public.sessions FOR EACH ROW WHEN (((old.ended_at IS DISTINCT FROM new.ended_at) OR (old.expires_at <> new.expires_at) OR (old.user_id IS DISTINCT FROM new.user_id) OR (old.employee_id IS DISTINCT FROM new.employee_id))) EXECUTE FUNCTION public.revoke_session();
CREATE TRIGGER sessions_revoke_deleted AFTER DELETE ON public.sessions FOR EACH ROW WHEN ((old.ended_at IS NULL)) EXECUTE FUNCTION public.revoke_session();
CREATE TRIGGER sessions_revoke_truncated AFTER TRUNCATE ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER systems_revoke AFTER INSERT OR UPDATE OF name, slug, is_active ON public.systems FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER systems_revoke_gone AFTER DELETE OR TRUNCATE ON public.systems FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
CREATE TRIGGER users_keep_a_superuser AFTER DELETE OR UPDATE OF is_active, status, is_superuser ON public.users FOR EACH ROW EXECUTE FUNCTION public.keep_a_superuser();
CREATE TRIGGER users_lock_administered BEFORE DELETE OR UPDATE OF is_active, status ON public.users FOR EACH ROW EXECUTE FUNCTION public.lock_administered();
CREATE TRIGGER users_revoke AFTER UPDATE ON public.users FOR EACH ROW WHEN ((old.* IS DISTINCT FROM new.*)) EXECUTE FUNCTION public.revoke_person();
CREATE TRIGGER users_revoke_deleted AFTER DELETE ON public.users FOR EACH ROW EXECUTE FUNCTION public.revoke_person();
CREATE TRIGGER users_revoke_truncated AFTER TRUNCATE ON public.users FOR EACH STATEMENT EXECUTE FUNCTION public.revoke_all();
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_assigned_by_fkey FOREIGN KEY (assigned_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_role_id_fkey FOREIGN KEY (role_id, system_id) REFERENCES public.roles(id, system_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_system_id_fkey FOREIGN KEY (system_id) REFERENCES public.systems(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.assignments
    ADD CONSTRAINT assignments_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.authenticators
    ADD CONSTRAINT authenticators_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.challenges
    ADD CONSTRAINT challenges_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.challenges
    ADD CONSTRAINT challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.codes
    ADD CONSTRAINT codes_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.codes
    ADD CONSTRAINT codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_company_id_fkey FOREIGN KEY (company_id, kind) REFERENCES public.company_ids(company_id, kind);
ALTER TABLE ONLY public.employees
    ADD CONSTRAINT employees_status_by_fkey FOREIGN KEY (status_by) REFERENCES public.users(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_role_id_fkey FOREIGN KEY (role_id, system_id) REFERENCES public.roles(id, system_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.invitations
    ADD CONSTRAINT invitations_system_id_fkey FOREIGN KEY (system_id) REFERENCES public.systems(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.links
    ADD CONSTRAINT links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_system_id_fkey FOREIGN KEY (system_id) REFERENCES public.systems(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_employee_id_fkey FOREIGN KEY (employee_id) REFERENCES public.employees(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.turns
    ADD CONSTRAINT turns_role_id_fkey FOREIGN KEY (role_id) REFERENCES public.roles(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_company_id_fkey FOREIGN KEY (company_id, kind) REFERENCES public.company_ids(company_id, kind);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_status_by_fkey FOREIGN KEY (status_by) REFERENCES public.users(id) ON DELETE SET NULL;
GRANT USAGE ON SCHEMA authops TO authsvc_ops;
GRANT USAGE ON SCHEMA lookup TO authsvc_lookup;
GRANT USAGE ON SCHEMA lookup TO authsvc_ops;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO authsvc_app;
GRANT USAGE ON SCHEMA public TO authsvc_ops;
REVOKE ALL ON FUNCTION authops.why_locked(address text, person_kind text, client_ip text) FROM PUBLIC;
GRANT ALL ON FUNCTION authops.why_locked(address text, person_kind text, client_ip text) TO authsvc_ops;
REVOKE ALL ON FUNCTION public.claim_company_id(new_kind text, wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_company_id(new_kind text, wanted text) TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.assignments TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.roles TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.systems TO authsvc_app;
GRANT SELECT ON TABLE lookup.assignments TO authsvc_lookup;
GRANT SELECT ON TABLE lookup.assignments TO authsvc_ops;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.employees TO authsvc_app;
GRANT SELECT ON TABLE lookup.employees TO authsvc_lookup;
GRANT SELECT ON TABLE lookup.employees TO authsvc_ops;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.users TO authsvc_app;
GRANT SELECT ON TABLE lookup.users TO authsvc_lookup;
GRANT SELECT ON TABLE lookup.users TO authsvc_ops;
GRANT SELECT ON TABLE public.assignment_rows TO authsvc_app;
GRANT SELECT,INSERT ON TABLE public.audit TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.authenticators TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.captchas TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.challenges TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.codes TO authsvc_app;
GRANT USAGE ON SEQUENCE public.company_id_numbers TO authsvc_app;
GRANT SELECT,INSERT ON TABLE public.company_ids TO authsvc_app;
GRANT SELECT ON TABLE public.employee_profiles TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.guard TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.invitations TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.links TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outbox TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.recovery_codes TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.refresh_tokens TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.request_limits TO authsvc_app;
GRANT SELECT,DELETE ON TABLE public.revocations TO authsvc_app;
GRANT SELECT ON TABLE public.schema_migrations TO authsvc_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.service_keys TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.sessions TO authsvc_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.turns TO authsvc_app;
GRANT SELECT ON TABLE public.user_profiles TO authsvc_app;
