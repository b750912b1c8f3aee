-- Statements of authsvc/queries/tts.py: turns. Who takes turns: live users with an active assignment of the role.

-- name: role
-- The role of canonical name $2 in the system with slug $1.
SELECT r.id FROM roles r JOIN systems s ON s.id = r.system_id WHERE s.slug = $1 AND r.name_canonical = $2;

-- name: pool
-- Of the role that $2 (an id) or $3 (a canonical name) names in the system with slug $1: ids in the order of their
-- turns, and who had the last one. Who is not live is looked up, not who is: they are few. The role's id is no parameter:
-- PostgreSQL would plan for each one anew, since some roles are held by many.
SELECT ARRAY(SELECT a.user_id
               FROM assignments a
              WHERE a.role_id = r.id AND a.is_active
                AND NOT EXISTS (SELECT FROM users u WHERE u.id = a.user_id AND NOT u.is_live)
              ORDER BY a.user_id) AS user_ids,
       coalesce((SELECT t.last_user_id FROM turns t WHERE t.role_id = r.id), 0) AS last
  FROM roles r JOIN systems s ON s.id = r.system_id
 WHERE s.slug = $1 AND (r.id = $2 OR r.name_canonical = $3);

-- name: begin
-- The first turn of a role needs a row.
INSERT INTO turns (role_id) VALUES ($1) ON CONFLICT ON CONSTRAINT turns_pkey DO NOTHING;

-- name: next
-- Hand out the next turn: the smallest id above the last one, else the smallest. The row lock lets nobody be
-- skipped or taken twice; no row while nobody takes turns. OFFSET 0 keeps an EXISTS one look into an index.
WITH live AS NOT MATERIALIZED (
    SELECT a.role_id, a.user_id
      FROM assignments a
     WHERE a.is_active AND EXISTS (SELECT FROM users u WHERE u.id = a.user_id AND u.is_live OFFSET 0)
)
UPDATE turns t
   SET last_user_id = coalesce(
           (SELECT live.user_id FROM live WHERE live.role_id = t.role_id AND live.user_id > t.last_user_id
             ORDER BY live.user_id LIMIT 1),
           (SELECT live.user_id FROM live WHERE live.role_id = t.role_id ORDER BY live.user_id LIMIT 1)),
       turn = t.turn + 1
 WHERE t.role_id = $1 AND EXISTS (SELECT FROM live WHERE live.role_id = t.role_id OFFSET 0)
RETURNING last_user_id AS user_id, turn;
