#!/bin/sh
# Compiles bpf/*.bpf.c into build/bpf/*.bpf.o where the source is newer. Says what is missing and which command mends it.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/build/bpf
machine=$(uname -m)-linux-gnu

missing=
command -v clang >/dev/null || missing="$missing clang"
[ -e /usr/include/bpf/bpf_helpers.h ] || missing="$missing libbpf-dev"
[ -e "/usr/include/$machine/asm/types.h" ] || [ -e /usr/include/asm/types.h ] || missing="$missing linux-libc-dev"

stale() {
	[ ! -e "$2" ] || [ "$1" -nt "$2" ] || [ -n "$(find "$root/bpf" -name '*.h' -newer "$2")" ]
}

for source in "$root"/bpf/*.bpf.c; do
	object=$out/$(basename "$source" .c).o
	stale "$source" "$object" || continue
	if [ -n "$missing" ]; then
		echo "The lab's eBPF programs need$missing to be compiled: run apt-get install -y$missing" >&2
		exit 1
	fi
	mkdir -p "$out"
	# Two labs may be raised at once: each compiles beside the object and moves it into place whole.
	clang -O2 -g -Wall -Werror -target bpf -mcpu=v3 "-I/usr/include/$machine" -c "$source" -o "$object.$$"
	mv "$object.$$" "$object"
done
