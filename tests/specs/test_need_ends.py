"""What a need does at its ends: the last of what is told of it."""


from tests.support.telling import weekly

SATURDAYS = weekly("2026-03-07", "2026-03-21", (6, "09:00", "12:00"))
FIRST, SECOND, THIRD = "2026-03-07T01:00:00Z", "2026-03-14T01:00:00Z", "2026-03-21T01:00:00Z"



