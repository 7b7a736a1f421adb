package httpadapter

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// name is a member's name with its quotes and colon, in both casings.
type name struct{ pascal, camel string }

// cased makes a name of its two spellings. They are written out and not computed: "CCV" is "ccv" but "AgentId" is "agentId".
func cased(pascal, camel string) name { return name{`"` + pascal + `":`, `"` + camel + `":`} }

// same makes a name that has one spelling.
func same(s string) name { return cased(s, s) }

// The members of an answer.
var (
	nameResponseStatus      = cased("ResponseStatus", "responseStatus")
	nameErrorCode           = cased("ErrorCode", "errorCode")
	nameMessage             = cased("Message", "message")
	nameStackTrace          = cased("StackTrace", "stackTrace")
	nameErrors              = cased("Errors", "errors")
	nameFieldName           = cased("FieldName", "fieldName")
	nameMeta                = cased("Meta", "meta")
	nameIntentSuccess       = cased("PaymentIntentSuccess", "paymentIntentSuccess")
	namePaymentSuccess      = cased("PaymentSuccess", "paymentSuccess")
	nameSubscriptionSuccess = cased("SubscriptionSuccess", "subscriptionSuccess")
	nameReceiptURL          = cased("ReceiptUrl", "receiptUrl")
	nameAgentNumber         = cased("AgentNumber", "agentNumber")
	nameClientSecret        = cased("ClientSecret", "clientSecret")
	nameCustomerPayment     = cased("CustomerPayment", "customerPayment")
	namePublicOrderID       = cased("PublicOrderID", "publicOrderID")
	nameID                  = cased("ID", "id")
	nameCustomerID          = cased("CustomerID", "customerID")
	nameOrderHeaderID       = cased("OrderHeaderID", "orderHeaderID")
	nameAmount              = cased("Amount", "amount")
	nameApproved            = cased("Approved", "approved")
	nameAuthCode            = cased("AuthCode", "authCode")
	nameCardNumber          = cased("CardNumber", "cardNumber")
	nameResponseCode        = cased("ResponseCode", "responseCode")
	nameTransactionID       = cased("TransactionId", "transactionId")
	nameTransactionDate     = cased("TransactionDate", "transactionDate")
	nameFullResponse        = cased("FullResponse", "fullResponse")
	namePaymentStatus       = cased("PaymentStatus", "paymentStatus")
	namePaymentType         = cased("PaymentType", "paymentType")
)

// appendJSON appends an answer in JSON: the seed's order, no spaces, no new line at the end.
func appendJSON(dst []byte, r *response, c jsConfig) []byte {
	w := jsonWriter{buf: dst, jsConfig: c}
	w.open()
	w.status(r.status)
	if r.bare {
		w.close()
		return w.buf
	}
	w.boolean(nameIntentSuccess, r.intentSuccess)
	w.boolean(namePaymentSuccess, r.paymentSuccess)
	w.boolean(nameSubscriptionSuccess, r.subscriptionSuccess)
	w.text(nameMessage, r.message)
	w.text(nameReceiptURL, r.receiptURL)
	w.text(nameAgentNumber, r.agentNumber)
	w.text(nameClientSecret, r.clientSecret)
	w.payment(r.payment)
	w.text(namePublicOrderID, r.publicOrderID)
	w.close()
	return w.buf
}

// status writes ResponseStatus.
func (w *jsonWriter) status(s *responseStatus) {
	if s == nil {
		w.null(nameResponseStatus)
		return
	}
	w.name(nameResponseStatus)
	w.open()
	w.text(nameErrorCode, s.code)
	w.text(nameMessage, s.message)
	w.null(nameStackTrace)
	w.name(nameErrors)
	w.buf = append(w.buf, '[')
	for i, e := range s.errors {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.open()
		w.text(nameErrorCode, e.code)
		w.text(nameFieldName, e.field)
		w.text(nameMessage, e.message)
		w.null(nameMeta)
		w.close()
	}
	w.buf = append(w.buf, ']')
	w.null(nameMeta)
	w.close()
}

