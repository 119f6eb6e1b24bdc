package intake

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"

	"pagaduria/models"
	"pagaduria/models/colombia"
	"pagaduria/models/sheet"
)

// The columns of an order file, in the order of OrderColumns.
const (
	orderNumber = iota
	orderDate
	orderStatus
	orderBuyer
	orderDocType
	orderDoc
	orderPhone
	orderEmail
	orderCity
	orderDepartment
	orderAddress
	orderProduct
	orderSKU
	orderQuantity
	orderSubtotal
	orderDiscount
	orderShipping
	orderIVA
	orderTotal
	orderPayment
	orderCarrier
	orderWaybill
	orderReferral
	orderNotes
)

// OrderColumns are the columns of an order file, with the words of data/orders/README.md.
var OrderColumns = []sheet.Column{
	{Name: "Pedido", Aliases: []string{"Número de pedido", "Orden", "Order"}}, {Name: "Fecha", Aliases: []string{"Fecha del pedido"}}, {Name: "Estado"},
	{Name: "Cliente", Aliases: []string{"Nombre"}}, {Name: "Tipo doc", Aliases: []string{"Tipo de documento"}, Optional: true},
	{Name: "Documento", Aliases: []string{"Cédula"}, Optional: true}, {Name: "Teléfono", Aliases: []string{"Celular", "Móvil"}},
	{Name: "Correo", Aliases: []string{"Correo electrónico", "Email"}, Optional: true}, {Name: "Ciudad", Aliases: []string{"Municipio"}},
	{Name: "Departamento"}, {Name: "Dirección", Optional: true}, {Name: "Producto", Optional: true}, {Name: "SKU", Optional: true},
	{Name: "Cantidad"}, {Name: "Subtotal"}, {Name: "Descuento", Optional: true}, {Name: "Envío", Aliases: []string{"Flete"}, Optional: true},
	{Name: "IVA"}, {Name: "Total"}, {Name: "Medio de pago", Aliases: []string{"Forma de pago"}}, {Name: "Transportadora", Optional: true},
	{Name: "Guía", Aliases: []string{"Número de guía"}, Optional: true}, {Name: "Código referido", Aliases: []string{"Referido"}, Optional: true},
	{Name: "Notas", Aliases: []string{"Observaciones"}, Optional: true},
}

// OrderRow is an accepted row of an order file.
type OrderRow struct {
	Line      int
	Number    string // without #
	PlacedAt  time.Time
	Status    models.OrderStatus
	Buyer     string
	DocType   string
	DocNumber string // without points
	Phone     string // E.164
	Email     string
	Divipola  string
	Address   string
	Product   string
	SKU       string
	Quantity  int32
	Subtotal  models.Money
	Discount  models.Money
	Shipping  models.Money
	IVA       models.Money // included in the prices
	Total     models.Money
	Payment   string // one of models.OrderPayments
	Carrier   string // the name of a carrier, or as written
	Waybill   string
	Referral  string // upper case
	Notes     string
	Warnings  []Warning
}

// Fingerprint is the same for two rows with the same values, wherever and however they are written. It does not
// change between versions of Go or runs of the program; an order read back from the books has it, too.
func (r *OrderRow) Fingerprint() uint64 {
	var room [1024]byte
	b := room[:0]
	for _, s := range [...]string{r.Number, string(r.Status), r.Buyer, r.DocType, r.DocNumber, r.Phone, r.Email, r.Divipola, r.Address,
		r.Product, r.SKU, r.Payment, r.Carrier, r.Waybill, r.Referral, r.Notes} {
		b = append(append(b, s...), 0)
	}
	for _, n := range [...]int64{r.PlacedAt.Unix(), int64(r.Quantity), r.Subtotal.Minor, r.Discount.Minor, r.Shipping.Minor, r.IVA.Minor, r.Total.Minor} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	sum := sha256.Sum256(b)
	return binary.BigEndian.Uint64(sum[:])
}

// place is a typed city and department.
type place struct{ city, department string }

