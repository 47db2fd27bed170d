# Shared by the scripts of `make build`: where they run, and one line for a failure.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
mkdir -p build install

# Without a sourced ROS, .venv holds one.
if [ -z "${ROS_DISTRO:-}" ]; then
  export AMENT_PREFIX_PATH=$PWD/.venv CMAKE_PREFIX_PATH=$PWD/.venv LD_LIBRARY_PATH=$PWD/.venv/lib
fi

# fail MESSAGE: end with one line that says what to do.
fail() {
  echo "make build: $*" >&2
  exit 1
}

# pip ARGUMENTS...: install into .venv.
pip() {
  .venv/bin/python -m pip --disable-pip-version-check install --retries 2 "$@"
}

# logged LOG COMMAND...: run COMMAND with its output in build/LOG.
logged() {
  local log=build/$1
  shift
  "$@" > "$log" 2>&1 || fail "$(likely_cause "$log") (more in $log)"
}

# likely_cause LOG: what went wrong, in one line, by the log of a failed command.
likely_cause() {
  if grep -qE 'connection broken|Failed to establish a new connection|name resolution' "$1"
  then
    echo 'the Python package index cannot be reached: connect to the network and try again'
  elif grep -q 'No space left on device' "$1"; then
    echo 'the disk is full: free some space and try again'
  else
    grep -i 'error' "$1" | grep -v ResolutionImpossible | tail -n 1 | grep . || tail -n 1 "$1"
  fi
}

# colcon_build LOG ARGUMENTS...: what colcon builds goes to install/.
colcon_build() {
  local log=$1
  shift
  logged "$log" .venv/bin/python -m colcon --log-base build/colcon-log build "$@"
}
