#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes configure and the Makefile.in files of a fresh clone.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux
exec autoreconf --force --install
