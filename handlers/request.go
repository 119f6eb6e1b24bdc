package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"pagaduria/models"
)

// pathID reads an id from the path, and from nowhere else; what is no id does not exist.
func pathID(c echo.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(c.Param(name), 10, 64)
	if err != nil || id <= 0 {
		return 0, echo.NewHTTPError(http.StatusNotFound)
	}
	return id, nil
}

// decode fills a struct of a form from the body of a POST, field by field after its `form:"name"` tag.
// Fields may be string, []string, bool, int, int64, []int64, time.Time (a date) or
// models.FilterDay. Spaces around a value
// go; a value that does not fit its field is Invalid, naming the field. Files and JSON are not for it.
func decode(c echo.Context, form any) error {
	if err := readForm(c.Request()); err != nil {
		return err
	}
	return decodeValues(c.Request().PostForm, form)
}

// decodeQuery is decode for the query of a GET: filters of lists.
func decodeQuery(c echo.Context, form any) error { return decodeValues(c.QueryParams(), form) }

// formMemory is how much of a form with files is kept in memory; the rest goes to temporary files.
const formMemory = 1 << 20

func readForm(r *http.Request) error {
	var err error
	if strings.HasPrefix(r.Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm) {
		err = r.ParseMultipartForm(formMemory)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		if Status(err) == http.StatusRequestEntityTooLarge {
			return err
		}
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	return nil
}

func decodeValues(values url.Values, form any) error {
	v := reflect.ValueOf(form).Elem()
	bad := models.Refuse(models.Invalid, "error.bad_form", "Correct the marked fields and send the form again.", nil)
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("form")
		if name == "" {
			continue
		}
		if err := decodeField(values[name], v.Field(i)); err != nil {
			bad = bad.WithField(name, "error.bad_field")
		}
	}
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func decodeField(values []string, f reflect.Value) error {
	if len(values) == 0 {
		return nil
	}
	if f.Kind() == reflect.Slice {
		return decodeList(values, f)
	}
	text := strings.TrimSpace(values[0])
	switch f.Interface().(type) {
	case time.Time:
		if text == "" {
			return nil
		}
		t, err := time.Parse(time.DateOnly, text)
		if err == nil {
			f.Set(reflect.ValueOf(t))
		}
		return err
	case models.FilterDay:
		d, err := models.ParseFilterDay(text)
		if err == nil {
			f.Set(reflect.ValueOf(d))
		}
		return err
	}
	switch f.Kind() {
	case reflect.String:
		if strings.ContainsRune(text, 0) {
			return fmt.Errorf("a text with a zero byte")
		}
		f.SetString(text)
	case reflect.Bool:
		f.SetBool(text != "" && text != "0" && text != "false")
	case reflect.Int, reflect.Int64:
		if text == "" {
			return nil
		}
		n, err := strconv.ParseInt(text, 10, f.Type().Bits())
		if err != nil {
			return err
		}
		f.SetInt(n)
	default:
		return fmt.Errorf("a form cannot fill a %s", f.Type())
	}
	return nil
}

func decodeList(values []string, f reflect.Value) error {
	list := reflect.MakeSlice(f.Type(), 0, len(values))
	for _, value := range values {
		item := reflect.New(f.Type().Elem()).Elem()
		if err := decodeField([]string{value}, item); err != nil {
			return err
		}
		list = reflect.Append(list, item)
	}
	f.Set(list)
	return nil
}
