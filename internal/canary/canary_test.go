package canary

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"plain": "x" + Number + "y", "spaces": "4929 7182 3645 0190", "amex": "3714-829463-57200", "reversed": reversed(Token),
		"hex": hex.EncodeToString([]byte("a" + Token + "b")), "base64": base64.StdEncoding.EncodeToString([]byte(`{"n":"` + Number + `"}`)),
		"base64 of one": base64.StdEncoding.EncodeToString([]byte(`ab` + Reused + `c`)),
		"HEX":           strings.ToUpper(hex.EncodeToString([]byte(Number))), "escaped": "a=%34%39%32%39%37%31%38%32%33%36%34%35%30%31%39%30",
		"dashes": "4929-7182-3645-0190", "reversed number": reversed(Number), "base64 for a URL": base64.RawURLEncoding.EncodeToString([]byte("??>" + Amex + "??>")),
		"key": "sk_live_0123456789abcdef", "restricted key": "rk_test_0123456789abcdef", "webhook's secret": "whsec_0123456789abcdef",
		"client secret": "pi_fake_abc_secret_0123456789abcdef", "setup": "seti_1_secret_0123456789abcdef",
	} {
		if len(Find([]byte(text))) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	for _, text := range []string{"", "4242424242424242", "tok_visa", "0190", "the client_secret is ****", "7391", "sk_live_1", "whsec_test", Mark} {
		if found := Find([]byte(text)); len(found) != 0 {
			t.Errorf("%q has %v", text, found)
		}
	}
	if Marked([]byte("k1-canary-mark")) || !Marked([]byte("k1-"+Mark+"-2")) {
		t.Error("the mark is not told from what is none")
	}
	for text, want := range map[string]bool{`"CCV":"7391"`: true, "cvc=7391 ": true, "12.7391": false, "a7391b": false, "17391": false} {
		if (len(FindInText([]byte(text))) > 0) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
