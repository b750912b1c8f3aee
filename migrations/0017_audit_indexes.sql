-- The audit is read newest first, by time; of one event, by one actor, about one person.
CREATE INDEX audit_time_idx ON audit (at, seq);
CREATE INDEX audit_event_idx ON audit (event, at, seq);
CREATE INDEX audit_actor_idx ON audit (actor_type, actor_id, at, seq);
CREATE INDEX audit_about_idx ON audit (subject_type, subject_id, at, seq);
DROP INDEX audit_at_idx, audit_subject_idx;
