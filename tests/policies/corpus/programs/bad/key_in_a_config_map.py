"""Access keys where everybody in the namespace reads them.

expect: HERD-078 data.AWS_SECRET_ACCESS_KEY
"""

from pulumi_kubernetes.core.v1 import ConfigMap

ConfigMap("trainer", data={"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"})
