"""The HTTP status of each error code, beside those that all services have (kit.problems)."""

STATUS = {
    "login_required": 401,
    "forbidden": 403,
    "not_finished": 409,
    "cancelled": 410,
    "result_gone": 410,
}
