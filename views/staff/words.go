package staff

import (
	"context"

	"pagaduria/models"
	"pagaduria/views/i18n"
	"pagaduria/views/ui"
	"pagaduria/views/urls"
)

func stateOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, s := range []models.StaffState{models.StaffActive, models.StaffInvited, models.StaffDisabled} {
		options = append(options, ui.Option{Value: string(s), Label: i18n.T(ctx, looks[s].Key)})
	}
	return options
}

func roleOptions(ctx context.Context) []ui.Option {
	var options []ui.Option
	for _, r := range models.Roles {
		options = append(options, ui.Option{Value: string(r), Label: i18n.T(ctx, "role."+string(r))})
	}
	return options
}

// inviteWord is the button for a new link: a disabled account is enabled by it.
func inviteWord(ctx context.Context, s models.StaffState) string {
	if s == models.StaffDisabled {
		return i18n.T(ctx, "staff.enable")
	}
	return i18n.T(ctx, "staff.invite")
}

func permissionName(ctx context.Context, p models.Permission) string {
	if key := "permission." + string(p); i18n.Has(key) {
		return i18n.T(ctx, key)
	}
	return string(p)
}

func outboxTabs(ctx context.Context, p OutboxPage) []ui.TileData {
	return []ui.TileData{
		{URL: urls.Outbox(), Label: i18n.T(ctx, "outbox.all"), Icon: "mail", Current: !p.Waiting},
		{URL: urls.With(urls.Outbox(), nil, "state", "waiting"), Label: i18n.T(ctx, "outbox.not_sent"), Icon: "hourglass", Tone: "wait", Current: p.Waiting},
	}
}
