package colombia

import "strings"

// DocumentType is a kind of identity document.
type DocumentType struct {
	Code      string // CC CE NIT TI PPT PEP PAS DE RC
	DIAN      string // the tax office's code
	Holder    string // natural, juridical_or_natural, minor
	MayBePaid bool   // policy: minors' and foreign documents are refused as payee
	names     map[string]string
	codes     map[string]string
}

// Name is the document's name in "en", "es" or "zh"; longer tags such as es-CO work too, others give English.
func (d DocumentType) Name(lang string) string {
	short, _, _ := strings.Cut(strings.ToLower(lang), "-")
	if name, ok := d.names[short]; ok {
		return name
	}
	return d.names["en"]
}

// RailCode is what a rail calls the type, "" when it does not take it. Rails: dlocal d24
// pagsmile_cashout pagsmile_bank payvalida wompi_payouts kushki cobru payu pse.
func (d DocumentType) RailCode(rail string) string { return d.codes[rail] }

var documentTypes = loadDocumentTypes()

func loadDocumentTypes() []DocumentType {
	var list []DocumentType
	for _, row := range rows("document_types.csv") {
		d := DocumentType{Code: row["code"], DIAN: row["dian_code"], Holder: row["holder"], MayBePaid: row["payee_default"] == "allow",
			names: map[string]string{"en": row["name_en"], "es": row["name_es"], "zh": row["name_zh"]},
			codes: map[string]string{"dlocal": row["dlocal_v2"]},
		}
		if d.Code == "PEP_DOC" {
			d.Code = "PEP" // as models/ident says it
		}
		for _, rail := range []string{"d24", "pagsmile_cashout", "pagsmile_bank", "payvalida", "wompi_payouts", "kushki", "cobru", "payu", "pse"} {
			d.codes[rail] = row[rail]
		}
		list = append(list, d)
	}
	return list
}

// DocumentTypes lists the types that payees may have, in the order pages show them.
func DocumentTypes() []DocumentType {
	var list []DocumentType
	for _, d := range documentTypes {
		if d.MayBePaid {
			list = append(list, d)
		}
	}
	return list
}

// DocumentTypeByCode finds any type, payable or not.
func DocumentTypeByCode(code string) (DocumentType, bool) {
	for _, d := range documentTypes {
		if d.Code == code {
			return d, true
		}
	}
	return DocumentType{}, false
}
