package urls

// Record is the page of a record by the words that events, requests and the audit log name it with; "" when there is none.
func Record(subjectType string, id int64) string {
	switch subjectType {
	case "batch":
		return Batch(id)
	case "payout":
		return Payout(id)
	case "distributor":
		return Distributor(id)
	case "kyc_case":
		return Case(id)
	case "review":
		return Review(id)
	case "merge":
		return Merge(id)
	case "topup":
		return TopUp(id)
	case "cap":
		return Cap(id)
	case "connection":
		return Connection(id)
	case "shop":
		return Shop(id)
	case "shop_delivery":
		return ShopMessage(id)
	case "schedule":
		return Schedule(id)
	case "rules":
		return RuleVersion(id)
	case "contradiction":
		return Contradiction(id)
	case "ledger":
		return Ledger()
	case "audit":
		return Audit()
	case "task":
		return Task(id)
	case "view":
		return SavedView(id)
	case "sanctions_list":
		return ListVersion(id)
	case "screening_hit":
		return Hit(id)
	case "screening_hits":
		return Hits()
	case "risk_score":
		return Risk(id)
	case "risk_rules":
		return RiskRules()
	case "plan":
		return Plan(id)
	case "tax_settings":
		return TaxSettings()
	case "attribution_rules":
		return Attribution()
	case "expiries":
		return Expiries()
	case "privacy":
		return Privacy(id)
	case "ros":
		return ROS(id)
	case "request":
		return Request(id)
	}
	return ""
}
