# Copies one image by digest unless it is here already; every platform of it, byte for byte.
# ECR refuses an immutable tag a second time even for the same digest, so what is here must be left alone.
# mirror SOURCE@DIGEST REPOSITORY DIGEST [TAG]
failed=0
mirror() {
  if regctl manifest head "$2@$3" >/dev/null 2>&1; then
    echo "present $2@$3"
    return 0
  fi
  echo "copying $1"
  # Pushed under its tag, if it has one; an immutable tag refuses to stand for another digest.
  target="$2@$3"
  if [ -n "${4:-}" ]; then target="$2:$4"; fi
  if regctl image copy "$1" "$target" && regctl manifest head "$2@$3" >/dev/null; then
    return 0
  fi
  echo "FAILED $1" >&2
  failed=1
}
