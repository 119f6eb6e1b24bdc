package e2e

import (
	"slices"
	"strings"
	"testing"

	"pagaduria/models"
	"pagaduria/services/staff"
)

// route is one GET route of the running product, as the page of permissions tells it.
type route struct {
	pattern string
	roles   []models.Role // who may; none = a page before signing in
}

const matrix = `[...document.querySelectorAll('main tbody tr')].map(tr => ({
	routes: [...tr.querySelectorAll('th li')].map(li => li.textContent.trim().replace(/\s+/g, ' ')),
	granted: [...tr.querySelectorAll('td')].map(td => td.querySelector('svg') !== null)}))`

// routesOf reads the whole route table off the page of permissions.
func routesOf(t testing.TB, admin *tab) []route {
	t.Helper()
	admin.visit("/permissions")
	type line struct {
		Routes  []string `json:"routes"`
		Granted []bool   `json:"granted"`
	}
	var all []route
	for _, l := range value[[]line](admin, matrix) {
		var roles []models.Role
		for i, may := range l.Granted {
			if may {
				roles = append(roles, models.Roles[i])
			}
		}
		for _, r := range l.Routes {
			if pattern, ok := strings.CutPrefix(r, "GET "); ok {
				all = append(all, route{pattern, roles})
			}
		}
	}
	if len(all) < 30 {
		t.Fatalf("the page of permissions lists %d pages", len(all))
	}
	return all
}

// likely is who usually has such a page before them, most likely first.
var likely = []models.Role{models.RoleFinance, models.RoleCompliance, models.RoleApprover, models.RoleAdmin, models.RoleSupport, models.RoleAuditor}

// visitor is the demo account that the page is for.
func (r route) visitor() string {
	for _, role := range likely {
		if slices.Contains(r.roles, role) {
			return emailOf(role)
		}
	}
	return ""
}

func emailOf(role models.Role) string {
	for _, n := range staff.Demo {
		if n.Roles[0] == role {
			return n.Email
		}
	}
	return ""
}
