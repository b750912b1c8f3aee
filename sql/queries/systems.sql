-- Statements of authsvc/queries/systems.py. Any signed-in staff may see systems; who may change one is
-- decided inside the statement, by administers(caller).

-- name: public
-- What the sign-in page may show to anybody.
SELECT id, name, slug
  FROM systems
 WHERE is_active
 ORDER BY id;

-- name: urls
-- Where those of these systems are that are switched on; a url of null is for the settings to say.
SELECT slug, url
  FROM systems
 WHERE slug = ANY ($1::text[]) AND is_active;

-- name: page
-- Systems after id $1, at most $2; of slug $3 where given.
SELECT id, name, slug, description, url, is_active, created_at
  FROM systems
 WHERE id > $1 AND ($3::text IS NULL OR slug = $3)
 ORDER BY id
 LIMIT $2;

-- name: get
-- One system.
SELECT id, name, slug, description, url, is_active, created_at
  FROM systems
 WHERE id = $1;

-- name: by_slug
-- One system, by its slug in lower case.
SELECT id, name, slug, description, url, is_active, created_at
  FROM systems
 WHERE slug = $1;

-- name: administered
-- The system that $2 (an id) or $3 (a slug) names, if caller $1 administers it.
SELECT id, name, slug
  FROM systems
 WHERE (id = $2 OR slug = $3) AND id IN (SELECT administers($1));

-- name: insert
-- A new system; systems_slug_key and systems_name_key say what is taken.
INSERT INTO systems (name, name_canonical, slug, description, url)
VALUES ($1, $2, $3, $4, $5)
RETURNING id;

-- name: edit
-- Change what the JSON object $3 names, if caller $1 administers system $2.
UPDATE systems
   SET name = CASE WHEN $3::jsonb ? 'name' THEN $3 ->> 'name' ELSE name END,
       name_canonical = CASE WHEN $3 ? 'name_canonical' THEN $3 ->> 'name_canonical' ELSE name_canonical END,
       slug = CASE WHEN $3 ? 'slug' THEN $3 ->> 'slug' ELSE slug END,
       description = CASE WHEN $3 ? 'description' THEN $3 ->> 'description' ELSE description END,
       url = CASE WHEN $3 ? 'url' THEN $3 ->> 'url' ELSE url END,
       is_active = CASE WHEN $3 ? 'is_active' THEN ($3 ->> 'is_active')::boolean ELSE is_active END
 WHERE id = $2 AND id IN (SELECT administers($1))
RETURNING id, name, slug, description, url, is_active, created_at;

-- name: lock
-- Nobody is given a role of this system from now on, until the transaction ends.
SELECT id FROM systems WHERE id = $1 FOR UPDATE;

-- name: is_used
-- Does anybody hold a role of this system?
SELECT EXISTS (SELECT FROM assignments WHERE system_id = $1);

-- name: delete
-- Remove a system with its roles and assignments.
DELETE FROM systems WHERE id = $1 RETURNING slug;

-- name: add
-- A system, unless its slug is there; for the demo seed.
INSERT INTO systems (name, name_canonical, slug)
VALUES ($1, $2, $3)
ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug
RETURNING id;
