-- Statements of authsvc/queries/tts.py: turns. Who takes turns: live users with an active assignment of the role.

-- name: role
-- The role that $2 (an id) or $3 (a canonical name) names in the system with slug $1.
SELECT r.id FROM roles r JOIN systems s ON s.id = r.system_id
 WHERE s.slug = $1 AND (r.id = $2 OR r.name_canonical = $3);

-- name: pool
-- Ids in the order of their turns.
SELECT a.user_id
  FROM assignments a
  JOIN users u ON u.id = a.user_id
 WHERE a.role_id = $1 AND a.is_active AND u.is_live AND u.is_active
 ORDER BY a.user_id;

-- name: last
-- Who had the last turn.
SELECT last_user_id FROM turns WHERE role_id = $1;

-- name: begin
-- The first turn of a role needs a row.
INSERT INTO turns (role_id) VALUES ($1) ON CONFLICT ON CONSTRAINT turns_pkey DO NOTHING;

-- name: next
-- Hand out the next turn: the smallest id above the last one, else the smallest. The row lock lets nobody be
-- skipped or taken twice; no row while nobody takes turns.
UPDATE turns t
   SET last_user_id = coalesce(
           (SELECT min(a.user_id) FROM assignments a JOIN users u ON u.id = a.user_id
             WHERE a.role_id = t.role_id AND a.is_active AND u.is_live AND a.user_id > t.last_user_id),
           (SELECT min(a.user_id) FROM assignments a JOIN users u ON u.id = a.user_id
             WHERE a.role_id = t.role_id AND a.is_active AND u.is_live)),
       turn = t.turn + 1
 WHERE t.role_id = $1
   AND EXISTS (SELECT FROM assignments a JOIN users u ON u.id = a.user_id
                WHERE a.role_id = t.role_id AND a.is_active AND u.is_live)
RETURNING last_user_id AS user_id, turn;
