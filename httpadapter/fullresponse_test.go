package httpadapter

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/trendsic/payments"
	"github.com/trendsic/payments/internal/matrix"
)

// listed are the keys that FullResponse may have, and the members of a payment that they tell.
var listed = map[string]string{"gateway": "Gateway", "reference": "Reference", "status": "Status", "code": "GatewayCode", "decline_code": "DeclineCode",
	"brand": "Method.Brand", "last4": "Method.Last4", "exp": "Method.Expiry"}

// textsOf returns every text below a value by its path.
func textsOf(v reflect.Value, path string) map[string]reflect.Value {
	found := map[string]reflect.Value{}
	switch v.Kind() {
	case reflect.String:
		found[path] = v
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				for name, text := range textsOf(v.Field(i), strings.TrimPrefix(path+"."+f.Name, ".")) {
					found[name] = text
				}
			}
		}
	default: // no text
	}
	return found
}

// TestFullResponseOfEveryMember is row I4: each text that a payment has is set to something that would make a key of its own, and only the
// members on the list, under the keys on the list, come out.
func TestFullResponseOfEveryMember(t *testing.T) {
	t.Parallel()
	all := textsOf(reflect.ValueOf(new(payments.Payment)).Elem(), "")
	if len(all) < 15 {
		t.Fatalf("a payment has the texts %v", all)
	}
	for path := range all {
		p := paid()
		const evil = `leak","client_secret":"pi_1_secret_2","x":"`
		textsOf(reflect.ValueOf(&p).Elem(), "")[path].SetString(evil)
		text := fullResponse(&p)
		var keys map[string]any
		if err := json.Unmarshal([]byte(text), &keys); err != nil {
			t.Fatalf("%s: %v: %s", path, err, text)
		}
		told := false
		for key, value := range keys {
			if _, ok := listed[key]; !ok {
				t.Errorf("%s: the key %q is not on the list: %s", path, key, text)
			}
			told = told || value == evil
		}
		if want := slices.Contains(values(listed), path); told != want || !want && strings.Contains(text, "leak") {
			t.Errorf("%s is told: %v: %s", path, told, text)
		}
	}
	matrix.Count(t, "I4", len(all))
}

func values(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}
