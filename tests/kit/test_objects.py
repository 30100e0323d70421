"""Signed links."""

import pytest

from flatrender.kit.errors import Forbidden
from flatrender.kit.objects import LinkSigner

SIGNER = LinkSigner(b"k" * 32)


@pytest.mark.parametrize("signature", ["", "x", "¸¢íe", "\ud800", "0" * 64])
def test_a_signature_that_is_not_ours_is_refused_whatever_its_characters(signature: str) -> None:
    with pytest.raises(Forbidden) as refused:
        SIGNER.check("GET", "a/b", 9_999_999_999, signature)
    assert refused.value.code == "files.link_invalid"
