package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"pagaduria/models/colombia"
)

// An order of the files differs from the others by its number, document, phone and waybill; everything else repeats
// after a while. One in a thousand has a fault.
const (
	variants   = 997
	faultEvery = 1000
)

// faulty answers whether order i of a file cannot be taken.
func faulty(i int) bool { return i%faultEvery == faultEvery-1 }

var (
	buyers   = []string{"Luz María Ospina Gil", "Carlos Andrés Mosquera Rentería", "Diana Marcela Quiñones Angulo", "Jorge Iván Cárdenas Rubio", "Édison Lozano Mina"}
	goods    = []string{"Set de ollas antiadherentes 7 piezas", "Kit plancha y secador", "Audífonos inalámbricos", "Reloj deportivo"}
	placesOf = []struct{ city, department, divipola string }{
		{"Medellín", "Antioquia", "05001"}, {"Cali", "Valle del Cauca", "76001"}, {"Barranquilla", "Atlántico", "08001"}, {"Pasto", "Nariño", "52001"},
	}
)

// order is one of them, as the file has it and as the table has it.
type order struct {
	number, document, phone, waybill string
	at                               time.Time
	buyer, product, sku              string
	place                            int
	subtotal, shipping, iva          int64 // whole pesos
}

// makeOrder computes order i of a series; no two series share a number.
func makeOrder(series, i int) order {
	n, v := series*10_000_000+i, i%variants
	o := order{
		number: "B" + strconv.Itoa(n), document: strconv.Itoa(1_200_000_000 + n%700_000_000), phone: strconv.Itoa(3_100_000_000 + (i*7919)%90_000_000),
		waybill: strconv.Itoa(800_000_000_000 + n), at: time.Date(2026, 3, 1+v%28, 6+v%15, v%60, 0, 0, colombia.Bogota),
		buyer: buyers[v%len(buyers)], product: goods[v%len(goods)], sku: "SKU-0" + strconv.Itoa(v%len(goods)), place: v % len(placesOf),
		subtotal: int64(39_900 + v*100), shipping: 12_900,
	}
	o.iva = o.subtotal * 19 / 119
	return o
}

const orderHeader = "Pedido;Fecha;Estado;Cliente;Tipo doc;Documento;Teléfono;Correo;Ciudad;Departamento;Dirección;Producto;SKU;Cantidad;Subtotal;Descuento;Envío;IVA;Total;Medio de pago;Transportadora;Guía;Código referido;Notas\n"

// writeOrders writes a file of orders as shops export them.
func writeOrders(name string, series, rows int) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	_, _ = w.WriteString(orderHeader) // an error stays with the writer until Flush
	for i := range rows {
		o := makeOrder(series, i)
		total := o.subtotal + o.shipping
		if faulty(i) {
			total++
		}
		p := placesOf[o.place]
		fmt.Fprintf(w, "#%s;%s;Entregado;%s;CC;%s;%s;;%s;%s;Calle 10 # 20-30;%s;%s;1;%d;0;%d;%d;%d;Contraentrega;Coordinadora;%s;REF1234;\n",
			o.number, o.at.Format(time.DateTime), o.buyer, o.document, o.phone, p.city, p.department, o.product, o.sku, o.subtotal, o.shipping, o.iva, total, o.waybill)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// orderColumns are those that the import fills.
var orderColumns = []string{"number", "placed_at", "status", "buyer", "doc_type", "doc_number", "phone", "email", "divipola", "address", "product",
	"sku", "quantity", "subtotal", "discount", "shipping", "iva", "total", "payment", "carrier", "waybill", "referral", "notes", "fingerprint"}

// copyRows hands the good orders of a series to COPY.
func copyRows(series, rows int) pgx.CopyFromSource {
	i := -1
	v := make([]any, len(orderColumns))
	return pgx.CopyFromFunc(func() ([]any, error) {
		i++
		if faulty(i) {
			i++
		}
		if i >= rows {
			return nil, nil
		}
		o := makeOrder(series, i)
		v[0], v[1], v[2], v[3], v[4], v[5] = o.number, o.at, "delivered", o.buyer, "CC", o.document
		v[6], v[7], v[8], v[9], v[10], v[11] = "+57"+o.phone, "", placesOf[o.place].divipola, "Calle 10 # 20-30", o.product, o.sku
		v[12], v[13], v[14], v[15], v[16], v[17] = int32(1), o.subtotal*100, int64(0), o.shipping*100, o.iva*100, (o.subtotal+o.shipping)*100
		v[18], v[19], v[20], v[21], v[22], v[23] = "cod", "Coordinadora", o.waybill, "REF1234", "", int64(i)
		return v, nil
	})
}
