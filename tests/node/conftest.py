"""The farm of the render tests."""

from tests.render.conftest import farm, running_farm

__all__ = ["farm", "running_farm"]
