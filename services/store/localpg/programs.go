package localpg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// programs is a folder with initdb, pg_ctl and postgres of one version.
type programs struct {
	dir   string
	major int
}

var errNoPrograms = errors.New("no Postgres is installed: install one (on Debian or Ubuntu: apt-get install postgresql), or set DATABASE_URL to a server")

// systemFolders are where packages of common systems put the programs.
var systemFolders = []string{
	"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*", "/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin", "/Applications/Postgres.app/Contents/Versions/*/bin",
}

// findPrograms looks in $PATH and the system's folders, then installs by the package manager as root on
// Debian or Ubuntu, then fetches them as a normal user.
func findPrograms(ctx context.Context, c cluster, say func(string)) (programs, error) {
	b, err := installed(c)
	if err == nil || !errors.Is(err, errNoPrograms) {
		return b, err
	}
	if os.Getuid() == 0 {
		if _, err := exec.LookPath("apt-get"); err != nil {
			return programs{}, errNoPrograms
		}
		say("Installing Postgres with apt-get.")
		if err := aptInstall(ctx, filepath.Join(c.base, "commands.log")); err != nil {
			return programs{}, fmt.Errorf("%w (apt-get: %w)", errNoPrograms, err)
		}
		return installed(c)
	}
	say("Fetching Postgres.")
	if err := fetch(c); err != nil {
		return programs{}, fmt.Errorf("%w (fetching it: %w)", errNoPrograms, err)
	}
	return installed(c)
}

// installed answers the newest programs on this machine, or those of the version that made the cluster.
func installed(c cluster) (programs, error) {
	dirs := []string{filepath.Join(fetchedFolder(c), "bin")}
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	for _, pattern := range systemFolders {
		found, _ := filepath.Glob(pattern)
		dirs = append(dirs, found...)
	}
	var all []programs
	for _, dir := range dirs {
		if b, ok := complete(dir); ok {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		return programs{}, errNoPrograms
	}
	made := clusterVersion(c)
	if made == 0 {
		return slices.MaxFunc(all, func(a, b programs) int { return a.major - b.major }), nil
	}
	for _, b := range all {
		if b.major == made {
			return b, nil
		}
	}
	return programs{}, fmt.Errorf("the data folder was made by Postgres %d, which is not installed any more: install it, or choose another PAGADURIA_DATA_DIR", made)
}

// complete answers the programs of a folder when all three are there. A folder of links, as
// /usr/local/bin may be, is followed to where they live: initdb looks for its files from there.
func complete(dir string) (programs, bool) {
	initdb, err := filepath.EvalSymlinks(filepath.Join(dir, "initdb"))
	if err != nil {
		return programs{}, false
	}
	dir = filepath.Dir(initdb)
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o111 == 0 {
			return programs{}, false
		}
	}
	out, err := exec.Command(initdb, "--version").Output() // "initdb (PostgreSQL) 15.7 (Debian …)"
	if err != nil {
		return programs{}, false
	}
	for _, word := range strings.Fields(string(out)) {
		if major, ok := leadingNumber(word); ok {
			return programs{dir: dir, major: major}, true
		}
	}
	return programs{}, false
}

func leadingNumber(word string) (int, bool) {
	end := strings.IndexFunc(word, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(word)
	}
	n, err := strconv.Atoi(word[:end])
	return n, err == nil
}

// clusterVersion is the major version that made the cluster, 0 when there is none yet.
func clusterVersion(c cluster) int {
	text, err := os.ReadFile(filepath.Join(c.data, "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, _ := leadingNumber(strings.TrimSpace(string(text)))
	return n
}

func aptInstall(ctx context.Context, logFile string) error {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	for _, args := range [][]string{{"update", "-q"}, {"install", "-q", "-y", "--no-install-recommends", "postgresql"}} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s, see %s: %w", args[0], logFile, err)
		}
	}
	return nil
}

// fetchedFolder is where programs that were fetched live, once for all data folders of the user.
func fetchedFolder(c cluster) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = c.base
	}
	return filepath.Join(cache, "pagaduria", "postgres")
}

// fetch downloads the programs. The library only does so as part of starting a server, so it starts one
// in a folder of its own and stops it at once.
func fetch(c cluster) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := uint32(l.Addr().(*net.TCPAddr).Port)
	if err := l.Close(); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "pagaduria-fetch-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	server := embedded.NewDatabase(embedded.DefaultConfig().Port(port).BinariesPath(fetchedFolder(c)).
		RuntimePath(scratch).DataPath(filepath.Join(scratch, "data")).Logger(io.Discard))
	if err := server.Start(); err != nil {
		return err
	}
	return server.Stop()
}
