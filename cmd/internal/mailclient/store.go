package mailclient

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// A File is a file of settings as it was read.
type File struct {
	Path   string
	Text   string
	Exists bool
	target string // where links lead
	mode   os.FileMode
}

// Read reads a file, which need not be there.
func Read(path string) (*File, error) {
	target, err := resolve(path)
	if err != nil {
		return nil, err
	}
	f := &File{Path: path, target: target}
	st, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil && !st.Mode().IsRegular() {
		return nil, fail(path+" is no regular file", "name another: --file FILE")
	}
	if err == nil {
		var data []byte
		if data, err = os.ReadFile(target); err == nil {
			f.Text, f.Exists, f.mode = string(data), true, st.Mode().Perm()
			return f, nil
		}
	}
	return nil, fmt.Errorf("reading %s: %w", path, cause(err))
}

// resolve follows links, also one whose target is yet to be made.
func resolve(path string) (string, error) {
	for range 40 {
		to, err := os.Readlink(path)
		if err != nil {
			return path, nil // it is no link
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fail(path+" is a link that leads to itself", "mend the link")
}

// cause drops the path that errors of the system repeat.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

// Apply makes the change. It gives the name of the copy of the file as it is without
// the lines of tacto; "" if none was needed: the file is new, or they are taken out.
func (ch *Change) Apply() (backup string, err error) {
	f := ch.File
	if f.Exists && f.mode&0o200 == 0 {
		return "", fail(f.Path+" is read-only", "if a program writes it for you (home-manager, chezmoi), add the lines of 'tacto hook show' there")
	}
	now, err := Read(f.Path)
	if err != nil {
		return "", err
	}
	if now.Text != f.Text || now.Exists != f.Exists {
		return "", fail(f.Path+" was changed meanwhile", "try again")
	}
	if ch.Delete {
		if err := os.Remove(f.target); err != nil {
			return "", fmt.Errorf("removing %s: %w", f.Path, cause(err))
		}
		return "", nil
	}
	mode := f.mode
	if f.Exists && !ch.removes {
		if backup, err = f.backUp(ch.bare); err != nil {
			return "", err
		}
	}
	if !f.Exists {
		mode = 0o644
		if ch.mode != 0 {
			mode = ch.mode
		}
		if err := os.MkdirAll(filepath.Dir(f.target), 0o755); err != nil {
			return "", fmt.Errorf("making the folder of %s: %w", f.Path, cause(err))
		}
	}
	if err := replace(f.target, ch.Text, mode); err != nil {
		return "", fmt.Errorf("writing %s: %w", f.Path, cause(err))
	}
	return backup, nil
}

// backUp keeps a text beside the file, under the first name that is free or has just
// this content.
func (f *File) backUp(text string) (string, error) {
	for n := 1; n < 1000; n++ {
		name := f.Path + ".tacto-backup"
		if n > 1 {
			name += "." + strconv.Itoa(n)
		}
		old, err := os.ReadFile(name)
		if err == nil && bytes.Equal(old, []byte(text)) {
			return name, nil
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			_, err = out.WriteString(text)
			err = errors.Join(err, out.Close())
		}
		if err != nil {
			return "", fmt.Errorf("keeping a copy of %s: %w", f.Path, cause(err))
		}
		return name, nil
	}
	return "", fail("there are too many copies of "+f.Path, "clear away those that are not needed: *.tacto-backup.*")
}

// replace writes a file so that at any moment the old or the new one is there,
// whole.
func replace(path, text string, mode os.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tacto-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // it is gone already, if all went well
	_, err = tmp.WriteString(text)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = keepOwner(path, tmp.Name())
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return err
}
