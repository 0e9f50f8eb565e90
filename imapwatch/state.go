package imapwatch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// A record is what is kept of a draft that was judged: hashes and the verdict.
type record struct {
	UID     uint32 `json:"uid"`
	Content string `json:"content"` // tells the text with its subject and recipients
	Head    string `json:"head"`    // tells subject, recipients and what it answers
	Verdict string `json:"verdict"`
	// Found says that there were findings at the level, Told which: their hashes.
	Found bool     `json:"found,omitempty"`
	Told  []string `json:"told,omitempty"`

	gone   time.Time // not there since
	sketch sketch    // of the text, in memory alone
	start  start     // in memory alone
}

// accountState is what is kept of an account's folder. All UIDs up to Last have
// been dealt with.
type accountState struct {
	UIDValidity uint32    `json:"uidvalidity"`
	Last        uint32    `json:"last"`
	Seen        time.Time `json:"seen"` // when it was last connected, to within a day
	Records     []*record `json:"told"`
}

// store is the state file. Its lock guards every accountState.
type store struct {
	path string

	mu       sync.Mutex
	accounts map[string]*accountState
	changes  uint64

	writing sync.Mutex
	written uint64

	lock *os.File // nil: none is held
}

// ErrInUse says that another watch has the state file: both would tell each draft.
var ErrInUse = errors.New("another watch is at work with that state file")

const stateVersion = 1

type stateFile struct {
	Version  int                      `json:"version"`
	Accounts map[string]*accountState `json:"accounts"`
}

// Records of accounts that are no more are kept this long.
const stateLife = 90 * 24 * time.Hour

// openStore reads the state file. One that can't be read is an error, one that
// makes no sense is put aside (broken says so): a watch without memory is better than none.
func openStore(path string) (st *store, broken bool, err error) {
	st = &store{path: path, accounts: map[string]*accountState{}}
	if path == "" {
		return st, false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, false, fmt.Errorf("making a place for the state file: %w", err)
	}
	if st.lock, err = lockFile(path + ".lock"); err != nil {
		return nil, false, err
	}
	defer func() {
		if err != nil {
			st.release()
		}
	}()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return st, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the state file: %w", err)
	}
	file := stateFile{}
	if err := json.Unmarshal(data, &file); err != nil || file.Version != stateVersion {
		if err := os.Rename(path, path+".broken"); err != nil {
			return nil, false, fmt.Errorf("putting a broken state file aside: %w", err)
		}
		return st, true, nil
	}
	for key, a := range file.Accounts {
		if a != nil && time.Since(a.Seen) < stateLife {
			a.Records = slices.DeleteFunc(a.Records, func(r *record) bool { return r == nil })
			st.accounts[key] = a
		}
	}
	return st, false, nil
}

// release lets another watch have the file.
func (st *store) release() {
	if st.lock != nil {
		unlockFile(st.lock)
		st.lock = nil
	}
}

// account gives the state of one, under a key that says nothing about it.
func (st *store) account(a *Account) *accountState {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d %q %q", a.Name, a.Host, a.PortNumber(), a.User, a.Folder))
	key := hex.EncodeToString(sum[:12])
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.accounts[key] == nil {
		st.accounts[key] = &accountState{}
	}
	return st.accounts[key]
}

// change runs f, which changes an account's state, under the lock.
func (st *store) change(f func()) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f()
	st.changes++
}

// save writes what has changed, atomically, and returns when it is on the disk.
// Calls that come while another writes share one write.
func (st *store) save() error {
	if st.path == "" {
		return nil
	}
	st.mu.Lock()
	mine := st.changes
	st.mu.Unlock()
	st.writing.Lock()
	defer st.writing.Unlock()
	if st.written >= mine {
		return nil
	}
	st.mu.Lock()
	upTo := st.changes
	data, err := json.Marshal(stateFile{stateVersion, st.accounts})
	st.mu.Unlock()
	if err == nil {
		err = replaceFile(st.path, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("writing the state file: %w", err)
	}
	st.written = upTo
	return nil
}

// replaceFile writes a file beside the other, readable by its owner alone, and
// puts it in its place.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it is of no use
	}
	return err
}
