package store

import "strings"

var likeSigns = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Containing is the LIKE pattern of texts that contain s, whose own signs stand for themselves.
func Containing(s string) string { return "%" + likeSigns.Replace(s) + "%" }
