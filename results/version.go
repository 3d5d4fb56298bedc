package results

// Version is the release.
const Version = "0.1.0"

// UserAgent is what names us in every request that names nobody else: firewalls answer one without a User-Agent with 403.
const UserAgent = "ssebench/" + Version
