-- A system keeps an Admin who can act: one who is not live is none, and may go.

CREATE OR REPLACE FUNCTION keep_an_admin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.is_active
       AND (TG_OP = 'DELETE' OR NOT NEW.is_active OR NEW.role_id <> OLD.role_id)
       AND EXISTS (SELECT FROM roles WHERE id = OLD.role_id AND name = 'Admin')
       -- Whose account is being removed is no user any more; those who were not live went before, see below.
       AND NOT EXISTS (SELECT FROM users WHERE id = OLD.user_id AND NOT is_live)
    THEN
        PERFORM require_an_admin(OLD.system_id);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION lock_administered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT OLD.is_live THEN
        DELETE FROM assignments WHERE user_id = OLD.id;  -- while it can be seen that he was not live
        RETURN OLD;
    END IF;
    PERFORM FROM systems s
      WHERE s.id IN (SELECT a.system_id FROM assignments a JOIN roles r ON r.id = a.role_id AND r.name = 'Admin'
                      WHERE a.user_id = OLD.id AND a.is_active)
      ORDER BY s.id
        FOR UPDATE;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- A search has few different words; more of them find nobody else and cost as much each.
CREATE OR REPLACE FUNCTION search_query(typed text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(to_tsquery('simple', string_agg(quote_literal(word) || ':*', ' & ')), ''::tsquery)
      FROM (SELECT DISTINCT word FROM regexp_split_to_table(typed, '[^[:alnum:]]+') word WHERE word <> '' LIMIT 12) w
$$;
