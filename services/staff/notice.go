package staff

import (
	"fmt"
	"strings"

	"gorm.io/gorm"

	"pagaduria/services/mail"
	"pagaduria/services/store"
)

// What a person is told about by mail: a change of how they sign in, which they would know of if they made it.
const (
	toldPassword = "password"
	toldCodes    = "codes"
	toldAdded    = "passkey added"
	toldRemoved  = "passkey removed"
)

// notices are the words of these mails, in the language the person chose.
var notices = map[string]struct {
	subject, body string
	what          map[string]string
}{
	"en": {"Your sign-in to Pagaduría changed", "Hello {name},\n\n{what}\n\nIf it was not you, tell whoever runs Pagaduría at your company at once.\n", map[string]string{
		toldPassword: "your password was changed. All other sessions were ended.", toldCodes: "new recovery codes were made for you. The old ones no longer work.",
		toldAdded: "a passkey was added to your account.", toldRemoved: "a passkey was removed from your account."}},
	"es-CO": {"Cambió su forma de entrar a Pagaduría", "Hola, {name}:\n\n{what}\n\nSi no fue usted, avise de inmediato a quien administra Pagaduría en su empresa.\n", map[string]string{
		toldPassword: "su contraseña cambió. Las demás sesiones se cerraron.", toldCodes: "se crearon códigos de recuperación nuevos para usted. Los anteriores ya no sirven.",
		toldAdded: "se agregó una llave de acceso a su cuenta.", toldRemoved: "se quitó una llave de acceso de su cuenta."}},
	"zh-CN": {"您的 Pagaduría 登录方式已更改", "{name}，您好：\n\n{what}\n\n如果不是您本人操作，请立即告知贵公司的 Pagaduría 管理员。\n", map[string]string{
		toldPassword: "您的密码已修改，其他会话均已结束。", toldCodes: "已为您生成新恢复码，旧恢复码不再有效。",
		toldAdded: "您的账户已添加通行密钥。", toldRemoved: "您的账户已移除通行密钥。"}},
}

// tell writes a mail to a person about a change of how they sign in, in the transaction of the change.
func (s *Service) tell(tx *gorm.DB, staffID int64, what string) error {
	people, err := store.SelectTx[struct{ Email, Name, Locale string }](tx, `SELECT email, name, locale FROM staff WHERE id = $1`, staffID)
	if err != nil || len(people) == 0 {
		return fmt.Errorf("tell staff %d that their sign-in changed: %w", staffID, notFound(err))
	}
	p := people[0]
	words, ok := notices[p.Locale]
	if !ok {
		words = notices["es-CO"]
	}
	body := strings.NewReplacer("{name}", p.Name, "{what}", words.what[what]).Replace(words.body)
	return s.mail.Write(tx, mail.Message{To: p.Email, Subject: words.subject, Body: body})
}
