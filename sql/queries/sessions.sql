-- Statements of authsvc/queries/sessions.py: one row per sign-in, and the refresh tokens it ever had.

-- name: open
-- Begin a session of one person with its first refresh token ($5, null: none), known by hash only.
WITH opened AS (
    INSERT INTO sessions (user_id, employee_id, expires_at, remember, refresh_hash, refresh_expires_at, ip, user_agent)
    VALUES (CASE WHEN $1::text = 'staff' THEN $2::integer END, CASE WHEN $1 = 'employee' THEN $2 END,
            now() + $3::interval, $4, $5::bytea,
            CASE WHEN $5 IS NOT NULL THEN now() + least($6::interval, $3) END, $7::inet, $8)
    RETURNING id
), remembered AS (
    INSERT INTO refresh_tokens (token_hash, session_id)
    SELECT $5, id FROM opened WHERE $5 IS NOT NULL
)
SELECT id FROM opened;

-- name: live
-- Is this session of this person alive, for how long, and what may the person do now?
SELECT coalesce(u.email, e.email) AS email,
       coalesce(u.is_superuser AND has_required_factor(u.otp_enabled), false) AS is_superuser,
       coalesce(has_required_factor(u.otp_enabled) AND (u.is_superuser OR EXISTS (
           SELECT FROM assignments a JOIN roles r ON r.id = a.role_id
            WHERE a.user_id = s.user_id AND a.is_active AND r.name = 'Admin')), false) AS is_admin,
       extract(epoch FROM s.expires_at - now())::float8 AS seconds_left
  FROM sessions s
  LEFT JOIN users u ON u.id = s.user_id
  LEFT JOIN employees e ON e.id = s.employee_id
 WHERE s.id = $1 AND s.kind = $2 AND s.person_id = $3
   AND s.ended_at IS NULL AND s.expires_at > now() AND coalesce(u.is_live, e.is_live);

-- name: rotate
-- One statement decides about a presented refresh token ($1: its hash). The current one is replaced by $2
-- (sealed for its predecessor as $3). The one before, within $5 of its rotation, gives the same successor
-- again and changes nothing; the row lock makes parallel callers see each other's result. A row without
-- sealed_successor: the token belonged to that session once, and the session is over or this is a reuse.
WITH known AS (
    SELECT session_id FROM refresh_tokens WHERE token_hash = $1::bytea
), rotated AS (
    UPDATE sessions s
       SET refresh_hash = CASE WHEN s.refresh_hash = $1 THEN $2::bytea ELSE s.refresh_hash END,
           sealed_successor = CASE WHEN s.refresh_hash = $1 THEN $3::bytea ELSE s.sealed_successor END,
           previous_hash = $1,
           rotated_at = CASE WHEN s.refresh_hash = $1 THEN clock_timestamp() ELSE s.rotated_at END,
           refresh_expires_at = CASE WHEN s.refresh_hash = $1 THEN least(now() + $4::interval, s.expires_at)
                                     ELSE s.refresh_expires_at END,
           last_used_at = now()
      FROM known
     WHERE s.id = known.session_id AND s.ended_at IS NULL AND s.expires_at > now() AND s.kind = ANY ($6::text[])
       AND (s.refresh_hash = $1 AND s.refresh_expires_at > now()
            OR s.previous_hash = $1 AND s.rotated_at > now() - $5::interval)
    RETURNING s.id, s.kind, s.person_id, s.remember, s.sealed_successor, s.refresh_hash,
              extract(epoch FROM s.refresh_expires_at - now())::float8 AS seconds_left
), remembered AS (
    INSERT INTO refresh_tokens (token_hash, session_id)
    SELECT $2, id FROM rotated WHERE refresh_hash = $2
)
SELECT known.session_id, r.kind, r.person_id, r.remember, r.sealed_successor, r.seconds_left
  FROM known LEFT JOIN rotated r ON r.id = known.session_id;

-- name: end_reused
-- End the session of a token that was rotated before and is not the current one; gives whose it was.
UPDATE sessions s
   SET ended_at = now(), end_reason = 'token_reuse'
  FROM refresh_tokens t
 WHERE t.token_hash = $1 AND s.id = t.session_id AND s.ended_at IS NULL AND s.expires_at > now()
   AND s.refresh_hash <> $1
   AND NOT (s.previous_hash = $1 AND s.rotated_at > now() - $2::interval)
RETURNING s.id, s.kind, s.person_id;

-- name: by_refresh_token
-- The live session whose refresh token this is (or was, within the grace of a rotation), without using it.
SELECT s.id, s.kind, s.person_id
  FROM refresh_tokens t
  JOIN sessions s ON s.id = t.session_id
  LEFT JOIN users u ON u.id = s.user_id
  LEFT JOIN employees e ON e.id = s.employee_id
 WHERE t.token_hash = $1 AND s.ended_at IS NULL AND s.expires_at > now() AND coalesce(u.is_live, e.is_live)
   AND (s.refresh_hash = $1 AND s.refresh_expires_at > now()
        OR s.previous_hash = $1 AND s.rotated_at > now() - $2::interval);

-- name: end_all
-- End all live sessions of a person but $3 (null: all); gives how many.
WITH ended AS (
    UPDATE sessions
       SET ended_at = now(), end_reason = $4
     WHERE kind = $1 AND person_id = $2 AND ended_at IS NULL AND id IS DISTINCT FROM $3::bigint
    RETURNING id
)
SELECT count(*) FROM ended;

-- name: of_person
-- The live sessions of a person, newest use first.
SELECT id, created_at, last_used_at, host(ip) AS ip, user_agent
  FROM sessions
 WHERE kind = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > now()
 ORDER BY last_used_at DESC, id DESC
 LIMIT 500;

-- name: end_own
-- End one session, if it is a live one of this person.
UPDATE sessions
   SET ended_at = now(), end_reason = 'logout'
 WHERE id = $1 AND kind = $2 AND person_id = $3 AND ended_at IS NULL AND expires_at > now()
RETURNING id;

-- name: count_wrong_secret
-- A wrong secret was tried inside a session; the tenth ends it. Gives whether it did.
UPDATE sessions
   SET wrong_secrets = wrong_secrets + 1,
       ended_at = CASE WHEN wrong_secrets + 1 >= 10 THEN now() END,
       end_reason = CASE WHEN wrong_secrets + 1 >= 10 THEN 'wrong_secrets' END
 WHERE id = $1 AND ended_at IS NULL
RETURNING ended_at IS NOT NULL;

-- name: was_here_before
-- Did this person use this address with this browser within a month?
SELECT EXISTS (
    SELECT FROM sessions
     WHERE kind = $1 AND person_id = $2 AND ip = $3::inet AND user_agent IS NOT DISTINCT FROM $4
       AND created_at > now() - interval '30 days');

-- name: purge
-- Forget sessions, with their tokens, that ended or expired more than $1 ago; at most $2 at a time.
DELETE FROM sessions
 WHERE id IN (SELECT id FROM sessions
               WHERE expires_at < now() - $1::interval OR ended_at < now() - $1::interval
               ORDER BY id LIMIT $2);
