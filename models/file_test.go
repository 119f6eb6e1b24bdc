package models

import (
	"strings"
	"testing"
)

func TestFileNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`C:\datos\lista.csv`: "lista.csv", "../../etc/passwd": "passwd", "": "upload.csv", "a\x00b\n.csv": "ab.csv",
		"evil\u202Evsc.exe": "evilvsc.exe", "/": "upload.csv", "..": "upload.csv", "a\u200bb.pdf": "ab.pdf", "\xff.csv": ".csv",
		strings.Repeat("ñ", 300) + ".jpg": strings.Repeat("ñ", 116) + ".jpg",
	} {
		if got := CleanFileName(in, "upload.csv"); got != want {
			t.Errorf("CleanFileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEveryFileRefusalHasItsCode(t *testing.T) {
	t.Parallel()
	for code, sentence := range fileSentences {
		err := FileRefusal(code)
		if got := FileCodeOf(err); got != code || err.Message != sentence {
			t.Errorf("%s comes back as %q, %q", code, got, err.Message)
		}
	}
	for _, err := range []error{nil, Errorf(Invalid, "no key"), Refuse(NotFound, "file.gone", "", nil)} {
		if got := FileCodeOf(err); got != "" {
			t.Errorf("%v has the code %q", err, got)
		}
	}
}
