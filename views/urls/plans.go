package urls

import "net/url"

// The paths of commission plans.
const (
	NavPlans           = "/plans"
	PlansPattern       = NavPlans
	PlanPattern        = "/plans/:id"
	DropPlanPattern    = "/plans/:id/drop"
	PublishPlanPattern = "/plans/:id/publish"
	TryPlanPattern     = "/plans/:id/try"
)

// Plans is the list of plans; a post to it begins a draft.
func Plans() string { return NavPlans }

// Plan is one plan; a post to it saves a draft.
func Plan(id int64) string { return NavPlans + "/" + Num(id) }

// DropPlan removes a draft.
func DropPlan(id int64) string { return Plan(id) + "/drop" }

// PublishPlan asks a second person to publish a draft.
func PublishPlan(id int64) string { return Plan(id) + "/publish" }

// TryPlan answers what the orders of a month would earn by a plan.
func TryPlan(id int64) string { return Plan(id) + "/try" }

// RemitPattern is where cash that carriers handed over is noted.
const RemitPattern = "/orders/remitted"

// Remit is the path of RemitPattern.
func Remit() string { return RemitPattern }

// RemitOrder is Remit with an order's number typed in.
func RemitOrder(number string) string { return withQuery(RemitPattern, url.Values{"order": {number}}) }
