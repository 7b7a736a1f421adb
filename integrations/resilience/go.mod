module github.com/trendsic/payments/integrations/resilience

go 1.25.0

require (
	github.com/sony/gobreaker/v2 v2.4.0
	github.com/trendsic/payments v0.0.0
	go.uber.org/goleak v1.3.0
	golang.org/x/sync v0.22.0
)

require github.com/shopspring/decimal v1.6.0 // indirect

replace github.com/trendsic/payments => ../..
