package models

import (
	"errors"
	"path"
	"strings"
)

// FileKind is what the bytes of a file are, whatever its name says.
type FileKind string

// The kinds of files that are taken as documents.
const (
	FileJPEG FileKind = "jpeg"
	FilePNG  FileKind = "png"
	FileWebP FileKind = "webp"
	FileHEIC FileKind = "heic"
	FilePDF  FileKind = "pdf"
)

// Picture answers whether the file is one image and no pages.
func (k FileKind) Picture() bool { return k != FilePDF && k != "" }

// FileCode says why a file was refused, or what was done to one that was taken. Programs read it, so the words stay.
type FileCode string

// The codes of refusals.
const (
	FileEmpty         FileCode = "FILE_EMPTY"
	FileTooLarge      FileCode = "FILE_TOO_LARGE"
	FileCorrupt       FileCode = "FILE_CORRUPT"
	FileMalware       FileCode = "MALWARE"
	FileNotScanned    FileCode = "SCAN_UNAVAILABLE" // the virus scanner does not answer: nothing is taken unseen
	FileNotAllowed    FileCode = "TYPE_NOT_ALLOWED"
	FileMismatch      FileCode = "TYPE_MISMATCH" // the content is not what the name or the sender says
	FilePolyglot      FileCode = "POLYGLOT"      // one file that is two things
	FileImageTooLarge FileCode = "IMAGE_TOO_LARGE"
	FilePDFActive     FileCode = "PDF_ACTIVE_CONTENT"
	FilePDFLocked     FileCode = "PDF_ENCRYPTED"
	FilePDFTooLong    FileCode = "PDF_TOO_LONG"
)

// The codes of what was done to a file that was taken.
const (
	FileStripped FileCode = "STRIP_METADATA" // place, device and date are gone
	FileRenamed  FileCode = "NAME_SANITISED"
)

// What a file may be at most. Pictures are bounded before they are unpacked.
const (
	FileMaxMB         = 20
	FileMaxMegapixels = 50 // the largest pictures that phones take in their ordinary modes
	FileMaxPages      = 20
)

// fileSentences are the English form of the catalogues' file.* messages.
var fileSentences = map[FileCode]string{
	FileEmpty:         "The file is empty. Choose the photo or PDF again.",
	FileTooLarge:      "The file is too large: the limit is 20 MB. Take the photo with a lower resolution, or save the PDF smaller.",
	FileCorrupt:       "The file is damaged or incomplete, so it does not open. Take the photo or save the PDF again.",
	FileMalware:       "The virus scan stopped this file. Check your device and send another copy.",
	FileNotScanned:    "The virus scan does not answer, so nothing can be taken now. Try again in a few minutes.",
	FileNotAllowed:    "This kind of file is not taken. Send a photo (JPG, PNG, WebP, HEIC) or a PDF.",
	FileMismatch:      "The content of the file is not what its name says. Send the original photo or PDF.",
	FilePolyglot:      "The file holds something else besides the document. Take the photo or save the PDF again.",
	FileImageTooLarge: "The image is too large: the limit is 50 megapixels. Take the photo with a lower resolution.",
	FilePDFActive:     "The PDF holds scripts, actions or attached files. Print it to a new PDF and send that.",
	FilePDFLocked:     "The PDF is protected by a password. Send a copy without one.",
	FilePDFTooLong:    "The PDF has too many pages: the limit is 20. Send only the pages asked for.",
}

// FileRefusal is the refusal of a file.
func FileRefusal(code FileCode) *Error {
	kind := Invalid
	if code == FileNotScanned {
		kind = Unavailable
	}
	return Refuse(kind, code.Key(), fileSentences[code], map[string]any{"MB": FileMaxMB, "Megapixels": FileMaxMegapixels, "Pages": FileMaxPages})
}

// Key is the code's message in the catalogues.
func (c FileCode) Key() string { return "file." + strings.ToLower(string(c)) }

// FileCodeOf is the code of the first file refusal in err's chain, "" when there is none.
func FileCodeOf(err error) FileCode {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	word, ok := strings.CutPrefix(e.Key, "file.")
	code := FileCode(strings.ToUpper(word))
	if _, known := fileSentences[code]; !ok || !known {
		return ""
	}
	return code
}

// fileNameLimit is how many characters of a file's name are kept.
const fileNameLimit = 120

// CleanFileName keeps the last part of a file's name without characters that steer a terminal or turn the
// direction of writing, for showing it; a name of which nothing stays is `otherwise`.
func CleanFileName(name, otherwise string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xA0 || r >= 0x200B && r <= 0x200F || r >= 0x2028 && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == '\uFEFF' || r == '\uFFFD' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	if runes := []rune(name); len(runes) > fileNameLimit {
		ext := []rune(path.Ext(name))
		if len(ext) > 6 {
			ext = nil
		}
		name = string(runes[:fileNameLimit-len(ext)]) + string(ext)
	}
	if name = strings.TrimSpace(name); name == "" || strings.Trim(name, "./") == "" {
		return otherwise
	}
	return name
}
