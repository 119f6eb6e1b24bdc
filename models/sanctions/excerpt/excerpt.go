// Package excerpt holds a few entries of the published lists, for the demo and for tests.
package excerpt

import "embed"

// Files are the OFAC set and UN.xml, in the layouts they are published in; README.md says where they are from.
//
//go:embed *.csv UN.xml
var Files embed.FS
