-- +goose Up
-- Open transactions are few among many: Hasten starts from them. The index is small and its building reads the whole table, which takes
-- no writes meanwhile: where that is long, CREATE INDEX CONCURRENTLY makes it before.
CREATE INDEX IF NOT EXISTS {{prefix}}transactions_open_idx ON {{prefix}}transactions (payment_uid) WHERE closed_at IS NULL;

-- +goose Down
DROP INDEX {{prefix}}transactions_open_idx;
