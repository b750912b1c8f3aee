-- Statements of authsvc/queries/outbox.py: mails to be sent.

-- name: lock_person
-- One at a time per person until the transaction ends, so that counting the mails of an hour is exact.
SELECT pg_advisory_xact_lock(hashtext('outbox ' || $1), $2);

-- name: put
-- A mail, unless the person got $7 of this template within the hour; gives its id. It is dropped after $6.
INSERT INTO outbox (template, kind, person_id, recipient, sealed, not_after)
SELECT $1, $2, $3, $4, $5, now() + $6::interval
 WHERE (SELECT count(*) FROM outbox
         WHERE kind = $2 AND person_id = $3 AND template = $1 AND created_at > now() - interval '1 hour') < $7
RETURNING id;

-- name: claim
-- Take the next mail that is due, for twice the time that sending may take (SEND_TIME in authsvc/jobs/outbox.py), so
-- that nobody else sends it meanwhile, and a sender that dies delays it and never loses it.
UPDATE outbox
   SET attempts = attempts + 1,
       next_try_at = now() + interval '2 minutes'
 WHERE id = (SELECT id FROM outbox
              WHERE sent_at IS NULL AND failed_at IS NULL AND next_try_at <= now() AND not_after > now()
              ORDER BY next_try_at FOR UPDATE SKIP LOCKED LIMIT 1)
RETURNING id, template, recipient, sealed, attempts,
          extract(epoch FROM not_after - now())::double precision AS seconds_left;

-- name: mark_sent
-- Sent: what it said is wiped.
UPDATE outbox SET sent_at = now(), sealed = NULL, last_error = NULL WHERE id = $1 AND sent_at IS NULL;

-- name: mark_failed
-- It will never be sent.
UPDATE outbox SET failed_at = now(), sealed = NULL, last_error = $2 WHERE id = $1 AND sent_at IS NULL;

-- name: note_error
-- Not this time: again after 5 s, 30 s, 2 min, 10 min, then hourly.
UPDATE outbox
   SET last_error = $2, next_try_at = now() + CASE attempts WHEN 1 THEN interval '5 seconds' WHEN 2 THEN interval '30 seconds'
                                           WHEN 3 THEN interval '2 minutes' WHEN 4 THEN interval '10 minutes'
                                           ELSE interval '1 hour' END
 WHERE id = $1;

-- name: expire
-- Give up what is too late, a code after its life above all.
UPDATE outbox
   SET failed_at = now(), sealed = NULL, last_error = coalesce(last_error, 'expired')
 WHERE sent_at IS NULL AND failed_at IS NULL AND not_after <= now();

-- name: purge
-- Forget mails that were sent or given up a month ago.
DELETE FROM outbox WHERE created_at < now() - interval '30 days' AND (sent_at IS NOT NULL OR failed_at IS NOT NULL);
