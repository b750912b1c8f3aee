-- Statements of authsvc/queries/managed_users.py: users as superusers and admins see and change them.
-- Scope is part of each statement: a foreign user and a missing one look the same.

-- name: hits
-- Who is found by search $1, status $2 and being active or not $3, where given; null for more than $4 people, which
-- twenty in a thousandth of the table foretell: of few found people the lists take those, of many they find enough by
-- themselves. An address is looked up by what is before its @, the rest is what many share.
WITH sample AS MATERIALIZED (
    SELECT count(*) AS n
      FROM (SELECT
              FROM users TABLESAMPLE SYSTEM (0.1)
             WHERE ($1::text IS NULL OR search @@ search_query($1))
               AND ($2::text IS NULL OR status = $2)
               AND ($3::boolean IS NULL OR is_active = $3)
             LIMIT 20) alike
), found AS MATERIALIZED (
    SELECT id
      FROM users
     WHERE (SELECT n < 20 FROM sample)
       AND ($1 IS NULL
            OR search @@ search_query(CASE WHEN split_part($1, '@', 1) ~ '[[:alnum:]]' THEN split_part($1, '@', 1)
                                           ELSE $1 END)
               AND (search @@ search_query($1)) IS TRUE)
       AND ($2 IS NULL OR status = $2)
       AND ($3 IS NULL OR is_active = $3)
     LIMIT $4::integer + 1
)
SELECT CASE WHEN sample.n < 20 AND (SELECT count(*) FROM found) <= $4 THEN ARRAY(SELECT id FROM found) END
  FROM sample;

-- name: holders
-- Who holds a role, of slug $2 and canonical name $3 where given, in a system that $1 administers, once for each such
-- role; at most $4.
WITH held AS MATERIALIZED (
    SELECT r.id
      FROM roles r JOIN systems s ON s.id = r.system_id
     WHERE s.id IN (SELECT administers($1))
       AND ($2::text IS NULL OR s.slug = $2) AND ($3::text IS NULL OR r.name_canonical = $3)
)
SELECT ARRAY(SELECT a.user_id
               FROM held CROSS JOIN LATERAL (SELECT user_id FROM assignments WHERE role_id = held.id LIMIT $4) a
              LIMIT $4);

-- name: page
-- For superusers: users in the order $1 (id, -id, email, -email) after the key $2, at most $3. Filters, where given:
-- search $4, status $5, active or not $6, ids $7.
WITH seen AS NOT MATERIALIZED (
    SELECT u.id, u.email_canonical
      FROM users u
     WHERE ($4::text IS NULL OR u.search @@ search_query($4))
       AND ($5::text IS NULL OR u.status = $5)
       AND ($6::boolean IS NULL OR u.is_active = $6)
       AND ($7::integer[] IS NULL OR u.id = ANY ($7))
), page AS (
    (SELECT id, id::text COLLATE "C" AS key FROM seen
      WHERE $1 = 'id' AND id > CASE WHEN $1 = 'id' THEN coalesce($2::text, '0')::integer END ORDER BY seen.id LIMIT $3)
    UNION ALL
    (SELECT id, id::text FROM seen
      WHERE $1 = '-id' AND id < CASE WHEN $1 = '-id' THEN coalesce($2::text, '2147483647')::integer END
      ORDER BY seen.id DESC LIMIT $3)
    UNION ALL
    (SELECT id, email_canonical FROM seen
      WHERE $1 = 'email' AND email_canonical > coalesce($2, '') ORDER BY email_canonical LIMIT $3)
    UNION ALL
    (SELECT id, email_canonical FROM seen
      WHERE $1 = '-email' AND ($2 IS NULL OR email_canonical < $2) ORDER BY email_canonical DESC LIMIT $3)
)
SELECT page.key, p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix,
       p.phone_number, p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined,
       p.last_login, p.otp_enabled, p.is_staff, p.is_superuser, p.is_live
  FROM page JOIN users p ON p.id = page.id
 ORDER BY CASE WHEN $1 = 'id' THEN p.id END, CASE WHEN $1 = '-id' THEN p.id END DESC,
          CASE WHEN $1 = 'email' THEN p.email_canonical END,
          CASE WHEN $1 = '-email' THEN p.email_canonical END DESC;

