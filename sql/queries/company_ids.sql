-- Statements of authsvc/queries/company_ids.py.

-- name: kind_of
-- Which kind of person a company id belongs to.
SELECT kind FROM company_ids WHERE company_id = $1;
