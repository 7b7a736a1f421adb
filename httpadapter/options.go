package httpadapter

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/trendsic/payments"
)

// DefaultMaxBody is how many bytes a request's body may have when [Options.MaxBody] is zero.
const DefaultMaxBody = 64 << 10

// Casing is how the members of answers are spelled. Requests are read in any case.
type Casing int

// The casings.
const (
	// Pascal spells members as the documentation does: "CustomerPayment", "ID".
	Pascal Casing = iota
	// Camel begins members in lower case: "customerPayment", "id". The official Python client reads nothing else.
	Camel
)

// Options configures a [Handler]. Only Authenticate is required.
type Options struct {
	// Authenticate says who calls, or answers an error. An error that is [payments.ErrUnavailable] is answered 503 (the
	// caller's credentials could not be looked at), every other one, and a [Principal] without an ID, 401. It is called
	// at most once a request, after the request was found to be well formed; its body has been read then. [Basic] makes one.
	Authenticate func(*http.Request) (Principal, error)
	// BasePath is what comes before "/v1" and the other routes, such as "/pay". Leave it empty at the root and behind
	// [http.StripPrefix].
	BasePath string
	// Casing is how the members of answers are spelled where the request does not ask for another way by jsconfig.
	Casing Casing
	// AllowedOrigins are the origins ("https://shop.example") whose pages may send POST and PUT from a browser besides
	// the handler's own, may read every answer (CORS) and may use JSONP. Every other page is refused, whatever its
	// credentials. There is no way to allow all of them.
	AllowedOrigins []string
	// Realm is the realm of the challenge on a 401 whose error names no challenge of its own; empty is "payments".
	Realm string
	// MaxBody is how many bytes a body may have; zero is [DefaultMaxBody].
	MaxBody int64
	// Logger gets one record a request at debug level and one a failure on our side at error level; nil discards them.
	// No record holds a card, a token, a client secret, a header or the text of a foreign error.
	Logger *slog.Logger
	// PaymentTypeAliases are further spellings of the request's PaymentType, in any case, besides card, token, intent,
	// subscription and bank.
	PaymentTypeAliases map[string]payments.PaymentType
	// AllowCredentials lets the pages of AllowedOrigins send cookies and Basic credentials and read the answers (CORS).
	AllowCredentials bool
	// Formats are the formats besides JSON, JSONP and HTML, as formats.All returns them.
	Formats []Format
	// NoJSONP turns JSONP off: a callback parameter is ignored then.
	NoJSONP bool
	// NoClientRoutes leaves out /api and /json/reply.
	NoClientRoutes bool
	// NoDescriptions leaves out /types, /metadata and /openapi.json.
	NoDescriptions bool
}

// errNoService and the like are what New refuses.
var (
	errNoService      = errors.New("httpadapter: no Service is given")
	errNoAuthenticate = errors.New("httpadapter: no Options.Authenticate is given; the routes are never open to everybody")
)

// New makes the handler of a service's routes. It refuses options that cannot be safe or cannot be meant.
func New(svc Service, opts Options) (*Handler, error) {
	switch {
	case svc == nil:
		return nil, errNoService
	case opts.Authenticate == nil:
		return nil, errNoAuthenticate
	case opts.MaxBody < 0:
		return nil, fmt.Errorf("httpadapter: MaxBody is negative: %d", opts.MaxBody)
	case opts.Casing != Pascal && opts.Casing != Camel:
		return nil, fmt.Errorf("httpadapter: unknown Casing %d", opts.Casing)
	}
	h := &Handler{
		svc:          svc,
		authenticate: opts.Authenticate,
		config:       jsConfig{camel: opts.Casing == Camel},
		maxBody:      opts.MaxBody,
		log:          opts.Logger,
		jsonp:        !opts.NoJSONP,
	}
	if h.maxBody == 0 {
		h.maxBody = DefaultMaxBody
	}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	realm := opts.Realm
	if realm == "" {
		realm = "payments"
	}
	var err error
	if h.challenge, err = basicChallenge(realm); err != nil {
		return nil, err
	}
	if h.types, err = paymentTypes(opts.PaymentTypeAliases); err != nil {
		return nil, err
	}
	if h.formats, err = codecs(opts.Formats); err != nil {
		return nil, err
	}
	if err := h.allow(opts.AllowedOrigins, opts.AllowCredentials); err != nil {
		return nil, err
	}
	if err := h.place(&opts); err != nil {
		return nil, err
	}
	return h, nil
}

// paymentTypes returns the request's spellings of PaymentType, in lower case. An alias may repeat a documented spelling but
// not give it another meaning.
func paymentTypes(aliases map[string]payments.PaymentType) (map[string]payments.PaymentType, error) {
	types := map[string]payments.PaymentType{
		"card": payments.TypeCard, "token": payments.TypeToken, "intent": payments.TypeIntent,
		"subscription": payments.TypeSubscription, "bank": payments.TypeBank,
	}
	for alias, meaning := range aliases {
		key := strings.ToLower(alias)
		known, taken := types[key]
		switch {
		case key == "":
			return nil, errors.New("httpadapter: PaymentTypeAliases has an empty alias")
		case meaning < payments.TypeUnspecified || meaning > payments.TypeBank:
			return nil, fmt.Errorf("httpadapter: PaymentTypeAliases: %q has the unknown type %d", alias, meaning)
		case taken && known != meaning:
			return nil, fmt.Errorf("httpadapter: PaymentTypeAliases: %q has two meanings", alias)
		}
		types[key] = meaning
	}
	return types, nil
}
