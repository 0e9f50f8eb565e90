package audit

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// A Key makes Hashes: the first 16 bytes of an HMAC-SHA-256. Without it nobody can
// tell whether a hash is of a given address.
type Key struct{ key []byte }

// keySize is the size of a key in bytes.
const keySize = 32

// NewKey makes a key by chance.
func NewKey() Key {
	k := make([]byte, keySize)
	_, _ = rand.Read(k) // never fails
	return Key{k}
}

const keyMark = "tacto-audit-key-1 "

// ErrKey says that a text is not a key.
var ErrKey = errors.New("not an audit key: one begins with " + strings.TrimSpace(keyMark))

// ParseKey is the inverse of Key.String. The error is ErrKey; it never has the text.
func ParseKey(text string) (Key, error) {
	digits, ok := strings.CutPrefix(strings.TrimSpace(text), keyMark)
	k, err := hex.DecodeString(digits)
	if !ok || err != nil || len(k) != keySize {
		return Key{}, ErrKey
	}
	return Key{k}, nil
}

// String gives the key as it stands in a file. It is a secret.
func (k Key) String() string { return keyMark + hex.EncodeToString(k.key) }

// Address hashes an address, whose case does not count.
func (k Key) Address(address string) Hash {
	return k.hash("address", strings.ToLower(strings.TrimSpace(address)))
}

// Domain hashes what stands behind the @ of an address; the zero Hash: it has none.
func (k Key) Domain(address string) Hash {
	domain := strings.TrimSpace(address[strings.LastIndexByte(address, '@')+1:])
	if domain == "" || !strings.Contains(address, "@") {
		return Hash{}
	}
	return k.hash("domain", strings.ToLower(domain))
}

// Mailbox hashes an account's mailbox.
func (k Key) Mailbox(account, mailbox string) Hash { return k.hash("mailbox", account+"\x00"+mailbox) }

// MessageID hashes an email that has one. The date and the author, as they stand in
// its header, keep apart what buggy programs give the same Message-ID.
func (k Key) MessageID(id, date, author string) Hash {
	return k.hash("message", strings.Join([]string{strings.TrimSpace(id), strings.TrimSpace(date), strings.ToLower(author)}, "\x00"))
}

// Content hashes an email that has no Message-ID.
func (k Key) Content(data []byte) Hash { return k.hash("content", string(data)) }

// ID tells keys apart without giving them away: a store keeps it, to refuse another.
func (k Key) ID() Hash { return k.hash("key", "") }

// hash is keyed by kind too, so that equal texts of two kinds have other hashes.
func (k Key) hash(kind, text string) Hash {
	h := hmac.New(sha256.New, k.key)
	h.Write([]byte(kind + "\x00" + text))
	var sum [sha256.Size]byte
	return Hash(h.Sum(sum[:0])[:16])
}
