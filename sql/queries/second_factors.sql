-- Statements of authsvc/queries/second_factors.py. $1 and $2 are a person's kind and id.

-- name: open_challenge
-- A sign-in that waits five minutes for its second factor; bound to the password hash that was right.
INSERT INTO challenges (user_id, employee_id, token_hash, password_hash, remember, expires_at)
VALUES (CASE WHEN $1::text = 'staff' THEN $2::integer END, CASE WHEN $1 = 'employee' THEN $2 END, $3, $4, $5,
        now() + interval '5 minutes');

-- name: whose_challenge
-- Whose live challenge this is; counts nothing.
SELECT kind, person_id, password_hash, remember
  FROM challenges
 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() AND tries < 5;

-- name: try_challenge
-- Count one of the five tries; no row when the challenge is over.
UPDATE challenges
   SET tries = tries + 1
 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() AND tries < 5
RETURNING true;

-- name: close_challenge
-- The one success.
UPDATE challenges
   SET used_at = now()
 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now()
RETURNING true;

-- name: follow_hash
-- The same password is stored in another way ($3: before, $4: now): what waits is bound to that.
UPDATE challenges SET password_hash = $4 WHERE kind = $1 AND person_id = $2 AND password_hash = $3 AND used_at IS NULL;

-- name: void_challenges
-- Whatever waits for a second factor of this person will not get in.
UPDATE challenges SET used_at = now() WHERE kind = $1 AND person_id = $2 AND used_at IS NULL;

-- name: void_codes
-- A newer code voids the older one of the same purpose ($3; null: of all).
UPDATE codes
   SET voided_at = now()
 WHERE kind = $1 AND person_id = $2 AND ($3::text IS NULL OR purpose = $3) AND used_at IS NULL AND voided_at IS NULL;

-- name: add_code
-- A code for five minutes and five tries, kept as a keyed hash.
INSERT INTO codes (user_id, employee_id, purpose, code_hash, expires_at)
VALUES (CASE WHEN $1::text = 'staff' THEN $2::integer END, CASE WHEN $1 = 'employee' THEN $2 END, $3, $4,
        now() + interval '5 minutes');

-- name: spend_code
-- Try a mailed code: a wrong one costs a try, the right one spends it. Gives whether it was right.
UPDATE codes
   SET tries = tries + 1, used_at = CASE WHEN code_hash = $4 THEN now() END
 WHERE kind = $1 AND person_id = $2 AND purpose = $3 AND used_at IS NULL AND voided_at IS NULL
   AND expires_at > now() AND tries < 5
RETURNING used_at IS NOT NULL;

-- name: peek_code
-- The same without spending a right one.
UPDATE codes
   SET tries = tries + (code_hash <> $4)::integer
 WHERE kind = $1 AND person_id = $2 AND purpose = $3 AND used_at IS NULL AND voided_at IS NULL
   AND expires_at > now() AND tries < 5
RETURNING code_hash = $4;

-- name: authenticator
-- The app of a person, confirmed or not.
SELECT sealed, confirmed_at IS NOT NULL AS is_confirmed, last_step
  FROM authenticators
 WHERE kind = $1 AND person_id = $2;

-- name: set_up_authenticator
-- A new secret that waits for its first code; one in use is replaced only by confirming.
INSERT INTO authenticators (user_id, employee_id, sealed)
VALUES (CASE WHEN $1::text = 'staff' THEN $2::integer END, CASE WHEN $1 = 'employee' THEN $2 END, $3)
ON CONFLICT ON CONSTRAINT authenticators_person_key DO UPDATE
   SET sealed = excluded.sealed, created_at = now(), confirmed_at = NULL, last_step = 0
 WHERE authenticators.confirmed_at IS NULL
RETURNING true;

-- name: confirm_authenticator
-- The first right code, of step $3.
UPDATE authenticators
   SET confirmed_at = now(), last_step = $3
 WHERE kind = $1 AND person_id = $2 AND confirmed_at IS NULL AND sealed = $4
RETURNING true;

-- name: spend_step
-- Use the code of time step $3: none at or before the newest accepted one is taken.
UPDATE authenticators
   SET last_step = $3
 WHERE kind = $1 AND person_id = $2 AND confirmed_at IS NOT NULL AND last_step < $3
RETURNING true;

-- name: remove_authenticator
-- The app counts no longer.
DELETE FROM authenticators WHERE kind = $1 AND person_id = $2;

-- name: replace_recovery_codes
-- New recovery codes ($3: keyed hashes) instead of all others.
WITH gone AS (
    DELETE FROM recovery_codes WHERE kind = $1 AND person_id = $2
)
INSERT INTO recovery_codes (user_id, employee_id, code_hash)
SELECT CASE WHEN $1::text = 'staff' THEN $2::integer END, CASE WHEN $1 = 'employee' THEN $2 END, h
  FROM unnest($3::bytea[]) h;

-- name: remove_recovery_codes
-- Without a second factor there is nothing to recover.
DELETE FROM recovery_codes WHERE kind = $1 AND person_id = $2;

-- name: spend_recovery_code
-- Use a recovery code, once.
UPDATE recovery_codes
   SET used_at = now()
 WHERE kind = $1 AND person_id = $2 AND code_hash = $3 AND used_at IS NULL
RETURNING true;

-- name: has_recovery_code
-- Is this one of the unused ones?
SELECT EXISTS (
    SELECT FROM recovery_codes WHERE kind = $1 AND person_id = $2 AND code_hash = $3 AND used_at IS NULL);

-- name: purge
-- Forget challenges and codes a day after their end.
WITH old_codes AS (
    DELETE FROM codes WHERE expires_at < now() - interval '1 day'
)
DELETE FROM challenges WHERE expires_at < now() - interval '1 day';
