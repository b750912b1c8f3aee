-- Statements of authsvc/queries/roles.py.

-- name: add
-- A role of a system, unless it is there; for the demo seed.
INSERT INTO roles (system_id, name, name_canonical, is_custom)
VALUES ($1, $2, $3, false)
ON CONFLICT ON CONSTRAINT roles_name_key DO UPDATE SET name_canonical = excluded.name_canonical
RETURNING id;
