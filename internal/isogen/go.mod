module github.com/trendsic/payments/internal/isogen

go 1.25.0

require github.com/bojanz/currency v1.4.2

require github.com/cockroachdb/apd/v3 v3.2.1 // indirect
