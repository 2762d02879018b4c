"""A chart whose templates are whatever is newest, and Pulumi makes of them what it likes.

expect: HERD-043 version
"""

from pulumi_kubernetes.helm.v3 import Chart, ChartOpts, FetchOpts

Chart("web", ChartOpts(chart="nginx", fetch_opts=FetchOpts(repo="https://charts.bitnami.com/bitnami")))
