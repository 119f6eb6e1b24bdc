// Package ui holds the parts every page is made of: chips, tables, filters, pagers, fields, dialogs.
// If a page needs a new look, it is added here for everyone. Words come from views/i18n, paths from
// views/urls, the frame from views/layout.
//
// # A list page
//
// The struct has everything the page shows; filters live in the URL; #list holds tabs, filters and
// table, and every link and form in it swaps #list alone (hx-select picks it out of the whole page, so
// the handler may answer either). A list has four states: rows, nothing yet, no match, error.
//
//	type ListPage struct {
//		layout.Page
//		Tabs    []ui.TileData
//		Filters ui.Filters
//		Rows    []Row
//		Pages   ui.Pages
//		Any     bool // there is at least one payout in the product
//		Failed  string // request id when the query failed
//	}
//
//	templ List(p ListPage) {
//		@layout.App(p.Page) {
//			@ui.PageHead(ui.Head{Title: i18n.T(ctx, "payouts.title"), Lede: i18n.T(ctx, "payouts.lede"), Acts: listActs(p)})
//			@ListPart(p)
//		}
//	}
//
//	templ ListPart(p ListPage) {
//		<div id="list" class="stack">
//			@ui.StateTabs(i18n.T(ctx, "payouts.states"), p.Tabs)
//			<section class="card" aria-labelledby="h-list">
//				<h2 class="visually-hidden" id="h-list">{ i18n.T(ctx, "payouts.title") }</h2>
//				@ui.FilterBar(p.Filters) {
//					@ui.FilterSelect("method", i18n.T(ctx, "payouts.method"), p.Method, methodOptions(ctx))
//				}
//				switch {
//					case p.Failed != "":
//						@ui.ListError(p.Path, p.Failed)
//					case len(p.Rows) > 0:
//						@ui.Table(i18n.T(ctx, "payouts.title")) {
//							<thead><tr>
//								@ui.Th(i18n.T(ctx, "payouts.col.payee"))
//								@ui.Th(i18n.T(ctx, "payouts.col.state"))
//								@ui.ThMd(i18n.T(ctx, "payouts.col.created"))
//								@ui.ThNum(i18n.T(ctx, "payouts.col.amount"))
//							</tr></thead>
//							<tbody>
//								for _, r := range p.Rows {
//									<tr>
//										@ui.RowLink(templ.SafeURL(urls.Payout(r.ID)), r.Name, r.MaskedDocument)
//										<td>
//											@ui.Chip(ui.PayoutStateBy(r.State, r.Method))
//										</td>
//										<td class="hide-md nowrap muted">
//											@ui.When(r.CreatedAt, p.Now)
//										</td>
//										@ui.MoneyCell(r.Amount)
//									</tr>
//								}
//							</tbody>
//						}
//						@ui.Pager(p.Pages)
//					case p.Any:
//						@ui.NoMatch(urls.Payouts())
//					default:
//						@ui.Blank(ui.BlankData{Icon: "cash-banknote", Title: i18n.T(ctx, "payouts.none"), Text: i18n.T(ctx, "payouts.none_hint")}) {
//							@ui.LinkButton("primary", "plus", i18n.T(ctx, "payouts.first"), urls.NewBatch())
//						}
//				}
//			</section>
//		</div>
//	}
//
// Rows that can be ticked: put data-select on the section, a <form id="pick" method="post" hidden>
// with @ui.CSRF anywhere outside the table (a hidden form takes ticks by their form=), @ui.SelectionBar above it, @ui.ThPick and
// @ui.PickCell("pick", urls.Num(r.ID), r.Name, r.Amount.Minor) first in the rows. Cells of a row:
// class c-a is the title on a phone, c-b the end of its first line, c-line a line of its own, c-no is
// left out; data-l puts a label before the value.
//
// # A record page
//
// It starts with the record's own words, answers one question, and every action has a dialog and, for
// readers without JavaScript, a page (href of OpenButton, drawn with AskPage).
//
//	templ Show(p ShowPage) {
//		@layout.App(p.Page) {
//			@ui.PageHead(ui.Head{
//				Crumbs: []ui.Crumb{{Text: i18n.T(ctx, "nav.payouts"), URL: urls.Payouts()}},
//				Title:  i18n.T(ctx, "payouts.to", "Amount", i18n.Money(ctx, p.Payout.Amount), "Name", p.Payout.Name),
//				Chip:   ui.Chip(ui.PayoutStateBy(p.Payout.State, p.Payout.Method)),
//				Acts:   showActs(p), // templ: if p.May(models.PermPayoutsOperate) { @ui.OpenButton("", "hand-stop", …, "hold", urls.HoldPayout(p.Payout.ID)) }
//				Sub:    showSub(p),  // templ: <span>@ui.ID(…)</span><span>@ui.Time(p.Payout.CreatedAt)</span>
//			})
//			<div class="cols-main">
//				<div class="stack">
//					@ui.Card("h-tries", i18n.T(ctx, "payouts.attempts"), "", nil) {
//						…
//					}
//				</div>
//				<div class="stack">
//					@ui.Card("h-facts", i18n.T(ctx, "payouts.facts"), "", nil) {
//						@ui.CardBody() {
//							@ui.KV() {
//								@ui.Fact(i18n.T(ctx, "payouts.document")) {
//									<span class="mono">{ p.Payout.MaskedDocument }</span>
//								}
//							}
//						}
//					}
//				</div>
//			</div>
//			@ui.ReasonDialog(ui.Ask{ID: "hold", Title: …, Text: …, Action: urls.HoldPayout(p.Payout.ID), CSRF: p.CSRF, Confirm: …}, reasons, i18n.T(ctx, "payouts.note"), "")
//		}
//	}
//
// Parts that follow something live carry hx-get, hx-trigger="live", hx-swap="outerHTML" and data-live:
// the script asks every five seconds while the page is in view, until an answer comes without data-live.
package ui
