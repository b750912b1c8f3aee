-- INSERT … ON CONFLICT watches the constraint it names. Of two rows written at the same moment the second may break
-- another one first, when a table has two that say the same, and is then refused instead of giving way.

-- authenticators_person_key alone says that a person has one authenticator.
ALTER TABLE authenticators DROP CONSTRAINT authenticators_user_id_key, DROP CONSTRAINT authenticators_employee_id_key;
CREATE INDEX authenticators_user_id_idx ON authenticators (user_id);
CREATE INDEX authenticators_employee_id_idx ON authenticators (employee_id);

-- The same as before, but it gives way to whatever constraint the number breaks.
CREATE OR REPLACE FUNCTION claim_company_id(new_kind text, wanted text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    number    bigint;
    candidate text := wanted;
    claimed   text;
BEGIN
    IF wanted IS NOT NULL THEN
        INSERT INTO company_ids (company_id, kind) VALUES (wanted, new_kind);
        RETURN wanted;
    END IF;
    LOOP
        number := nextval('company_id_numbers');
        candidate := 'MA' || lpad(number::text, greatest(4, length(number::text)), '0');
        INSERT INTO company_ids (company_id, kind) VALUES (candidate, new_kind)
        ON CONFLICT DO NOTHING
        RETURNING company_id INTO claimed;
        EXIT WHEN claimed IS NOT NULL;
    END LOOP;
    RETURN claimed;
END $$;