// payment writes CustomerPayment.
func (w *jsonWriter) payment(p *customerPayment) {
	if p == nil {
		w.null(nameCustomerPayment)
		return
	}
	w.name(nameCustomerPayment)
	w.open()
	w.integer(nameID, p.id)
	w.integer(nameCustomerID, p.customerID)
	w.integer(nameOrderHeaderID, p.orderHeaderID)
	w.text(nameAmount, p.amount)
	w.boolean(nameApproved, p.approved)
	w.text(nameAuthCode, p.authCode)
	w.text(nameCardNumber, p.cardNumber)
	w.text(nameMessage, p.message)
	w.integer(nameResponseCode, int64(p.responseCode))
	w.text(nameTransactionID, p.transactionID)
	w.date(nameTransactionDate, p.transactionDate)
	w.text(nameFullResponse, p.fullResponse)
	w.integer(namePaymentStatus, int64(p.paymentStatus))
	w.integer(namePaymentType, int64(p.paymentType))
	w.close()
}

// jsonWriter appends JSON as ServiceStack.Text writes it. encoding/json cannot be told to: it escapes U+2028 and U+2029,
// writes escapes in lower case and leaves U+007F to U+009F as they are.
type jsonWriter struct {
	buf []byte
	jsConfig
}

// open begins an object.
func (w *jsonWriter) open() { w.buf = append(w.buf, '{') }

// close ends an object.
func (w *jsonWriter) close() { w.buf = append(w.buf, '}') }

// name writes a member's name, with a comma before it unless it is the object's first.
func (w *jsonWriter) name(n name) {
	if w.buf[len(w.buf)-1] != '{' {
		w.buf = append(w.buf, ',')
	}
	if w.camel {
		w.buf = append(w.buf, n.camel...)
	} else {
		w.buf = append(w.buf, n.pascal...)
	}
}

// null writes a member that has no value, where that is asked for.
func (w *jsonWriter) null(n name) {
	if w.nulls {
		w.name(n)
		w.buf = append(w.buf, "null"...)
	}
}

// boolean writes a truth value.
func (w *jsonWriter) boolean(n name, v bool) {
	if !v && w.noDefaults {
		return
	}
	w.name(n)
	w.buf = strconv.AppendBool(w.buf, v)
}

// integer writes a number.
func (w *jsonWriter) integer(n name, v int64) {
	if v == 0 && w.noDefaults {
		return
	}
	w.name(n)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

// date writes a moment in UTC with seven digits, or as milliseconds. The zero time is .NET's minimum date, which has no
// zone.
func (w *jsonWriter) date(n name, t time.Time) {
	if t.IsZero() && w.noDefaults {
		return
	}
	w.name(n)
	switch {
	case w.wcfDates:
		w.buf = append(w.buf, `"\/Date(`...)
		w.buf = strconv.AppendInt(w.buf, t.UnixMilli(), 10)
		w.buf = append(w.buf, `)\/"`...)
	case t.IsZero():
		w.buf = append(w.buf, `"0001-01-01T00:00:00.0000000"`...)
	default:
		w.buf = append(w.buf, '"')
		w.buf = t.UTC().AppendFormat(w.buf, "2006-01-02T15:04:05.0000000Z")
		w.buf = append(w.buf, '"')
	}
}

// text writes a text; an empty one is null.
func (w *jsonWriter) text(n name, s string) {
	if s == "" {
		w.null(n)
		return
	}
	w.name(n)
	w.buf = appendString(w.buf, s)
}

// appendString appends a JSON string. Only quotes, backslashes and control characters, those of Latin-1 among them, are
// escaped. What is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r > 0x9f && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, r)
		i += size
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// appendEscape appends what stands for a character that may not stand for itself.
func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\t':
		return append(dst, `\t`...)
	case '\n':
		return append(dst, `\n`...)
	case '\f':
		return append(dst, `\f`...)
	case '\r':
		return append(dst, `\r`...)
	case utf8.RuneError:
		return utf8.AppendRune(dst, r)
	default:
		const digits = "0123456789ABCDEF"
		return append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
	}
}
