-- What happened, what is to be mailed, who asked how often.

-- No foreign keys: the record outlives the people in it. The service may add and read, never change.
CREATE TABLE audit (
    seq          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_pkey PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT now(),
    event        text NOT NULL CONSTRAINT audit_event_form CHECK (event ~ '^[a-z0-9_]{1,60}$'),
    actor_type   text CONSTRAINT audit_actor_type CHECK (actor_type IN ('user', 'employee', 'operator')),
    actor_id     integer,
    actor_name   text,
    subject_type text CONSTRAINT audit_subject_type CHECK (subject_type IN ('user', 'employee')),
    subject_id   integer,
    subject_name text,
    system       text,
    ip           inet,
    session_id   bigint,
    details      jsonb NOT NULL DEFAULT '{}'
                 CONSTRAINT audit_details_object CHECK (jsonb_typeof(details) = 'object')
);
CREATE INDEX audit_at_idx ON audit USING brin (at);
CREATE INDEX audit_subject_idx ON audit (subject_type, subject_id, seq);

-- Mails, written in the transaction that causes them. What a mail says is encrypted with
-- AUTHSVC_SECRET, since it may hold a link or a code, and is wiped once it was sent or given up.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT outbox_pkey PRIMARY KEY,
    template    text NOT NULL CONSTRAINT outbox_template_form CHECK (template ~ '^[a-z_]{1,60}$'),
    kind        text NOT NULL CONSTRAINT outbox_kind CHECK (kind IN ('staff', 'employee')),
    person_id   integer NOT NULL,
    recipient   text NOT NULL,
    sealed      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    not_after   timestamptz NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz,
    failed_at   timestamptz,
    last_error  text,
    CONSTRAINT outbox_wiped CHECK ((sealed IS NULL) = (sent_at IS NOT NULL OR failed_at IS NOT NULL))
);
CREATE INDEX outbox_person_idx ON outbox (kind, person_id, template, created_at);
CREATE INDEX outbox_due_idx ON outbox (next_try_at) WHERE sent_at IS NULL AND failed_at IS NULL;

-- Request throttling (GCRA, one statement per attempt). Unlogged: empty after a crash, which is
-- harmless; lockouts and code budgets are kept in logged tables.
CREATE UNLOGGED TABLE request_limits (
    key text NOT NULL CONSTRAINT request_limits_pkey PRIMARY KEY,
    tat timestamptz NOT NULL  -- theoretical arrival time
) WITH (fillfactor = 50);
CREATE INDEX request_limits_tat_idx ON request_limits USING brin (tat);
