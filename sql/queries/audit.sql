-- Statements of authsvc/queries/audit.py: what happened.

-- name: add
-- One event: who did it (null: nobody known), to whom, from where. Names are copied, so that the record
-- still says who it was when the person is gone.
INSERT INTO audit (event, actor_type, actor_id, actor_name, subject_type, subject_id, subject_name, system, ip,
                   session_id, details)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::inet, $10, $11);
