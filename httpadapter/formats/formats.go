// Package formats adds XML, CSV and JSV to the routes of httpadapter, as answers and as requests. It is a package of its
// own so that a host whose callers speak JSON need not carry them:
//
//	h, err := httpadapter.New(service, httpadapter.Options{
//		Authenticate: httpadapter.Basic("payments", verify),
//		Formats:      formats.All(),
//	})
//
// The formats are those of ServiceStack, from which the routes were taken: DataContract XML, a CSV row whose nested values
// are JSV, and JSV itself. Members are spelled in PascalCase in each of them; jsconfig is for JSON.
package formats

import (
	"time"

	"github.com/trendsic/payments/httpadapter"
)

// All returns the three formats, XML in [DefaultNamespace].
func All() []httpadapter.Format {
	return []httpadapter.Format{XML(DefaultNamespace), CSV(), JSV()}
}

// appendDate appends a moment in the shortest form that loses nothing, as JSV and CSV have it: a day alone where it is
// midnight, no fraction where there is none.
func appendDate(dst []byte, t time.Time) []byte {
	t = t.UTC()
	layout := "2006-01-02T15:04:05.0000000Z"
	switch ticks := t.Truncate(100 * time.Nanosecond); {
	case ticks.Equal(t.Truncate(24 * time.Hour)):
		layout = time.DateOnly
	case ticks.Equal(t.Truncate(time.Second)):
		layout = "2006-01-02T15:04:05Z"
	}
	return t.AppendFormat(dst, layout)
}
