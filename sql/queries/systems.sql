-- Statements of authsvc/queries/systems.py.

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

-- name: add
-- A system, unless its slug is there; for the demo seed.
INSERT INTO systems (name, name_canonical, slug)
VALUES ($1, $2, $3)
ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug
RETURNING id;
