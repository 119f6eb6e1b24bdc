package urls

// The paths of the approval rules.
const (
	NavRules            = "/rules"
	RulesPattern        = NavRules
	RuleVersionPattern  = NavRules + "/:id"
	TryRulesPattern     = NavRules + "/:id/try"
	PublishRulesPattern = NavRules + "/:id/publish"
	DropRulesPattern    = NavRules + "/:id/drop"
)

// Rules is the list of versions of the approval rules.
func Rules() string { return NavRules }

// RuleVersion is one version.
func RuleVersion(id int64) string { return NavRules + "/" + Num(id) }

// TryRules tries a version out on past batches.
func TryRules(id int64) string { return RuleVersion(id) + "/try" }

// PublishRules asks a second person to put a version in force.
func PublishRules(id int64) string { return RuleVersion(id) + "/publish" }

// DropRules removes a draft.
func DropRules(id int64) string { return RuleVersion(id) + "/drop" }