-- The same for who sees only people that hold a role in the systems he administers ($7), of slug $8 and canonical
-- name $9 where given: the three that follow. `held` are the roles that count. OFFSET 0 keeps an EXISTS what it is,
-- one look into an index per row: turned into a join, it would read whole tables for a page.

-- name: page_of_admin_by_id
-- In the order id or -id. Who holds a role of a system, or that role where one is asked for, is walked in that order,
-- from the key on, as far as one page; so the page is among them, some people more than once.
WITH held AS MATERIALIZED (
    SELECT DISTINCT s.id AS system_id, CASE WHEN $9::text IS NOT NULL THEN r.id END AS role_id
      FROM roles r JOIN systems s ON s.id = r.system_id
     WHERE s.id IN (SELECT administers($7))
       AND ($8::text IS NULL OR s.slug = $8) AND ($9 IS NULL OR r.name_canonical = $9)
), seen AS NOT MATERIALIZED (
    SELECT a.system_id, a.role_id, a.user_id
      FROM assignments a
     WHERE $4::text IS NULL AND $5::text IS NULL AND $6::boolean IS NULL
        OR EXISTS (SELECT FROM users u
                    WHERE u.id = a.user_id
                      AND ($4 IS NULL OR u.search @@ search_query($4))
                      AND ($5 IS NULL OR u.status = $5)
                      AND ($6 IS NULL OR u.is_active = $6)
                   OFFSET 0)
), page AS (
    SELECT near.user_id AS id
      FROM held
     CROSS JOIN LATERAL (
           (SELECT DISTINCT user_id FROM seen
             WHERE $1 = 'id' AND $9 IS NULL AND system_id = held.system_id
               AND user_id > coalesce($2::text, '0')::integer
             ORDER BY user_id LIMIT $3)
           UNION ALL
           (SELECT DISTINCT user_id FROM seen
             WHERE $1 = '-id' AND $9 IS NULL AND system_id = held.system_id
               AND user_id < coalesce($2, '2147483647')::integer
             ORDER BY user_id DESC LIMIT $3)
           UNION ALL
           (SELECT user_id FROM seen
             WHERE $1 = 'id' AND role_id = held.role_id AND user_id > coalesce($2, '0')::integer
             ORDER BY user_id LIMIT $3)
           UNION ALL
           (SELECT user_id FROM seen
             WHERE $1 = '-id' AND role_id = held.role_id AND user_id < coalesce($2, '2147483647')::integer
             ORDER BY user_id DESC LIMIT $3)) near
     GROUP BY near.user_id
     ORDER BY CASE $1 WHEN 'id' THEN near.user_id ELSE -near.user_id END
     LIMIT $3
)
SELECT p.id::text AS key, p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix,
       p.phone_number, p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined,
       p.last_login, p.otp_enabled, p.is_staff, p.is_superuser, p.is_live
  FROM page JOIN users p ON p.id = page.id
 ORDER BY CASE $1 WHEN 'id' THEN p.id ELSE -p.id END;

-- name: page_of_admin_by_address
-- In the order email or -email, for an admin of many: all users are walked in that order, from the key on, and those
-- taken that hold a role. It stops after $10 users: a page that is not full then may be more than its last.
WITH held AS MATERIALIZED (
    SELECT r.id
      FROM roles r JOIN systems s ON s.id = r.system_id
     WHERE s.id IN (SELECT administers($7))
       AND ($8::text IS NULL OR s.slug = $8) AND ($9::text IS NULL OR r.name_canonical = $9)
), seen AS NOT MATERIALIZED (
    SELECT u.id, u.email_canonical,
           ($4::text IS NULL OR u.search @@ search_query($4))
           AND ($5::text IS NULL OR u.status = $5)
           AND ($6::boolean IS NULL OR u.is_active = $6)
           AND EXISTS (SELECT FROM assignments a
                        WHERE a.user_id = u.id AND (a.role_id = ANY (ARRAY(SELECT id FROM held))) IS TRUE
                       OFFSET 0) AS is_wanted
      FROM users u
), page AS (
    (SELECT id FROM (SELECT id, email_canonical, is_wanted FROM seen
                      WHERE $1 = 'email' AND email_canonical > coalesce($2::text, '')
                      ORDER BY email_canonical LIMIT $10) near
      WHERE is_wanted ORDER BY email_canonical LIMIT $3)
    UNION ALL
    (SELECT id FROM (SELECT id, email_canonical, is_wanted FROM seen
                      WHERE $1 = '-email' AND ($2 IS NULL OR email_canonical < $2)
                      ORDER BY email_canonical DESC LIMIT $10) near
      WHERE is_wanted ORDER BY email_canonical DESC LIMIT $3)
)
SELECT p.email_canonical AS key, p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix,
       p.phone_number, p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined,
       p.last_login, p.otp_enabled, p.is_staff, p.is_superuser, p.is_live
  FROM page JOIN users p ON p.id = page.id
 ORDER BY CASE WHEN $1 = 'email' THEN p.email_canonical END,
          CASE WHEN $1 = '-email' THEN p.email_canonical END DESC;

