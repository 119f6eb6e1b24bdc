package main

import (
	"net/http"
	"strings"
	"testing"

	"pagaduria/views/urls"
)

func TestAnImportCanBeFollowedAndStopped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	finance := s.browser()
	s.signIn(finance, "finance@demo.test")
	token := formToken(t, s.get(finance, urls.Imports("orders")))
	a := s.uploadTo(finance, urls.Imports("orders"), map[string]string{"_csrf": token}, "orders.csv", []byte("Pedido,Fecha,Estado,Cliente,Teléfono,Ciudad,Departamento,Cantidad,Subtotal,IVA,Total,Medio de pago\n"))
	id := s.one(`SELECT max(id) FROM tasks`)
	mustHave(t, s.get(finance, a.Header.Get("Location")), http.StatusOK, "<progress", "Stop the check")
	page := s.get(finance, urls.Task(id))
	mustHave(t, page, http.StatusOK, "Check of orders.csv", "Waiting", `hx-trigger="every 2s"`)
	mustHave(t, s.get(finance, urls.Tasks()), http.StatusOK, "Check of orders.csv")

	support, admin := s.browser(), s.browser()
	s.signIn(support, "support@demo.test")
	s.signIn(admin, "admin@demo.test")
	if a := s.get(support, urls.Task(id)); a.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else's work answers %s", a.Status)
	}
	mustHave(t, s.get(admin, urls.AllTasks()), http.StatusOK, "Check of orders.csv", "Everybody")

	if a := s.post(finance, urls.StopTask(id), form(t, page, urls.StopTask(id))); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("stop: %s", a.Status)
	}
	over := s.get(finance, urls.Task(id))
	mustHave(t, over, http.StatusOK, "It was stopped. Nothing was changed.")
	if strings.Contains(over.body, "every 2s") {
		t.Error("it goes on asking")
	}
}