// Orders reads the rows of one order file. It is not safe for concurrent use.
type Orders struct {
	layout
	today    int // yyyymmdd
	statuses memo[string, string]
	payments memo[string, string]
	carriers memo[string, string]
	docTypes memo[string, string]
	cities   memo[place, municipality]
}

// NewOrders matches the columns of a file; the error is a *sheet.MissingColumns. today is the Bogotá
// date beyond which orders are refused, carriers are the names we know them by.
func NewOrders(header []string, mapping map[string]string, today time.Time, carriers []string) (*Orders, error) {
	l, err := newLayout(header, OrderColumns, mapping)
	if err != nil {
		return nil, err
	}
	return &Orders{layout: l, today: day(today), statuses: words(statusWords), payments: words(paymentWords), carriers: words(carrierWords(carriers)),
		docTypes: memo[string, string]{keep: strings.Clone, find: docType},
		cities:   memo[place, municipality]{keep: func(p place) place { return place{strings.Clone(p.city), strings.Clone(p.department)} }, find: findMunicipality},
	}, nil
}

func day(t time.Time) int { return t.Year()*10_000 + int(t.Month())*100 + t.Day() }

// statusWords are the statuses by their sheet.Key.
var statusWords = map[string]string{
	"pendiente": string(models.OrderCreated), "confirmado": string(models.OrderConfirmed), "guiagenerada": string(models.OrderGuideGenerated),
	"entransito": string(models.OrderInTransit), "enreparto": string(models.OrderOutForDelivery), "entregado": string(models.OrderDelivered),
	"novedad": string(models.OrderIncident), "devuelto": string(models.OrderReturned), "cancelado": string(models.OrderCancelled),
}

var paymentWords = map[string]string{
	"contraentrega": "cod", "pagocontraentrega": "cod", "efecty": "efecty_cash_in", "nequi": "nequi", "pse": "pse", "tarjeta": "card",
}

// carrierWords are carriers by the sheet.Key of their names.
func carrierWords(names []string) map[string]string {
	m := make(map[string]string, len(names))
	for _, c := range names {
		m[sheet.Key(c)] = c
	}
	return m
}

func docType(s string) string {
	return strings.ToUpper(strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), " ", ""))
}

// municipality is what a typed place turned out to be: a code, or the reason why not.
type municipality struct{ divipola, fault string }

// departmentWords are the short names people write for departments, in plain letters, with DANE's codes.
var departmentWords = map[string]string{
	"bogota": "11", "distritocapital": "11", "guajira": "44", "nortesantander": "54", "valle": "76",
	"sanandres": "88", "sanandresyprovidencia": "88", "archipielagodesanandres": "88",
}

func findMunicipality(p place) municipality {
	department := cmp.Or(departmentWords[colombia.Plain(p.department)], p.department)
	if m, ok := colombia.FindMunicipality(p.city, department); ok && department != "" {
		return municipality{divipola: m.Code}
	}
	if cityNames()[colombia.Plain(p.city)] {
		return municipality{fault: "city_department_mismatch"}
	}
	return municipality{fault: "city_unknown"}
}

// cityNames holds every name and alias of a municipality, in plain letters.
var cityNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, m := range colombia.Municipalities() {
		names[colombia.Plain(m.Name)] = true
		for _, a := range m.Aliases {
			names[colombia.Plain(a)] = true
		}
	}
	return names
})

// Parse reads a record into row. skip is the code of a record to be passed over; fault says why the row is
// refused. Whether the order is new is the business of an OrderJudge.
func (o *Orders) Parse(rec *sheet.Record, row *OrderRow) (skip string, fault *Fault) {
	*row = OrderRow{Line: rec.Line}
	if skip, fault = o.shape(rec); skip != "" || fault != nil {
		return skip, fault
	}
	row.Number = strings.TrimSpace(strings.TrimPrefix(o.cell(rec, orderNumber), "#"))
	if row.Number == "" {
		return "", o.fault(orderNumber, "order_missing", "The record has no order number.")
	}
	if fault = o.parseState(rec, row); fault != nil {
		return "", fault
	}
	if fault = o.parseBuyer(rec, row); fault != nil {
		return "", fault
	}
	if fault = o.parseAmounts(rec, row); fault != nil {
		return "", fault
	}
	o.parseTexts(rec, row)
	return "", nil
}

