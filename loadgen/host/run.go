package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Run runs a command to its end. What it starts in the background lives on: a command that restarts a server must not take it along. The
// error says how the command ended and what it printed last.
func Run(ctx context.Context, args []string, dir string) error {
	c := Command{Args: args, Dir: dir}
	name := fmt.Sprintf("the command %q", clip(strings.Join(args, " "), 120))
	// A file and no pipe: a pipe would have to be read as long as anything in the background holds it.
	output, err := os.CreateTemp("", "ssebench-command-*")
	if err != nil {
		return fmt.Errorf("%s was not started: %w", name, err)
	}
	defer output.Close()
	if err := os.Remove(output.Name()); err != nil {
		return fmt.Errorf("%s was not started: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, output, output
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s was not started: %s", name, explainStart(err, &c))
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		said := &tail{}
		if _, seekErr := output.Seek(0, io.SeekStart); seekErr == nil {
			said.copy(io.LimitReader(output, 1<<20), nil)
		}
		return fmt.Errorf("%s ended with %w%s", name, err, said.quote())
	}
	return nil
}
