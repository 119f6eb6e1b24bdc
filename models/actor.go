package models

// Actor is who does something, as the audit log keeps it. The zero StaffID is the product itself.
type Actor struct {
	StaffID   int64
	Name      string
	Roles     []Role
	Address   string // remote address of the request, "" for jobs and commands
	SessionID int64
}

// System is the actor of jobs and commands; name says which, e.g. "poll".
func System(name string) Actor { return Actor{Name: name} }

// Has answers whether the actor holds the role.
func (a Actor) Has(r Role) bool {
	for _, x := range a.Roles {
		if x == r {
			return true
		}
	}
	return false
}