func (o *Orders) parseState(rec *sheet.Record, row *OrderRow) *Fault {
	at, ok := parseDate(o.cell(rec, orderDate))
	if !ok {
		return o.fault(orderDate, "date_invalid", "There is no such date: %s. Write day/month/year hour:minute.", o.cell(rec, orderDate))
	}
	if day(at) > o.today {
		return o.fault(orderDate, "date_future", "The order is dated %s, which is in the future.", at.Format(time.DateOnly))
	}
	row.PlacedAt = at
	row.Status = models.OrderStatus(o.statuses.get(o.cell(rec, orderStatus)))
	if row.Status == "" {
		return o.fault(orderStatus, "status_unknown", "The status %q is not known.", o.cell(rec, orderStatus))
	}
	row.Payment = o.payments.get(o.cell(rec, orderPayment))
	if row.Payment == "" {
		return o.fault(orderPayment, "payment_unknown", "The payment method %q is not known.", o.cell(rec, orderPayment))
	}
	return nil
}

func (o *Orders) parseBuyer(rec *sheet.Record, row *OrderRow) *Fault {
	row.Buyer = o.cell(rec, orderBuyer)
	row.DocType = o.docTypes.get(o.cell(rec, orderDocType))
	row.DocNumber = strings.ReplaceAll(o.cell(rec, orderDoc), ".", "")
	phone, ok := parsePhone(o.cell(rec, orderPhone))
	if !ok {
		return o.fault(orderPhone, "phone_invalid", "%q is not a Colombian mobile number: ten digits from 3.", o.cell(rec, orderPhone))
	}
	row.Phone = phone
	p := place{o.cell(rec, orderCity), o.cell(rec, orderDepartment)}
	switch m := o.cities.get(p); m.fault {
	case "":
		row.Divipola = m.divipola
	case "city_unknown":
		return o.fault(orderCity, m.fault, "There is no municipality called %q.", p.city)
	default:
		return o.fault(orderCity, m.fault, "%q is not a municipality of %q.", p.city, p.department)
	}
	return nil
}

func (o *Orders) parseAmounts(rec *sheet.Record, row *OrderRow) *Fault {
	quantity, rest, ok := number(o.cell(rec, orderQuantity), 0, 6)
	if !ok || rest != "" || quantity < 1 {
		return o.fault(orderQuantity, "quantity_invalid", "%q is not a whole number from 1.", o.cell(rec, orderQuantity))
	}
	row.Quantity = int32(quantity)
	for _, a := range [...]struct {
		column int
		money  *models.Money
	}{{orderTotal, &row.Total}, {orderSubtotal, &row.Subtotal}, {orderDiscount, &row.Discount}, {orderShipping, &row.Shipping}, {orderIVA, &row.IVA}} {
		if fault := o.parseMoney(rec, a.column, a.money); fault != nil {
			return fault
		}
	}
	if row.Total.Minor < 0 {
		return o.fault(orderTotal, "negative_total", "The total is negative: %s.", o.cell(rec, orderTotal))
	}
	if sum := row.Subtotal.Sub(row.Discount).Add(row.Shipping); sum != row.Total {
		return o.fault(orderTotal, "total_mismatch", "Subtotal less discount plus shipping is %s, the total says %s.", sum, row.Total)
	}
	return nil
}

