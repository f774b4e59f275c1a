package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Machine is what a figure is worth nothing without.
type Machine struct {
	Go         string `json:"go"`
	Platform   string `json:"platform"`
	Processor  string `json:"processor"`
	CPUs       int    `json:"cpus"`
	GOMAXPROCS int    `json:"gomaxprocs"`
	FileSystem string `json:"file_system"` // under the database
	Sync       string `json:"sync"`        // how long a page takes to reach the disk, median
}

func lookAround(folder string) (Machine, error) {
	median, err := syncTime(folder)
	if err != nil {
		return Machine{}, fmt.Errorf("bench: try the disk: %w", err)
	}
	return Machine{
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Processor: processor(),
		CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		FileSystem: fileSystem(folder), Sync: median.Round(time.Microsecond).String(),
	}, nil
}

// processor is the first one's name, or "unknown".
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// fileSystem is the type of the longest mount point that folder lies under: on a
// tmpfs nothing is durable, whatever PostgreSQL says.
func fileSystem(folder string) string {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "unknown"
	}
	kind, longest := "unknown", -1
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) >= 3 && len(fields[1]) >= longest && within(folder, fields[1]) {
			kind, longest = fields[2], len(fields[1])
		}
	}
	return kind
}

func within(folder, mount string) bool {
	return mount == "/" || folder == mount || strings.HasPrefix(folder, mount+"/")
}

const syncs = 31

// syncTime writes pages of 8 KiB to a file and waits for each to be safe.
func syncTime(folder string) (time.Duration, error) {
	file, err := os.Create(filepath.Join(folder, "sync-trial"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	page := make([]byte, 8<<10)
	took := make([]time.Duration, syncs)
	for i := range took {
		began := time.Now()
		if _, err := file.WriteAt(page, 0); err != nil {
			return 0, err
		}
		if err := file.Sync(); err != nil {
			return 0, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[syncs/2], nil
}
