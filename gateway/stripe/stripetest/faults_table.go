package stripetest

import "net/http"

// Fault is a way in which a call can go wrong. The names are those of gateway/fake.
type Fault string

// The faults. [Faults] tells of each whether the request takes effect.
const (
	// FaultDropBefore cuts the connection before the request is served.
	FaultDropBefore Fault = "drop_before"
	// FaultDropAfter cuts the connection after the effect, before the answer.
	FaultDropAfter Fault = "drop_after"
	// Fault500Before answers 500 and does nothing; nothing is saved under the key.
	Fault500Before Fault = "500_before"
	// Fault500After answers 500 after the effect; the key replays the true answer.
	Fault500After Fault = "500_after"
	// Fault500Saved answers 500 after the effect and replays the 500 under the key.
	Fault500Saved Fault = "500_saved"
	// Fault500SavedBefore answers 500, does nothing and replays the 500 under the key.
	Fault500SavedBefore Fault = "500_saved_before"
	// Fault502HTMLBefore answers an HTML page of a proxy and does nothing.
	Fault502HTMLBefore Fault = "502_html_before"
	// Fault502HTMLAfter answers an HTML page of a proxy after the effect.
	Fault502HTMLAfter Fault = "502_html_after"
	// Fault429 refuses because of too many requests.
	Fault429 Fault = "429"
	// FaultLockTimeout refuses because another request holds the object, also with 429.
	FaultLockTimeout Fault = "lock_timeout"
	// Fault409 answers that the key is in use, and does nothing.
	Fault409 Fault = "409"
	// FaultTruncated cuts the answer in the middle of its body.
	FaultTruncated Fault = "truncated"
	// FaultEmpty200 answers 200 with an empty body and does nothing.
	FaultEmpty200 Fault = "empty_200"
	// FaultBroken200 answers 200 with a body that is no JSON, and does nothing.
	FaultBroken200 Fault = "broken_200"
	// FaultSlow takes effect and hangs until the caller gives up.
	FaultSlow Fault = "slow"
	// FaultSlowBefore hangs until the caller gives up and does nothing.
	FaultSlowBefore Fault = "slow_before"
	// FaultSlowBody takes effect and sends the answer one byte every 10 ms.
	FaultSlowBody Fault = "slow_body"
	// FaultLate cuts the connection at once, and the request arrives later.
	FaultLate Fault = "late"
	// FaultPanicBefore is a server that dies before the request is served: over the wire the same as drop_before.
	FaultPanicBefore Fault = "panic_before"
	// FaultPanicAfter is a server that dies after the effect: over the wire the same as drop_after.
	FaultPanicAfter Fault = "panic_after"
	// FaultWrongOrder answers with another metadata[order_id].
	FaultWrongOrder Fault = "wrong_order"
	// FaultWrongPayment answers with other metadata, except order_id.
	FaultWrongPayment Fault = "wrong_payment"
	// FaultWrongReference answers with another object's id.
	FaultWrongReference Fault = "wrong_reference"
	// FaultWrongAmount answers with other amounts.
	FaultWrongAmount Fault = "wrong_amount"
	// FaultWrongCurrency answers with another currency.
	FaultWrongCurrency Fault = "wrong_currency"
	// FaultWrongMode answers with the other of live and test mode.
	FaultWrongMode Fault = "wrong_mode"
	// FaultUnknownStatus answers with a status that nobody knows.
	FaultUnknownStatus Fault = "unknown_status"
	// FaultNullFields answers with null for everything but the object's id.
	FaultNullFields Fault = "null_fields"
)

// faultRow is one row of the table of faults. The zero row with effect set is a call that goes right.
type faultRow struct {
	fault  Fault
	effect bool // the request takes effect
	doc    string

	drop   bool // the connection is cut instead of an answer
	cut    bool // the connection is cut in the middle of the answer
	hangs  bool
	drips  bool // the answer comes byte by byte
	late   bool
	saved  bool // a 500 is saved under the key
	err    func(key string) *apiError
	status int    // of an answer that no application has made
	text   string // its body
	mutate func(o obj)
}

