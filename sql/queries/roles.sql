-- Statements of authsvc/queries/roles.py. Any signed-in staff may see roles.

-- name: page
-- Roles after id $1, at most $2; of the system with id $3 or slug $4 where given.
SELECT r.id, r.name, r.system_id AS system, s.slug AS system_slug, s.name AS system_name, r.description, r.is_custom,
       r.created_at
  FROM roles r
  JOIN systems s ON s.id = r.system_id
 WHERE r.id > $1 AND ($3::integer IS NULL OR r.system_id = $3) AND ($4::text IS NULL OR s.slug = $4)
 ORDER BY r.id
 LIMIT $2;

-- name: get
-- One role, and whether caller $2 administers its system.
SELECT r.id, r.name, r.system_id AS system, s.slug AS system_slug, s.name AS system_name, r.description, r.is_custom,
       r.created_at, r.system_id IN (SELECT administers($2)) AS is_administered
  FROM roles r
  JOIN systems s ON s.id = r.system_id
 WHERE r.id = $1;

-- name: of_system
-- The role of system $1 that $2 (an id) or $3 (a canonical name) names.
SELECT id, name FROM roles WHERE system_id = $1 AND (id = $2 OR name_canonical = $3);

-- name: insert
-- A new role; roles_name_key says when the system has one of that name.
INSERT INTO roles (system_id, name, name_canonical, description, is_custom)
VALUES ($1, $2, $3, $4, $5)
RETURNING id;

-- name: edit
-- Change what the JSON object $2 names.
UPDATE roles
   SET name = CASE WHEN $2::jsonb ? 'name' THEN $2 ->> 'name' ELSE name END,
       name_canonical = CASE WHEN $2 ? 'name_canonical' THEN $2 ->> 'name_canonical' ELSE name_canonical END,
       description = CASE WHEN $2 ? 'description' THEN $2 ->> 'description' ELSE description END,
       is_custom = CASE WHEN $2 ? 'is_custom' THEN ($2 ->> 'is_custom')::boolean ELSE is_custom END
 WHERE id = $1;

-- name: lock
-- Nobody is given this role from now on, until the transaction ends.
SELECT id FROM roles WHERE id = $1 FOR UPDATE;

-- name: is_held
-- Does anybody hold this role?
SELECT EXISTS (SELECT FROM assignments WHERE role_id = $1);

-- name: delete
-- Remove a custom role with its assignments.
DELETE FROM roles WHERE id = $1 AND is_custom RETURNING id;

-- name: add
-- A role of a system, unless it is there; for the demo seed.
INSERT INTO roles (system_id, name, name_canonical, is_custom)
VALUES ($1, $2, $3, false)
ON CONFLICT ON CONSTRAINT roles_name_key DO UPDATE SET name_canonical = excluded.name_canonical
RETURNING id;
