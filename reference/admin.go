package reference

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// settlePatience is how long a question about faults waits for events that
// were published before it.
const settlePatience = 2 * time.Second

// faultState is one fault on the admin endpoint.
type faultState struct {
	Value string `json:"value"`       // "" is off
	N     uint64 `json:"n,omitempty"` // the value where it is a number
	Done  uint64 `json:"done"`        // deliveries affected over all subscribers since the server started
}

// FaultsDone returns for each fault, by name, how many deliveries (or streams,
// or requests, as the fault has it) it affected since the server started.
func (s *Server) FaultsDone() map[string]uint64 {
	if s.hub != nil {
		s.hub.settle(settlePatience)
	}
	done := make(map[string]uint64, faultCount)
	for i := range faultTable {
		done[faultTable[i].Name] = s.faults.done[i].Load()
	}
	return done
}

// showFaults answers with every fault by name: its value, and what it did.
func (s *Server) showFaults(w http.ResponseWriter, _ *http.Request) {
	s.hub.settle(settlePatience)
	f := *s.faults.orNone()
	all := make(map[string]faultState, faultCount)
	for i := range faultTable {
		st := faultState{Value: faultValue(&f, faultNo(i)), Done: s.faults.done[i].Load()}
		if n, err := strconv.ParseUint(st.Value, 10, 64); err == nil {
			st.N = n
		}
		all[faultTable[i].Name] = st
	}
	answerJSON(w, http.StatusOK, all)
}

// setFaults reads the text form from the body. PUT replaces the faults in
// force, POST changes those it names, DELETE turns all off; what was done stays
// counted.
func (s *Server) setFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if r.Method == http.MethodPost {
		f = *s.faults.orNone()
	}
	if r.Method != http.MethodDelete {
		body, err := readBody(w, r, 4<<10)
		if err != nil {
			s.answerError(w, err)
			return
		}
		if err := f.Set(string(bytes.TrimSpace(body))); err != nil {
			s.answerError(w, refuse(http.StatusBadRequest, "fault", err.Error()))
			return
		}
	}
	s.SetFaults(f)
	s.showFaults(w, r)
}

// doorState is the door on the admin endpoint.
type doorState struct {
	Door       DoorKind            `json:"door"` // "" is open
	OpensMS    int64               `json:"opens_in_ms,omitempty"`
	TurnedAway map[DoorKind]uint64 `json:"turned_away"` // requests; stalled ones have waited. Whom the kernel refuses nobody counts
}

func (s *Server) showDoor(w http.ResponseWriter, _ *http.Request) {
	st := doorState{TurnedAway: map[DoorKind]uint64{}}
	if d := s.door.now.Load(); d != nil {
		st.Door, st.OpensMS = d.Kind, max(0, time.Until(d.until).Milliseconds())
	}
	for i, kind := range doorKinds {
		st.TurnedAway[kind] = s.door.turned[i].Load()
	}
	answerJSON(w, http.StatusOK, st)
}

// setDoor shuts the door as the body says, or opens it on DELETE.
func (s *Server) setDoor(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		s.OpenDoor()
		s.showDoor(w, r)
		return
	}
	body, err := readBody(w, r, 4<<10)
	if err != nil {
		s.answerError(w, err)
		return
	}
	d, err := ParseDoor(string(bytes.TrimSpace(body)))
	if err == nil {
		err = s.ShutDoor(d)
	}
	if err != nil {
		s.answerError(w, refuse(http.StatusBadRequest, "door", err.Error()))
		return
	}
	s.hub.settle(settlePatience)
	s.showDoor(w, r)
}