-- name: reaches_beyond
-- Are there more than $3 users after the address $2 in the order $1?
SELECT CASE $1
       WHEN 'email' THEN EXISTS (SELECT FROM users WHERE email_canonical > coalesce($2::text, '')
                                  ORDER BY email_canonical OFFSET $3)
       ELSE EXISTS (SELECT FROM users WHERE $2 IS NULL OR email_canonical < $2
                     ORDER BY email_canonical DESC OFFSET $3)
       END;

-- name: page_of_admin_among
-- In any order, among the users $10 and no others.
WITH held AS MATERIALIZED (
    SELECT r.id
      FROM roles r JOIN systems s ON s.id = r.system_id
     WHERE s.id IN (SELECT administers($7))
       AND ($8::text IS NULL OR s.slug = $8) AND ($9::text IS NULL OR r.name_canonical = $9)
)
SELECT CASE WHEN $1 IN ('id', '-id') THEN p.id::text ELSE p.email_canonical END AS key,
       p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix,
       p.phone_number, p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined,
       p.last_login, p.otp_enabled, p.is_staff, p.is_superuser, p.is_live
  FROM users p
 WHERE p.id = ANY ($10::integer[])
   AND ($2::text IS NULL
        OR $1 = 'id' AND p.id > CASE WHEN $1 IN ('id', '-id') THEN $2::integer END
        OR $1 = '-id' AND p.id < CASE WHEN $1 IN ('id', '-id') THEN $2::integer END
        OR $1 = 'email' AND p.email_canonical > $2
        OR $1 = '-email' AND p.email_canonical < $2)
   AND ($4::text IS NULL OR p.search @@ search_query($4))
   AND ($5::text IS NULL OR p.status = $5)
   AND ($6::boolean IS NULL OR p.is_active = $6)
   AND EXISTS (SELECT FROM assignments a
                WHERE a.user_id = p.id AND (a.role_id = ANY (ARRAY(SELECT id FROM held))) IS TRUE
               OFFSET 0)
 ORDER BY CASE WHEN $1 = 'id' THEN p.id END, CASE WHEN $1 = '-id' THEN p.id END DESC,
          CASE WHEN $1 = 'email' THEN p.email_canonical END,
          CASE WHEN $1 = '-email' THEN p.email_canonical END DESC
 LIMIT $3;

-- name: roles
-- The roles of users $2 as the caller may see them: those of systems that he administers.
SELECT a.user_id, json_agg(json_build_object(
           'id', a.id, 'system_name', s.name, 'system_slug', s.slug, 'role_name', r.name,
           'assigned_at', iso8601(a.assigned_at), 'last_logged_on', iso8601(a.last_logged_on),
           'is_active', a.is_active) ORDER BY a.id) AS system_roles
  FROM assignments a
  JOIN roles r ON r.id = a.role_id
  JOIN systems s ON s.id = a.system_id
 WHERE a.user_id = ANY ($2::integer[]) AND a.system_id IN (SELECT administers($1))
 GROUP BY a.user_id;

-- name: plan_each_time
-- Within this transaction plan a statement for its parameters: what is best for one search is not for another.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: get
-- User $2, if the caller may see him; whether he is an admin of a system that the caller does not administer.
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.is_staff, p.is_superuser, p.is_live,
       EXISTS (SELECT FROM administers(p.id) elsewhere
                WHERE elsewhere NOT IN (SELECT administers($1))) AS is_admin_elsewhere
  FROM users p
 WHERE p.id = $2
   AND (rules_all($1)
        OR EXISTS (SELECT FROM assignments a WHERE a.user_id = p.id AND a.system_id IN (SELECT administers($1))));

