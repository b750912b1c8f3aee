-- Indexes for lists whose pages must cost the same among a million people: each is walked in the order of the list.

-- Assignments of one role, in the order of their ids.
CREATE INDEX assignments_role_id_id_idx ON assignments (role_id, id);
-- Those that are switched off are few, and asked for as such.
CREATE INDEX assignments_inactive_idx ON assignments (role_id, id) WHERE NOT is_active;
CREATE INDEX users_inactive_idx ON users (id) WHERE NOT is_active;
CREATE INDEX users_not_live_idx ON users (id) WHERE NOT is_live;
