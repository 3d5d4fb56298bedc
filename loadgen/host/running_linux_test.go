package host

// running says whether a process is there and has not ended.
func running(pid int) bool {
	st, err := readStat(pid)
	return err == nil && st.state != 'Z'
}
