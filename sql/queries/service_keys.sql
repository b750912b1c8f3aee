-- Statements of authsvc/queries/service_keys.py: keys of other services, known by their hash only.

-- name: use
-- The live key with hash $1. When it was last used is noted once a minute, by whoever comes first: a lookup writes
-- nothing, and waits for nobody who does.
WITH noted AS (
    UPDATE service_keys
       SET last_used_at = now()
     WHERE id IN (SELECT id FROM service_keys
                   WHERE key_hash = $1 AND revoked_at IS NULL
                     AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
                     FOR UPDATE SKIP LOCKED)
)
SELECT id, name, scopes FROM service_keys WHERE key_hash = $1 AND revoked_at IS NULL;

-- name: add
-- A new key; service_keys_name_key says when a live one has that name.
INSERT INTO service_keys (name, key_hash, scopes) VALUES ($1, $2, $3) RETURNING id;

-- name: all
-- Every key, the revoked ones too.
SELECT id, name, scopes, created_at, last_used_at, revoked_at FROM service_keys ORDER BY id;

-- name: revoke
-- End the live key of that name.
UPDATE service_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id;
