-- Statements of authsvc/queries/internal.py: what other services look up on the internal network, each by the id
-- of its own kind.

-- name: user
-- One staff user.
SELECT id, email, username, first_name, last_name, full_name, company_id, is_active FROM users WHERE id = $1;

-- name: employee
-- One employee.
SELECT id, email, username, first_name, middle_name, last_name, suffix, full_name, phone_number, company_id,
       department, status, picture, date_joined AS created_at
  FROM employees
 WHERE id = $1;

-- name: help_desk_user
-- The PROFILE of a staff user who holds an active role of the help desk.
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.is_staff, p.is_superuser, p.is_live, p.system_roles
  FROM user_profiles p
 WHERE p.id = $1
   AND EXISTS (SELECT FROM assignments a JOIN systems s ON s.id = a.system_id
                WHERE a.user_id = p.id AND a.is_active AND s.slug = 'hdts');
