# Gives this shell the project's build: `source env.bash`, then every node and command runs by
# name. `make build` comes first. A sourced ROS stays underneath; without one, .venv is the ROS.

_project=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ ! -e "$_project/.venv/for-${ROS_DISTRO:-wheels}" ] || [ ! -e "$_project/install/package-built" ]
then
  echo "env.bash: nothing is built for this shell yet: run make build in $_project" >&2
  unset _project
  return 1
fi
if [ -z "${ROS_DISTRO:-}" ]; then
  export AMENT_PREFIX_PATH=$_project/.venv
  export LD_LIBRARY_PATH=$_project/.venv/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
COLCON_PYTHON_EXECUTABLE=$_project/.venv/bin/python source "$_project/install/local_setup.bash"
export PATH=$_project/install/snn_gesture_ros/lib/snn_gesture_ros:$_project/.venv/bin:$PATH
unset _project
