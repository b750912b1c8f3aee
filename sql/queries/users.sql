-- Statements of authsvc/queries/users.py: staff users.

-- name: by_email
-- What a sign-in weighs, by canonical address; also of people who may not sign in.
SELECT id, email, password_hash, status, is_active, is_live, otp_enabled, last_login
  FROM users
 WHERE email_canonical = $1;

-- name: insert
-- A new staff user with the next company id, or the wanted one; constraint names say what is taken.
INSERT INTO users (email, email_canonical, username, username_canonical, password_hash, first_name, middle_name,
                   last_name, suffix, phone_number, department, company_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, claim_company_id('staff', $12))
RETURNING id;

-- name: profile
-- One person as the API's PROFILE.
SELECT id, email, username, first_name, middle_name, last_name, full_name, suffix, phone_number, company_id,
       department, status, notified, is_active, picture, date_joined, last_login, otp_enabled, is_staff,
       is_superuser, is_live, system_roles
  FROM user_profiles
 WHERE id = $1;

-- name: by_company_id
-- The PROFILE behind a company id, and whether staff user $2 may see it whole: himself, a superuser,
-- or an administrator of a system in which the person holds a role.
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.is_staff, p.is_superuser, p.is_live,
       CASE WHEN p.id = $2 OR $3 THEN p.system_roles
            ELSE (SELECT coalesce(json_agg(held), '[]') FROM json_array_elements(p.system_roles) held
                   WHERE held ->> 'system_slug' IN (
                         SELECT s.slug FROM systems s WHERE s.id IN (SELECT administers($2)))) END AS system_roles,
       p.id = $2 OR $3::boolean OR $4::boolean AND EXISTS (SELECT
                    FROM assignments mine
                    JOIN roles r ON r.id = mine.role_id AND r.name = 'Admin'
                    JOIN assignments theirs ON theirs.system_id = mine.system_id
                   WHERE mine.user_id = $2 AND mine.is_active AND theirs.user_id = p.id) AS is_shown_whole
  FROM user_profiles p
 WHERE p.company_id = $1;

-- name: note_sign_in
-- The moment of a right password, only for who may sign in and still has the hash that was checked. The row
-- lock puts a sign-in wholly before or wholly after a deactivation; $3 replaces an outdated hash; $4: by a code too.
UPDATE users
   SET last_login = now(), password_hash = coalesce($3, password_hash)
 WHERE id = $1 AND is_live AND password_hash = $2 AND (NOT otp_enabled OR $4)
RETURNING id;

-- name: renew_hash
-- The same password ($2: as it was stored), hashed as new ones are.
UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING id;

-- name: edit
-- Change what the JSON object $2 names, and nothing else.
UPDATE users
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

-- name: make_superuser
-- Approve a user and give all rights; for the command line only.
UPDATE users
   SET is_superuser = true, is_staff = true, status = 'Approved', status_at = now(), email_verified_at = now()
 WHERE id = $1;

-- name: approve
-- Approve a user whose address is proven: invited and demo people.
UPDATE users
   SET status = 'Approved', status_at = now(), email_verified_at = now()
 WHERE id = $1 AND is_live;

-- name: credentials
-- The same as by_email, of somebody known.
SELECT id, email, password_hash, status, is_active, is_live, otp_enabled, last_login
  FROM users
 WHERE id = $1;

-- name: set_password
-- A new password. $3 is the hash that was checked for it; null: a mailed link was.
UPDATE users
   SET password_hash = $2, updated_at = now(),
       password_proven_at = CASE WHEN $3::text IS NULL THEN now() ELSE password_proven_at END
 WHERE id = $1 AND is_active AND status <> 'Rejected' AND ($3::text IS NULL OR password_hash = $3)
RETURNING id;

-- name: set_otp_enabled
-- Switch the second factor on or off.
UPDATE users SET otp_enabled = $2, updated_at = now() WHERE id = $1;

-- name: lock
-- One change of a person's secrets at a time; the address as it is then.
SELECT email FROM users WHERE id = $1 AND is_live FOR NO KEY UPDATE;

-- name: hold
-- Nobody removes the user meanwhile.
SELECT id FROM users WHERE id = $1 FOR KEY SHARE;

-- name: prove_address
-- A mailed link proved address $2: it is the person's now, whether it was before or not.
UPDATE users
   SET email = $2, email_canonical = $3, email_verified_at = now(), updated_at = now()
 WHERE id = $1
RETURNING id;

-- name: invited
-- The account of an address (canonical) that is invited to something; nobody changes it meanwhile.
SELECT id, email, company_id, email_verified_at, password_proven_at, is_live, is_active, status, is_superuser
  FROM users
 WHERE email_canonical = $1
   FOR NO KEY UPDATE;
