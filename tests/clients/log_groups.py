"""Groups of logs that the server itself writes, which come into being with their first event."""


def events_of(logs, group, **arguments):
    """The events that filter_log_events finds; none while there is no such group."""
    try:
        return logs.filter_log_events(logGroupName=group, **arguments)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
