-- +goose NO TRANSACTION
-- +goose Up
-- Open transactions are few among many: Hasten starts from them. MySQL has no CREATE INDEX IF NOT EXISTS, and what is stopped
-- between the index and the record of this version must be able to do it again.
SET @payments_open_idx = (SELECT IF(COUNT(*) = 0, 'ALTER TABLE {{prefix}}transactions ADD INDEX open_idx (closed_at, payment_uid)', 'DO 0') FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = '{{prefix}}transactions' AND index_name = 'open_idx');
PREPARE payments_open_idx FROM @payments_open_idx;
EXECUTE payments_open_idx;
DEALLOCATE PREPARE payments_open_idx;

-- +goose Down
DROP INDEX open_idx ON {{prefix}}transactions;
