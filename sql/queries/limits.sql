-- Statements of authsvc/queries/limits.py: GCRA request limits. clock_timestamp(), since attempts of one
-- moment must see each other's result.

-- name: take
-- One attempt for key $1: each costs interval $2, and $3 is the whole bucket. Gives the seconds until the
-- bucket is full again; no row when the attempt is refused.
INSERT INTO request_limits AS l (key, tat)
VALUES ($1, clock_timestamp() + $2::interval)
ON CONFLICT (key) DO UPDATE
   SET tat = greatest(l.tat, clock_timestamp()) + $2
 WHERE greatest(l.tat, clock_timestamp()) + $2 - clock_timestamp() <= $3::interval
RETURNING extract(epoch FROM tat - clock_timestamp())::float8;

-- name: wait
-- How many seconds until a refused key is let through again.
SELECT greatest(extract(epoch FROM tat + $2::interval - $3::interval - clock_timestamp()), 0)::float8
  FROM request_limits
 WHERE key = $1;

-- name: purge
-- Forget buckets that are full again.
DELETE FROM request_limits WHERE tat < clock_timestamp();
