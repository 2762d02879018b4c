# Compares what an image shows with what its recipe says; every line of the bill of materials is one call of `proves`.
# A version given in fewer parts than the image shows holds what starts with it: 580.159.03 for 580.159.03-1.amzn2023.
set -euo pipefail
wrong=0
proves() { # name, version, extended regular expression whose first group is the version, command...
  local name=$1 version=$2 pattern=$3 line shown=()
  shift 3
  while IFS= read -r line; do
    [[ $line =~ $pattern ]] || continue
    case ${BASH_REMATCH[1]} in
      "$version" | "$version"[.+~-]*) return 0 ;;
    esac
    shown+=("${BASH_REMATCH[1]}")
  done < <("$@" 2>&1 || true)
  echo "$name: the recipe says $version, the image shows ${shown[*]:-nothing}" >&2
  wrong=1
}
