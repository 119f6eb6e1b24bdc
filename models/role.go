package models

// Role is what a staff member is employed to do. One person may hold several.
type Role string

// The roles.
const (
	RoleAdmin      Role = "admin"      // staff and settings; neither prepares nor approves money
	RoleFinance    Role = "finance"    // the maker: prepares batches
	RoleApprover   Role = "approver"   // the checker: approves them
	RoleCompliance Role = "compliance" // verifies payees
	RoleSupport    Role = "support"    // looks things up
	RoleAuditor    Role = "auditor"    // reads all, changes nothing
)

// Roles lists every role in the order pages show them.
var Roles = []Role{RoleAdmin, RoleFinance, RoleApprover, RoleCompliance, RoleSupport, RoleAuditor}

// Permission is one thing a person may do. Every route has exactly one.
type Permission string

// The permissions. Public ones need no sign-in, SignedIn ones any account.
const (
	PermPublic            Permission = "public"
	PermSignedIn          Permission = "signed_in"
	PermHome              Permission = "home.view"
	PermDistributorsView  Permission = "distributors.view"
	PermDistributorsEdit  Permission = "distributors.edit"
	PermDistributorsJudge Permission = "distributors.verify" // verification state, evidence
	PermScreeningView     Permission = "screening.view"      // sanctions lists, hits and what was decided on them
	PermScreeningDecide   Permission = "screening.decide"    // load lists, decide on hits
	PermRiskView          Permission = "risk.view"           // scores, the rules they come from
	PermRiskEdit          Permission = "risk.edit"           // ask for other rules, or for a word in place of a score; consent to those of others
	PermEvidenceTake      Permission = "evidence.take"       // the evidence pack of a case, every one logged
	PermPrivacyView       Permission = "privacy.view"        // what payees ask about their data
	PermPrivacyEdit       Permission = "privacy.edit"        // answer them, hand data out, keep it, erase it with a second person
	PermROS               Permission = "ros.handle"          // reports of suspicious operations: nobody else learns of them, auditors neither
	PermPersonalReveal    Permission = "personal.reveal"     // unmask a document or phone, logged
	PermDocumentsView     Permission = "documents.view"      // see papers of distributors, every look logged
	PermDocumentsEdit     Permission = "documents.edit"      // add papers
	PermKYCView           Permission = "kyc.view"
	PermKYCInvite         Permission = "kyc.invite" // by a link, withdraw it, remind
	PermKYCFill           Permission = "kyc.fill"   // a case for a distributor, what was declared included
	PermKYCQueue          Permission = "kyc.queue"  // cases under review, with what reviewers wrote
	PermKYCReview         Permission = "kyc.review" // take cases, decide on what was given and on the case
	PermCommissionsView   Permission = "commissions.view"
	PermCommissionsEdit   Permission = "commissions.edit" // import, hold, release
	PermOrdersView        Permission = "orders.view"
	PermOrdersEdit        Permission = "orders.edit"

	PermAttributionEdit    Permission = "attribution.edit"    // say whose orders are, give codes to distributors, ask for other rules
	PermAttributionConsent Permission = "attribution.consent" // to rules that others ask for

	PermCarriersView Permission = "carriers.view"
	PermCarriersEdit Permission = "carriers.edit" // say what carriers' codes mean: when commissions are earned follows from it

	PermPlansView    Permission = "plans.view"    // commission plans and what they would come to
	PermPlansEdit    Permission = "plans.edit"    // draft plans, ask for them to be published
	PermPlansConsent Permission = "plans.consent" // to plans of others

	PermTaxView    Permission = "tax.view"    // tables, settings, what payees declared, the calculator
	PermTaxEdit    Permission = "tax.edit"    // record what payees declare, ask for other settings
	PermTaxConsent Permission = "tax.consent" // to settings that others ask for

	PermBatchesView     Permission = "batches.view"
	PermBatchesPrepare  Permission = "batches.prepare"
	PermBatchesDecide   Permission = "batches.decide"
	PermRulesView       Permission = "rules.view"
	PermRulesEdit       Permission = "rules.edit" // draft approval rules; in force only by an approver's consent
	PermPayoutsView     Permission = "payouts.view"
	PermPayoutsOperate  Permission = "payouts.operate" // hold, release, cancel, look up
	PermCodesSend       Permission = "codes.send"      // to payees who have cash waiting
	PermCodesEdit       Permission = "codes.edit"      // what payees are told by itself
	PermWebhooksView    Permission = "webhooks.view"
	PermWebhooksReplay  Permission = "webhooks.replay"
	PermConnectionsView Permission = "connections.view"
	PermConnectionsEdit Permission = "connections.edit"
	PermFundsEdit       Permission = "funds.edit"    // float, caps, what rails really charged
	PermFundsConsent    Permission = "funds.consent" // to top-ups and raised caps of others
	PermLedgerView      Permission = "ledger.view"
	PermAuditView       Permission = "audit.view"
	PermStaffView       Permission = "staff.view"
	PermStaffEdit       Permission = "staff.edit"
	PermOutboxView      Permission = "outbox.view"
	PermRequestsView    Permission = "requests.view"
	PermRequestsMake    Permission = "requests.make"   // and withdraw one's own
	PermRequestsDecide  Permission = "requests.decide" // each kind asks for its own permission too
	PermTasksAll        Permission = "tasks.all"       // the long work of everybody; one's own needs only an account
	PermViewsShare      Permission = "views.share"     // show a saved view to everybody; one's own needs only the list
	PermViewsAll        Permission = "views.all"       // change and remove views that others share
)

