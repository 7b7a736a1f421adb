package storage_test

import (
	"context"
	"database/sql"
	"testing"
	"time"
	"fmt"
	"strings"
	"gorm.io/gorm"
	"github.com/trendsic/payments/storage"
)
func ph(pg bool, q string) string { if !pg {return q}; n:=0; var b strings.Builder; for _,c := range q { if c=='?' {n++; fmt.Fprintf(&b,"$%d",n)} else {b.WriteRune(c)} }; return b.String() }
func BenchmarkFloor(b *testing.B) {
	for _, s := range servers(b) {
		db := s.open(b, &gorm.Config{}, "")
		_, p := migrated(b, db, storage.Options{})
		pool, _ := db.DB()
		pg := s.name == "postgres"
		if s.name=="sqlite" { pool.SetMaxOpenConns(1) }
		cols := "uid namespace gateway account order_id order_header_id public_order_id agent_id agent_number customer_id subscription invoice status pay_type amount currency captured refunded live_order reference attempt method_id method_brand method_last4 method_month method_year auth_code receipt_url decline_code gateway_code message live_mode decided_at version due_at tries lease_owner lease_until created_at updated_at"
		cl := strings.Fields(cols)
		mk := func(q string) *sql.Stmt { st, err := pool.Prepare(ph(pg,q)); if err!=nil {b.Fatal(err, q)}; return st }
		insP := mk("INSERT INTO "+p+"payments ("+strings.Join(cl,",")+") VALUES ("+strings.TrimSuffix(strings.Repeat("?,",len(cl)),",")+")")
		tc := strings.Fields("uid namespace gateway account payment_uid refund_uid kind amount currency fingerprint sent rounds prior_attempt outcome reference decline_code gateway_code message request_id revision created_at closed_at")
		insT := mk("INSERT INTO "+p+"transactions ("+strings.Join(tc,",")+") VALUES ("+strings.TrimSuffix(strings.Repeat("?,",len(tc)),",")+")")
		ec := strings.Fields("uid namespace gateway account event_type payment_uid order_id previous status amount currency captured refunded created_at")
		insE := mk("INSERT INTO "+p+"events ("+strings.Join(ec,",")+") VALUES ("+strings.TrimSuffix(strings.Repeat("?,",len(ec)),",")+")")
		updP := mk("UPDATE "+p+"payments SET status=?, captured=?, reference=?, decided_at=?, due_at=?, version=version+1, updated_at=? WHERE uid=? AND version=?")
		updT := mk("UPDATE "+p+"transactions SET outcome=?, reference=?, closed_at=? WHERE uid=? AND closed_at IS NULL")
		tm := func(t time.Time) any { if pg {return t}; return t.UTC().Format("2006-01-02 15:04:05.000000") }
		one := func() error {
			ctx := context.Background(); now := tm(time.Now()); u := uid(); o := strings.ReplaceAll(u,"-","")
			tx, err := pool.BeginTx(ctx,nil); if err!=nil {return err}
			if _, err := tx.StmtContext(ctx,insP).ExecContext(ctx,u,"test","fake","",o,0,"",0,"",0,nil,nil,1,0,1250,"USD",0,0,o,"","","","","",0,0,"","","","","",false,nil,1,now,0,"bench",now,now,now); err!=nil {return err}
			tu := uid()
			if _, err := tx.StmtContext(ctx,insT).ExecContext(ctx,tu,"test","fake","",u,"","authorize",1250,"USD","",true,0,"",0,"","","","","",0,now,nil); err!=nil {return err}
			if err := tx.Commit(); err!=nil {return err}
			tx, err = pool.BeginTx(ctx,nil); if err!=nil {return err}
			if _, err := tx.StmtContext(ctx,updP).ExecContext(ctx,5,1250,"pi_1",now,nil,now,u,1); err!=nil {return err}
			if _, err := tx.StmtContext(ctx,updT).ExecContext(ctx,2,"ch_1",now,tu); err!=nil {return err}
			if _, err := tx.StmtContext(ctx,insE).ExecContext(ctx,uid(),"test","fake","","payment.paid",u,o,0,5,1250,"USD",1250,0,now); err!=nil {return err}
			return tx.Commit()
		}
		b.Run(s.name+"/one", func(b *testing.B) { b.ReportAllocs(); for b.Loop() { if err := one(); err!=nil {b.Fatal(err)} } })
		b.Run(s.name+"/64", func(b *testing.B) { b.SetParallelism(32); b.RunParallel(func(pb *testing.PB){ for pb.Next() { if err := one(); err!=nil {b.Error(err)} } }) })
	}
}
