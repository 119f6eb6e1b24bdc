package urls

import "net/url"

// The paths of notifications. Rails post to the first one; the others are pages, apart from every name a connection can
// have.
const (
	WebhookIntakePattern = "/webhooks/:rail/:connection"
	WebhooksPattern      = NavWebhooks
	WebhookPattern       = "/webhooks/events/:id"
	ReplayWebhookPattern = "/webhooks/events/:id/replay"
)

// WebhookIntake is where a rail posts the notifications of a connection.
func WebhookIntake(rail, connection string) string {
	return NavWebhooks + "/" + url.PathEscape(rail) + "/" + url.PathEscape(connection)
}

// Webhooks is the log of notifications.
func Webhooks() string { return NavWebhooks }

// WebhooksWith is the log narrowed by query.
func WebhooksWith(query url.Values) string { return withQuery(NavWebhooks, query) }

// WebhooksOf is the log of the notifications that name a payout.
func WebhooksOf(code string) string { return NavWebhooks + "?q=" + url.QueryEscape(code) }

// Webhook is the page of one notification.
func Webhook(id int64) string { return NavWebhooks + "/events/" + Num(id) }

// ReplayWebhook is where a notification is processed again.
func ReplayWebhook(id int64) string { return Webhook(id) + "/replay" }
