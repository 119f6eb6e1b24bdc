package demo

import (
	"fmt"
	"strings"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/ident"
)

var (
	givenNames = strings.Fields(`Luz María|Ana Lucía|Carlos Andrés|Jorge Iván|Sandra Milena|Diana Marcela|Luis Fernando|Juan David|Paola Andrea|Nelson|Gloria Inés|Wilmer|
Yuliana|Rosa Elvira|Héctor Fabio|Marleny|Édison|Claudia Patricia|Jhon Jairo|Leidy Johana|Óscar|Martha Cecilia|Duván|Ingrid|Aura Nelly|Camilo|Esteban|Valentina|Mónica|Freddy`)
	surnames = strings.Fields(`Ospina Gil|Mosquera Rentería|Bermúdez Soto|Quiñones Angulo|Caicedo Tenorio|Cárdenas Rubio|Tovar Peña|Lozano Mina|Téllez Pabón|Palacios Hurtado|
Guarín Daza|Murillo Córdoba|Echeverri Zuluaga|Pertuz Barrios|Salcedo Montaño|Cuesta Asprilla|Torres Ubaque|Acosta Vélez|Betancur Ríos|Cifuentes Mora|Duarte León|Escobar Niño|
Figueroa Paz|Giraldo Marín|Hoyos Bedoya|Ibáñez Roa|Jaramillo Toro|Klinger Sinisterra|Londoño Parra|Maturana Díaz`)
	trades   = strings.Split("Distribuciones|Variedades|Comercializadora|Almacén|Droguería|Papelería|Bazar|Surtidora", "|")
	products = strings.Split("Set de ollas antiadherentes 7 piezas|Kit plancha y secador|Audífonos inalámbricos|Suplemento de magnesio x 60|Reloj deportivo|Lámpara de escritorio LED|Organizador de cocina|Mochila impermeable", "|")
	cities   = strings.Fields("11001 05001 76001 08001 13001 54001 68001 66001 47001 73001 50001 17001 41001 52001 63001 23001 20001 19001 15001 70001 25754 05088 05266")
)

func init() {
	givenNames = strings.Split(strings.Join(givenNames, " "), "|")
	surnames = strings.Split(strings.Join(surnames, " "), "|")
}

// The purposes of pick: each draws its own chance.
const (
	forGiven = iota
	forSurname
	forCity
	forMethod
	forPhone
	forTrade
	forState
	forAmount
	forMinute
	forProduct
	forPayee
	forStatus
	forShare
	forDebt
)

func code(i int) string { return fmt.Sprintf("DM-%06d", i+1) }

// person is one distributor. Document numbers come from ranges of their own (CC 11…, NIT 601…), so that imported
// files never collide with the demo.
type person struct {
	models.Payee
	to           models.Destination
	kind         string
	verification string
}

func (w world) person(i int) person {
	p := person{kind: "natural", verification: w.verification(i)}
	city, _ := colombia.MunicipalityByCode(cities[w.pick(forCity, i, len(cities))])
	p.Payee = models.Payee{Country: "CO", DocType: "CC", DocNumber: fmt.Sprint(1_100_000_000 + i*37), City: city.Name, Divipola: city.Code,
		Phone: fmt.Sprintf("+57300%07d", 1_000_000+i), Address: fmt.Sprintf("Calle %d # %d-%d", 1+w.pick(forCity, i+1, 150), 1+w.pick(forCity, i+2, 90), 1+w.pick(forCity, i+3, 99)),
		GivenNames: givenNames[w.pick(forGiven, i, len(givenNames))], Surnames: surnames[w.pick(forSurname, i, len(surnames))]}
	p.Email = fmt.Sprintf("distribuidor%d@example.com", i+1)
	switch w.pick(forTrade, i, 50) {
	case 0, 1, 2, 3:
		p.kind, p.DocType, p.DocNumber = "juridical", "NIT", fmt.Sprint(601_000_000+i)
		p.DocDV, _ = ident.CheckDigitNIT(p.DocNumber)
		p.BusinessName = trades[w.pick(forTrade, i+1, len(trades))] + " " + strings.Fields(p.Surnames)[0] + " S.A.S."
		p.GivenNames, p.Surnames = "", ""
	case 4:
		p.DocType, p.DocNumber = "PPT", fmt.Sprint(6_000_000+i)
	}
	w.double(i, &p)
	p.to = w.destination(i, p.Phone[3:])
	return p
}

// double makes a few people look like the one before them: the same name and phone, or the same number of another document.
func (w world) double(i int, p *person) {
	if i%150 != 20 && i%150 != 70 || p.kind == "juridical" {
		return
	}
	other := w.person(i - 1)
	switch {
	case other.kind == "juridical":
	case i%150 == 20:
		p.GivenNames, p.Surnames, p.Phone = other.GivenNames, other.Surnames, other.Phone
	default:
		p.GivenNames, p.Surnames, p.DocType, p.DocNumber = other.GivenNames, other.Surnames, "CE", other.DocNumber
	}
}

