-- Statements of authsvc/queries/employees.py: employees. The same names as for staff users.

-- name: by_email
-- What a sign-in weighs, by canonical address; also of people who may not sign in.
SELECT id, email, password_hash, status, is_active, is_live, otp_enabled, last_login
  FROM employees
 WHERE email_canonical = $1;

-- name: insert
-- A new employee with the next company id, or the wanted one; constraint names say what is taken.
INSERT INTO employees (email, email_canonical, username, username_canonical, password_hash, first_name, middle_name,
                       last_name, suffix, phone_number, department, company_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, claim_company_id('employee', $12))
RETURNING id;

-- name: profile
-- One person as the API's EMPLOYEE.
SELECT id, email, username, first_name, middle_name, last_name, full_name, suffix, phone_number, company_id,
       department, status, notified, is_active, picture, date_joined, last_login, otp_enabled, created_at,
       updated_at, is_live, system_roles
  FROM employee_profiles
 WHERE id = $1;

-- name: by_company_id
-- The EMPLOYEE behind a company id, and whether staff user $2 may see it whole: a superuser or an
-- administrator of the help desk.
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.created_at, p.updated_at, p.is_live, p.system_roles,
       $3::boolean OR $4::boolean AND EXISTS (SELECT
                    FROM assignments mine
                    JOIN roles r ON r.id = mine.role_id AND r.name = 'Admin'
                    JOIN systems s ON s.id = mine.system_id AND s.slug = 'hdts'
                   WHERE mine.user_id = $2 AND mine.is_active) AS is_shown_whole
  FROM employee_profiles p
 WHERE p.company_id = $1;

-- name: note_sign_in
-- The moment of a right password, only for who may sign in and still has the hash that was checked. The row
-- lock puts a sign-in wholly before or wholly after a rejection; $3 replaces an outdated hash; $4: by a code too.
UPDATE employees
   SET last_login = now(), password_hash = coalesce($3, password_hash)
 WHERE id = $1 AND is_live AND password_hash = $2 AND (NOT otp_enabled OR $4)
RETURNING id;

-- name: renew_hash
-- The same password ($2: as it was stored), hashed as new ones are.
UPDATE employees SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id;

-- name: edit
-- Change what the JSON object $2 names, and nothing else.
UPDATE employees
   SET username = CASE WHEN $2::jsonb ? 'username' THEN $2 ->> 'username' ELSE username END,
       username_canonical = CASE WHEN $2 ? 'username_canonical' THEN $2 ->> 'username_canonical'
                                 ELSE username_canonical END,
       first_name = CASE WHEN $2 ? 'first_name' THEN $2 ->> 'first_name' ELSE first_name END,
       middle_name = CASE WHEN $2 ? 'middle_name' THEN $2 ->> 'middle_name' ELSE middle_name END,
       last_name = CASE WHEN $2 ? 'last_name' THEN $2 ->> 'last_name' ELSE last_name END,
       suffix = CASE WHEN $2 ? 'suffix' THEN $2 ->> 'suffix' ELSE suffix END,
       phone_number = CASE WHEN $2 ? 'phone_number' THEN $2 ->> 'phone_number' ELSE phone_number END,
       department = CASE WHEN $2 ? 'department' THEN $2 ->> 'department' ELSE department END,
       picture = CASE WHEN $2 ? 'picture' THEN $2 ->> 'picture' ELSE picture END,
       updated_at = now()
 WHERE id = $1
RETURNING id;

-- name: set_status
-- Approve, reject or put back an employee; staff user $3 did it (null: the demo seed).
UPDATE employees
   SET status = $2, status_at = now(), status_by = $3, updated_at = now()
 WHERE id = $1;

-- name: credentials
-- The same as by_email, of somebody known.
SELECT id, email, password_hash, status, is_active, is_live, otp_enabled, last_login
  FROM employees
 WHERE id = $1;

-- name: set_password
-- A new password. $3 is the hash that was checked for it; null: a mailed link was.
UPDATE employees
   SET password_hash = $2, updated_at = now()
 WHERE id = $1 AND is_active AND status <> 'Rejected' AND ($3::text IS NULL OR password_hash = $3)
RETURNING id;

-- name: set_otp_enabled
-- Switch the second factor on or off.
UPDATE employees SET otp_enabled = $2, updated_at = now() WHERE id = $1;

-- name: lock
-- One change of a person's secrets at a time; the address as it is then.
SELECT email FROM employees WHERE id = $1 AND is_active AND status <> 'Rejected' FOR NO KEY UPDATE;

-- name: prove_address
-- A mailed link proved address $2: it is the person's now, whether it was before or not.
UPDATE employees
   SET email = $2, email_canonical = $3, email_verified_at = now(), updated_at = now()
 WHERE id = $1
RETURNING id;
