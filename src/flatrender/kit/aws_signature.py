"""AWS Signature Version 4 (Amazon S3 API reference, "Authenticating Requests"): the part that links and signed requests share."""

import hashlib
import hmac

ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "s3"


def scope_of(stamp: str, region: str) -> str:
    """Return what a signature of the time `stamp` (`20261123T061500Z`) is good for: its day, the region, S3."""
    return f"{stamp[:8]}/{region}/{_SERVICE}/aws4_request"


def signature(secret_key: str, *, stamp: str, region: str, request: str) -> str:
    """Return the signature of a canonical request, 64 hexadecimal digits."""
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{stamp}\n{scope_of(stamp, region)}\n{digest}"
    key = f"AWS4{secret_key}".encode()
    for part in scope_of(stamp, region).split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
