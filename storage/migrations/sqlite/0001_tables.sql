-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE {{prefix}}payments (
    id                   integer PRIMARY KEY AUTOINCREMENT,
    uid                  text NOT NULL,
    namespace            text NOT NULL,
    gateway              text NOT NULL,
    account              text NOT NULL,
    order_id             text NOT NULL,
    order_header_id      integer NOT NULL,
    public_order_id      text NOT NULL,
    agent_id             integer NOT NULL,
    agent_number         text NOT NULL,
    customer_id          integer NOT NULL,
    subscription         text,
    invoice              text,
    status               integer NOT NULL,
    pay_type             integer NOT NULL,
    amount               integer NOT NULL,
    currency             text NOT NULL,
    captured             integer NOT NULL,
    refunded             integer NOT NULL,
    live_order           text,
    reference            text NOT NULL,
    attempt              text NOT NULL,
    method_id            text NOT NULL,
    method_brand         text NOT NULL,
    method_last4         text NOT NULL,
    method_month         integer NOT NULL,
    method_year          integer NOT NULL,
    auth_code            text NOT NULL,
    receipt_url          text NOT NULL,
    decline_code         text NOT NULL,
    gateway_code         text NOT NULL,
    message              text NOT NULL,
    live_mode            boolean NOT NULL,
    decided_at           text,
    version              integer NOT NULL,
    due_at               text,
    tries                integer NOT NULL,
    lease_owner          text NOT NULL,
    lease_until          text,
    created_at           text,
    updated_at           text,
    subscription_status  text NOT NULL,
    period_end           text,
    cancel_at_period_end boolean NOT NULL,
    gateway_customer     text NOT NULL
);
CREATE UNIQUE INDEX {{prefix}}payments_uid_idx ON {{prefix}}payments (uid);
CREATE UNIQUE INDEX {{prefix}}payments_live_idx ON {{prefix}}payments (namespace, live_order);
CREATE UNIQUE INDEX {{prefix}}payments_invoice_idx ON {{prefix}}payments (namespace, subscription, invoice);
CREATE INDEX {{prefix}}payments_order_idx ON {{prefix}}payments (namespace, order_id, id);
CREATE INDEX {{prefix}}payments_reference_idx ON {{prefix}}payments (namespace, gateway, reference);
CREATE INDEX {{prefix}}payments_agent_idx ON {{prefix}}payments (namespace, agent_id, id);
CREATE INDEX {{prefix}}payments_customer_idx ON {{prefix}}payments (namespace, customer_id, id);
CREATE INDEX {{prefix}}payments_status_idx ON {{prefix}}payments (namespace, status, id);
CREATE INDEX {{prefix}}payments_namespace_idx ON {{prefix}}payments (namespace, id);
CREATE INDEX {{prefix}}payments_due_idx ON {{prefix}}payments (namespace, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE {{prefix}}transactions (
    id            integer PRIMARY KEY,
    uid           text NOT NULL,
    namespace     text NOT NULL,
    gateway       text NOT NULL,
    account       text NOT NULL,
    payment_uid   text NOT NULL,
    refund_uid    text NOT NULL,
    kind          text NOT NULL,
    amount        integer NOT NULL,
    currency      text NOT NULL,
    fingerprint   text NOT NULL,
    sent          boolean NOT NULL,
    rounds        integer NOT NULL,
    prior_attempt text NOT NULL,
    off_session   boolean NOT NULL,
    outcome       integer NOT NULL,
    reference     text NOT NULL,
    decline_code  text NOT NULL,
    gateway_code  text NOT NULL,
    message       text NOT NULL,
    request_id    text NOT NULL,
    revision      integer NOT NULL,
    created_at    text,
    closed_at     text
);
CREATE UNIQUE INDEX {{prefix}}transactions_uid_idx ON {{prefix}}transactions (uid);
CREATE INDEX {{prefix}}transactions_payment_idx ON {{prefix}}transactions (payment_uid, id);

CREATE TABLE {{prefix}}refunds (
    id          integer PRIMARY KEY,
    uid         text NOT NULL,
    namespace   text NOT NULL,
    gateway     text NOT NULL,
    account     text NOT NULL,
    payment_uid text NOT NULL,
    caller_key  text,
    amount      integer NOT NULL,
    currency    text NOT NULL,
    status      text NOT NULL,
    reference   text,
    reason      text NOT NULL,
    revision    integer NOT NULL,
    created_at  text,
    updated_at  text
);
CREATE UNIQUE INDEX {{prefix}}refunds_uid_idx ON {{prefix}}refunds (uid);
CREATE UNIQUE INDEX {{prefix}}refunds_key_idx ON {{prefix}}refunds (namespace, caller_key);
CREATE UNIQUE INDEX {{prefix}}refunds_reference_idx ON {{prefix}}refunds (payment_uid, reference);
CREATE INDEX {{prefix}}refunds_payment_idx ON {{prefix}}refunds (payment_uid, id);

CREATE TABLE {{prefix}}keys (
    namespace   text NOT NULL,
    principal   text NOT NULL,
    verb        text NOT NULL,
    caller_key  text NOT NULL,
    fingerprint text NOT NULL,
    payment_uid text NOT NULL,
    answer      blob,
    version     integer NOT NULL,
    created_at  text,
    expires_at  text,
    PRIMARY KEY (namespace, principal, verb, caller_key)
);
CREATE INDEX {{prefix}}keys_expires_idx ON {{prefix}}keys (expires_at);

CREATE TABLE {{prefix}}events (
    id                  integer PRIMARY KEY AUTOINCREMENT,
    uid                 text NOT NULL,
    namespace           text NOT NULL,
    gateway             text NOT NULL,
    account             text NOT NULL,
    event_type          text NOT NULL,
    payment_uid         text NOT NULL,
    order_id            text NOT NULL,
    previous            integer NOT NULL,
    status              integer NOT NULL,
    amount              integer NOT NULL,
    currency            text NOT NULL,
    captured            integer NOT NULL,
    refunded            integer NOT NULL,
    subscription_status text NOT NULL,
    created_at          text
);
CREATE UNIQUE INDEX {{prefix}}events_uid_idx ON {{prefix}}events (uid);
CREATE INDEX {{prefix}}events_namespace_idx ON {{prefix}}events (namespace, id);

CREATE TABLE {{prefix}}breaks (
    id          integer PRIMARY KEY,
    uid         text NOT NULL,
    namespace   text NOT NULL,
    gateway     text NOT NULL,
    account     text NOT NULL,
    kind        text NOT NULL,
    payment_uid text NOT NULL,
    order_id    text NOT NULL,
    reference   text NOT NULL,
    detail      text NOT NULL,
    created_at  text,
    ended_at    text,
    ended_by    text NOT NULL,
    note        text NOT NULL,
    revision    integer NOT NULL
);
CREATE UNIQUE INDEX {{prefix}}breaks_uid_idx ON {{prefix}}breaks (uid);
CREATE INDEX {{prefix}}breaks_namespace_idx ON {{prefix}}breaks (namespace, id);

CREATE TABLE {{prefix}}inbox (
    id           integer PRIMARY KEY AUTOINCREMENT,
    namespace    text NOT NULL,
    gateway      text NOT NULL,
    account      text NOT NULL,
    event_id     text NOT NULL,
    event_type   text NOT NULL,
    object       text NOT NULL,
    payment      text NOT NULL,
    subscription text NOT NULL,
    invoice      text NOT NULL,
    payment_uid  text NOT NULL,
    order_id     text NOT NULL,
    api_version  text NOT NULL,
    live_mode    boolean NOT NULL,
    event_at     text,
    received_at  text,
    done_at      text,
    tries        integer NOT NULL,
    due_at       text,
    revision     integer NOT NULL
);
CREATE UNIQUE INDEX {{prefix}}inbox_event_idx ON {{prefix}}inbox (namespace, gateway, account, event_id);
CREATE INDEX {{prefix}}inbox_open_idx ON {{prefix}}inbox (namespace, done_at, due_at);

-- +goose Down
DROP TABLE {{prefix}}inbox;
DROP TABLE {{prefix}}breaks;
DROP TABLE {{prefix}}events;
DROP TABLE {{prefix}}keys;
DROP TABLE {{prefix}}refunds;
DROP TABLE {{prefix}}transactions;
DROP TABLE {{prefix}}payments;
