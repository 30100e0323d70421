"""What a caller may see of notification's refusals."""

from flatrender.kit.errors import NotFound, TooMany


class UnknownNotification(NotFound):
    """There is no such notification of this person."""

    code = "notification.not_found"


class TooManyStreams(TooMany):
    """The person holds as many streams open as they may."""

    code = "notification.too_many_streams"