func (o *Orders) parseMoney(rec *sheet.Record, column int, m *models.Money) *Fault {
	s := o.cell(rec, column)
	if s == "" && (column == orderDiscount || column == orderShipping) {
		*m = models.Pesos(0)
		return nil
	}
	pesos, code := parseAmount(s)
	if code == "" && pesos < 0 && column != orderTotal {
		code = amountFormat
	}
	switch code {
	case "":
		*m = models.Pesos(pesos)
		return nil
	case fractional:
		return o.fault(column, code, "The amount has centavos: %s. Only whole pesos can be taken.", s)
	case currencyNotCOP:
		return o.fault(column, code, "The amount is in another currency: %s. Only pesos can be taken.", s)
	case amountRange:
		return o.fault(column, code, "The amount is too large: %s.", s)
	}
	return o.fault(column, code, "%q is not an amount. Write 1234, 1.234 or 1.234,00.", s)
}

// parseTexts takes the free texts as they stand and warns of what looks broken or dangerous in them.
func (o *Orders) parseTexts(rec *sheet.Record, row *OrderRow) {
	row.Email, row.Address = o.cell(rec, orderEmail), o.cell(rec, orderAddress)
	row.Product, row.SKU = o.cell(rec, orderProduct), o.cell(rec, orderSKU)
	row.Carrier, row.Waybill = o.cell(rec, orderCarrier), o.cell(rec, orderWaybill)
	if name := o.carriers.get(row.Carrier); name != "" {
		row.Carrier = name
	}
	row.Referral = strings.ToUpper(o.cell(rec, orderReferral))
	row.Notes = o.cell(rec, orderNotes)
	row.Warnings = encoding(rec)
	broken := mojibake(rec.Text())
	for _, column := range [...]int{orderBuyer, orderAddress, orderProduct, orderNotes} {
		cell := o.cell(rec, column)
		if broken && mojibake(cell) {
			row.Warnings = append(row.Warnings, Warning(*o.fault(column, "mojibake", "The text was broken by a wrong encoding before it came here: %s.", cell)))
		}
		if runs(cell) {
			row.Warnings = append(row.Warnings, Warning(*o.fault(column, "formula_injection", "The cell starts like a formula. It is kept as text.")))
		}
	}
}

// OrderVerdict is what becomes of a row. Code is set for skipped rows, Fault for refused ones.
type OrderVerdict struct {
	Outcome models.ImportOutcome
	Code    string
	Fault   *Fault
}

// OrderJudge tells new orders from those the file or the books already have. It keeps about 30 bytes for each
// row of the file.
type OrderJudge struct {
	field string
	file  map[uint64]uint32 // accepted order numbers of this file: half of their fingerprint
	hash  hasher
}

// NewOrderJudge returns a judge for one file.
func (o *Orders) NewOrderJudge() *OrderJudge {
	return &OrderJudge{field: o.columns.Names[orderNumber], file: map[uint64]uint32{}, hash: newHasher()}
}

// Stored is an order of the books.
type Stored struct {
	Known       bool
	Fingerprint uint64
	Shop        bool // a shop keeps it up to date
}

// Judge says what becomes of a row, given what the books have under its number from before this file. Rows
// are judged in the order of the file. Inside a file the first row of an order stays; a later file brings the order up to date.
func (j *OrderJudge) Judge(row *OrderRow, stored Stored) OrderVerdict {
	print, key := row.Fingerprint(), j.hash.of(row.Number)
	if first, ok := j.file[key]; ok {
		if first == uint32(print) {
			return OrderVerdict{Outcome: models.RowSkipped, Code: SkipExactDuplicate}
		}
		return OrderVerdict{Outcome: models.RowRefused, Fault: &Fault{Field: j.field, Code: "conflicting_duplicate",
			Message: fmt.Sprintf("Order %s stands further up in the file with other values. The first one stays.", row.Number)}}
	}
	j.file[key] = uint32(print)
	switch {
	case !stored.Known:
		return OrderVerdict{Outcome: models.RowCreated}
	case stored.Fingerprint == print:
		return OrderVerdict{Outcome: models.RowUnchanged}
	case stored.Shop:
		return OrderVerdict{Outcome: models.RowRefused, Fault: &Fault{Field: j.field, Code: "order_of_shop",
			Message: fmt.Sprintf("Order %s comes from a shop, which keeps it up to date itself. A file does not change it.", row.Number)}}
	}
	return OrderVerdict{Outcome: models.RowUpdated}
}
