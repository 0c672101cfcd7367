# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Packages of the distribution, for install.sh and check.sh to source: which are missing, and installing them. "apt" stands for Debian
# and Ubuntu, "dnf" for Fedora and RHEL.

# What a build needs.
build_packages() {
  case $1 in
  apt)
    echo gcc libc6-dev make autoconf automake pkg-config libaudit-dev libauparse-dev libglib2.0-dev libjson-glib-dev libcap-ng-dev \
      libseccomp-dev
    ;;
  dnf)
    echo gcc glibc-devel make autoconf automake pkgconf-pkg-config audit-libs-devel glib2-devel json-glib-devel libcap-ng-devel \
      libseccomp-devel
    ;;
  esac
}

package_manager() {
  if command -v apt-get >/dev/null; then
    echo apt
  elif command -v dnf >/dev/null; then
    echo dnf
  else
    echo none
  fi
}

is_installed() {
  case $1 in
  apt) [ "$(dpkg-query -W -f='${db:Status-Status}' "$2" 2>/dev/null)" = installed ] ;;
  dnf) rpm -q --quiet --whatprovides "$2" ;;
  esac
}

# The words of "$2..." that are not installed.
missing_packages() {
  manager=$1
  shift
  for package in "$@"; do
    is_installed "$manager" "$package" || printf '%s ' "$package"
  done
}

# Installs the packages named after the manager $1; its long output is shown only when it fails.
install_packages() {
  packages_log=$(mktemp)
  if ! run_package_manager "$@" >"$packages_log" 2>&1; then
    cat "$packages_log" >&2
    rm -f "$packages_log"
    return 1
  fi
  rm -f "$packages_log"
}

run_package_manager() {
  manager=$1
  shift
  case $manager in
  apt)
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    apt-get update -q || echo "apt-get update failed; trying with the package lists that are there"
    apt-get install -y -q --no-install-recommends "$@"
    ;;
  dnf)
    # RHEL and its kin have some -devel packages in a repository that is off: its name differs.
    dnf install -y -q "$@" || dnf install -y -q --enablerepo=crb "$@" || dnf install -y -q --enablerepo=powertools "$@" ||
      dnf install -y -q --enablerepo="codeready-builder-for-rhel-*-rpms" "$@"
    ;;
  esac
}
