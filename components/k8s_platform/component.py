"""The components of the platform, in the order they are registered."""

from components.k8s_platform.addons.component import Addons
from components.k8s_platform.control_plane.component import ControlPlane
from components.k8s_platform.devices.component import DeviceLayer
from components.k8s_platform.karpenter.component import Karpenter

__all__ = ["Addons", "ControlPlane", "DeviceLayer", "Karpenter"]
