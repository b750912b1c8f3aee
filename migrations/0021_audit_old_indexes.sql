-- What the four before replace.
DROP INDEX audit_at_idx, audit_subject_idx;
