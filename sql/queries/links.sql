-- Statements of authsvc/queries/links.py: mailed links, hashed, single use.

-- name: add
-- A link of purpose $3 for a person, to address $5, for $6; every older one of the purpose is void.
WITH voided AS (
    UPDATE links SET voided_at = now()
     WHERE kind = $1 AND person_id = $2 AND purpose = $3 AND used_at IS NULL AND voided_at IS NULL
)
INSERT INTO links (user_id, employee_id, purpose, token_hash, email, expires_at)
VALUES (CASE WHEN $1::text = 'staff' THEN $2::integer END, CASE WHEN $1 = 'employee' THEN $2 END, $3::text, $4, $5,
        now() + $6::interval);

-- name: look
-- Whose live link this is; spends nothing.
SELECT kind, person_id, email
  FROM links
 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND voided_at IS NULL AND expires_at > now();

-- name: spend
-- Use a link, once.
UPDATE links
   SET used_at = now()
 WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND voided_at IS NULL AND expires_at > now()
RETURNING kind, person_id, email;

-- name: void
-- Links of a person that must not work any more; purpose $3, or all for null.
UPDATE links
   SET voided_at = now()
 WHERE kind = $1 AND person_id = $2 AND ($3::text IS NULL OR purpose = $3) AND used_at IS NULL AND voided_at IS NULL;

-- name: purge
-- Forget links a week after their end.
DELETE FROM links WHERE expires_at < now() - interval '7 days';
