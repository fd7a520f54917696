"""What a frame holds, as tuples."""


def rows(frame):
    return [tuple(row) for row in frame.toDF().collect()]


def names(frame):
    return frame.toDF().columns


def types(frame):
    return dict(frame.toDF().dtypes)
