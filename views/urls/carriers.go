package urls

import "net/url"

// The paths of carriers.
const (
	NavCarriers            = "/carriers"
	CarriersPattern        = NavCarriers
	CarrierPattern         = "/carriers/:id"
	CarrierCodePattern     = "/carriers/:id/codes"
	DropCarrierCodePattern = "/carriers/:id/codes/drop"
	CarrierDaysPattern     = "/carriers/:id/days"
	CarrierPollingPattern  = "/carriers/:id/polling"
	CarrierSecretPattern   = "/carriers/:id/secret"
	CarrierAgainPattern    = "/carriers/:id/messages/:message/again"
	TrackingIntakePattern  = "/hooks/tracking/:connection" // carriers post to it
)

// Carriers is the list of carriers; a post to it adds one.
func Carriers() string { return NavCarriers }

// Carrier is the page of a carrier.
func Carrier(id int64) string { return NavCarriers + "/" + Num(id) }

// CarrierCode is where one says what a code of a carrier means.
func CarrierCode(id int64) string { return Carrier(id) + "/codes" }

// DropCarrierCode is where a code leaves the map.
func DropCarrierCode(id int64) string { return CarrierCode(id) + "/drop" }

// MapCarrierCode is the page of a carrier with a code in its form.
func MapCarrierCode(id int64, code string) string {
	return Carrier(id) + "?code=" + url.QueryEscape(code) + "#map"
}

// CarrierSecret is where a carrier gets a new secret.
func CarrierSecret(id int64) string { return Carrier(id) + "/secret" }

// CarrierAgain is where a message of a carrier is processed again.
func CarrierAgain(id, message int64) string {
	return Carrier(id) + "/messages/" + Num(message) + "/again"
}

// TrackingIntake is where a carrier posts its events.
func TrackingIntake(slug string) string { return "/hooks/tracking/" + url.PathEscape(slug) }

// CarrierDays is where one says when parcels of a carrier are stuck.
func CarrierDays(id int64) string { return Carrier(id) + "/days" }

// CarrierPolling is where one says how a carrier is asked for its events.
func CarrierPolling(id int64) string { return Carrier(id) + "/polling" }