func (w world) destination(i int, mobile string) models.Destination {
	switch n := w.pick(forMethod, i, 100); {
	case n < 62:
		return models.Destination{Kind: models.EfectyCash}
	case n < 65:
		return models.Destination{Kind: models.PuntoredCash}
	case n < 83:
		return models.Destination{Kind: models.BankAccount, BankCode: "007", AccountType: "S", AccountNumber: fmt.Sprint(10_000_000_000 + i)}
	case n < 93:
		return models.Destination{Kind: models.Nequi, AccountNumber: mobile}
	case n < 97:
		return models.Destination{Kind: models.Daviplata, AccountNumber: mobile}
	}
	return models.Destination{Kind: models.BreB, BreBKey: mobile, BreBKeyKind: models.BreBPhone}
}

// verification leaves one in ten without it; payouts go to the others only.
func (w world) verification(i int) string {
	if i%10 != 9 {
		return "verified"
	}
	return []string{"unverified", "unverified", "unverified", "suspended", "expired"}[w.pick(forState, i, 5)]
}

func (w world) people() []table {
	return []table{
		{name: "distributors", units: w.Distributors,
			columns: []string{"id", "code", "person_kind", "country", "doc_type", "doc_number", "doc_dv", "given_names", "surnames", "business_name", "phone", "email",
				"divipola", "city", "address", "tax_status", "verification", "method_kind", "created_at", "updated_at"},
			rows: each(func(i int) []any {
				p, at := w.person(i), w.start.AddDate(0, 0, -30+i*30/w.Distributors)
				tax := "natural_no_declarante"
				if p.kind == "juridical" {
					tax = "juridica"
				}
				return []any{w.distributor + int64(i), code(i), p.kind, p.Country, p.DocType, p.DocNumber, p.DocDV, p.GivenNames, p.Surnames, p.BusinessName, p.Phone,
					p.Email, p.Divipola, p.City, p.Address, tax, p.verification, string(p.to.Kind), at, at}
			})},
		{name: "payout_methods", units: w.Distributors,
			columns: []string{"id", "distributor_id", "kind", "bank_code", "account_type", "account_number", "bre_b_key", "bre_b_kind", "preferred"},
			rows: each(func(i int) []any {
				to := w.person(i).to
				return []any{w.method + int64(i), w.distributor + int64(i), string(to.Kind), to.BankCode, to.AccountType, to.AccountNumber, to.BreBKey, string(to.BreBKeyKind), true}
			})},
		{name: "distributor_search", units: w.Distributors, columns: []string{"distributor_id", "folded"},
			rows: each(func(i int) []any {
				p := w.person(i)
				return []any{w.distributor + int64(i), models.Fold(code(i) + " " + p.Name() + " " + p.DocNumber + p.DocDV + " " + p.Phone + " " + p.Email)}
			})},
		{name: "orders", units: w.Orders,
			columns: []string{"id", "number", "placed_at", "status", "buyer", "doc_type", "doc_number", "phone", "email", "divipola", "address", "product", "sku", "quantity",
				"subtotal", "discount", "shipping", "iva", "total", "payment", "carrier", "waybill", "referral", "delivered_at"},
			rows: each(w.orderRow)},
	}
}

func (w world) orderRow(i int) []any {
	at := w.start.Add(w.now.Sub(w.start) / durations(w.Orders) * durations(i))
	product := w.pick(forProduct, i, len(products))
	price := int64(39_900+product*15_000) * 100
	quantity := int64(1 + w.pick(forShare, i, 3))
	shipping := int64(12_900) * 100
	subtotal := price * quantity
	buyer := givenNames[w.pick(forGiven, i+7, len(givenNames))] + " " + surnames[w.pick(forSurname, i+7, len(surnames))]
	status, delivered := w.orderStatus(i), (*time.Time)(nil)
	if day := at.AddDate(0, 0, 3); status == string(models.OrderDelivered) {
		delivered = &day
	}
	carrier := models.Carriers[w.pick(forCity, i, len(models.Carriers))]
	return []any{w.order + int64(i), orderNumber(i), at, status, buyer, "CC", fmt.Sprint(1_150_000_000 + i*11), fmt.Sprintf("+57310%07d", 2_000_000+i%7_000_000),
		fmt.Sprintf("comprador%d@example.com", i+1), cities[w.pick(forCity, i+5, len(cities))], fmt.Sprintf("Carrera %d # %d-%d", i%90+1, i%70+1, i%60+1),
		products[product], fmt.Sprintf("SKU-%02d", product+1), quantity, subtotal, 0, shipping, subtotal * 19 / 119 / 100 * 100, subtotal + shipping,
		[]string{"cod", "cod", "cod", "card", "pse", "nequi"}[w.pick(forStatus, i+1, 6)], carrier, fmt.Sprintf("9%011d", i+1), fmt.Sprintf("REF%04d", w.pick(forPayee, i, 9000)+1000), delivered}
}

// orderNumber starts at 70000001, away from the numbers of imported files.
func orderNumber(i int) string { return fmt.Sprint(70_000_001 + i) }

// orderStatus has older orders arrived and the newest on their way.
func (w world) orderStatus(i int) string {
	if i > w.Orders*95/100 {
		return string([]models.OrderStatus{models.OrderConfirmed, models.OrderGuideGenerated, models.OrderInTransit, models.OrderOutForDelivery}[w.pick(forStatus, i, 4)])
	}
	switch w.pick(forStatus, i, 20) {
	case 0:
		return string(models.OrderReturned)
	case 1:
		return string(models.OrderCancelled)
	case 2:
		return string(models.OrderIncident)
	}
	return string(models.OrderDelivered)
}
