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

-- name: plan_anew
-- The next statement is planned for the filters that it is given. One plan for all of them would look for a rare event
-- in every row there is.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: when_was
-- The time of one event.
SELECT at FROM audit WHERE seq = $1;

-- name: page
-- Events, newest first: event $1, by actor $2 with id $3, about subject $4 with id $5, from $6, until $7 (null: any),
-- those before row $9 of time $8.
SELECT seq, at, event, actor_type, actor_id, actor_name, subject_type, subject_id, subject_name, system,
       host(ip) AS ip, session_id, details
  FROM audit
 WHERE ($1::text IS NULL OR event = $1)
   AND ($2::text IS NULL OR actor_type = $2) AND ($3::integer IS NULL OR actor_id = $3)
   AND ($4::text IS NULL OR subject_type = $4) AND ($5::integer IS NULL OR subject_id = $5)
   AND ($6::timestamptz IS NULL OR at >= $6) AND ($7::timestamptz IS NULL OR at <= $7)
   AND ($8::timestamptz IS NULL OR (at, seq) < ($8, $9::bigint))
 ORDER BY at DESC, seq DESC
 LIMIT $10;
