package d24

import (
	"errors"
	"testing"

	"pagaduria/models"
	"pagaduria/providers"
)

func TestDestinations(t *testing.T) {
	t.Parallel()
	dest := func(d models.Destination) func(*providers.Order) {
		return func(o *providers.Order) { o.Destination = d }
	}
	bank := models.Destination{Kind: models.BankAccount, BankCode: "007", AccountType: "C", AccountNumber: "12345678"}
	for name, c := range map[string]struct {
		change  func(*providers.Order)
		code    string
		account string
		contact string // phone, e-mail or document, as the rail needs it
	}{
		"Efecty":         {func(*providers.Order) {}, "10003", "", "+57 310 4028587"},
		"Punto Red":      {dest(models.Destination{Kind: models.PuntoredCash}), "10006", "3104028587", "+573104028587"},
		"bank":           {dest(bank), "007", "12345678", "+573104028587"},
		"Nequi":          {dest(models.Destination{Kind: models.Nequi, AccountNumber: "3001234567"}), "1507", "3001234567", "+573104028587"},
		"Daviplata":      {dest(models.Destination{Kind: models.Daviplata, AccountNumber: "+573001234567"}), "1551", "3001234567", "+573104028587"},
		"Bre-B phone":    {dest(models.Destination{Kind: models.BreB, BreBKeyKind: models.BreBPhone, BreBKey: "3001234567"}), "20000", "", "+573001234567"},
		"Bre-B e-mail":   {dest(models.Destination{Kind: models.BreB, BreBKeyKind: models.BreBEmail, BreBKey: "other@example.com"}), "20001", "", "other@example.com"},
		"Bre-B document": {dest(models.Destination{Kind: models.BreB, BreBKeyKind: models.BreBDocument, BreBKey: "1032456789"}), "20002", "", "1032456789"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := order()
			c.change(&o)
			b, err := New(Config{}).cashout(o)
			if err != nil {
				t.Fatal(err)
			}
			contact := b.Phone
			switch c.code {
			case codeBreBEmail:
				contact = b.Email
			case codeBreBDocument:
				contact = b.DocumentID
			}
			if b.BankCode != c.code || b.BankAccount != c.account || contact != c.contact {
				t.Errorf("got %s %q %q, want %s %q %q", b.BankCode, b.BankAccount, contact, c.code, c.account, c.contact)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*providers.Order)
		want   providers.Cause
	}{
		"nothing wrong":          {func(*providers.Order) {}, ""},
		"no reference":           {func(o *providers.Order) { o.Reference = "" }, providers.CauseBadRequest},
		"zero":                   {func(o *providers.Order) { o.Amount = models.Pesos(0) }, providers.CauseAmount},
		"negative":               {func(o *providers.Order) { o.Amount = models.Pesos(-50) }, providers.CauseAmount},
		"centavos":               {func(o *providers.Order) { o.Amount = models.Centavos(10_050) }, providers.CauseAmount},
		"dollars":                {func(o *providers.Order) { o.Amount.Currency = models.USD }, providers.CauseAmount},
		"cash without coins":     {func(o *providers.Order) { o.Amount = models.Pesos(100_001) }, providers.CauseAmount},
		"minor's card":           {func(o *providers.Order) { o.Payee.DocType = "TI" }, providers.CauseDocument},
		"PPT":                    {func(o *providers.Order) { o.Payee.DocType = "PPT" }, providers.CauseDocument},
		"PEP permit":             {func(o *providers.Order) { o.Payee.DocType = "PEP" }, providers.CauseDocument},
		"document of Peru":       {func(o *providers.Order) { o.Payee.Country = "PE" }, providers.CauseDocument},
		"CC of 5 digits":         {func(o *providers.Order) { o.Payee.DocNumber = "12345" }, providers.CauseDocument},
		"CC of 11 digits":        {func(o *providers.Order) { o.Payee.DocNumber = "12345678901" }, providers.CauseDocument},
		"CE":                     {func(o *providers.Order) { o.Payee.DocType = "CE"; o.Payee.DocNumber = "123456" }, ""},
		"CE of 12 digits":        {func(o *providers.Order) { o.Payee.DocType = "CE"; o.Payee.DocNumber = "123456789012" }, providers.CauseDocument},
		"NIT":                    {func(o *providers.Order) { o.Payee.DocType = "NIT"; o.Payee.DocNumber, o.Payee.DocDV = "830131993", "1" }, ""},
		"NIT without digit":      {func(o *providers.Order) { o.Payee.DocType = "NIT"; o.Payee.DocNumber = "830131993" }, providers.CauseDocument},
		"passport":               {func(o *providers.Order) { o.Payee.DocType = "PAS"; o.Payee.DocNumber = "AB123456" }, ""},
		"no name":                {func(o *providers.Order) { o.Payee.GivenNames = " " }, providers.CauseName},
		"no surname":             {func(o *providers.Order) { o.Payee.Surnames = "" }, providers.CauseName},
		"no address, but a city": {func(o *providers.Order) { o.Payee.Address, o.Payee.City = "", "Cali" }, ""},
		"no address":             {func(o *providers.Order) { o.Payee.Address = "" }, providers.CauseBadRequest},
		"cash without phone":     {func(o *providers.Order) { o.Payee.Phone = "" }, providers.CausePhone},
		"cash with a land line":  {func(o *providers.Order) { o.Payee.Phone = "+576015551234" }, providers.CausePhone},
		"Punto Red, no e-mail": {func(o *providers.Order) {
			o.Destination.Kind = models.PuntoredCash
			o.Payee.Email = ""
		}, providers.CauseEmail},
		"unlisted bank": {func(o *providers.Order) {
			o.Destination = models.Destination{Kind: models.BankAccount, BankCode: "097", AccountType: "S", AccountNumber: "12345678"}
		}, providers.CauseBank},
		"short account": {func(o *providers.Order) {
			o.Destination = models.Destination{Kind: models.BankAccount, BankCode: "001", AccountType: "S", AccountNumber: "1234567"}
		}, providers.CauseAccount},
		"account type": {func(o *providers.Order) {
			o.Destination = models.Destination{Kind: models.BankAccount, BankCode: "001", AccountNumber: "12345678"}
		}, providers.CauseAccount},
		"wallet of a land line": {func(o *providers.Order) {
			o.Destination = models.Destination{Kind: models.Nequi, AccountNumber: "6015551234"}
		}, providers.CauseAccount},
		"Bre-B alias": {func(o *providers.Order) {
			o.Destination = models.Destination{Kind: models.BreB, BreBKeyKind: models.BreBAlias, BreBKey: "@luz"}
		}, providers.CauseMethod},
		"another one's Bre-B document": {func(o *providers.Order) {
			o.Destination = models.Destination{Kind: models.BreB, BreBKeyKind: models.BreBDocument, BreBKey: "99999999"}
		}, providers.CauseDocument},
		"no method": {func(o *providers.Order) { o.Destination = models.Destination{} }, providers.CauseMethod},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := order()
			c.change(&o)
			err := New(Config{}).Check(o)
			var no *providers.Rejected
			if c.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.As(err, &no) || no.Cause != c.want || no.Code != string(c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if x := New(Config{}).Explain(no.Code, false); x.Cause != c.want {
				t.Errorf("explained as %s", x.Cause)
			}
		})
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
		kind   models.MethodKind
		want   models.PayoutState
	}{
		{0, "", models.EfectyCash, models.PayoutSent},
		{1, "", models.EfectyCash, models.PayoutPaid},
		{2, "", models.EfectyCash, models.PayoutCancelled},
		{3, "0", models.EfectyCash, models.PayoutFailed},
		{3, "", models.EfectyCash, models.PayoutFailed},
		{3, "806", models.BankAccount, models.PayoutFailed},
		{3, "809", models.EfectyCash, models.PayoutExpired},
		{3, "826", models.EfectyCash, models.PayoutReturned},
		{4, "", models.EfectyCash, models.PayoutAvailable},
		{4, "", models.PuntoredCash, models.PayoutAvailable},
		{4, "", models.BankAccount, models.PayoutSent},
		{5, "", models.BankAccount, models.PayoutOnHold},
	} {
		if got, ok := stateOf(c.status, c.code, c.kind); !ok || got != c.want {
			t.Errorf("status %d %s of %s: got %s, want %s", c.status, c.code, c.kind, got, c.want)
		}
	}
	if _, ok := stateOf(6, "", models.EfectyCash); ok {
		t.Error("an undocumented status was read")
	}
}
