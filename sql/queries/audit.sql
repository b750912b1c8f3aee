-- Statements of authsvc/queries/audit.py: what happened.

-- name: add
-- One event: who did it (null: nobody known), to whom, from where. Names are copied, so that the record
-- still says who it was when the person is gone.
INSERT INTO audit (event, actor_type, actor_id, actor_name, subject_type, subject_id, subject_name, system, ip,
                   session_id, details)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::inet, $10, $11);

-- name: add_revocations
-- One event for everybody who holds role $5, or any role of system $6: it is about to go with them in it.
INSERT INTO audit (event, actor_type, actor_id, actor_name, subject_type, subject_id, subject_name, system, ip, details)
SELECT 'role_revoked', $1, $2, $3, 'user', u.id, u.email, s.slug, $4::inet, json_build_object('role', r.name)
  FROM assignments a
  JOIN users u ON u.id = a.user_id
  JOIN roles r ON r.id = a.role_id
  JOIN systems s ON s.id = a.system_id
 WHERE a.role_id = $5 OR a.system_id = $6
 ORDER BY a.id;