// Permissions lists every permission that a role can hold, in the order the matrix shows them.
var Permissions = []Permission{PermHome,
	PermDistributorsView, PermDistributorsEdit, PermDistributorsJudge, PermKYCView, PermKYCInvite, PermKYCFill, PermKYCQueue, PermKYCReview,
	PermScreeningView, PermScreeningDecide, PermRiskView, PermRiskEdit, PermEvidenceTake, PermPrivacyView, PermPrivacyEdit, PermROS, PermPersonalReveal, PermDocumentsView, PermDocumentsEdit,
	PermCommissionsView, PermCommissionsEdit, PermOrdersView, PermOrdersEdit, PermAttributionEdit, PermAttributionConsent, PermCarriersView, PermCarriersEdit, PermPlansView, PermPlansEdit, PermPlansConsent,
	PermTaxView, PermTaxEdit, PermTaxConsent,
	PermBatchesView, PermBatchesPrepare, PermBatchesDecide, PermRulesView, PermRulesEdit, PermPayoutsView, PermPayoutsOperate,
	PermCodesSend, PermCodesEdit,
	PermWebhooksView, PermWebhooksReplay, PermConnectionsView, PermConnectionsEdit,
	PermFundsEdit, PermFundsConsent,
	PermLedgerView, PermAuditView, PermStaffView, PermStaffEdit, PermOutboxView,
	PermRequestsView, PermRequestsMake, PermRequestsDecide, PermTasksAll, PermViewsShare, PermViewsAll}

