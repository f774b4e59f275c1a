package local

import (
	"os"
	"os/user"
)

// role and database are what Kapok connects as and to. The role owns the private
// server: here the roles of a real installation would protect Kapok from itself only.
const (
	role     = "kapok"
	database = "kapok"
)

// settings are given on the command line, so that they hold whatever the data
// folder's own files say.
func settings(l layout, socketFolder string, options Options) []string {
	named := [][2]string{
		{"listen_addresses", ""}, // no TCP at all
		{"port", "5432"},
		{"unix_socket_directories", socketFolder},
		{"unix_socket_permissions", "0700"},
		{"hba_file", l.hba()},
		{"ident_file", l.ident()},
		{"cluster_name", "kapok"},

		{"fsync", durability(options)},
		{"full_page_writes", durability(options)},
		{"synchronous_commit", "on"},
		{"recovery_init_sync_method", recoverySync},

		{"max_connections", "100"},
		{"shared_buffers", sharedBuffers(options)},
		{"max_wal_size", "2GB"},
		{"checkpoint_timeout", "15min"},
		{"random_page_cost", "1.1"}, // solid state disks
		{"jit", "off"},              // every statement here is short

		// The log tells of the server, never of a person: no statement, no
		// parameter, no DETAIL line with a key's value.
		{"logging_collector", "off"},
		{"log_destination", "stderr"},
		{"log_statement", "none"},
		{"log_min_duration_statement", "-1"},
		{"log_min_error_statement", "panic"},
		{"log_parameter_max_length", "0"},
		{"log_parameter_max_length_on_error", "0"},
		{"log_error_verbosity", "terse"},

		{"timezone", "UTC"},
		{"log_timezone", "UTC"},
	}
	args := make([]string, 0, 2*len(named))
	for _, setting := range named {
		args = append(args, "-c", setting[0]+"="+setting[1])
	}
	return args
}

func durability(options Options) string {
	if options.Temporary {
		return "off"
	}
	return "on"
}

func sharedBuffers(options Options) string {
	if options.Temporary {
		return "64MB"
	}
	return "256MB"
}

// access lets in the user of this process, as the kernel names them on the socket
// (peer), and nobody else.
func (l layout) access() error {
	self, err := user.Current()
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.hba(), []byte("local all "+role+" peer map=kapok\n"), 0o644); err != nil {
		return err
	}
	return os.WriteFile(l.ident(), []byte("kapok \""+self.Username+"\" "+role+"\n"), 0o644)
}
