-- Operators may ask for the lock of a network too: somebody in an office is locked out by what others there did.
-- Names that nobody has are kept as keyed hashes only (people type passwords into the wrong field): no address leads
-- to their counts.

DROP FUNCTION authops.why_locked(text, text);

-- Every count that concerns an address, and until when it locks: by account name, on known devices, by secrets asked
-- for inside a session, by codes; and of the network of an IP address, if one is given (`unknown`: of clients whose
-- address a proxy did not tell). An international domain is given as its A-label (xn--…).
CREATE FUNCTION authops.why_locked(address text, person_kind text DEFAULT 'staff', client_ip text DEFAULT NULL)
    RETURNS TABLE (counted_by text, failures integer, last_failed_at timestamptz, locked_until timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH person AS (
        SELECT 'staff:' || id AS name FROM users
         WHERE person_kind = 'staff' AND email_canonical = lower(btrim(address))
        UNION ALL
        SELECT 'employee:' || id FROM employees
         WHERE person_kind = 'employee' AND email_canonical = lower(btrim(address))
    )
    SELECT split_part(g.key, ':', 1), g.failures, g.last_failed_at,
           CASE WHEN g.locked_until > now() THEN g.locked_until END
      FROM guard g
     WHERE g.key = 'account:' || person_kind || ':' || lower(btrim(address))
        OR g.key = 'network:' || CASE WHEN client_ip !~ '[.:]' THEN btrim(client_ip)
                                      WHEN family(btrim(client_ip)::inet) = 4 THEN host(btrim(client_ip)::inet)
                                      ELSE network(set_masklen(btrim(client_ip)::inet, 64))::text END
        OR EXISTS (SELECT FROM person p
                    WHERE g.key IN ('person:' || p.name, 'own_code:' || p.name, 'code:' || p.name)
                       OR g.key LIKE 'device:' || p.name || ':%')
     ORDER BY g.key
$$;
REVOKE EXECUTE ON FUNCTION authops.why_locked(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authops.why_locked(text, text, text) TO authsvc_ops;
