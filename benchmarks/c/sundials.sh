#!/bin/sh
# SUNDIALS from its source, optimised, as static libraries with their headers: sundials.sh FOLDER FLAGS
#
# The source is the folder $SUNDIALS_SOURCE if that is given (version 6 or newer), else that of
# Debian's source package, which apt brings and checks; its lists go into a temporary folder, and
# the system's stay as they are. Debian's own libraries will not do: they are built without
# optimisation. Needs cmake, make and a C compiler.
set -eu
to=$1
flags=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [ -n "${SUNDIALS_SOURCE:-}" ]; then
    source=$SUNDIALS_SOURCE
    origin="a folder"
else
    # The system's own lists, but for sources.
    mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial"
    for list in $(grep -liE 'debian|ubuntu' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null); do
        sed -E 's/^deb /deb-src /; s/^Types:.*/Types: deb-src/' "$list" >"$work/parts/$(basename "$list")"
    done
    apt() {
        (cd "$work" && apt-get -qq -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$work/parts" \
            -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User= "$@")
    }
    apt update
    apt source --download-only sundials
    mkdir "$work/source"
    tar -xf "$work"/sundials_*.orig.tar.* -C "$work/source" --strip-components=1
    source=$work/source
    origin="the Debian source package $(sed -n 's/^Version: //p' "$work"/*.dsc)"
fi

# CVODE and IDA with what they need; no sensitivities, no threads, no LAPACK.
cmake -S "$source" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$to" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE="$flags -DNDEBUG" \
    -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DBUILD_ARKODE=OFF -DBUILD_CVODES=OFF -DBUILD_IDAS=OFF -DBUILD_KINSOL=OFF \
    -DEXAMPLES_ENABLE_C=OFF -DEXAMPLES_INSTALL=OFF >"$work/log"
cmake --build "$work/build" --parallel 2 >>"$work/log"
cmake --install "$work/build" >>"$work/log"
echo "$origin" >"$to/origin"
