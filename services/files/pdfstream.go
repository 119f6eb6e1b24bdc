package files

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"

	"pagaduria/models"
)

// maxUnpacked bounds what the streams of one PDF unpack to, together: a bomb is refused without being kept.
const maxUnpacked = 400 << 20

// plainFlate is the one way in which object streams are packed by programs that mean well.
var plainFlate = regexp.MustCompile(`/Filter\s*(\[\s*)?/(FlateDecode|Fl)\s*\]?\s*[/>]`)

// inspectStreams unpacks every stream that is packed as object streams are and looks at the names in it. An object
// stream that is packed in any other way hides something.
func inspectStreams(body []byte) error {
	left := int64(maxUnpacked)
	for at := 0; ; {
		next := bytes.Index(body[at:], []byte("stream"))
		if next < 0 {
			return nil
		}
		start := at + next
		at = start + len("stream")
		if bytes.HasSuffix(body[:start], []byte("end")) {
			continue
		}
		if objects, plain := packing(body[:start]); objects && !plain {
			return models.FileRefusal(models.FilePDFActive)
		}
		n, active := unpack(body[at:], left)
		if active {
			return models.FileRefusal(models.FilePDFActive)
		}
		if left -= n; left <= 0 {
			return models.FileRefusal(models.FileTooLarge)
		}
	}
}

// packing reads the dictionary before the word stream: whether it is an object stream, and whether it is packed
// plainly or not at all.
func packing(before []byte) (objects, plain bool) {
	dict := tail(before, 2<<10)
	if at := bytes.LastIndex(dict, []byte(" obj")); at >= 0 {
		dict = dict[at:]
	}
	if !namesIn(dict).objectStream {
		return false, false
	}
	odd := bytes.Contains(dict, []byte("/DecodeParms")) || bytes.Contains(dict, []byte("#"))
	filtered := bytes.Contains(dict, []byte("/Filter")) || bytes.Contains(dict, []byte("/F "))
	return true, !odd && (!filtered || plainFlate.Match(dict))
}

// window is how much of a stream is in memory at a time; names across its edge are seen with the next one.
const window = 256 << 10

// unpack inflates what begins at b when it is a zlib stream, no more than limit bytes, and answers how much that was
// and whether an active name is in it. A stream that is cut off is read as far as it goes.
func unpack(b []byte, limit int64) (n int64, active bool) {
	b = bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("\r")), []byte("\n"))
	if len(b) < 2 || b[0]&0x0f != 8 || (int(b[0])<<8|int(b[1]))%31 != 0 {
		return 0, false
	}
	r, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return 0, false
	}
	buffer := make([]byte, window)
	kept := 0
	for n < limit {
		m, err := io.ReadFull(r, buffer[kept:])
		n += int64(m)
		if namesIn(buffer[:kept+m]).active {
			return n, true
		}
		if err != nil {
			return n, false
		}
		kept = copy(buffer, tail(buffer, 4*longestName))
	}
	return n, false
}
