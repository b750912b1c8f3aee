-- Statements of authsvc/queries/guard.py: failures per key. One row decides, under its own lock.

-- name: reserve
-- Begin one try for key $1, before its secret is checked; gives nothing when it may not be made, else the failures
-- of network $2 within ten minutes. Not while the key or the network is locked; not while failures and tries in
-- flight make ten; and, unless a captcha was solved ($3), not while they make three. A day of quiet begins anew;
-- tries in flight for half a minute were lost in a crash.
INSERT INTO guard AS g (key, in_flight)
SELECT $1, 1
 WHERE NOT EXISTS (SELECT FROM guard n WHERE n.key = $2 AND n.locked_until > clock_timestamp())
ON CONFLICT (key) DO UPDATE
   SET in_flight = 1 + CASE WHEN g.last_tried_at < now() - interval '30 seconds' THEN 0 ELSE g.in_flight END,
       failures = CASE WHEN greatest(g.last_failed_at, g.locked_until) < now() - interval '24 hours' THEN 0
                       ELSE g.failures END,
       last_tried_at = clock_timestamp()
 WHERE (g.locked_until IS NULL OR g.locked_until <= clock_timestamp())
   AND (greatest(g.last_failed_at, g.locked_until) < now() - interval '24 hours'
        OR CASE WHEN g.last_tried_at < now() - interval '30 seconds' THEN 0 ELSE g.in_flight END
           + CASE WHEN $3::boolean THEN g.failures % 10 ELSE g.failures END
           < CASE WHEN $3 THEN 10 ELSE 3 END)
RETURNING coalesce((SELECT n.failures FROM guard n
                     WHERE n.key = $2 AND n.first_failed_at >= now() - interval '10 minutes'), 0);

-- name: state
-- What a refused try is told: failures of key $1, those of network $2 within ten minutes, and the seconds that one
-- of them is still locked.
SELECT coalesce(max(failures) FILTER (WHERE key = $1
                AND greatest(last_failed_at, locked_until) >= now() - interval '24 hours'), 0) AS failures,
       coalesce(max(failures) FILTER (WHERE key = $2
                AND first_failed_at >= now() - interval '10 minutes'), 0) AS network_failures,
       coalesce(extract(epoch FROM max(locked_until) - clock_timestamp()), 0)::float8 AS locked_for
  FROM guard
 WHERE key IN ($1, $2);

-- name: fail
-- The secret was wrong: the try becomes a failure. Each tenth locks for 15 minutes, doubling to 24 hours. Gives
-- whether this one did.
INSERT INTO guard AS g (key, failures)
VALUES ($1, 1)
ON CONFLICT (key) DO UPDATE
   SET failures = g.failures + 1,
       in_flight = greatest(g.in_flight - 1, 0),
       last_failed_at = clock_timestamp(),
       locked_until = CASE WHEN (g.failures + 1) % 10 = 0 THEN clock_timestamp() + least(
                               interval '15 minutes' * power(2, least((g.failures + 1) / 10 - 1, 10)),
                               interval '24 hours')
                           ELSE g.locked_until END
RETURNING failures % 10 = 0;

-- name: give_back
-- A try that was not made after all: too busy to check it.
UPDATE guard SET in_flight = greatest(in_flight - 1, 0) WHERE key = $1;

-- name: forget
-- The right secret: the count begins anew; no row is left when no other try is in flight.
WITH gone AS (
    DELETE FROM guard WHERE key = $1 AND in_flight <= 1 RETURNING key
)
UPDATE guard
   SET failures = 0, in_flight = greatest(in_flight - 1, 0)
 WHERE key = $1 AND NOT EXISTS (SELECT FROM gone);

-- name: forget_person
-- A new password: all counts of a person begin anew ($1: staff:7, $2: staff:ada@example.com), on known devices too.
DELETE FROM guard
 WHERE key IN ('account:' || $2, 'person:' || $1, 'own_code:' || $1, 'code:' || $1) OR key LIKE 'device:' || $1::text || ':%';

-- name: count_network
-- One failure of a network over all accounts: the fiftieth within ten minutes locks it for thirty.
INSERT INTO guard AS g (key, failures)
VALUES ($1, 1)
ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN g.first_failed_at < now() - interval '10 minutes' THEN 1 ELSE g.failures + 1 END,
       first_failed_at = CASE WHEN g.first_failed_at < now() - interval '10 minutes' THEN now()
                              ELSE g.first_failed_at END,
       last_failed_at = clock_timestamp(),
       locked_until = CASE WHEN g.first_failed_at >= now() - interval '10 minutes' AND g.failures + 1 >= 50
                           THEN clock_timestamp() + interval '30 minutes' ELSE g.locked_until END;

-- name: count_use
-- One more use of something that asks for a captcha when used often (key $1); gives the count within an hour.
INSERT INTO guard AS g (key, failures)
VALUES ($1, 1)
ON CONFLICT (key) DO UPDATE
   SET failures = CASE WHEN g.first_failed_at < now() - interval '1 hour' THEN 1 ELSE g.failures + 1 END,
       first_failed_at = CASE WHEN g.first_failed_at < now() - interval '1 hour' THEN now() ELSE g.first_failed_at END,
       last_failed_at = clock_timestamp()
RETURNING failures;

-- name: uses
-- How often key $1 was used within the hour.
SELECT failures FROM guard WHERE key = $1 AND first_failed_at >= now() - interval '1 hour';

-- name: purge
-- Forget what has no effect any more.
DELETE FROM guard WHERE greatest(last_failed_at, locked_until) < now() - interval '2 days';
