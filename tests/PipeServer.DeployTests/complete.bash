# What bash offers at the end of a line of pipeserver's, a candidate a line: bash complete.bash FILE WORD...
# shellcheck shell=bash disable=SC1090
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
complete -p pipeserver >/dev/null || exit
_pipeserver
printf '%s\n' "${COMPREPLY[@]}"
