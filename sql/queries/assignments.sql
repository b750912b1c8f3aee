-- Statements of authsvc/queries/assignments.py.

-- name: add
-- Give a user a role of a system; assignments_user_role_key says when it is held already.
INSERT INTO assignments (user_id, system_id, role_id, assigned_by)
VALUES ($1, $2, $3, $4)
RETURNING id;

-- name: note_sign_in
-- A sign-in, noted on every active assignment of the person.
UPDATE assignments SET last_logged_on = now() WHERE user_id = $1 AND is_active;
