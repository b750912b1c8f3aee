-- Statements of authsvc/queries/invitations.py.

-- name: add
-- A new invitation, for 72 hours.
INSERT INTO invitations (token_hash, email, email_canonical, system_id, role_id, invited_by, fields, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, now() + interval '72 hours')
RETURNING id;

-- name: revoke_open
-- What is open to this address for this role (null: for any) is revoked.
UPDATE invitations
   SET revoked_at = now()
 WHERE email_canonical = $1 AND ($2::integer IS NULL OR role_id = $2) AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: page
-- Invitations after id $2, at most $3, to systems that caller $1 administers: each system's are walked as far as a page.
SELECT i.id, i.email, CASE WHEN i.accepted_at IS NOT NULL THEN 'accepted' WHEN i.revoked_at IS NOT NULL THEN 'revoked'
                           WHEN i.expires_at <= now() THEN 'expired' ELSE 'pending' END AS status,
       i.created_at, i.expires_at, s.slug AS system, r.name AS role, i.invited_by
  FROM (SELECT near.id
          FROM administers($1) AS mine (system_id)
         CROSS JOIN LATERAL (
               SELECT id FROM invitations
                WHERE system_id = mine.system_id AND id > $2 ORDER BY id LIMIT $3) near
         ORDER BY near.id
         LIMIT $3) page
  JOIN invitations i ON i.id = page.id
  JOIN systems s ON s.id = i.system_id
  JOIN roles r ON r.id = i.role_id
 ORDER BY i.id;

-- name: get
-- One of them, with the name of its system.
SELECT s.name AS system_name, i.id, i.email, CASE WHEN i.accepted_at IS NOT NULL THEN 'accepted' WHEN i.revoked_at IS NOT NULL THEN 'revoked'
                           WHEN i.expires_at <= now() THEN 'expired' ELSE 'pending' END AS status,
       i.created_at, i.expires_at, s.slug AS system, r.name AS role, i.invited_by
  FROM invitations i
  JOIN systems s ON s.id = i.system_id
  JOIN roles r ON r.id = i.role_id
 WHERE i.id = $2 AND i.system_id IN (SELECT administers($1));

-- name: renew
-- Send it again: another token, another 72 hours, in the caller's name; not when it was accepted or revoked.
UPDATE invitations
   SET token_hash = $3, expires_at = now() + interval '72 hours', invited_by = $1
 WHERE id = $2 AND system_id IN (SELECT administers($1)) AND accepted_at IS NULL AND revoked_at IS NULL
RETURNING id;

-- name: revoke
-- Its link is dead.
UPDATE invitations
   SET revoked_at = now()
 WHERE id = $2 AND system_id IN (SELECT administers($1)) AND accepted_at IS NULL AND revoked_at IS NULL
RETURNING email;

-- name: look
-- The open invitation of a link, while its inviter may still grant the role, and to whose account it is, if there
-- is one. Spends nothing.
SELECT i.id, i.email, i.email_canonical, i.system_id, i.role_id, i.invited_by, i.fields, s.slug AS system,
       s.name AS system_name, r.name AS role
  FROM invitations i
  JOIN systems s ON s.id = i.system_id
  JOIN roles r ON r.id = i.role_id
 WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
   AND i.system_id IN (SELECT administers(i.invited_by))
   AND NOT EXISTS (SELECT FROM users u WHERE u.email_canonical = i.email_canonical
                      AND (NOT u.is_live OR u.is_superuser AND NOT rules_all(i.invited_by)));

-- name: accept
-- Use it, once, under the same conditions; whether a superuser sent it, and when.
UPDATE invitations i
   SET accepted_at = now()
 WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()
   AND i.system_id IN (SELECT administers(i.invited_by))
   AND NOT EXISTS (SELECT FROM users u WHERE u.email_canonical = i.email_canonical
                      AND (NOT u.is_live OR u.is_superuser AND NOT rules_all(i.invited_by)))
RETURNING rules_all(i.invited_by) AS by_superuser, i.created_at;

-- name: offers
-- What the caller may grant: his systems with their roles.
SELECT s.id, s.name, s.slug,
       coalesce((SELECT json_agg(json_build_object('id', r.id, 'name', r.name) ORDER BY r.id)
                   FROM roles r WHERE r.system_id = s.id), '[]') AS roles
  FROM systems s
 WHERE s.id IN (SELECT administers($1))
 ORDER BY s.id;
