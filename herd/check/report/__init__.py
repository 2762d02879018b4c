"""One outcome in four forms: for people, for programs (JSON), for scanners' viewers (SARIF), for GitHub's checks."""
