/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * plugin/store: the state file is root's alone and replaced as a whole, and one plugin at a time has it.
 */
#include "run.h"
#include "sink_common.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "lib/error.h"
#include "lib/state.h"
#include "plugin/store.h"

static char *directory;

static void
setup(void)
{
  directory = scratch();
}

static void
teardown(void)
{
  remove_scratch(directory);
  g_free(directory);
}


/* As long as a header and more. */
static GByteArray *
bytes(char fill)
{
  GByteArray *array = g_byte_array_new();
  g_byte_array_set_size(array, 200);
  memset(array->data, fill, array->len);
  return array;
}

START_TEST(what_was_saved_last_is_loaded_and_is_roots_alone)
{
  g_autofree char *path = g_build_filename(directory, "state", NULL);
  struct stat info;
  gsize length;

  umask(0);
  PnatStore *store = pnat_store_new(directory, NULL);
  ck_assert_ptr_null(pnat_store_load(store, NULL));
  pnat_store_save(store, bytes('a'));
  pnat_store_save(store, bytes('b'));
  pnat_store_free(store, soon(10000));
  ck_assert_int_eq(stat(path, &info), 0);
  ck_assert_uint_eq(info.st_mode & 07777, 0600);

  store = pnat_store_new(directory, NULL);
  g_autoptr(GBytes) loaded = pnat_store_load(store, NULL);
  const char *data = g_bytes_get_data(loaded, &length);
  ck_assert_uint_eq(length, 200);
  ck_assert_int_eq(data[199], 'b');
  pnat_store_free(store, soon(10000));
}
END_TEST

START_TEST(what_is_set_aside_is_not_loaded_again)
{
  g_autofree char *aside = g_build_filename(directory, "state.refused", NULL);
  PnatStore *store = pnat_store_new(directory, NULL);

  pnat_store_save(store, bytes('a'));
  pnat_store_free(store, soon(10000));
  store = pnat_store_new(directory, NULL);
  pnat_store_set_aside(store, "for a test");
  ck_assert_ptr_null(pnat_store_load(store, NULL));
  ck_assert(g_file_test(aside, G_FILE_TEST_IS_REGULAR));
  pnat_store_free(store, soon(10000));
}
END_TEST

/* Another process that has the store from when this returns on, until @stop is closed. */
static pid_t
holder(int *stop)
{
  int ready[2], ends[2];
  char byte;

  ck_assert_int_eq(pipe(ready), 0);
  ck_assert_int_eq(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[1]);
    PnatStore *store = pnat_store_new(directory, NULL);
    if (store == NULL || write(ready[1], "", 1) != 1 || read(ends[0], &byte, 1) != 0)
      _exit(1);
    pnat_store_free(store, soon(10000));
    _exit(0);
  }
  close(ready[1]);
  close(ends[0]);
  ck_assert_int_eq(read(ready[0], &byte, 1), 1);
  close(ready[0]);
  *stop = ends[1];
  return child;
}

START_TEST(where_nothing_can_be_written_is_known_beforehand)
{
  g_autoptr(GError) full = NULL, gone = NULL;
  PnatStore *store = pnat_store_new(directory, NULL);
  ck_assert(pnat_store_can_write(store, NULL));
  pnat_store_save(store, bytes('a'));
  pnat_store_free(store, soon(10000));

  if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0
      && mount("none", directory, "tmpfs", 0, "size=64k,mode=0750") == 0) {
    store = pnat_store_new(directory, NULL);
    g_autofree char *fill = g_build_filename(directory, "fill", NULL);
    g_autofree char *zeros = g_malloc0(60 * 1024);
    ck_assert(g_file_set_contents(fill, zeros, 60 * 1024, NULL));
    ck_assert(!pnat_store_can_write(store, &full));
    ck_assert(g_error_matches(full, PNAT_ERROR, PNAT_ERROR_IO));
    pnat_store_free(store, soon(10000));
    ck_assert_int_eq(umount(directory), 0);
  }
  store = pnat_store_new(directory, NULL);
  g_autofree char *path = g_build_filename(directory, "state", NULL);
  ck_assert_int_eq(unlink(path), 0);
  ck_assert_int_eq(rmdir(directory), 0);
  ck_assert(!pnat_store_can_write(store, &gone));
  pnat_store_free(store, soon(10000));
  ck_assert_int_eq(mkdir(directory, 0750), 0);
}
END_TEST

START_TEST(a_plugin_gets_the_state_when_the_last_one_has_stopped)
{
  g_autoptr(GError) error = NULL;
  int status, stop;
  pid_t child = holder(&stop);

  ck_assert_ptr_null(pnat_store_new(directory, &error));
  ck_assert(g_error_matches(error, PNAT_ERROR, PNAT_ERROR_BUSY));
  close(stop);
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  PnatStore *store = pnat_store_new(directory, NULL);
  ck_assert_ptr_nonnull(store);
  pnat_store_free(store, soon(10000));
}
END_TEST

START_TEST(a_plugin_that_does_not_stop_keeps_its_state)
{
  g_autoptr(GError) error = NULL;
  int stop;
  pid_t child = holder(&stop);
  ck_assert_ptr_null(pnat_store_new(directory, &error));
  ck_assert_ptr_nonnull(strstr(error->message, "another plugin"));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  close(stop);
  PnatStore *store = pnat_store_new(directory, NULL);
  ck_assert_ptr_nonnull(store);
  pnat_store_free(store, soon(10000));
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("store");
  TCase *tcase = tcase_create("store");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 20);
  tcase_add_test(tcase, what_was_saved_last_is_loaded_and_is_roots_alone);
  tcase_add_test(tcase, where_nothing_can_be_written_is_known_beforehand);
  tcase_add_test(tcase, what_is_set_aside_is_not_loaded_again);
  tcase_add_test(tcase, a_plugin_gets_the_state_when_the_last_one_has_stopped);
  tcase_add_test(tcase, a_plugin_that_does_not_stop_keeps_its_state);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