// grants says which roles hold a permission. The auditor holds every view and no change.
var grants = map[Permission][]Role{
	PermHome:              Roles,
	PermDistributorsView:  Roles,
	PermDistributorsEdit:  {RoleFinance, RoleCompliance},
	PermDistributorsJudge: {RoleCompliance},
	PermScreeningView:     {RoleCompliance, RoleAuditor},
	PermScreeningDecide:   {RoleCompliance},
	PermRiskView:          {RoleCompliance, RoleAuditor},
	PermRiskEdit:          {RoleCompliance},
	PermPrivacyView:       {RoleCompliance, RoleAuditor},
	PermPrivacyEdit:       {RoleCompliance},
	PermROS:               {RoleCompliance},
	PermEvidenceTake:      {RoleCompliance, RoleAuditor},
	PermKYCView:           {RoleAdmin, RoleFinance, RoleCompliance, RoleSupport, RoleAuditor},
	PermKYCInvite:         {RoleFinance, RoleCompliance, RoleSupport},
	PermKYCFill:           {RoleCompliance, RoleSupport},
	PermKYCQueue:          {RoleCompliance, RoleAuditor},
	PermKYCReview:         {RoleCompliance},
	PermPersonalReveal:    {RoleFinance, RoleCompliance, RoleSupport},
	PermDocumentsView:     {RoleCompliance, RoleAuditor},
	PermDocumentsEdit:     {RoleCompliance},
	PermCommissionsView:   Roles,
	PermCommissionsEdit:   {RoleFinance},
	PermOrdersView:        Roles,
	PermOrdersEdit:        {RoleFinance, RoleSupport},

	PermAttributionEdit:    {RoleFinance},
	PermAttributionConsent: {RoleApprover},

	PermCarriersView: {RoleAdmin, RoleFinance, RoleApprover, RoleSupport, RoleAuditor},
	PermCarriersEdit: {RoleAdmin, RoleFinance},

	PermPlansView:    {RoleAdmin, RoleFinance, RoleApprover, RoleSupport, RoleAuditor},
	PermPlansEdit:    {RoleFinance},
	PermPlansConsent: {RoleApprover},

	PermTaxView:    {RoleAdmin, RoleFinance, RoleApprover, RoleCompliance, RoleSupport, RoleAuditor},
	PermTaxEdit:    {RoleFinance},
	PermTaxConsent: {RoleApprover},

	PermBatchesView:     {RoleAdmin, RoleFinance, RoleApprover, RoleCompliance, RoleAuditor},
	PermBatchesPrepare:  {RoleFinance},
	PermBatchesDecide:   {RoleApprover},
	PermRulesView:       {RoleAdmin, RoleFinance, RoleApprover, RoleCompliance, RoleAuditor},
	PermRulesEdit:       {RoleAdmin},
	PermPayoutsView:     Roles,
	PermPayoutsOperate:  {RoleFinance, RoleApprover},
	PermCodesSend:       {RoleFinance, RoleApprover, RoleSupport},
	PermCodesEdit:       {RoleAdmin, RoleFinance},
	PermWebhooksView:    {RoleAdmin, RoleFinance, RoleSupport, RoleAuditor},
	PermWebhooksReplay:  {RoleAdmin, RoleSupport},
	PermConnectionsView: {RoleAdmin, RoleFinance, RoleApprover, RoleAuditor},
	PermConnectionsEdit: {RoleAdmin},
	PermFundsEdit:       {RoleFinance},
	PermFundsConsent:    {RoleApprover},
	PermLedgerView:      {RoleFinance, RoleApprover, RoleAuditor},
	PermAuditView:       {RoleAdmin, RoleCompliance, RoleAuditor},
	PermStaffView:       {RoleAdmin, RoleAuditor},
	PermStaffEdit:       {RoleAdmin},
	PermOutboxView:      {RoleAdmin, RoleAuditor},
	PermRequestsView:    Roles,
	PermRequestsMake:    {RoleAdmin, RoleFinance, RoleApprover, RoleCompliance, RoleSupport},
	PermRequestsDecide:  {RoleAdmin, RoleFinance, RoleApprover, RoleCompliance},
	PermTasksAll:        {RoleAdmin, RoleAuditor},
	PermViewsShare:      {RoleAdmin, RoleFinance, RoleApprover, RoleCompliance},
	PermViewsAll:        {RoleAdmin},
}

// Grants answers whether the role holds the permission.
func (r Role) Grants(p Permission) bool {
	for _, g := range grants[p] {
		if g == r {
			return true
		}
	}
	return p == PermPublic || p == PermSignedIn
}

// May answers whether any of the actor's roles holds the permission.
func (a Actor) May(p Permission) bool {
	for _, r := range a.Roles {
		if r.Grants(p) {
			return true
		}
	}
	return p == PermPublic || p == PermSignedIn && a.StaffID != 0
}
