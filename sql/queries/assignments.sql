-- Statements of authsvc/queries/assignments.py. What a caller may see and change is part of each statement.

-- name: page
-- Assignments after id $2, at most $3, that caller $1 may see: his own and those of systems he administers.
-- Filters, where given: user $4, system id $5 or slug $6, role id $7 or canonical name $8, active or not $9.
-- Those of one user are few; else each role's are walked in the order of the list as far as one page.
WITH administered AS MATERIALIZED (
    SELECT administers($1) AS id
), page AS (
    (SELECT near.id
       FROM roles r
       JOIN systems s ON s.id = r.system_id
      CROSS JOIN LATERAL (
            (SELECT a.id FROM assignments a
              WHERE $9::boolean IS DISTINCT FROM false AND a.role_id = r.id AND a.id > $2 AND ($9 IS NULL OR a.is_active)
              ORDER BY a.id LIMIT $3)
            UNION ALL
            (SELECT a.id FROM assignments a
              WHERE $9 = false AND a.role_id = r.id AND a.id > $2 AND NOT a.is_active
              ORDER BY a.id LIMIT $3)) near
      WHERE $4::integer IS NULL AND s.id IN (SELECT id FROM administered)
        AND ($5::integer IS NULL OR s.id = $5)
        AND ($6::text IS NULL OR s.slug = $6)
        AND ($7::integer IS NULL OR r.id = $7)
        AND ($8::text IS NULL OR r.name_canonical = $8)
      ORDER BY near.id
      LIMIT $3)
    UNION
    (SELECT a.id
       FROM assignments a
       JOIN roles r ON r.id = a.role_id
       JOIN systems s ON s.id = a.system_id
      WHERE a.user_id = coalesce($4, $1) AND (a.user_id = $1 OR s.id IN (SELECT id FROM administered))
        AND a.id > $2 AND ($9 IS NULL OR a.is_active = $9)
        AND ($5 IS NULL OR s.id = $5)
        AND ($6 IS NULL OR s.slug = $6)
        AND ($7 IS NULL OR r.id = $7)
        AND ($8 IS NULL OR r.name_canonical = $8))
)
SELECT v.id, v.user_id, v.email, v.username, v.first_name, v.middle_name, v.last_name, v.full_name, v.user_is_active,
       v.system_id, v.system_slug, v.system_name, v.role_id, v.role, v.role_name, v.is_active, v.settings,
       v.assigned_at, v.assigned_by, v.last_logged_on
  FROM (SELECT id FROM page ORDER BY id LIMIT $3) found
  JOIN assignment_rows v ON v.id = found.id
 ORDER BY v.id;

-- name: get
-- One assignment that caller $1 may see; whether he administers its system, and whether a superuser holds it.
SELECT v.id, v.user_id, v.email, v.username, v.first_name, v.middle_name, v.last_name, v.full_name, v.user_is_active,
       v.system_id, v.system_slug, v.system_name, v.role_id, v.role, v.role_name, v.is_active, v.settings,
       v.assigned_at, v.assigned_by, v.last_logged_on,
       v.system_id IN (SELECT administers($1)) AS is_administered,
       (SELECT u.is_superuser FROM users u WHERE u.id = v.user_id) AS is_superusers
  FROM assignment_rows v
 WHERE v.id = $2 AND (v.user_id = $1 OR v.system_id IN (SELECT administers($1)));

-- name: of_system
-- Who holds roles of a system.
SELECT v.id, v.user_id, v.email, v.username, v.first_name, v.middle_name, v.last_name, v.full_name, v.user_is_active,
       v.system_id, v.system_slug, v.system_name, v.role_id, v.role, v.role_name, v.is_active, v.settings,
       v.assigned_at, v.assigned_by, v.last_logged_on
  FROM assignment_rows v
 WHERE v.system_id = $1
 ORDER BY v.id;

-- name: of_user
-- The assignments of user $2 in systems that caller $1 administers; where given of system slug $3 or id $5, of
-- role name $4 or id $6.
SELECT v.id, v.system_slug, v.role
  FROM assignment_rows v
 WHERE v.user_id = $2 AND v.system_id IN (SELECT administers($1))
   AND ($3::text IS NULL OR v.system_slug = $3)
   AND ($4::text IS NULL OR v.role_id IN (SELECT r.id FROM roles r WHERE r.name_canonical = $4))
   AND ($5::integer IS NULL OR v.system_id = $5)
   AND ($6::integer IS NULL OR v.role_id = $6)
 ORDER BY v.id;

-- name: assignable
-- User $2, if caller $1 may give him a role: a superuser anybody, an Admin those who hold a role in his systems.
SELECT u.id, u.email, u.is_superuser
  FROM users u
 WHERE u.id = $2
   AND (rules_all($1)
        OR EXISTS (SELECT FROM assignments a WHERE a.user_id = u.id AND a.system_id IN (SELECT administers($1))));

-- name: insert
-- Give user $1 role $3 of system $2; no row when he holds it already, also when somebody else gave it this moment.
INSERT INTO assignments (user_id, system_id, role_id, is_active, settings, assigned_by)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT ON CONSTRAINT assignments_user_role_key DO NOTHING
RETURNING id;

-- name: held
-- The assignment of user $1 with role $2, if there is one.
SELECT id FROM assignments WHERE user_id = $1 AND role_id = $2;

-- name: edit
-- Change what the JSON object $3 names, if caller $1 administers the system of assignment $2. The role
-- belongs to that system or the foreign key refuses it.
UPDATE assignments
   SET role_id = CASE WHEN $3::jsonb ? 'role_id' THEN ($3 ->> 'role_id')::integer ELSE role_id END,
       is_active = CASE WHEN $3 ? 'is_active' THEN ($3 ->> 'is_active')::boolean ELSE is_active END,
       settings = CASE WHEN $3 ? 'settings' THEN $3 -> 'settings' ELSE settings END
 WHERE id = $2 AND system_id IN (SELECT administers($1))
RETURNING id;

-- name: delete
-- Take a role away, if caller $1 administers its system.
DELETE FROM assignments WHERE id = $2 AND system_id IN (SELECT administers($1)) RETURNING id;

-- name: note_sign_in
-- A sign-in, noted on every active assignment of the person.
UPDATE assignments SET last_logged_on = now() WHERE user_id = $1 AND is_active;
