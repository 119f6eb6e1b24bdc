package ui

import (
	"strconv"

	"github.com/a-h/templ"
)

// CSRFField is the name of the hidden field every POST form carries; CSRFHeader is what the script
// sends instead when there is no form.
const (
	CSRFField  = "_csrf"
	CSRFHeader = "X-CSRF-Token"
)

// Input is a text field. Label, Hint and Error are words in the reader's language; Name is also the id
// unless ID is set.
type Input struct {
	ID           string
	Name         string
	Label        string
	Type         string // text when ""
	Value        string
	Hint         string
	Error        string
	Placeholder  string
	Autocomplete string
	InputMode    string
	Pattern      string
	Max          string // of numbers and dates
	Min          string
	MaxLength    int
	Required     bool
	Autofocus    bool
	ReadOnly     bool
	Mono         bool
	Rows         int // TextArea only; 3 when 0
}

func (i Input) id() string { return idOr(i.ID, i.Name) }

func (i Input) kind() string {
	if i.Type == "" {
		return "text"
	}
	return i.Type
}

func (i Input) rows() int {
	if i.Rows == 0 {
		return 3
	}
	return i.Rows
}

// Option is one choice of a Choice.
type Option struct {
	Value string
	Label string
	Note  string // second line, Pills and Radios only
}

// Choice is a field with a set of answers. Blank is the first, empty option of a Select: "Choose a
// reason", never "Select an option".
type Choice struct {
	ID       string
	Name     string
	Label    string
	Value    string
	Blank    string
	Hint     string
	Error    string
	Options  []Option
	Required bool
}

func (c Choice) id() string { return idOr(c.ID, c.Name) }

// Tick is one check box.
type Tick struct {
	ID       string
	Name     string
	Value    string // "1" when ""
	Label    string
	Hint     string
	Error    string
	Checked  bool
	Required bool
}

func (t Tick) id() string { return idOr(t.ID, t.Name) }

func (t Tick) value() string {
	if t.Value == "" {
		return "1"
	}
	return t.Value
}

// File is a field for one file, or for several. Accept lists what may be chosen, e.g. ".csv,text/csv".
type File struct {
	ID       string
	Name     string
	Label    string
	Accept   string
	Hint     string
	Error    string
	Required bool
	Several  bool
}

func (f File) id() string { return idOr(f.ID, f.Name) }

func idOr(id, name string) string {
	if id != "" {
		return id
	}
	return "f-" + name
}

// describedBy ties a field to its hint and its error.
func describedBy(id, hint, err string) string {
	switch {
	case hint != "" && err != "":
		return id + "-e " + id + "-h"
	case err != "":
		return id + "-e"
	case hint != "":
		return id + "-h"
	}
	return ""
}

// attributes are the optional attributes of an input, in one place for Field and TextArea.
func (i Input) attributes() templ.OrderedAttributes {
	var a templ.OrderedAttributes
	set := func(name, value string) {
		if value != "" {
			a = append(a, templ.KeyValue[string, any]{Key: name, Value: value})
		}
	}
	set("placeholder", i.Placeholder)
	set("autocomplete", i.Autocomplete)
	set("inputmode", i.InputMode)
	set("pattern", i.Pattern)
	set("min", i.Min)
	set("max", i.Max)
	if i.MaxLength > 0 {
		set("maxlength", strconv.Itoa(i.MaxLength))
	}
	set("aria-describedby", describedBy(i.id(), i.Hint, i.Error))
	if i.Error != "" {
		set("aria-invalid", "true")
	}
	return a
}
