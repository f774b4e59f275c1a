// Package files asks what a department drops as a file: at night, into a folder of this
// machine or of an SFTP server. A file is indexed once, by a keyed digest of the
// subject's number; the rows stay where they are and are read again for each question.
//
//	folder: /data/minzheng        # absolute
//	name: household-*.csv         # path.Match; the newest file of these names is the one
//	format: csv                   # csv (RFC 4180, with a header) | jsonl (one object a line)
//	encoding: utf-8               # default | gb18030
//	subject_column: idcard
//	digest: .sm3                  # beside each file one with its SM3 in hex, put there last
//	settle: 10s                   # without digest: a file younger than this may still be written
//	host, port: "22"              # absent: the folder is on this machine
//	user, user_secret             # user_secret names a secret: a password, or a private key in PEM
//	host_key: ssh-ed25519 AAAA…   # of the SFTP server; any other key is refused
//
// The data is as of the file's own time. A file that is half written, or that changes
// while it is read, is not read: an older file of another name serves meanwhile, and
// without one the source is unavailable.
package files
