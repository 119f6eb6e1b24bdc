package urls

import "net/url"

// The paths of orders.
const (
	OrdersPattern     = NavOrders
	OrdersFilePattern = "/orders.csv"
	OrderPattern      = "/orders/:id"
)

// Orders is the list of orders.
func Orders() string { return NavOrders }

// OrdersWith is the list of orders narrowed by query.
func OrdersWith(query url.Values) string { return withQuery(NavOrders, query) }

// Order is the page of one order.
func Order(id int64) string { return NavOrders + "/" + Num(id) }
