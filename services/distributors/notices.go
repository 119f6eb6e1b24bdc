package distributors

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pagaduria/models"
	"pagaduria/models/ident"
	"pagaduria/services/events"
	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// notice is a mail to a payee, in the languages that payees choose; {name}, {what} and {day} are filled in.
type notice map[string]struct{ subject, body string }

var (
	noticeAsked = notice{
		"es": {"Pidieron cambiar su forma de pago",
			"Hola, {name}:\n\nAlguien pidió que sus pagos lleguen a: {what}.\nUna segunda persona tiene que autorizarlo; hasta entonces nada cambia.\n\n"},
		"en": {"A change of how you are paid was asked for",
			"Hello {name},\n\nSomebody asked for your payments to go to: {what}.\nA second person has to consent to it; until then nothing changes.\n\n"},
		"zh": {"有人申请更改您的收款方式",
			"{name}，您好：\n\n有人申请将您的付款改为：{what}。\n须经第二人同意，在此之前一切不变。\n\n"},
	}
	noticeChanged = notice{
		"es": {"Su forma de pago cambió",
			"Hola, {name}:\n\nEste medio de pago quedó registrado para usted: {what}.\n{day}\n\n"},
		"en": {"How you are paid was changed",
			"Hello {name},\n\nThis way of being paid is now on record for you: {what}.\n{day}\n\n"},
		"zh": {"您的收款方式已更改",
			"{name}，您好：\n\n已为您登记以下收款方式：{what}。\n{day}\n\n"},
	}
	noticeContact = notice{
		"es": {"Sus datos de contacto cambiaron",
			"Hola, {name}:\n\nEn su registro cambiaron: {what}.\nEste mensaje va al contacto anterior.\n\n"},
		"en": {"Your contact details were changed",
			"Hello {name},\n\nThese were changed on your record: {what}.\nThis message goes to the contact from before.\n\n"},
		"zh": {"您的联系方式已更改",
			"{name}，您好：\n\n您的资料中以下内容已更改：{what}。\n此邮件发送至原联系方式。\n\n"},
	}
	whomToCall = map[string]string{
		"es": "Si usted no lo pidió, llame ya a la empresa que le paga las comisiones, al número que usted conoce. No responda a este mensaje ni abra enlaces de otros.",
		"en": "If it was not you, call the company that pays your commissions now, at the number you know. Do not answer this message, and open no links from others.",
		"zh": "如非您本人操作，请立即拨打您已知的号码，联系向您支付佣金的公司。请勿回复此邮件，也不要打开他人发来的链接。",
	}
	payableFromDay = map[string]string{
		"es": "No se le paga antes del {day}, para que usted tenga tiempo de avisarnos.",
		"en": "You are not paid before {day}, so that there is time to tell us.",
		"zh": "在 {day} 之前不会向您付款，以便您有时间告知我们。",
	}
	contactWords = map[string]map[string]string{
		"es": {"phone": "teléfono", "email": "correo"},
		"en": {"phone": "phone", "email": "e-mail"},
		"zh": {"phone": "电话", "email": "邮箱"},
	}
)

func language(lang string) string {
	if _, known := whomToCall[lang]; known {
		return lang
	}
	return "es"
}

func contactOf(d models.Distributor) models.Contact {
	return models.Contact{Name: d.Name(), Email: d.Email, Phone: d.Phone, Lang: d.Lang}
}

// tell writes to a payee's old e-mail address. A payee without one cannot be written to: the people who look after
// distributors are asked to call the old phone.
func (s *Service) tell(tx *gorm.DB, id int64, old models.Contact, n notice, what, day string) error {
	if old.Email == "" {
		facts := map[string]any{"Name": old.Name, "Phone": maskPhone(old.Phone), "More": int64(0)}
		return events.Record(tx, events.Event{Kind: "distributor.call", SubjectType: "distributor", SubjectID: id, Permission: models.PermDistributorsEdit, Facts: facts})
	}
	lang := language(old.Lang)
	if day != "" {
		day = strings.ReplaceAll(payableFromDay[lang], "{day}", day)
	}
	body := strings.NewReplacer("{name}", old.Name, "{what}", what, "{day}\n", day+"\n").Replace(n[lang].body) + whomToCall[lang]
	if err := s.Mail.Write(tx, mail.Message{To: old.Email, Subject: n[lang].subject, Body: body}); err != nil {
		return fmt.Errorf("tell distributor %d: %w", id, err)
	}
	return nil
}

const (
	mailOldContacts = `
INSERT INTO mails (recipient, subject, body)
SELECT d.email, w.subject, replace(replace(w.body, '{name}', trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames)), '{what}',
    array_to_string(array_remove(ARRAY[CASE WHEN 'phone' = ANY(s.changed) THEN w.phone END, CASE WHEN 'email' = ANY(s.changed) THEN w.email END], NULL), ', '))
FROM staged s JOIN distributors d ON d.id = s.id
JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS w(lang, subject, body, phone, email)
    ON w.lang = CASE WHEN d.lang = ANY($1) THEN d.lang ELSE 'es' END
WHERE s.changed && ARRAY['phone','email'] AND d.email <> '' ORDER BY s.line`
	withoutMail = `
SELECT d.id, trim(d.business_name || ' ' || d.given_names || ' ' || d.surnames), d.phone, count(*) OVER ()
FROM staged s JOIN distributors d ON d.id = s.id WHERE s.changed && ARRAY['phone','email'] AND d.email = '' AND d.phone <> '' ORDER BY d.id LIMIT 1`
)

// tellOldContacts writes to the old address of everybody whose phone or e-mail is about to be changed by what is
// staged; of those who have a phone only, the people who look after distributors are told.
func tellOldContacts(tx *gorm.DB) error {
	var lang, subject, body, phone, email []string
	for l, w := range noticeContact {
		lang, subject, body = append(lang, l), append(subject, w.subject), append(body, w.body+whomToCall[l])
		phone, email = append(phone, contactWords[l]["phone"]), append(email, contactWords[l]["email"])
	}
	if _, err := store.ExecTx(tx, mailOldContacts, lang, subject, body, phone, email); err != nil {
		return fmt.Errorf("tell old contacts: %w", err)
	}
	rows, err := store.SelectTx[struct {
		ID          int64
		Name, Phone string
		N           int64
	}](tx, withoutMail)
	if err != nil {
		return fmt.Errorf("find old phones: %w", err)
	}
	for _, r := range rows {
		event := events.Event{Kind: "distributor.call", SubjectType: "distributor", SubjectID: r.ID, Permission: models.PermDistributorsEdit,
			Facts: map[string]any{"Name": r.Name, "Phone": maskPhone(r.Phone), "More": r.N - 1}}
		if err := events.Record(tx, event); err != nil {
			return err
		}
	}
	return nil
}

func maskPhone(e164 string) string {
	if e164 == "" {
		return ""
	}
	return ident.MaskPhone(e164)
}
