-- Statements of authsvc/queries/meta.py: the database about itself.

-- name: applied_migrations
-- Which migrations this database has.
SELECT name FROM schema_migrations ORDER BY name;

-- name: whoami
-- Version of the server, role in use, may it write, its clock.
SELECT current_setting('server_version') AS version, current_user AS role, session_user AS login,
       pg_is_in_recovery() AS is_replica, extract(epoch FROM clock_timestamp())::float8 AS now;
