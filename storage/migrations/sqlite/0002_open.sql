-- +goose NO TRANSACTION
-- +goose Up
-- Open transactions are few among many: Hasten starts from them.
CREATE INDEX {{prefix}}transactions_open_idx ON {{prefix}}transactions (payment_uid) WHERE closed_at IS NULL;

-- +goose Down
DROP INDEX {{prefix}}transactions_open_idx;
