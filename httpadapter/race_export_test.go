package httpadapter

// RaceEnabled tells the tests outside the package whether the race detector slows them down.
const RaceEnabled = raceEnabled
