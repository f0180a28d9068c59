"""What can be wrong, in the words of callers: every exception has a ``code``, some the ``field`` to blame."""


class JobsError(ValueError):
    """A refusal; each kind has a ``code`` of its own."""

    code = "refused"


class Invalid(JobsError):
    """One field is to blame."""

    code = "invalid_option"

    def __init__(self, field: str, message: str, code: str = "invalid_option") -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message, self.code = field, message, code


class NotFound(JobsError, LookupError):
    """There is no such job, no longer, or it belongs to somebody else."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("there is no such job, it is kept no longer, or it is not yours")


class NotFinished(JobsError):
    """The result is asked for before there is one; *retry_after* is in seconds."""

    code = "not_finished"

    def __init__(self, state: str, retry_after: int) -> None:
        super().__init__(f"the job is {state}; its result comes when it is done")
        self.retry_after = retry_after


class NoLonger(JobsError):
    """The result of *job_id* is gone, or will never be: *code* says why."""

    def __init__(self, job_id: str, code: str, message: str) -> None:
        super().__init__(message)
        self.job_id, self.code = job_id, code


class NoAnswer(JobsError):
    """The job *job_id* failed without an answer of its service: *code* says why."""

    def __init__(self, job_id: str, code: str, message: str) -> None:
        super().__init__(message)
        self.job_id, self.code = job_id, code


class LimitExceeded(JobsError):
    """Too many unfinished jobs of one owner; *retry_after* is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooLarge(JobsError):
    """The body is larger than a job's may be."""

    code = "body_too_large"


class LoginRequired(JobsError):
    """The job would belong to nobody."""

    code = "login_required"

    def __init__(self, message: str = "log in, or send an API key as a bearer token") -> None:
        super().__init__(message)


class Forbidden(JobsError):
    """Somebody is logged in, but may not do that."""

    code = "forbidden"


class StoreUnavailable(JobsError):
    """The database or the disk does not do what it is asked for; nothing was changed."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("jobs cannot be read or accepted right now; try again")


class LeaseLost(JobsError):
    """The job is no longer the worker's: it was cancelled, or another worker has it. Nothing was changed."""

    code = "lease_lost"

    def __init__(self) -> None:
        super().__init__("this lease has ended")
