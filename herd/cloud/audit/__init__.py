"""The audit: an enumerator that lists the cloud itself, not the state."""

from herd.cloud.audit.lister import Found, list_cloud
from herd.cloud.audit.table import CONTAINED, LISTINGS, Listing

enumerate = list_cloud  # noqa: A001 - the audit's verb

__all__ = ["CONTAINED", "LISTINGS", "Found", "Listing", "enumerate", "list_cloud"]
