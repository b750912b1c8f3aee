-- Was the password set by who reads the mail of the address (a reset, an accepted invitation)? Then it is his.
ALTER TABLE users ADD COLUMN password_proven_at timestamptz;
COMMENT ON COLUMN users.password_proven_at IS 'when a mailed link last set the password; null: only a session ever did';
