package urls

// The paths of distributors.
const (
	DistributorsPattern       = NavDistributors
	NewDistributorPattern     = "/distributors/new"
	DecisionsPattern          = "/distributors/decisions"
	DuplicatesPattern         = "/distributors/duplicates"
	DistributorPattern        = "/distributors/:id"
	EditDistributorPattern    = "/distributors/:id/edit"
	VerificationPattern       = "/distributors/:id/verification"
	RevealPattern             = "/distributors/:id/reveal"
	DistributorMethodsPattern = "/distributors/:id/methods"
	PreferMethodPattern       = "/distributors/:id/methods/:method/prefer"
	RetireMethodPattern       = "/distributors/:id/methods/:method/retire"
	EvidencePattern           = "/distributors/:id/evidence/:file"
	DistinctPattern           = "/distributors/:id/distinct/:other"
	LikenAgainPattern         = "/distributors/:id/distinct/:other/undo"
	PrepareMergePattern       = "/distributors/:id/merge/:other"
	MergePattern              = "/distributors/merges/:id"
	UnmergePattern            = "/distributors/merges/:id/undo"
)

// Distributors is the list.
func Distributors() string { return DistributorsPattern }

// NewDistributor is the empty form.
func NewDistributor() string { return NewDistributorPattern }

// Decisions is where compliance records decisions for a filtered set.
func Decisions() string { return DecisionsPattern }

// Distributor is one distributor's page.
func Distributor(id int64) string { return DistributorsPattern + "/" + Num(id) }

// EditDistributor is the form of one distributor.
func EditDistributor(id int64) string { return Distributor(id) + "/edit" }

// Verification is where compliance decides about one distributor.
func Verification(id int64) string { return Distributor(id) + "/verification" }

// Reveal is where personal data is shown for a reason.
func Reveal(id int64) string { return Distributor(id) + "/reveal" }

// DistributorMethods is where a way of being paid is added.
func DistributorMethods(id int64) string { return Distributor(id) + "/methods" }

// PreferMethod is where a method is made the preferred one.
func PreferMethod(id, method int64) string {
	return DistributorMethods(id) + "/" + Num(method) + "/prefer"
}

// RetireMethod is where a method is taken out of use.
func RetireMethod(id, method int64) string {
	return DistributorMethods(id) + "/" + Num(method) + "/retire"
}

// Evidence is the file behind a decision.
func Evidence(id, file int64) string { return Distributor(id) + "/evidence/" + Num(file) }

// Duplicates is the list of records that may be the same person.
func Duplicates() string { return DuplicatesPattern }

// DuplicatesOf is that list for one distributor.
func DuplicatesOf(distributor int64) string {
	return DuplicatesPattern + "?distributor=" + Num(distributor)
}

// Distinct is where two records are recorded as two people.
func Distinct(one, other int64) string { return Distributor(one) + "/distinct/" + Num(other) }

// LikenAgain is where that is taken back.
func LikenAgain(one, other int64) string { return Distinct(one, other) + "/undo" }

// PrepareMerge is where two records are looked at side by side, to be made one: the second goes into the first.
func PrepareMerge(survivor, absorbed int64) string {
	return Distributor(survivor) + "/merge/" + Num(absorbed)
}

// Merge is the page of a merge.
func Merge(id int64) string { return DistributorsPattern + "/merges/" + Num(id) }

// Unmerge is where undoing it is asked for.
func Unmerge(id int64) string { return Merge(id) + "/undo" }

// PayoutsOf is the list of one distributor's payouts.
func PayoutsOf(distributor int64) string { return NavPayouts + "?distributor=" + Num(distributor) }

// CommissionsOf is the list of one distributor's commission lines.
func CommissionsOf(distributor int64) string {
	return NavCommissions + "?distributor=" + Num(distributor)
}
