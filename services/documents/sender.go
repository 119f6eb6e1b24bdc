package documents

import (
	"strconv"

	"pagaduria/models"
)

// Sender is who sends files, and the word under which their uploads lie. The zero value may send nothing.
type Sender struct {
	by    models.Actor
	owner string
}

// Staff is somebody who adds papers to distributors; without the permission they are refused when they send.
func Staff(by models.Actor) Sender {
	if !by.May(models.PermDocumentsEdit) {
		return Sender{by: by}
	}
	return Sender{by: by, owner: "staff " + strconv.FormatInt(by.StaffID, 10)}
}

// ForCase is whoever fills in a case: the payee, or staff for them. The caller has let them in already. Uploads belong
// to the case, so that another device of the payee goes on with them.
func ForCase(by models.Actor, id int64) Sender {
	return Sender{by: by, owner: "case " + strconv.FormatInt(id, 10)}
}

func (f Sender) allowed() error {
	if f.owner == "" {
		return forbid(models.Actor{}, models.PermDocumentsEdit)
	}
	return nil
}
