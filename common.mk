# SPDX-License-Identifier: GPL-2.0-or-later
#
# Flags that every Makefile.am of pnat includes.
AM_CPPFLAGS = -I$(top_srcdir) -DG_LOG_DOMAIN=\"pnat\" -DAUDIT_DIR=\"$(auditdir)\" \
	-DGLIB_VERSION_MIN_REQUIRED=GLIB_VERSION_2_66 -DGLIB_VERSION_MAX_ALLOWED=GLIB_VERSION_2_66
AM_CFLAGS = $(WARN_CFLAGS) $(HARDEN_CFLAGS) $(SANITIZE_FLAGS) $(FUZZER_FLAGS) \
	$(GLIB_CFLAGS) $(JSON_CFLAGS) $(AUDIT_CFLAGS) $(AUPARSE_CFLAGS)
AM_LDFLAGS = $(HARDEN_LDFLAGS) $(SANITIZE_FLAGS) $(FUZZER_FLAGS)
PNAT_LIBS = $(top_builddir)/lib/libpnat.a $(JSON_LIBS) $(GLIB_LIBS) $(AUPARSE_LIBS) $(AUDIT_LIBS)
# For what links the plugin: the tests of its modules too.
PNAT_PLUGIN_LIBS = $(top_builddir)/plugin/libpnatplugin.a $(PNAT_LIBS) $(CAPNG_LIBS) $(SECCOMP_LIBS)
