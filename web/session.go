package main

import (
	"net"
	"net/netip"
	"slices"

	"pagaduria/models"
	pages "pagaduria/views/staff"
)

// plainLoopback answers whether people reach the product over http on this machine only: the one place where
// cookies travel without TLS.
func (c config) plainLoopback() bool {
	if c.BaseURL.Scheme != "http" {
		return false
	}
	host := c.BaseURL.Hostname()
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && net.IP(ip.AsSlice()).IsLoopback()
}

// routesByPermission is the table as the page of permissions shows it.
func routesByPermission(table []Route) map[models.Permission][]pages.Route {
	by := map[models.Permission][]pages.Route{}
	for _, r := range table {
		by[r.Perm] = append(by[r.Perm], pages.Route{Method: r.Method, Pattern: r.Path})
	}
	for _, routes := range by {
		slices.SortStableFunc(routes, func(a, b pages.Route) int {
			if a.Pattern < b.Pattern {
				return -1
			}
			if a.Pattern > b.Pattern {
				return 1
			}
			return 0
		})
	}
	return by
}
