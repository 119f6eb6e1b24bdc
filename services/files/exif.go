package files

import (
	"bytes"
	"encoding/binary"

	"pagaduria/models"
)

// metadata finds what a camera wrote about a picture: whether there is any, and how it was held (1 to 8).
func metadata(kind models.FileKind, b []byte) (found bool, orientation int) {
	var tiff []byte
	switch kind {
	case models.FileJPEG:
		tiff, found = jpegMetadata(b)
	case models.FilePNG:
		tiff, found = pngMetadata(b)
	case models.FileWebP:
		tiff, found = webpMetadata(b)
	case models.FileHEIC: // its own boxes say how it was held, and the library obeys them
		return bytes.Contains(b, []byte("Exif\x00\x00")) || bytes.Contains(b, []byte("application/rdf+xml")), 1
	}
	return found, orientationOf(tiff)
}

// jpegMetadata walks the segments before the picture.
func jpegMetadata(b []byte) (tiff []byte, found bool) {
	for at := 2; at+4 <= len(b) && b[at] == 0xFF; {
		marker, size := b[at+1], int(binary.BigEndian.Uint16(b[at+2:]))
		if marker == 0xFF {
			at++
			continue
		}
		end := at + 2 + size
		if marker == 0xDA || size < 2 || end > len(b) {
			break
		}
		segment := b[at+4 : end]
		switch {
		case marker == 0xE1 && bytes.HasPrefix(segment, []byte("Exif\x00\x00")):
			found = true
			if tiff == nil {
				tiff = segment[6:]
			}
		case marker == 0xE1, marker == 0xED, marker == 0xFE: // XMP, Photoshop, comment
			found = true
		}
		at = end
	}
	return tiff, found
}

func pngMetadata(b []byte) (tiff []byte, found bool) {
	for at := 8; at+8 <= len(b); {
		size, name := int(binary.BigEndian.Uint32(b[at:])), string(b[at+4:at+8])
		if size < 0 || size > len(b)-at-8 {
			break
		}
		switch name {
		case "eXIf":
			tiff, found = b[at+8:at+8+size], true
		case "tEXt", "iTXt", "zTXt", "tIME":
			found = true
		}
		at += 12 + size
	}
	return tiff, found
}

func webpMetadata(b []byte) (tiff []byte, found bool) {
	for at := 12; at+8 <= len(b); {
		name, size := string(b[at:at+4]), int(binary.LittleEndian.Uint32(b[at+4:]))
		if size < 0 || size > len(b)-at-8 {
			break
		}
		switch name {
		case "EXIF":
			tiff, found = bytes.TrimPrefix(b[at+8:at+8+size], []byte("Exif\x00\x00")), true
		case "XMP ":
			found = true
		}
		at += 8 + size + size&1
	}
	return tiff, found
}

// orientationOf reads the one tag we need of a TIFF header; anything odd is upright.
func orientationOf(tiff []byte) int {
	const tag, short = 0x0112, 3
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int(order.Uint32(tiff[4:]))
	if at < 8 || at > len(tiff)-2 {
		return 1
	}
	count := int(order.Uint16(tiff[at:]))
	for at += 2; count > 0 && at+12 <= len(tiff); count, at = count-1, at+12 {
		if order.Uint16(tiff[at:]) != tag || order.Uint16(tiff[at+2:]) != short {
			continue
		}
		if o := int(order.Uint16(tiff[at+8:])); o >= 1 && o <= 8 {
			return o
		}
	}
	return 1
}
