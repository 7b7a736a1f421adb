module github.com/trendsic/payments/integrations/jwtauth

go 1.25.0

require github.com/trendsic/payments v0.0.0

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	github.com/rs/cors v1.11.1 // indirect
	github.com/shopspring/decimal v1.6.0 // indirect
)

replace github.com/trendsic/payments => ../..
