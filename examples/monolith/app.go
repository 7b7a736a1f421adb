package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/httpadapter/formats"
	"github.com/trendsic/payments/storage"
	"github.com/trendsic/payments/storage/sqlite"
)

// app is the running shop.
type app struct {
	payments *payments.Service
	handler  http.Handler
	lines    func(base string) []string // further commands for the welcome, nil for none
	close    func()
}

// newApp puts the shop and the module together.
func newApp(ctx context.Context, c config, log *slog.Logger) (*app, error) {
	db, err := openDatabase(c.db)
	if err != nil {
		return nil, err
	}
	closeDB := func() {
		if pool, err := db.DB(); err == nil {
			_ = pool.Close()
		}
	}
	a, err := assemble(ctx, c, db, log)
	if err != nil {
		closeDB()
		return nil, err
	}
	a.close = closeDB
	return a, nil
}

func assemble(ctx context.Context, c config, db *gorm.DB, log *slog.Logger) (*app, error) {
	shop, err := newShop(ctx, db)
	if err != nil {
		return nil, err
	}
	gateway, err := chooseGateway(c)
	if err != nil {
		return nil, err
	}

	// These lines are all that the module needs: its tables, a store on the shop's database, a service, and the routes.
	if err := storage.Migrate(ctx, db, nil); err != nil {
		return nil, err
	}
	store, err := storage.New(db, nil)
	if err != nil {
		return nil, err
	}
	service, err := payments.New(store, gateway.Gateway, shop, &payments.Options{OnEvent: shop.onEvent, Logger: log, LiveMode: gateway.live,
		ReconcileEvery: c.reconcileEvery})
	if err != nil {
		return nil, err
	}
	routes, err := httpadapter.New(service, httpadapter.Options{
		Authenticate:   httpadapter.Basic("shop", shop.verify),
		Casing:         c.casing,
		AllowedOrigins: split(c.origins),
		Formats:        formats.All(),
		Logger:         log,
	})
	if err != nil {
		return nil, err
	}
	webhooks, err := httpadapter.NewWebhook(service, log)
	if err != nil {
		return nil, err
	}
	mux := shop.routes()
	mux.Handle("/webhooks/"+gateway.Name(), webhooks)
	if gateway.bind != nil {
		gateway.bind(service)
	}
	if gateway.mount != nil {
		gateway.mount(mux)
	}
	mux.Handle("/", routes) // the documented paths match in any case, so the host's mux cannot name them
	return &app{payments: service, handler: logged(log, mux), lines: gateway.lines}, nil
}

// split reads a list separated by commas.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// openDatabase opens what -db names.
func openDatabase(name string) (*gorm.DB, error) {
	config := &gorm.Config{Logger: logger.Discard}
	switch {
	case strings.HasPrefix(name, "postgres://"), strings.HasPrefix(name, "postgresql://"):
		return pooled(postgres.Open(name), config)
	case strings.HasPrefix(name, "mysql://"):
		dsn, err := mysqlDSN(name)
		if err != nil {
			return nil, err
		}
		return pooled(mysql.Open(dsn), config)
	default:
		return sqlite.Open(name, nil)
	}
}

// poolSize is how many connections the shop keeps to a server. database/sql keeps two by itself, and opens and closes another for each
// request beside them.
const poolSize = 20

func pooled(dialector gorm.Dialector, config *gorm.Config) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, config)
	if err != nil {
		return nil, err
	}
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(poolSize)
	pool.SetMaxIdleConns(poolSize)
	return db, nil
}

// mysqlDSN turns mysql://user:password@host:port/database into what the driver reads.
func mysqlDSN(name string) (string, error) {
	u, err := url.Parse(name)
	if err != nil {
		return "", fmt.Errorf("-db is not a mysql:// address")
	}
	query := u.Query()
	query.Set("parseTime", "true")
	return fmt.Sprintf("%s@tcp(%s)%s?%s", u.User, u.Host, u.Path, query.Encode()), nil
}
