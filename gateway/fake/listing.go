package fake

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/trendsic/payments"
)

// maxPage is how many charges a page has at the most.
const maxPage = 100

// chargePage is a page of the list of charges.
type chargePage struct {
	list []payments.ListedCharge
	next string
}

// ListCharges lists the payments of one account that hold or took money, refunded ones too, by the time of their charge, the newest first.
func (g *Gateway) ListCharges(ctx context.Context, req payments.ListChargesRequest) ([]payments.ListedCharge, string, error) {
	a := g.serve(ctx, request{op: OpListCharges, run: func(time.Time) answer {
		page, err := g.listCharges(req)
		return answer{page: page, err: err}
	}})
	if a.err != nil {
		return nil, "", a.err
	}
	return a.page.list, a.page.next, nil
}

func (g *Gateway) listCharges(req payments.ListChargesRequest) (chargePage, *payments.Error) {
	if req.Limit < 1 || req.Limit > maxPage {
		return chargePage{}, g.bad(OpListCharges, "Limit", "Range", "the limit must be from 1 to 100")
	}
	all := slices.DeleteFunc(g.charges(), func(c Charge) bool { return g.state.byID[c.Reference].Account != req.Account })
	slices.Reverse(all) // of one moment, the one made last comes first
	slices.SortStableFunc(all, func(a, b Charge) int { return cmp.Compare(b.At.UnixMicro(), a.At.UnixMicro()) })
	from := 0
	if req.Cursor != "" {
		last, ok := parseCursor(req.Cursor)
		at := slices.IndexFunc(all, func(c Charge) bool { return c.ID == last })
		if !ok || at < 0 {
			return chargePage{}, g.bad(OpListCharges, "Cursor", "Unknown", "the cursor is not one of this list")
		}
		from = at + 1
	}
	var page chargePage
	last := ""
	for _, c := range all[from:] {
		if c.Status != ChargeAuthorized && c.Status != ChargeCaptured || c.At.Before(req.From) || !req.Before.IsZero() && !c.At.Before(req.Before) {
			continue
		}
		if len(page.list) == req.Limit {
			page.next = cursorAfter(last)
			break
		}
		page.list, last = append(page.list, g.listed(c)), c.ID
	}
	return page, nil
}

// listed is a charge as the list shows it: with what its object carries, which for a later invoice is nothing.
func (g *Gateway) listed(c Charge) payments.ListedCharge {
	in := g.state.byID[c.Reference]
	return payments.ListedCharge{Reference: c.Reference, OrderID: in.OrderID, PaymentUID: in.PaymentUID, Amount: c.Amount,
		Captured: c.Captured, Refunded: c.Refunded, CreatedAt: c.At}
}

// cursorMark begins a cursor before it is encoded.
const cursorMark = "after/"

// cursorAfter makes the cursor of what follows a charge.
func cursorAfter(chargeID string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorMark + chargeID))
}

// parseCursor returns the charge that a cursor follows.
func parseCursor(cursor string) (string, bool) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(text), cursorMark)
}
