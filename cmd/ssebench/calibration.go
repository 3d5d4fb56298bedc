package main

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"

	"ssebench/results"
)

// calibrationPath is where the calibration of this machine is kept: another kernel or CPU has another.
func calibrationPath(kernel, cpu string, cores int) (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no folder for the calibration: %w", err)
	}
	sum := fnv.New64a()
	fmt.Fprintf(sum, "%q %q %d", kernel, cpu, cores)
	return filepath.Join(folder, "ssebench", fmt.Sprintf("calibration-%016x.json", sum.Sum64())), nil
}

// storeCalibration keeps the calibration for later runs, and gives the path.
func storeCalibration(c *results.Calibration) (string, error) {
	path, err := calibrationPath(c.Kernel, c.CPU, c.Cores)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("calibration: %w; set XDG_CACHE_HOME to a folder that can be written", err)
	}
	return path, writeWhole(path, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(c)
	})
}

// loadCalibration gives the calibration of this machine; nil where there is none that can be read.
func loadCalibration(e *results.Environment) *results.Calibration {
	path, err := calibrationPath(e.Kernel, e.CPU, e.Cores)
	if err != nil {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	c := new(results.Calibration)
	if json.Unmarshal(b, c) != nil || c.Kernel != e.Kernel || c.CPU != e.CPU || c.Cores != e.Cores {
		return nil
	}
	return c
}