-- name: edit
-- Change what the JSON object $2 of user $3 names; a change of status is the caller's.
UPDATE users
   SET first_name = CASE WHEN $2::jsonb ? 'first_name' THEN $2 ->> 'first_name' ELSE first_name END,
       middle_name = CASE WHEN $2 ? 'middle_name' THEN $2 ->> 'middle_name' ELSE middle_name END,
       last_name = CASE WHEN $2 ? 'last_name' THEN $2 ->> 'last_name' ELSE last_name END,
       suffix = CASE WHEN $2 ? 'suffix' THEN $2 ->> 'suffix' ELSE suffix END,
       phone_number = CASE WHEN $2 ? 'phone_number' THEN $2 ->> 'phone_number' ELSE phone_number END,
       department = CASE WHEN $2 ? 'department' THEN $2 ->> 'department' ELSE department END,
       status = CASE WHEN $2 ? 'status' THEN $2 ->> 'status' ELSE status END,
       status_by = CASE WHEN $2 ? 'status' THEN $1::integer ELSE status_by END,
       status_at = CASE WHEN $2 ? 'status' THEN now() ELSE status_at END,
       notified = CASE WHEN $2 ? 'notified' THEN ($2 ->> 'notified')::boolean ELSE notified END,
       is_active = CASE WHEN $2 ? 'is_active' THEN ($2 ->> 'is_active')::boolean ELSE is_active END,
       is_staff = CASE WHEN $2 ? 'is_staff' THEN ($2 ->> 'is_staff')::boolean ELSE is_staff END,
       is_superuser = CASE WHEN $2 ? 'is_superuser' THEN ($2 ->> 'is_superuser')::boolean ELSE is_superuser END,
       updated_at = now()
 WHERE id = $3
RETURNING is_live;

-- name: delete
-- Remove a user with his sessions and assignments; the audit keeps his name.
DELETE FROM users WHERE id = $1 RETURNING email;

-- name: agents
-- Users after id $2, at most $3, who hold an active role: all for a superuser, else those who share a system
-- with the caller; whether the caller administers one of those systems. Walked in the order of the list, system by
-- system.
WITH seen AS NOT MATERIALIZED (
    SELECT a.user_id, a.system_id
      FROM assignments a
     WHERE a.is_active AND EXISTS (SELECT FROM users u WHERE u.id = a.user_id AND u.is_live OFFSET 0)
), page AS (
    (SELECT DISTINCT user_id AS id FROM seen
      WHERE (SELECT rules_all($1)) AND user_id > $2
      ORDER BY user_id LIMIT $3)
    UNION ALL
    (SELECT near.user_id
       FROM (SELECT DISTINCT m.system_id FROM assignments m
              WHERE m.user_id = $1 AND m.is_active AND NOT (SELECT rules_all($1))) mine
      CROSS JOIN LATERAL (
            SELECT DISTINCT user_id FROM seen
             WHERE system_id = mine.system_id AND user_id > $2
             ORDER BY user_id LIMIT $3) near
      GROUP BY near.user_id
      ORDER BY near.user_id
      LIMIT $3)
)
SELECT p.id, p.email, p.username, p.first_name, p.middle_name, p.last_name, p.full_name, p.suffix, p.phone_number,
       p.company_id, p.department, p.status, p.notified, p.is_active, p.picture, p.date_joined, p.last_login,
       p.otp_enabled, p.is_staff, p.is_superuser, p.is_live,
       EXISTS (SELECT FROM assignments a
                WHERE a.user_id = p.id AND a.system_id IN (SELECT administers($1))) AS is_shown_whole
  FROM page JOIN users p ON p.id = page.id
 ORDER BY p.id;

-- name: infos
-- Of users $1, what is said to other programs of who may see all of it, with all assignments.
SELECT p.id, p.email, p.first_name, p.last_name, p.full_name, p.company_id, p.picture, p.department, p.is_active,
       p.date_joined, coalesce(held.held, '[]') AS held
  FROM users p
  LEFT JOIN (
       SELECT a.user_id, json_agg(json_build_array(a.system_id, a.is_active, json_build_object(
                  'system', s.name, 'system_slug', s.slug, 'role', r.name, 'is_active', a.is_active))
                  ORDER BY a.id) AS held
         FROM assignments a
         JOIN roles r ON r.id = a.role_id
         JOIN systems s ON s.id = a.system_id
        WHERE a.user_id = ANY ($1::integer[])
        GROUP BY a.user_id) held ON held.user_id = p.id
 WHERE p.id = ANY ($1);
