-- Statements of authsvc/queries/captchas.py: one image, one try, one token, one use.

-- name: add
-- A new challenge; what was asked is kept as a keyed hash only.
INSERT INTO captchas (session_hash, answer_hash, purpose, expires_at)
VALUES ($1, $2, $3, now() + interval '10 minutes');

-- name: answer
-- The one try: spends the challenge whatever the answer is; gives whether answer $2 was right, and then a token.
UPDATE captchas
   SET answered_at = now(),
       token_hash = CASE WHEN answer_hash = $2 THEN $3::bytea END,
       token_expires_at = CASE WHEN answer_hash = $2 THEN now() + interval '10 minutes' END
 WHERE session_hash = $1 AND answered_at IS NULL AND expires_at > now()
RETURNING token_hash IS NOT NULL;

-- name: spend_token
-- Use a captcha token for purpose $2; gives whether it was good.
UPDATE captchas
   SET token_used_at = now()
 WHERE token_hash = $1 AND token_used_at IS NULL AND token_expires_at > now()
   AND (purpose IS NULL OR purpose = $2)
RETURNING true;

-- name: purge
-- Forget challenges that are over.
DELETE FROM captchas WHERE greatest(expires_at, token_expires_at) < now() - interval '1 hour';
