-- One shape of a person for every statement that shows one, and who may touch what.

-- The PROFILE of the API; system_roles holds the active and the switched-off assignments.
CREATE VIEW user_profiles AS
SELECT u.id, u.email, u.username, u.first_name, u.middle_name, u.last_name, u.full_name, u.suffix,
       u.phone_number, u.company_id, u.department, u.status, u.notified, u.is_active, u.picture,
       u.date_joined, u.last_login, u.otp_enabled, u.is_staff, u.is_superuser, u.is_live,
       held.system_roles
  FROM users u
 CROSS JOIN LATERAL (
       SELECT coalesce(json_agg(json_build_object(
                  'id', a.id, 'system_name', s.name, 'system_slug', s.slug, 'role_name', r.name,
                  'assigned_at', iso8601(a.assigned_at), 'last_logged_on', iso8601(a.last_logged_on),
                  'is_active', a.is_active) ORDER BY a.id), '[]') AS system_roles
         FROM assignments a
         JOIN roles r ON r.id = a.role_id
         JOIN systems s ON s.id = a.system_id
        WHERE a.user_id = u.id) held;

-- The EMPLOYEE of the API. Every employee holds the one role Employee of the help desk.
CREATE VIEW employee_profiles AS
SELECT e.id, e.email, e.username, e.first_name, e.middle_name, e.last_name, e.full_name, e.suffix,
       e.phone_number, e.company_id, e.department, e.status, e.notified, e.is_active, e.picture,
       e.date_joined, e.last_login, e.otp_enabled, e.date_joined AS created_at, e.updated_at, e.is_live,
       json_build_array(json_build_object(
           'id', e.id, 'system_name', coalesce(s.name, 'Help Desk and Ticketing System'), 'system_slug', 'hdts',
           'role_name', 'Employee', 'assigned_at', iso8601(e.date_joined), 'last_logged_on', iso8601(e.last_login),
           'is_active', e.is_active)) AS system_roles
  FROM employees e
  LEFT JOIN systems s ON s.slug = 'hdts';

CREATE SCHEMA lookup;
CREATE VIEW lookup.users AS
SELECT id, email, username, first_name, middle_name, last_name, full_name, suffix, company_id, department,
       status, is_active, is_live
  FROM users;
CREATE VIEW lookup.employees AS
SELECT id, email, username, first_name, middle_name, last_name, full_name, suffix, company_id, department,
       status, is_active, is_live
  FROM employees;
CREATE VIEW lookup.assignments AS
SELECT a.id, a.user_id, s.slug AS system, r.name AS role, a.is_active, a.assigned_at
  FROM assignments a
  JOIN roles r ON r.id = a.role_id
  JOIN systems s ON s.id = a.system_id;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    users, employees, systems, roles, assignments, sessions, refresh_tokens, outbox, request_limits TO authsvc_app;
GRANT SELECT, INSERT ON company_ids, audit TO authsvc_app;
GRANT SELECT ON user_profiles, employee_profiles, schema_migrations TO authsvc_app;
GRANT USAGE ON SEQUENCE company_id_numbers TO authsvc_app;
GRANT USAGE ON SCHEMA lookup TO authsvc_lookup, authsvc_ops;
GRANT SELECT ON ALL TABLES IN SCHEMA lookup TO authsvc_lookup, authsvc_ops;
REVOKE EXECUTE ON FUNCTION claim_company_id(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_company_id(text, text) TO authsvc_app;
