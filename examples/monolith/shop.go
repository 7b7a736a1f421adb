package main

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/httpadapter"
	"github.com/trendsic/payments/storage"
)

// demoOrder is there from the start.
const demoOrder = "0f8fad5bd9cb469fa16570867728950e"

// user is a row of the shop's users.
type user struct {
	Name         string `gorm:"primaryKey;size:64"`
	Salt         []byte
	PasswordHash []byte
	Roles        string
	AgentID      int64
}

// order is a row of the shop's orders.
type order struct {
	HeaderID   int64  `gorm:"primaryKey"`
	ID         string `gorm:"size:32;uniqueIndex"`
	Currency   string `gorm:"size:3"`
	Total      int64
	AgentID    int64
	CustomerID int64
	Recurring  bool
	Status     string `gorm:"size:32"`
	CreatedAt  time.Time
}

// The names of the shop's tables, whatever the naming strategy.
func (user) TableName() string  { return "shop_users" }
func (order) TableName() string { return "shop_orders" }

// shop is what existed before payments: users and orders.
type shop struct {
	db *gorm.DB

	mu    sync.Mutex
	known map[[sha256.Size]byte]httpadapter.Principal // credentials that were verified: hashing each time is slow by design
}

// newShop makes the shop's tables, its users and the demo order, where they are not there yet. Another process may be doing the
// same on the same database: what it was faster with is there at the next try.
func newShop(ctx context.Context, db *gorm.DB) (s *shop, err error) {
	s = &shop{db: db, known: map[[sha256.Size]byte]httpadapter.Principal{}}
	for range 50 {
		if err = s.prepare(ctx); err == nil {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the shop's tables: %w", err)
}

// prepare makes what is not there yet.
func (s *shop) prepare(ctx context.Context) error {
	tx := s.db.WithContext(ctx)
	if err := tx.AutoMigrate(&user{}, &order{}); err != nil {
		return err
	}
	for _, u := range []user{
		{Name: "agent", Roles: "Agent", AgentID: 3},
		{Name: "other", Roles: "Agent", AgentID: 4},
		{Name: "boss", Roles: "Administrator"},
		{Name: "admin", Roles: "Admin"},
		{Name: "nobody"},
	} {
		if err := s.addUser(tx, u, "p@ss"); err != nil {
			return err
		}
	}
	var n int64
	if err := tx.Model(&order{}).Where("id = ?", demoOrder).Count(&n).Error; err != nil || n > 0 {
		return err
	}
	return tx.Create(&order{ID: demoOrder, Currency: "USD", Total: 1250, AgentID: 3, Status: "open"}).Error
}

func (s *shop) addUser(tx *gorm.DB, u user, password string) error {
	var n int64
	if err := tx.Model(&user{}).Where("name = ?", u.Name).Count(&n).Error; err != nil || n > 0 {
		return err
	}
	u.Salt = make([]byte, 16)
	_, _ = rand.Read(u.Salt)
	var err error
	if u.PasswordHash, err = hash(password, u.Salt); err != nil {
		return err
	}
	return tx.Create(&u).Error
}

func hash(password string, salt []byte) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, salt, 10_000, 32)
}

// verify is the shop's own login, handed to the module's routes.
func (s *shop) verify(ctx context.Context, name, password string) (httpadapter.Principal, error) {
	key := sha256.Sum256([]byte(strconv.Itoa(len(name)) + ":" + name + password))
	s.mu.Lock()
	p, ok := s.known[key]
	s.mu.Unlock()
	if ok {
		return p, nil
	}
	var u user
	err := s.db.WithContext(ctx).Where("name = ?", name).Take(&u).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return p, errors.New("no such user")
	}
	if err != nil {
		return p, payments.NewError(payments.Error{Code: payments.ErrUnavailable, Outcome: payments.OutcomeNotApplied}, err)
	}
	given, err := hash(password, u.Salt)
	if err != nil || subtle.ConstantTimeCompare(given, u.PasswordHash) != 1 {
		return p, errors.New("wrong password")
	}
	p = httpadapter.Principal{ID: u.Name, Roles: strings.Fields(u.Roles), AgentID: u.AgentID}
	s.mu.Lock()
	s.known[key] = p
	s.mu.Unlock()
	return p, nil
}

// Order makes the shop the module's payments.Orders: the only source of a price.
func (s *shop) Order(ctx context.Context, id payments.OrderID) (payments.Order, error) {
	var o order
	err := s.db.WithContext(ctx).Where("id = ?", id.String()).Take(&o).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return payments.Order{}, payments.ErrOrderNotFound
	}
	if err != nil {
		return payments.Order{}, err
	}
	paid := payments.Order{ID: id, HeaderID: o.HeaderID, PublicID: o.publicID(), AgentID: o.AgentID,
		AgentNumber: fmt.Sprintf("A-%d", o.AgentID), CustomerID: o.CustomerID, Description: "Order " + o.publicID(),
		Total: payments.Money{Amount: o.Total, Currency: payments.Currency(o.Currency)}}
	if o.Recurring {
		paid.Recurring = &payments.Plan{Interval: "month", Every: 1}
	}
	if o.Status == "closed" {
		return paid, payments.ErrOrderClosed
	}
	return paid, nil
}

// publicID is the number that the payer knows the order by.
func (o order) publicID() string { return fmt.Sprintf("ORD-%06d", o.HeaderID) }

// onEvent follows the payment with the order's status, in the same transaction: both commit, or neither.
func (s *shop) onEvent(ctx context.Context, e payments.Event) error {
	tx, ok := storage.Tx(ctx)
	if !ok {
		return errors.New("no transaction in the context")
	}
	return tx.Model(&order{}).Where("id = ?", e.OrderID.String()).Update("status", orderStatus(e.Status)).Error
}

// orderStatus is the shop's word for what the payment says.
func orderStatus(s payments.Status) string {
	switch s {
	case payments.StatusAuthorized, payments.StatusPaid, payments.StatusPartiallyRefunded, payments.StatusRefunded,
		payments.StatusDisputed, payments.StatusProcessing, payments.StatusHeld:
		return s.String()
	default:
		return "open"
	}
}

// create adds an order.
func (s *shop) create(ctx context.Context, o *order) error {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	o.ID, o.Status = hex.EncodeToString(id), "open"
	return s.db.WithContext(ctx).Create(o).Error
}
