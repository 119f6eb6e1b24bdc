package sim

// text is one sentence in the two languages of the sandbox.
type text struct{ es, en string }

func (t text) in(lang string) string {
	if lang == "es" {
		return t.es
	}
	return t.en
}

// texts are the words of the teller's pages. Spanish follows Colombian use: retiro en efectivo, cédula.
var texts = map[string]text{
	"sandbox":      {"Entorno de pruebas", "Sandbox"},
	"note":         {"Simulación: aquí no se mueve dinero.", "Simulation: no money moves here."},
	"skip":         {"Ir al contenido", "Skip to content"},
	"language":     {"English", "Español"},
	"nav":          {"Secciones", "Sections"},
	"counter":      {"Punto de pago", "Teller"},
	"switches":     {"Fallas y reversiones", "Faults and reversals"},
	"amounts":      {"Montos mágicos", "Magic amounts"},
	"document":     {"Número de documento", "Document number"},
	"document.tip": {"Sin puntos; el NIT con su dígito de verificación.", "Without points; a NIT with its check digit."},
	"find":         {"Buscar", "Find"},
	"ready.for":    {"Disponible para retiro con el documento", "Ready to collect for document"},
	"ready.all":    {"Pagos disponibles para retiro:", "Payouts ready to collect:"},
	"ready.none":   {"No hay pagos disponibles para este documento. Revise el número o espere a que el pago quede disponible.", "No payout is ready for this document. Check the number or wait until the payout is ready."},
	"ready.empty":  {"Nadie tiene un pago disponible en este momento.", "No payout is ready to collect right now."},
	"first":        {"Se muestran los primeros 20.", "The first 20 are shown."},
	"everyone":     {"Ver todos", "Show everyone"},
	"collect":      {"Entregar", "Pay out"},
	"collect.all":  {"Entregar todos los disponibles", "Pay out everything that is ready"},
	"refuse":       {"Rechazar", "Refuse"},
	"expire":       {"Dejar vencer", "Let expire"},
	"reason":       {"Motivo", "Reason"},
	"reason.name":  {"El nombre no coincide", "The name does not match"},
	"reason.doc":   {"El documento no es válido", "The document is not valid"},
	"reason.risk":  {"Política de riesgo", "Risk policy"},
	"reason.other": {"Otro motivo", "Another reason"},
	"reference":    {"Referencia", "Reference"},
	"any":          {"Vacío: cualquiera", "Empty: any"},
	"fault":        {"Falla", "Fault"},
	"op":           {"Operación", "Operation"},
	"op.create":    {"crear", "create"},
	"op.status":    {"consultar", "status"},
	"op.hold":      {"retener o liberar", "hold or release"},
	"op.cancel":    {"cancelar", "cancel"},
	"times":        {"Veces", "Times"},
	"times.tip":    {"−1: hasta quitarla", "−1: until cleared"},
	"seconds":      {"Segundos de demora", "Seconds of delay"},
	"set":          {"Activar falla", "Set fault"},
	"clear":        {"Quitar todas las fallas", "Clear all faults"},
	"faults.none":  {"No hay fallas activas.", "No fault is set."},
	"reverse":      {"Reversar un pago ya entregado", "Reverse a paid payout"},
	"reverse.key":  {"Referencia o cashout_id", "Reference or cashout_id"},
	"reverse.do":   {"Reversar", "Reverse"},
	"amount":       {"Monto", "Amount"},
	"code":         {"Código", "Code"},
	"does":         {"Resultado (en inglés)", "Outcome"},
	"orders":       {"Órdenes recibidas", "Orders accepted"},
	"waiting":      {"Esperan en el punto de pago", "Waiting at the teller"},
	"login":        {"Usuario de la API (login)", "API login"},
	"api":          {"API de D24 (Cashouts v3)", "D24 API (Cashouts v3)"},
	"json":         {"Órdenes en JSON", "Orders as JSON"},
	"done.collect": {"El dinero fue entregado.", "The money was paid out."},
	"done.refuse":  {"El pago fue rechazado.", "The payout was refused."},
	"done.expire":  {"El pago venció.", "The payout has expired."},
	"done.all":     {"Todos los pagos disponibles fueron entregados.", "All payouts that were ready have been paid out."},
	"done.reverse": {"El pago fue reversado.", "The payout was reversed."},
	"done.set":     {"La falla quedó activa.", "The fault is set."},
	"done.cleared": {"Ya no hay fallas activas.", "All faults are cleared."},
	"done.late":    {"El pago ya no está en un estado que lo permita. No cambió nada.", "The payout is not in a status that allows this any more. Nothing changed."},
	"done.unknown": {"No se encontró. Revise los datos; no cambió nada.", "Not found. Check what you typed; nothing changed."},
}

var faultTextsES = map[FaultKind]string{
	Delay:          "responde con demora",
	TimeoutBefore:  "no responde y no acepta nada",
	TimeoutAfter:   "acepta, pero no responde",
	ErrorBefore:    "error 500 sin aceptar nada",
	ErrorAfter:     "acepta, pero responde error 500",
	DropBefore:     "corta la conexión sin aceptar nada",
	DropAfter:      "acepta, pero corta la conexión",
	Garbage:        "acepta, pero la respuesta no es JSON",
	NoticesDropped: "sus notificaciones se pierden",
	NoticesDoubled: "sus notificaciones llegan dos veces",
	NoticesSwapped: "sus notificaciones llegan en desorden",
}
