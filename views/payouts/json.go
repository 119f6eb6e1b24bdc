package payouts

import (
	"bytes"
	"encoding/json"
)

// indent writes JSON line by line; what is no JSON comes back as it is.
func indent(s string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(s), "", "  ") != nil {
		return s
	}
	return b.String()
}
