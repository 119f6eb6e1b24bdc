package files

import (
	"bytes"
	"mime"
	"path"
	"strings"

	"pagaduria/models"
)

// extensions are the endings of names that we give.
var extensions = map[models.FileKind]string{
	models.FileJPEG: ".jpg", models.FilePNG: ".png", models.FileWebP: ".webp", models.FileHEIC: ".heic", models.FilePDF: ".pdf",
}

// sniff says what the bytes are, "" for anything that is not taken.
func sniff(b []byte) models.FileKind {
	switch {
	case bytes.HasPrefix(b, []byte("\xFF\xD8\xFF")):
		return models.FileJPEG
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return models.FilePNG
	case len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP":
		return models.FileWebP
	case isHEIC(b):
		return models.FileHEIC
	case bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head(b, 64), []byte("\xEF\xBB\xBF")), " \t\r\n\f"), []byte("%PDF-")):
		return models.FilePDF
	}
	return ""
}

// isHEIC reads the brands of an ISO media file: only those of still pictures in HEVC count.
func isHEIC(b []byte) bool {
	if len(b) < 16 || string(b[4:8]) != "ftyp" {
		return false
	}
	size := min(int(b[2])<<8|int(b[3]), len(b), 256)
	for at := 8; at+4 <= size; at += 4 {
		switch string(b[at : at+4]) {
		case "heic", "heix", "heim", "heis":
			return b[0] == 0 && b[1] == 0
		}
	}
	return false
}

// claim is the family that a name or a declared type speaks of: "picture", "pdf", "other" or, when it says nothing, "".
func claim(name, declared string) (byName, byType string) {
	switch strings.ToLower(path.Ext(strings.TrimRight(name, ". \x00"))) {
	case ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".heic", ".heif":
		byName = "picture"
	case ".pdf":
		byName = "pdf"
	case ".exe", ".com", ".bat", ".cmd", ".msi", ".scr", ".dll", ".js", ".vbs", ".ps1", ".sh", ".jar", ".apk", ".svg", ".html", ".htm", ".xml",
		".zip", ".rar", ".7z", ".gz", ".doc", ".docx", ".docm", ".xls", ".xlsx", ".xlsm", ".ppt", ".pptx", ".php", ".hta", ".lnk", ".iso":
		byName = "other"
	}
	kind, _, err := mime.ParseMediaType(declared)
	switch {
	case err != nil, kind == "application/octet-stream", kind == "binary/octet-stream":
	case kind == "application/pdf", kind == "application/x-pdf":
		byType = "pdf"
	case kind == "image/jpeg", kind == "image/jpg", kind == "image/pjpeg", kind == "image/png", kind == "image/webp", kind == "image/heic", kind == "image/heif":
		byType = "picture"
	default:
		byType = "other"
	}
	return byName, byType
}

// kindOf goes by the content. A name or a type that speaks of another family is refused: whoever wrote it meant
// something else to be seen. One picture format under another's name is common on phones and harms nobody, because
// pictures are made anew.
func kindOf(in Incoming) (models.FileKind, error) {
	kind := sniff(in.Body)
	byName, byType := claim(in.Name, in.Mime)
	if kind == "" {
		switch {
		case bytes.Contains(head(in.Body, 1024), []byte("%PDF-")):
			return "", models.FileRefusal(models.FilePolyglot)
		case byName == "picture" || byName == "pdf" || byType == "picture" || byType == "pdf":
			return "", models.FileRefusal(models.FileMismatch)
		}
		return "", models.FileRefusal(models.FileNotAllowed)
	}
	family := "pdf"
	if kind.Picture() {
		family = "picture"
	}
	if byName != "" && byName != family || byType != "" && byType != family {
		return "", models.FileRefusal(models.FileMismatch)
	}
	if isPolyglot(kind, in.Body) {
		return "", models.FileRefusal(models.FilePolyglot)
	}
	return kind, nil
}

// isPolyglot looks for a second thing in the file: a PDF or a page for browsers inside a picture, an archive at the
// end of anything. Each is long enough not to occur by chance.
func isPolyglot(kind models.FileKind, b []byte) bool {
	if kind.Picture() && bytes.Contains(head(b, 1024), []byte("%PDF-")) {
		return true
	}
	return endsAsArchive(b) || holdsMarkup(b)
}

// endsAsArchive looks for the end record of a ZIP file, which readers seek from the end, and for an archive's start.
func endsAsArchive(b []byte) bool {
	if end := tail(b, 66<<10); bytes.Contains(end, []byte("PK\x05\x06")) && bytes.Contains(b, []byte("PK\x01\x02")) {
		return true
	}
	return bytes.Contains(b, []byte("PK\x03\x04\x14\x00")) && bytes.Contains(b, []byte("PK\x01\x02")) ||
		bytes.Contains(b, []byte("Rar!\x1a\x07")) || bytes.Contains(b, []byte("7z\xBC\xAF\x27\x1C\x00"))
}

// markup is what makes a browser or a server run something, in lower case.
var markup = [][]byte{[]byte("<script"), []byte("<!doctype html"), []byte("<?php"), []byte("<svg "), []byte("<iframe")}

func holdsMarkup(b []byte) bool {
	for rest := b; ; {
		at := bytes.IndexByte(rest, '<')
		if at < 0 {
			return false
		}
		rest = rest[at:]
		word := bytes.ToLower(head(rest, 16))
		for _, m := range markup {
			if bytes.HasPrefix(word, m) {
				return true
			}
		}
		rest = rest[1:]
	}
}

// testVirus is the string every virus scanner stops, in two parts so that this file is not stopped.
var testVirus = []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-` + `STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`)

// isTestVirus answers whether the file is, or carries, the EICAR test.
func isTestVirus(b []byte) bool { return bytes.Contains(b, testVirus) }

func head(b []byte, n int) []byte { return b[:min(n, len(b))] }

func tail(b []byte, n int) []byte { return b[len(b)-min(n, len(b)):] }
