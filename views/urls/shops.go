package urls

import "net/url"

// The paths of shops. They post to the first two; the second is for the only shop of its kind.
const (
	ShopIntakePattern       = "/hooks/orders/:source/:connection"
	OnlyShopIntakePattern   = "/hooks/orders/:source"
	NavShops                = "/shops"
	ShopsPattern            = NavShops
	NewShopPattern          = "/shops/new"
	ShopPattern             = "/shops/:id"
	ShopMessagesPattern     = "/shops/messages"
	ShopMessagePattern      = "/shops/messages/:id"
	ShopMessageAgainPattern = "/shops/messages/:id/again"
)

// ShopIntake is where a shop posts its orders.
func ShopIntake(source, slug string) string {
	return "/hooks/orders/" + url.PathEscape(source) + "/" + url.PathEscape(slug)
}

// Shops is the list of shops.
func Shops() string { return NavShops }

// NewShop is the form of a new shop.
func NewShop() string { return NewShopPattern }

// Shop is the page of a shop.
func Shop(id int64) string { return NavShops + "/" + Num(id) }

// ShopMessages is the log of what shops sent.
func ShopMessages() string { return ShopMessagesPattern }

// ShopMessagesOf is what one shop sent.
func ShopMessagesOf(id int64) string { return ShopMessagesPattern + "?shop=" + Num(id) }

// ShopMessage is the page of one message.
func ShopMessage(id int64) string { return ShopMessagesPattern + "/" + Num(id) }

// ShopMessageAgain is where a message is processed again.
func ShopMessageAgain(id int64) string { return ShopMessage(id) + "/again" }
