package main

import (
	"io"
	"os"
	"path/filepath"
)

// writeWhole writes a file that is there whole or not at all, and that nobody else may read: headers and URLs of a private system may be in
// it. It is written under another name beside it, comes to the disk, and then takes its name; of a failure nothing is left.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // the first error is the one to show
		}
	}()
	err = write(file)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