// htmlPage is what a proxy says.
const htmlPage = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n"

// always makes an error that does not depend on the key.
func always(make func() *apiError) func(string) *apiError {
	return func(string) *apiError { return make() }
}

// faultRows is the table of faults.
var faultRows = []faultRow{
	{fault: FaultDropBefore, drop: true, doc: "The connection is cut before the request is served."},
	{fault: FaultDropAfter, effect: true, drop: true, doc: "The connection is cut after the effect, before the answer."},
	{fault: Fault500Before, err: always(internalError), doc: "Answers 500 and does nothing."},
	{fault: Fault500After, effect: true, err: always(internalError), doc: "Answers 500 after the effect; the key replays the true answer."},
	{fault: Fault500Saved, effect: true, saved: true, err: always(internalError),
		doc: "Answers 500 after the effect and replays the 500 under the key."},
	{fault: Fault500SavedBefore, saved: true, err: always(internalError), doc: "Answers 500, does nothing and replays the 500 under the key."},
	{fault: Fault502HTMLBefore, status: http.StatusBadGateway, text: htmlPage, doc: "Answers an HTML page of a proxy and does nothing."},
	{fault: Fault502HTMLAfter, effect: true, status: http.StatusBadGateway, text: htmlPage,
		doc: "Answers an HTML page of a proxy after the effect."},
	{fault: Fault429, err: always(rateLimited), doc: "Refuses because of too many requests."},
	{fault: FaultLockTimeout, err: always(lockTimeout), doc: "Refuses because another request holds the object."},
	{fault: Fault409, err: keyInUse, doc: "Answers that the key is in use, and does nothing."},
	{fault: FaultTruncated, effect: true, cut: true, doc: "The answer is cut in the middle of its body."},
	{fault: FaultEmpty200, status: http.StatusOK, doc: "Answers 200 with an empty body and does nothing."},
	{fault: FaultBroken200, status: http.StatusOK, text: `{"id": "pi_`, doc: "Answers 200 with a body that is no JSON, and does nothing."},
	{fault: FaultSlow, effect: true, hangs: true, doc: "Takes effect and hangs until the caller gives up."},
	{fault: FaultSlowBefore, hangs: true, doc: "Hangs until the caller gives up and does nothing."},
	{fault: FaultSlowBody, effect: true, drips: true, doc: "Takes effect and sends the answer one byte every 10 ms."},
	{fault: FaultLate, drop: true, late: true, doc: "Cuts the connection at once, and the request arrives later."},
	{fault: FaultPanicBefore, drop: true, doc: "The server dies before the request is served; drop_before over the wire."},
	{fault: FaultPanicAfter, effect: true, drop: true, doc: "The server dies after the effect; drop_after over the wire."},
	{fault: FaultWrongOrder, effect: true, doc: "Answers with another metadata[order_id].", mutate: wrongOrder},
	{fault: FaultWrongPayment, effect: true, doc: "Answers with other metadata, except order_id.", mutate: wrongPayment},
	{fault: FaultWrongReference, effect: true, doc: "Answers with another object's id.", mutate: wrongReference},
	{fault: FaultWrongAmount, effect: true, doc: "Answers with other amounts.", mutate: wrongAmount},
	{fault: FaultWrongCurrency, effect: true, doc: "Answers with another currency.", mutate: wrongCurrency},
	{fault: FaultWrongMode, effect: true, doc: "Answers with the other of live and test mode.", mutate: wrongMode},
	{fault: FaultUnknownStatus, effect: true, doc: "Answers with a status that nobody knows.", mutate: unknownStatus},
	{fault: FaultNullFields, effect: true, doc: "Answers with null for everything but the object's id.", mutate: nullFields},
}

// rowOf returns the row of a fault that exists.
func rowOf(f Fault) faultRow {
	for _, row := range faultRows {
		if row.fault == f {
			return row
		}
	}
	return faultRow{effect: true}
}

// lost tells whether the caller gets no answer that it could read.
func (row faultRow) lost() bool { return row.mutate == nil && !row.drips }
