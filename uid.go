package payments

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// newUID returns a UUID version 7 (RFC 9562): ordered by time, so that an index grows at its end.
func newUID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16) //nolint:gosec // the years 1970 to 10889 fit in 48 bits
	_, _ = rand.Read(b[6:])                                        // crypto/rand.Read never fails
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// digestUID returns a UUID version 8 (RFC 9562) made of a digest: the same thing gets the same UID.
func digestUID(digest string) string {
	return digest[:8] + "-" + digest[8:12] + "-8" + digest[13:16] + "-a" + digest[17:20] + "-" + digest[20:32]
}
