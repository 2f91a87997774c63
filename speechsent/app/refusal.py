"""A request that is not answered, and how the visitor is told."""

from collections.abc import Mapping

from speechsent.errors import SpeechsentError


class RefusedError(SpeechsentError):
    """Why a request is not answered, in words for whoever sent it.

    Args:
        status: Of HTTP.
        code: What the page goes by, such as ``"too-large"``.
        message: A sentence or two, with the remedy.
        headers: Further headers of the reply.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.headers = dict(headers or {})
        super().__init__(message)

    @property
    def body(self) -> dict[str, dict[str, str]]:
        """What is sent as JSON."""
        return {"error": {"code": self.code, "message": str(self)}}
