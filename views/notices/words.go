// Package notices draws the notices of a person: their list, how they are mailed, and the words of both.
package notices

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

// Sentence says what happened in the reader's language. A kind without a sentence is shown plainly.
func Sentence(ctx context.Context, n models.Notice) string {
	key := "notice." + n.Kind
	if !i18n.Has(key) {
		return i18n.T(ctx, "notice.unknown", "Kind", n.Kind, "Subject", subject(ctx, n))
	}
	args := []any{}
	for name, value := range n.Facts {
		if name != "Count" {
			args = append(args, name, fact(ctx, name, value))
		}
	}
	if count, ok := n.Facts["Count"].(float64); ok {
		return i18n.N(ctx, key, int(count), args...)
	}
	return i18n.T(ctx, key, args...)
}

// codes are the facts that are codes, with where the catalogues have their words.
var codes = map[string]string{"Kind": "request.kind.%s", "Cause": "cause.%s.name"}

// fact writes one fact as the reader's language does: numbers, amounts, and codes that have words.
func fact(ctx context.Context, name string, value any) string {
	switch v := value.(type) {
	case string:
		if key, ok := codes[name]; ok && i18n.Has(fmt.Sprintf(key, v)) {
			return i18n.T(ctx, fmt.Sprintf(key, v))
		}
		return v
	case float64:
		return i18n.Number(ctx, int64(v))
	case map[string]any:
		minor, isMoney := v["Minor"].(float64)
		currency, _ := v["Currency"].(string)
		if isMoney {
			return i18n.Money(ctx, models.Money{Minor: int64(minor), Currency: models.Currency(currency)})
		}
	}
	plain, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(plain)
}

func subject(ctx context.Context, n models.Notice) string {
	name := n.SubjectType
	if key := "record." + name; i18n.Has(key) {
		name = i18n.T(ctx, key)
	}
	if n.SubjectID == 0 {
		return name
	}
	return name + " " + urls.Num(n.SubjectID)
}

// Link is where a notice leads: the item itself, or the list of those it counts.
func Link(n models.Notice) string {
	switch n.Kind {
	case "payouts.failed", "payouts.returned", "payouts.expired":
		return urls.PayoutsOfBatch(n.SubjectID, strings.TrimPrefix(n.Kind, "payouts."))
	case "payouts.expiring":
		return urls.PayoutsWith(url.Values{"recent": {"expiring"}})
	}
	if kind, _ := n.Facts["Kind"].(string); n.SubjectType == "import" && slices.Contains(urls.ImportKinds, kind) {
		return urls.Import(kind, n.SubjectID)
	}
	if to := urls.Record(n.SubjectType, n.SubjectID); to != "" {
		return to
	}
	return urls.Notices()
}

var looks = map[models.Topic]ui.Look{
	models.TopicWaiting:  {Tone: "info", Icon: "user-check", Key: "notice.topic.waiting"},
	models.TopicAnswer:   {Tone: "", Icon: "message", Key: "notice.topic.answer"},
	models.TopicFailed:   {Tone: "bad", Icon: "circle-x", Key: "notice.topic.failed"},
	models.TopicExpiring: {Tone: "wait", Icon: "clock-x", Key: "notice.topic.expiring"},
	models.TopicFloat:    {Tone: "wait", Icon: "wallet", Key: "notice.topic.float"},
	models.TopicWork:     {Tone: "", Icon: "download", Key: "notice.topic.work"},
	models.TopicOther:    {Tone: "", Icon: "bell", Key: "notice.topic.other"},
}

// topicOptions are the topics as choices.
func topicOptions(ctx context.Context) []ui.Option {
	options := make([]ui.Option, len(models.Topics))
	for i, t := range models.Topics {
		options[i] = ui.Option{Value: string(t), Label: i18n.T(ctx, looks[t].Key)}
	}
	return options
}

// shownInMail is how many notices a digest spells out.
const shownInMail = 100

// Mail writes the mail that tells a person of one notice or of several; address turns a path into a whole address.
// Somebody who has chosen no language reads the product's home language.
func Mail(address func(path string) string, locale, name string, list []models.Notice) (subject, body string) {
	l := i18n.Locale(locale)
	if !l.Valid() {
		l = i18n.Es
	}
	ctx := i18n.With(context.Background(), l)
	var b strings.Builder
	b.WriteString(i18n.T(ctx, "notices.mail.hello", "Name", name) + "\n\n")
	for _, n := range list[:min(len(list), shownInMail)] {
		b.WriteString(Sentence(ctx, n) + "\n" + address(Link(n)) + "\n\n")
	}
	if more := len(list) - shownInMail; more > 0 {
		b.WriteString(i18n.N(ctx, "notices.mail.more", more) + "\n" + address(urls.Notices()) + "\n\n")
	}
	b.WriteString(i18n.T(ctx, "notices.mail.foot", "Link", address(urls.NoticePreferences())) + "\n")
	if len(list) == 1 {
		return "Pagaduría: " + Sentence(ctx, list[0]), b.String()
	}
	return "Pagaduría: " + i18n.N(ctx, "notices.mail.digest", len(list)), b.String()
}
