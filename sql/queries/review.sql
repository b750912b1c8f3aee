-- Statements of authsvc/queries/review.py: employees, and the help desk's staff, as its admins review them.
-- Who may review is part of each statement.

-- name: may
-- Does the caller review employees?
SELECT reviews_employees($1);

-- name: page
-- Employees after id $2, at most $3 (null: all), as caller $1 may see them; of status $4, found by search $5, where
-- given.
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.created_at, p.updated_at, p.is_live, p.system_roles
  FROM employee_profiles p
  JOIN employees e ON e.id = p.id
 WHERE e.id > $2 AND (SELECT reviews_employees($1))
   AND ($4::text IS NULL OR e.status = $4)
   AND ($5::text IS NULL OR e.search @@ search_query($5))
 ORDER BY e.id
 LIMIT $3;

-- name: staff
-- The PROFILE of everybody who holds a role of the help desk, with the roles of systems that caller $1 administers.
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.is_staff, p.is_superuser, p.is_live,
       (SELECT coalesce(json_agg(held), '[]') FROM json_array_elements(p.system_roles) held
         WHERE held ->> 'system_slug' IN (
               SELECT s.slug FROM systems s WHERE s.id IN (SELECT administers($1)))) AS system_roles
  FROM user_profiles p
 WHERE (SELECT reviews_employees($1))
   AND p.id IN (SELECT a.user_id FROM assignments a JOIN systems s ON s.id = a.system_id AND s.slug = 'hdts')
 ORDER BY p.id;

-- name: lock
-- The employee whose status caller $1 is about to decide, one decision at a time.
SELECT id, email, status FROM employees WHERE id = $2 AND (SELECT reviews_employees($1)) FOR NO KEY UPDATE;

-- name: decide
-- The decision of staff user $1 about employee $2: status $3. He is told by mail.
UPDATE employees
   SET status = $3, status_at = now(), status_by = $1, notified = true, updated_at = now()
 WHERE id = $2;
