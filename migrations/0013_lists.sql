-- Indexes for lists whose pages must cost the same among a million people: each is walked in the order of the list.
-- Writing waits while they are made, a few seconds among a million users; reading only for the exchange at the end.

-- Assignments of one role, in the order of their ids; those that are switched off are few, and asked for as such.
CREATE INDEX assignments_role_id_id_idx ON assignments (role_id, id);
CREATE INDEX assignments_inactive_idx ON assignments (role_id, id) WHERE NOT is_active;
CREATE INDEX users_inactive_idx ON users (id) WHERE NOT is_active;
CREATE INDEX users_not_live_idx ON users (id) WHERE NOT is_live;

-- Who holds a role and takes turns, from the index alone.
CREATE INDEX assignments_role_id_new_idx ON assignments (role_id, user_id) INCLUDE (is_active);
DROP INDEX assignments_role_id_idx;
ALTER INDEX assignments_role_id_new_idx RENAME TO assignments_role_id_idx;
