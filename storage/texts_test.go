package storage

// HastenTexts returns the statements of Hasten, as the database gets them, and how many places the second one has for payments.
func HastenTexts(s *Store) (doubts, hasten string, places int) {
	return s.d.bind(s.core.sql.doubts), s.d.bind(s.core.sql.hasten), hastenBatch
}

// QueueText returns the statement with which a reader of the outbox queues for the gate.
func QueueText(s *Store) string { return s.core.sql.queueGate }
