-- +goose NO TRANSACTION
-- +goose Up
CREATE TABLE IF NOT EXISTS {{prefix}}payments (
    id                   bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uid                  varbinary(36) NOT NULL,
    namespace            varbinary(64) NOT NULL,
    gateway              varbinary(64) NOT NULL,
    account              text NOT NULL,
    order_id             char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    order_header_id      bigint NOT NULL,
    public_order_id      text NOT NULL,
    agent_id             bigint NOT NULL,
    agent_number         text NOT NULL,
    customer_id          bigint NOT NULL,
    subscription         varbinary(255),
    invoice              varbinary(255),
    status               bigint NOT NULL,
    pay_type             bigint NOT NULL,
    amount               bigint NOT NULL,
    currency             varbinary(3) NOT NULL,
    captured             bigint NOT NULL,
    refunded             bigint NOT NULL,
    live_order           char(32) CHARACTER SET ascii COLLATE ascii_bin,
    reference            varbinary(255) NOT NULL,
    attempt              text NOT NULL,
    method_id            text NOT NULL,
    method_brand         text NOT NULL,
    method_last4         text NOT NULL,
    method_month         bigint NOT NULL,
    method_year          bigint NOT NULL,
    auth_code            text NOT NULL,
    receipt_url          text NOT NULL,
    decline_code         text NOT NULL,
    gateway_code         text NOT NULL,
    message              text NOT NULL,
    live_mode            boolean NOT NULL,
    decided_at           datetime(6),
    version              bigint NOT NULL,
    due_at               datetime(6),
    tries                bigint NOT NULL,
    lease_owner          varbinary(255) NOT NULL,
    lease_until          datetime(6),
    created_at           datetime(6),
    updated_at           datetime(6),
    subscription_status  text NOT NULL,
    period_end           datetime(6),
    cancel_at_period_end boolean NOT NULL,
    gateway_customer     text NOT NULL,
    UNIQUE KEY uid_idx (uid),
    UNIQUE KEY live_idx (namespace, live_order),
    UNIQUE KEY invoice_idx (namespace, subscription, invoice),
    KEY order_idx (namespace, order_id, id),
    KEY reference_idx (namespace, gateway, reference),
    KEY agent_idx (namespace, agent_id, id),
    KEY customer_idx (namespace, customer_id, id),
    KEY status_idx (namespace, status, id),
    KEY namespace_idx (namespace, id),
    KEY due_idx (namespace, due_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {{prefix}}transactions (
    id            bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uid           varbinary(36) NOT NULL,
    namespace     varbinary(64) NOT NULL,
    gateway       varbinary(64) NOT NULL,
    account       text NOT NULL,
    payment_uid   varbinary(36) NOT NULL,
    refund_uid    text NOT NULL,
    kind          text NOT NULL,
    amount        bigint NOT NULL,
    currency      varbinary(3) NOT NULL,
    fingerprint   text NOT NULL,
    sent          boolean NOT NULL,
    rounds        bigint NOT NULL,
    prior_attempt text NOT NULL,
    off_session   boolean NOT NULL,
    outcome       bigint NOT NULL,
    reference     text NOT NULL,
    decline_code  text NOT NULL,
    gateway_code  text NOT NULL,
    message       text NOT NULL,
    request_id    text NOT NULL,
    revision      bigint NOT NULL,
    created_at    datetime(6),
    closed_at     datetime(6),
    UNIQUE KEY uid_idx (uid),
    KEY payment_idx (payment_uid, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {{prefix}}refunds (
    id          bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uid         varbinary(36) NOT NULL,
    namespace   varbinary(64) NOT NULL,
    gateway     varbinary(64) NOT NULL,
    account     text NOT NULL,
    payment_uid varbinary(36) NOT NULL,
    caller_key  varbinary(255),
    amount      bigint NOT NULL,
    currency    varbinary(3) NOT NULL,
    status      text NOT NULL,
    reference   varbinary(255),
    reason      text NOT NULL,
    revision    bigint NOT NULL,
    created_at  datetime(6),
    updated_at  datetime(6),
    UNIQUE KEY uid_idx (uid),
    UNIQUE KEY key_idx (namespace, caller_key),
    UNIQUE KEY reference_idx (payment_uid, reference),
    KEY payment_idx (payment_uid, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {{prefix}}keys (
    namespace   varbinary(64) NOT NULL,
    principal   varbinary(255) NOT NULL,
    verb        varbinary(64) NOT NULL,
    caller_key  varbinary(255) NOT NULL,
    fingerprint text NOT NULL,
    payment_uid text NOT NULL,
    answer      mediumblob,
    version     bigint NOT NULL,
    created_at  datetime(6),
    expires_at  datetime(6),
    PRIMARY KEY (namespace, principal, verb, caller_key),
    KEY expires_idx (expires_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {{prefix}}events (
    id                  bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uid                 varbinary(36) NOT NULL,
    namespace           varbinary(64) NOT NULL,
    gateway             varbinary(64) NOT NULL,
    account             text NOT NULL,
    event_type          text NOT NULL,
    payment_uid         text NOT NULL,
    order_id            char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    previous            bigint NOT NULL,
    status              bigint NOT NULL,
    amount              bigint NOT NULL,
    currency            varbinary(3) NOT NULL,
    captured            bigint NOT NULL,
    refunded            bigint NOT NULL,
    subscription_status text NOT NULL,
    created_at          datetime(6),
    UNIQUE KEY uid_idx (uid),
    KEY namespace_idx (namespace, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {{prefix}}breaks (
    id          bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    uid         varbinary(36) NOT NULL,
    namespace   varbinary(64) NOT NULL,
    gateway     varbinary(64) NOT NULL,
    account     text NOT NULL,
    kind        text NOT NULL,
    payment_uid text NOT NULL,
    order_id    char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reference   text NOT NULL,
    detail      text NOT NULL,
    created_at  datetime(6),
    ended_at    datetime(6),
    ended_by    text NOT NULL,
    note        text NOT NULL,
    revision    bigint NOT NULL,
    UNIQUE KEY uid_idx (uid),
    KEY namespace_idx (namespace, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS {{prefix}}inbox (
    id           bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    namespace    varbinary(64) NOT NULL,
    gateway      varbinary(64) NOT NULL,
    account      varbinary(255) NOT NULL,
    event_id     varbinary(255) NOT NULL,
    event_type   text NOT NULL,
    object       text NOT NULL,
    payment      text NOT NULL,
    subscription text NOT NULL,
    invoice      text NOT NULL,
    payment_uid  text NOT NULL,
    order_id     char(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    api_version  text NOT NULL,
    live_mode    boolean NOT NULL,
    event_at     datetime(6),
    received_at  datetime(6),
    done_at      datetime(6),
    tries        bigint NOT NULL,
    due_at       datetime(6),
    revision     bigint NOT NULL,
    UNIQUE KEY event_idx (namespace, gateway, account, event_id),
    KEY open_idx (namespace, done_at, due_at)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The gate orders the outbox: see events.go.
CREATE TABLE IF NOT EXISTS {{prefix}}gate (
    id bigint NOT NULL PRIMARY KEY
) ENGINE=InnoDB;
INSERT INTO {{prefix}}gate (id) VALUES (1) ON DUPLICATE KEY UPDATE id = id;

-- +goose Down
DROP TABLE IF EXISTS {{prefix}}gate;
DROP TABLE IF EXISTS {{prefix}}inbox;
DROP TABLE IF EXISTS {{prefix}}breaks;
DROP TABLE IF EXISTS {{prefix}}events;
DROP TABLE IF EXISTS {{prefix}}keys;
DROP TABLE IF EXISTS {{prefix}}refunds;
DROP TABLE IF EXISTS {{prefix}}transactions;
DROP TABLE IF EXISTS {{prefix}}payments;
