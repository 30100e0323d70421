"""Structural similarity of two pictures.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: "Image quality assessment: from error visibility to structural similarity", IEEE
Transactions on Image Processing 13(4), 2004, equation 13 with the paper's window (11×11, Gaussian, σ = 1.5 px) and constants (0.01 and 0.03).
"""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""Rows of pixels of red, green and blue: height × width × 3."""
_Plane = npt.NDArray[np.float64]

_SIGMA, _RADIUS = 1.5, 5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_LUMA = np.array((0.299, 0.587, 0.114))  # ITU-R BT.601


def luma(picture: Pixels) -> _Plane:
    """Return the picture's luma, 0 to 255."""
    weighed: _Plane = picture[..., :3].astype(np.float64) @ _LUMA
    return weighed


def ssim(one: Pixels, other: Pixels) -> float:
    """Return the mean SSIM of two pictures of one size, at least 11 px each way: 1 for equal ones, near 0 for unlike ones."""
    if one.shape != other.shape or min(one.shape[:2]) < 2 * _RADIUS + 1:
        raise ValueError(f"pictures of {one.shape} and {other.shape} cannot be compared")
    x, y = luma(one), luma(other)
    mean_x, mean_y = _smooth(x), _smooth(y)
    var_x = _smooth(x * x) - mean_x**2
    var_y = _smooth(y * y) - mean_y**2
    both = _smooth(x * y) - mean_x * mean_y
    shares = ((2 * mean_x * mean_y + _C1) * (2 * both + _C2)) / ((mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2))
    return float(shares.mean())


def _smooth(plane: _Plane) -> _Plane:
    """Weigh each window that lies wholly inside the plane."""
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    weights = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    height, width = plane.shape
    rows = np.zeros((height - 2 * _RADIUS, width))
    for at, weight in enumerate(weights):
        rows += weight * plane[at : at + rows.shape[0]]
    done = np.zeros((rows.shape[0], width - 2 * _RADIUS))
    for at, weight in enumerate(weights):
        done += weight * rows[:, at : at + done.shape[1]]
    return done
