package kill

func runTraced(task) error { return nil }
