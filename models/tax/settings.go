package tax

import (
	"slices"
	"strconv"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
)

// RequestSettings is the request for other tax settings.
const RequestSettings models.RequestKind = "tax.settings"

// Steps are what amounts may be rounded to, in pesos.
var Steps = []int64{1, 1000}

// MostTariffs and MostYears are how many figures of their own the settings hold.
const (
	MostTariffs = 12
	MostYears   = 3
)

// Tariff says that the merchant withholds ReteICA in a municipality, and at which rate.
type Tariff struct {
	Divipola string `json:"divipola"`
	Rate     Rate   `json:"rate,omitempty"` // 0 is not filled in yet
	MinUVT   int64  `json:"min_uvt,omitempty"`
}

// YearUVT is the UVT of a year that the table does not have.
type YearUVT struct {
	Year int          `json:"year"`
	UVT  models.Money `json:"uvt"`
}

// Settings are what the merchant is and wants. The zero Settings withhold nothing. Figures that no source says are zero
// until somebody fills them in.
type Settings struct {
	Income      bool      `json:"income"`       // withholds income tax
	ReteIVA     bool      `json:"reteiva"`      // withholds part of the payee's IVA
	IVA         Rate      `json:"iva"`          // on commissions of payees responsible of it
	Tariffs     []Tariff  `json:"tariffs"`      // where ReteICA is withheld
	SimpleICA   bool      `json:"simple_ica"`   // also of payees in the régimen simple
	Step        int64     `json:"step"`         // pesos that deductions are rounded to
	MinimumStep int64     `json:"minimum_step"` // pesos that smallest bases are rounded to
	Years       []YearUVT `json:"years"`
}

// Off answers whether nothing is withheld at all.
func (s Settings) Off() bool { return !s.Income && !s.ReteIVA && len(s.Tariffs) == 0 }

// Check refuses settings that mean nothing; fields are named as the form names them.
func (s Settings) Check() error {
	refusal := models.Refuse(models.Invalid, "form.fix", "Some fields need another look. Nothing was saved.", nil)
	wrong := func(when bool, field, key string) {
		if _, said := refusal.Fields[field]; when && !said {
			_ = refusal.WithField(field, "tax.refused."+key)
		}
	}
	wrong(s.IVA < 0 || s.IVA > wholeRate, "iva", "percent")
	wrong(s.ReteIVA && s.IVA == 0, "iva", "iva_needed")
	wrong(!slices.Contains(Steps, s.Step), "step", "step")
	wrong(!slices.Contains(Steps, s.MinimumStep), "minimum_step", "step")
	wrong(len(s.Tariffs) > MostTariffs, "tariff_place_0", "tariffs")
	for i, t := range s.Tariffs {
		at := strconv.Itoa(i)
		m, ok := colombia.MunicipalityByCode(t.Divipola)
		wrong(!ok || m.Retired, "tariff_place_"+at, "municipality")
		wrong(slices.ContainsFunc(s.Tariffs[:i], func(o Tariff) bool { return o.Divipola == t.Divipola }), "tariff_place_"+at, "twice")
		wrong(t.Rate < 0 || t.Rate > wholeRate/10, "tariff_rate_"+at, "per_mil")
		wrong(t.MinUVT < 0 || t.MinUVT > 1000, "tariff_min_"+at, "min_uvt")
	}
	wrong(len(s.Years) > MostYears, "year_0", "years")
	for i, y := range s.Years {
		at := strconv.Itoa(i)
		_, known := tableUVT(time.Date(y.Year, 1, 1, 0, 0, 0, 0, time.UTC))
		wrong(y.Year < 2024 || y.Year > 2100, "year_"+at, "year")
		wrong(known, "year_"+at, "year_known")
		wrong(slices.ContainsFunc(s.Years[:i], func(o YearUVT) bool { return o.Year == y.Year }), "year_"+at, "twice")
		wrong(!y.UVT.Positive() || y.UVT.Minor%100 != 0 || y.UVT.Minor > models.Pesos(10_000_000).Minor, "year_uvt_"+at, "uvt")
	}
	if len(refusal.Fields) > 0 {
		return refusal
	}
	return nil
}

// tariff finds the tariff of a municipality.
func (s Settings) tariff(divipola string) (Tariff, bool) {
	i := slices.IndexFunc(s.Tariffs, func(t Tariff) bool { return t.Divipola == divipola })
	if i < 0 {
		return Tariff{}, false
	}
	return s.Tariffs[i], true
}

func tableUVT(day time.Time) (models.Money, bool) {
	p, ok := find(paramUVT, "", "", day)
	if !ok {
		return models.Money{}, false
	}
	return models.Pesos(number(p.Value)), true
}

// UVT is the unit of a day's year: of the table, or of the settings for years that it does not have.
func (s Settings) UVT(day time.Time) (models.Money, bool) {
	if uvt, ok := tableUVT(day); ok {
		return uvt, true
	}
	i := slices.IndexFunc(s.Years, func(y YearUVT) bool { return y.Year == day.Year() })
	if i < 0 {
		return models.Money{}, false
	}
	return s.Years[i].UVT, true
}

// Version is settings as they came in force: from a day on, with a second person's consent.
type Version struct {
	ID          int64
	From        time.Time // Bogotá date
	Settings    Settings
	Reason      string
	MakerName   string
	DeciderName string
	At          time.Time
}

// InForce finds the version that counts on a day: the latest to come in force by then, of two of one day the later one.
// Without any, nothing is withheld.
func InForce(list []Version, day time.Time) (best Version, ok bool) {
	best.Settings = Settings{Step: 1, MinimumStep: 1000}
	for _, v := range list {
		if v.From.After(day) {
			continue
		}
		if !ok || v.From.After(best.From) || v.From.Equal(best.From) && v.ID > best.ID {
			best, ok = v, true
		}
	}
	return best, ok
}
