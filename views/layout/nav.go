package layout

import (
	"pagaduria/models"
	"pagaduria/views/urls"
)

// entry is one line of the navigation. Its words are nav.<key>.
type entry struct {
	key    string
	url    string
	icon   string
	perm   models.Permission
	hot    bool   // its count asks for attention
	letter string // G and this letter go there
}

// group is a part of the navigation with a heading, nav.group.<key>.
type group struct {
	key     string
	entries []entry
}

var navigation = []group{
	{"", []entry{{"home", urls.Home(), "home-2", models.PermHome, false, "h"}}},
	{"money", []entry{
		{"batches", urls.NavBatches, "stack-2", models.PermBatchesView, true, "b"},
		{"calendar", urls.NavCalendar, "calendar", models.PermBatchesView, false, ""},
		{"payouts", urls.NavPayouts, "cash-banknote", models.PermPayoutsView, false, "p"},
		{"failures", urls.FailuresPattern, "circle-x", models.PermPayoutsView, false, ""},
		{"rules", urls.NavRules, "clipboard-check", models.PermRulesView, false, ""},
		{"commissions", urls.NavCommissions, "coin", models.PermCommissionsView, false, "c"},
		{"plans", urls.NavPlans, "report-money", models.PermPlansView, false, ""},
		{"tax", urls.NavTax, "receipt", models.PermTaxView, false, ""},
		{"requests", urls.NavRequests, "clipboard-check", models.PermRequestsView, true, ""},
		{"ledger", urls.NavLedger, "scale", models.PermLedgerView, false, ""},
	}},
	{"people", []entry{
		{"distributors", urls.NavDistributors, "users", models.PermDistributorsView, false, "d"},
		{"kyc", urls.NavCases, "id-badge-2", models.PermKYCView, false, ""},
		{"expiry", urls.NavExpiry, "calendar-due", models.PermKYCView, false, ""},
	}},
	{"compliance", []entry{
		{"reviews", urls.Reviews(), "clipboard-check", models.PermKYCQueue, false, "k"},
		{"screening", urls.Hits(), "shield-lock", models.PermScreeningView, false, ""},
		{"risk", urls.NavRisk, "chart-bar", models.PermRiskView, false, ""},
		{"privacy", urls.NavPrivacy, "lock", models.PermPrivacyView, false, ""},
		{"ros", urls.NavROS, "flag", models.PermROS, false, ""},
	}},
	{"operations", []entry{
		{"orders", urls.NavOrders, "shopping-bag", models.PermOrdersView, false, "o"},
		{"carriers", urls.NavCarriers, "truck-delivery", models.PermCarriersView, false, ""},
		{"shops", urls.NavShops, "building-store", models.PermConnectionsView, false, ""},
		{"webhooks", urls.NavWebhooks, "webhook", models.PermWebhooksView, false, "w"},
		{"connections", urls.NavConnections, "plug-connected", models.PermConnectionsView, false, ""},
		{"tasks", urls.NavTasks, "hourglass", models.PermSignedIn, false, ""},
	}},
	{"administration", []entry{
		{"staff", urls.NavStaff, "user-check", models.PermStaffView, false, ""},
		{"audit", urls.NavAudit, "history", models.PermAuditView, false, ""},
		{"outbox", urls.NavOutbox, "mail", models.PermOutboxView, false, ""},
	}},
}

// visible leaves out the entries the viewer may not open, and the groups that are then empty.
func visible(v Viewer) []group {
	seen := make([]group, 0, len(navigation))
	for _, g := range navigation {
		allowed := make([]entry, 0, len(g.entries))
		for _, e := range g.entries {
			if v.Can(e.perm) {
				allowed = append(allowed, e)
			}
		}
		if len(allowed) > 0 {
			seen = append(seen, group{g.key, allowed})
		}
	}
	return seen
}

// navKey and groupKey are catalogue keys.
func (e entry) navKey() string   { return "nav." + e.key }
func (g group) groupKey() string { return "nav.group." + g.key }

// otherTheme is what the theme button switches to without JavaScript; with it the script looks at
// what is really shown.
func otherTheme(now string) string {
	if now == "dark" {
		return "light"
	}
	return "dark"
}

// htmxConfig is strict: nothing evaluated, no style element, no page kept in the browser's storage
// (a list holds people's data), requests to ourselves only. A refusal (4xx) is swapped in like any
// answer, because the server says where it belongs.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,` +
	`"historyCacheSize":0,"refreshOnHistoryMiss":true,"selfRequestsOnly":true,"scrollIntoViewOnBoost":false,` +
	`"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"[45]..","swap":true,"error":true}]}`
