package staff

import "strings"

// A mail is written in the language of whoever sends the invitation: the person has not chosen one yet.
type words struct{ subject, setup, factor string }

var invitations = map[string]words{
	"en": {"Your Pagaduría account",
		"Hello {name},\n\nyou have an account in Pagaduría. Choose your password and set up your authenticator app here:\n\n{link}\n\nThe link works once, for three days. If you did not expect this mail, tell whoever runs Pagaduría at your company.\n",
		"Hello {name},\n\nyour second factor in Pagaduría was taken back. Set up your authenticator app again here, with the password you have:\n\n{link}\n\nThe link works once, for three days. If you did not ask for this, tell whoever runs Pagaduría at your company at once.\n"},
	"es-CO": {"Su cuenta de Pagaduría",
		"Hola, {name}:\n\nusted tiene una cuenta en Pagaduría. Elija su contraseña y active su aplicación de autenticación aquí:\n\n{link}\n\nEl enlace sirve una sola vez, durante tres días. Si no esperaba este correo, avise a quien administra Pagaduría en su empresa.\n",
		"Hola, {name}:\n\nsu segundo factor en Pagaduría fue retirado. Active de nuevo su aplicación de autenticación aquí, con la contraseña que ya tiene:\n\n{link}\n\nEl enlace sirve una sola vez, durante tres días. Si usted no lo pidió, avise de inmediato a quien administra Pagaduría en su empresa.\n"},
	"zh-CN": {"您的 Pagaduría 账户",
		"{name}，您好：\n\n您已获得 Pagaduría 账户。请在此设置密码并绑定身份验证器：\n\n{link}\n\n链接三天内有效，只能使用一次。如果您没有预期收到此邮件，请告知贵公司的 Pagaduría 管理员。\n",
		"{name}，您好：\n\n您在 Pagaduría 的第二验证因素已被撤销。请使用现有密码在此重新绑定身份验证器：\n\n{link}\n\n链接三天内有效，只能使用一次。如果这不是您的请求，请立即告知贵公司的 Pagaduría 管理员。\n"},
}

func invitation(purpose, locale, name string) (subject, body string) {
	w, ok := invitations[locale]
	if !ok {
		w = invitations["es-CO"]
	}
	body = w.setup
	if purpose == purposeFactor {
		body = w.factor
	}
	return w.subject, strings.ReplaceAll(body, "{name}", name)
}
