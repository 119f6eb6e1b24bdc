package colombia

import (
	"slices"
	"strings"
)

// Municipality is a place of DANE's DIVIPOLA.
type Municipality struct {
	Code           string // five digits; the leading zero matters
	Name           string
	DepartmentCode string // two digits
	Department     string
	Kind           string // municipio, distrito_capital, isla, area_no_municipalizada
	Retired        bool   // no longer in use, kept for old addresses
	Aliases        []string
}

// Called answers whether name is the municipality's name or one of its spellings.
func (m Municipality) Called(name string) bool {
	plain := Plain(name)
	return plain == Plain(m.Name) || slices.ContainsFunc(m.Aliases, func(a string) bool { return Plain(a) == plain })
}

var (
	municipalities = loadMunicipalities()
	byDivipola     = indexMunicipalities()
	byPlainName    = indexNames()
)

func loadMunicipalities() []Municipality {
	var list []Municipality
	for _, row := range rows("municipalities.csv") {
		m := Municipality{Code: row["divipola"], Name: row["municipality"], DepartmentCode: row["department_code"],
			Department: row["department"], Kind: row["kind"], Retired: row["status"] == "retired"}
		if row["aliases"] != "" {
			m.Aliases = strings.Split(row["aliases"], "|")
		}
		list = append(list, m)
	}
	return list
}

func indexMunicipalities() map[string]int {
	index := make(map[string]int, len(municipalities))
	for i, m := range municipalities {
		index[m.Code] = i
	}
	return index
}

func indexNames() map[string][]int {
	index := make(map[string][]int, len(municipalities))
	for i, m := range municipalities {
		for _, name := range append([]string{m.Name}, m.Aliases...) {
			plain := Plain(name)
			if !slices.Contains(index[plain], i) {
				index[plain] = append(index[plain], i)
			}
		}
	}
	return index
}

// Municipalities lists the places in use, by code.
func Municipalities() []Municipality {
	list := make([]Municipality, 0, len(municipalities))
	for _, m := range municipalities {
		if !m.Retired {
			list = append(list, m)
		}
	}
	return list
}

// MunicipalityByCode finds a place, in use or retired, by its five digits.
func MunicipalityByCode(divipola string) (Municipality, bool) {
	i, ok := byDivipola[divipola]
	if !ok {
		return Municipality{}, false
	}
	return municipalities[i], true
}

// FindMunicipality finds a typed city inside a typed department (its name or two digits). Without a department the
// name must be the only one of its kind in the country. A name that fits several places of a
// department is that of the place officially called so, or of none.
func FindMunicipality(city, department string) (Municipality, bool) {
	var official, alias []Municipality
	dept := Plain(department)
	for _, i := range byPlainName[Plain(city)] {
		m := municipalities[i]
		if m.Retired || dept != "" && dept != Plain(m.Department) && dept != m.DepartmentCode {
			continue
		}
		if Plain(m.Name) == Plain(city) {
			official = append(official, m)
			continue
		}
		alias = append(alias, m)
	}
	if dept == "" {
		official, alias = append(official, alias...), nil
	}
	switch {
	case len(official) == 1:
		return official[0], true
	case len(official) == 0 && len(alias) == 1:
		return alias[0], true
	}
	return Municipality{}, false
}
