package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tacto-lint/tacto/cmd/internal/output"
	"github.com/tacto-lint/tacto/presend"
)

func (c *Command) lastCommand() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "last",
		Short: "Show why the last message was held",
		Long: `Show what was said of the last message that was not sent, for mail programs that
hide it. Of the message only the marked words are kept, until the next is held.

Exit status: 0 if there is one, 1 if not.`,
		Example: "  tacto last",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			memory := c.memory()
			if memory == nil {
				return usagef("set HOME or XDG_STATE_HOME", "there is no folder of yours to remember anything in")
			}
			l, err := memory.ReadLast()
			if errors.Is(err, presend.ErrNone) {
				c.sayf("%v", err)
				return status(exitFound)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return output.WriteJSON(c.Stdout, l)
			}
			_, err = fmt.Fprintf(c.Stdout, "%s\n%s", l.Time.Format("2006-01-02 15:04:05"), l.Text)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}
