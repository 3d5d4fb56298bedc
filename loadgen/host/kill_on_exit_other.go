//go:build !unix

package host

import "errors"

// KillOnExit is not known on this system.
func KillOnExit(int) (release func(), err error) {
	return nil, errors.New("process groups are not known on this system")
}
