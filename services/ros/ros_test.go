package ros_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"pagaduria/models"
	"pagaduria/services/ros"
	"pagaduria/services/store"
	"pagaduria/services/store/storetest"
)

// desk is the service, two people of compliance, and a payee.
type desk struct {
	*ros.Service
	t         *testing.T
	ana, luis models.Actor
	payee     int64
}

var day = time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC)

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, Service: &ros.Service{DB: storetest.New(t), Now: func() time.Time { return day.Add(15 * time.Hour) }, Today: func() time.Time { return day },
		Write: func(_ context.Context, out io.Writer, r models.ROS) error {
			_, err := io.WriteString(out, r.Operation)
			return err
		}}}
	d.ana, d.luis = d.person("Ana", models.RoleCompliance), d.person("Luis", models.RoleCompliance)
	d.payee = d.one(`INSERT INTO distributors (code, person_kind, doc_type, doc_number, given_names, surnames) VALUES ('D-1', 'natural', 'CC', '52999001', 'Martha', 'Ríos') RETURNING id`)
	return d
}

func (d *desk) one(sql string, args ...any) (n int64) {
	d.t.Helper()
	if err := d.DB.Pool.QueryRow(context.Background(), sql, args...).Scan(&n); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (d *desk) person(name string, role models.Role) models.Actor {
	d.t.Helper()
	return models.Actor{Name: name, Roles: []models.Role{role}, StaffID: d.one(`INSERT INTO staff (email, name, roles) VALUES (lower($1) || '@example.test', $1, $2) RETURNING id`, name, []string{string(role)})}
}

func (d *desk) draft() (id int64) {
	d.t.Helper()
	id, err := d.Draft(context.Background(), d.ana, d.report())
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) report() models.ROS {
	return models.ROS{DistributorID: d.payee, Operation: "Muchos pagos el mismo día", Signals: "Sin pedidos", Minor: 100, From: day.AddDate(0, -1, 0), To: day}
}

func TestNobodyButComplianceTouchesReports(t *testing.T) {
	t.Parallel()
	d, ctx := open(t), t.Context()
	id := d.draft()
	for _, role := range models.Roles {
		if role == models.RoleCompliance {
			continue
		}
		by := d.person(string(role), role)
		_, _, list := d.List(ctx, by, "", store.Cursor{})
		_, read := d.Report(ctx, by, id)
		_, none := d.Report(ctx, by, 999)
		_, draft := d.Draft(ctx, by, d.report())
		_, download := d.Download(ctx, by, id)
		for what, err := range map[string]error{"list": list, "read": read, "draft": draft, "download": download,
			"drop": d.Drop(ctx, by, id, 1, "x")} {
			if models.KindOf(err) != models.Forbidden {
				t.Errorf("%s may %s: %v", role, what, err)
			}
		}
		if read.Error() != none.Error() {
			t.Errorf("%s learns by the refusal which report exists: %v, %v", role, read, none)
		}
	}
	if n := d.one(`SELECT count(*) FROM audit_events WHERE subject_type = 'ros'`); n != 1 {
		t.Errorf("%d events on record", n)
	}
	if n := d.one(`SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM mails)`); n != 0 {
		t.Errorf("%d notices tell of a report", n)
	}
}

func TestAReportIsFiledOrDroppedOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	id := d.draft()
	if err := d.Drop(t.Context(), d.ana, id, 1, "It is nothing"); models.KindOf(err) != models.Conflict {
		t.Errorf("the author drops it: %v", err)
	}
	if err := d.Drop(t.Context(), d.luis, id, 1, ""); models.KindOf(err) != models.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 2)
	wait.Go(func() { errs[0] = d.File(context.Background(), d.ana, id, 1, "SIREL-1", day) })
	wait.Go(func() { errs[1] = d.Drop(context.Background(), d.luis, id, 1, "It is nothing") })
	wait.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("not one of two: %v, %v", errs[0], errs[1])
	}
	if n := d.one(`SELECT count(*) FROM audit_events WHERE action IN ('ros.file', 'ros.drop')`); n != 1 {
		t.Errorf("%d outcomes on record", n)
	}
	if err := d.File(t.Context(), d.ana, id, 2, "SIREL-2", day); models.KindOf(err) != models.Conflict {
		t.Errorf("filed what is closed: %v", err)
	}
}

func TestWhoTookAReportIsOnRecord(t *testing.T) {
	t.Parallel()
	d := open(t)
	write, err := d.Download(t.Context(), d.luis, d.draft())
	if err != nil {
		t.Fatal(err)
	}
	if n := d.one(`SELECT count(*) FROM audit_events WHERE action = 'ros.download' AND actor_id = $1`, d.luis.StaffID); n != 1 {
		t.Errorf("%d downloads on record", n)
	}
	var out bytes.Buffer
	if err := write(&out); err != nil || out.String() != "Muchos pagos el mismo día" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
