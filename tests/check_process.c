/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * lib/process: who a process is, which programs it ran, and when its pid is another's.
 */
#include "lib/process.h"

#include <stdlib.h>

#include "flows.h"
#include "run.h"

START_TEST(a_node_counts_its_processes)
{
  PnatNode *node = pnat_node_new("web1");
  PnatEvent event = event_by(100, "/bin/a");
  PnatProcess *one = pnat_process_new(node, &event);
  event.who.pid = 101;
  PnatProcess *other = pnat_process_new(node, &event);
  ck_assert_uint_eq(node->n_processes, 2);
  pnat_process_free(one);
  ck_assert_uint_eq(node->n_processes, 1);
  pnat_process_free(other);
  ck_assert_uint_eq(node->n_processes, 0);
  pnat_node_free(node);
  pnat_process_free(NULL);
  pnat_node_free(NULL);
}
END_TEST

START_TEST(a_node_can_be_named_later)
{
  PnatNode *node = pnat_node_new(NULL);
  ck_assert_ptr_null(node->name);
  pnat_node_rename(node, "web1");
  ck_assert_str_eq(node->name, "web1");
  pnat_node_rename(node, "web1");
  ck_assert_str_eq(node->name, "web1");
  pnat_node_rename(node, NULL);
  ck_assert_ptr_null(node->name);
  pnat_node_free(node);
}
END_TEST

START_TEST(a_process_is_what_its_first_event_says)
{
  Household household;
  household_open(&household);
  const PnatProcess *process = household.process;
  ck_assert_uint_eq(process->pid, 100);
  ck_assert_uint_eq(process->ppid, 50);
  ck_assert_uint_eq(process->auid, 1000);
  ck_assert_uint_eq(process->ses, 1);
  ck_assert_int_eq(process->newest, FLOWS_T0);
  ck_assert_int_eq(process->end, 0);
  ck_assert_int_eq(process->maybe_end, 0);
  ck_assert(TAILQ_EMPTY(&process->flows));
  ck_assert_ptr_null(pnat_process_descriptor(process, 3));
  household_close(&household);
}
END_TEST

/* Images. */

START_TEST(the_same_program_and_user_are_one_image)
{
  Household household;
  household_open(&household);
  PnatEvent event = event_by(100, "/usr/bin/prog");
  event.who.comm = "thread-7"; /* a thread's name */
  event.who.cmd = "something else";
  ck_assert_ptr_eq(pnat_process_image(household.process, &event.who), household.image);
  ck_assert_str_eq(household.image->comm, "prog"); /* as at its first event */
  ck_assert_str_eq(household.image->cmd, "prog -x");
  household_close(&household);
}
END_TEST

START_TEST(another_program_or_effective_user_is_another_image_and_comes_first)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, "192.0.2.1", 443); /* holds on to the first */
  PnatEvent event = event_by(100, "/usr/bin/other");
  PnatImage *other = pnat_process_image(household.process, &event.who);
  ck_assert_ptr_ne(other, household.image);
  ck_assert_ptr_eq(household.process->images, other);
  event = event_by(100, "/usr/bin/prog");
  event.who.euid = 0;
  PnatImage *root = pnat_process_image(household.process, &event.who);
  ck_assert_ptr_ne(root, household.image);
  ck_assert_uint_eq(root->euid, 0);

  event.who.euid = 1000;
  ck_assert_ptr_eq(pnat_process_image(household.process, &event.who), household.image);
  ck_assert_ptr_eq(household.process->images, household.image);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

START_TEST(an_image_too_many_asks_the_oldest_to_go)
{
  Household household;
  PnatFlow *flows[PNAT_PROCESS_IMAGES];
  household_open(&household);
  PnatImage *first = household.image;
  for (guint i = 0; i < G_N_ELEMENTS(flows); i++) {
    g_autofree char *exe = g_strdup_printf("/tmp/a%u", i);
    PnatEvent event = event_by(100, i == 0 ? "/usr/bin/prog" : exe);
    ck_assert_ptr_null(pnat_process_surplus_image(household.process));
    household.image = pnat_process_image(household.process, &event.who);
    flows[i] = flow_to(&household, "192.0.2.1", 443);
  }
  PnatEvent newcomer = event_by(100, "/tmp/newcomer");
  pnat_process_image(household.process, &newcomer.who);
  ck_assert_ptr_eq(pnat_process_surplus_image(household.process), first);
  for (guint i = 0; i < G_N_ELEMENTS(flows); i++)
    pnat_flow_free(flows[i]);
  household_close(&household);
}
END_TEST

START_TEST(an_event_without_a_program_is_of_the_newest_of_its_user)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, "192.0.2.1", 443);
  PnatEvent newer = event_by(100, "/usr/bin/newer");
  PnatImage *image = pnat_process_image(household.process, &newer.who);
  PnatEvent uring = event_by(100, NULL);
  ck_assert_ptr_eq(pnat_process_image(household.process, &uring.who), image);
  uring.who.euid = 0;
  ck_assert_ptr_ne(pnat_process_image(household.process, &uring.who), image);
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

START_TEST(a_command_line_that_comes_late_is_taken)
{
  Household household;
  household_open(&household);
  PnatEvent first = event_by(100, "/usr/bin/other");
  first.who.cmd = NULL;
  PnatImage *image = pnat_process_image(household.process, &first.who);
  ck_assert_ptr_null(image->cmd);
  first.who.cmd = "other --late";
  pnat_process_image(household.process, &first.who);
  ck_assert_str_eq(image->cmd, "other --late");
  household_close(&household);
}
END_TEST

/* The kernel shows the title of the program before, after execve, and at most 128 bytes of it. */
START_TEST(a_title_that_another_program_had_is_not_taken)
{
  static const guint cuts[] = { 200, 128, 127 };
  g_autofree char *whole = g_strnfill(200, 'x');
  g_autofree char *shown = g_strndup(whole, cuts[_i]);
  Household household;

  household_open(&household);
  PnatEvent event = event_by(100, "/usr/bin/first");
  event.who.cmd = whole;
  household.image = pnat_process_image(household.process, &event.who);
  PnatFlow *flow = flow_to(&household, "192.0.2.1", 443);
  event = event_by(100, "/usr/bin/second");
  event.who.cmd = shown;
  PnatImage *second = pnat_process_image(household.process, &event.who);
  ck_assert_ptr_null(second->cmd);
  event.who.cmd = "x"; /* whole, and its own */
  ck_assert_str_eq(pnat_process_image(household.process, &event.who)->cmd, "x");
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

START_TEST(a_process_that_calls_execve_for_ever_does_not_grow)
{
  Household household;
  household_open(&household);
  PnatFlow *flow = flow_to(&household, "192.0.2.1", 443);
  for (guint i = 0; i < 1000; i++) {
    g_autofree char *exe = g_strdup_printf("/bin/%u", i);
    PnatEvent event = event_by(100, exe);
    pnat_process_image(household.process, &event.who);
  }
  guint n = 0;
  gboolean kept = FALSE;
  for (const PnatImage *image = household.process->images; image != NULL; image = image->next, n++)
    kept |= image == household.image;
  ck_assert_uint_le(n, 2);
  ck_assert(kept); /* it has a flow */
  pnat_flow_free(flow);
  household_close(&household);
}
END_TEST

/* Whose pid it is. */

enum { SAME, OTHER };

static const struct {
  guint64 start; /* of the process, and of the event: 0 = not known */
  guint64 event_start;
  guint32 ppid;
  guint32 ses; /* of the event; the process has parent 50 and session 1 */
  const char *exe;
  int verdict;
  int after_exit; /* the verdict when an exit(2) was seen that may have been its end */
} reuses[] = {
  { 0, 0, 50, 1, "/usr/bin/prog", SAME, SAME },
  { 0, 0, 1, 1, "/usr/bin/prog", SAME, SAME },     /* its parent died */
  { 0, 0, 50, 1, "/usr/bin/new", SAME, SAME },     /* execve, which a process whose thread exited can call too */
  { 0, 0, 60, 1, "/usr/bin/prog", SAME, SAME },    /* adopted by a subreaper */
  { 0, 0, 60, 1, "/usr/bin/new", OTHER, OTHER },
  { 0, 0, 1, 1, "/usr/bin/new", SAME, OTHER },
  { 0, 0, 50, 2, "/usr/bin/prog", OTHER, OTHER },
  { 0, 0, 50, PNAT_ID_UNSET, "/usr/bin/prog", OTHER, OTHER },
  { 0, 0, 50, PNAT_ID_UNSET, NULL, SAME, SAME },   /* io_uring's records hold neither session nor program */
  { 7, 7, 60, 2, "/usr/bin/new", SAME, SAME },     /* start times tell, whatever else is new */
  { 7, 8, 50, 1, "/usr/bin/prog", OTHER, OTHER },
  { 7, 0, 50, 1, "/usr/bin/prog", SAME, SAME },    /* gone by the time it was looked for */
  { 0, 7, 50, 1, "/usr/bin/prog", SAME, SAME },
  { 7, 0, 60, 2, "/usr/bin/new", OTHER, OTHER },
};

START_TEST(the_pid_of_an_event_is_this_process_or_another)
{
  PnatNode *node = pnat_node_new("web1");
  PnatEvent first = event_by(100, "/usr/bin/prog");
  first.start = reuses[_i].start;
  PnatProcess *process = pnat_process_new(node, &first);
  pnat_process_image(process, &first.who);

  PnatEvent event = event_by(100, reuses[_i].exe);
  event.start = reuses[_i].event_start;
  event.who.ppid = reuses[_i].ppid;
  event.who.ses = reuses[_i].ses;
  ck_assert_int_eq(pnat_process_is_other(process, &event), reuses[_i].verdict == OTHER);
  process->maybe_end = FLOWS_T0;
  ck_assert_int_eq(pnat_process_is_other(process, &event), reuses[_i].after_exit == OTHER);
  pnat_process_free(process);
  pnat_node_free(node);
}
END_TEST

START_TEST(a_first_login_does_not_make_another_process)
{
  PnatNode *node = pnat_node_new("web1");
  PnatEvent first = event_by(100, "/usr/bin/prog");
  first.who.ses = first.who.auid = PNAT_ID_UNSET;
  PnatProcess *process = pnat_process_new(node, &first);
  pnat_process_image(process, &first.who);
  PnatEvent event = event_by(100, "/usr/bin/prog");
  ck_assert(!pnat_process_is_other(process, &event));
  pnat_process_free(process);
  pnat_node_free(node);
}
END_TEST

/* The entity. */

static guint64
entity_of(const char *node_name, PnatEvent event)
{
  PnatNode *node = pnat_node_new(node_name);
  PnatProcess *process = pnat_process_new(node, &event);
  guint64 entity = process->entity;
  pnat_process_free(process);
  pnat_node_free(node);
  return entity;
}

START_TEST(an_entity_is_one_process_of_all_that_had_its_pid)
{
  PnatEvent event = event_by(100, "/bin/a");
  guint64 entity = entity_of("web1", event);
  ck_assert_uint_ne(entity, 0);
  ck_assert_uint_eq(entity, entity_of("web1", event));
  ck_assert_uint_ne(entity, entity_of("web2", event));
  ck_assert_uint_ne(entity, entity_of(NULL, event));
  event.serial = 2;
  ck_assert_uint_ne(entity, entity_of("web1", event));
  event.serial = 1;
  event.time++;
  ck_assert_uint_ne(entity, entity_of("web1", event));
  event.time--;
  event.who.pid++;
  ck_assert_uint_ne(entity, entity_of("web1", event));
}
END_TEST

START_TEST(where_its_start_is_known_an_entity_does_not_depend_on_the_event)
{
  PnatEvent event = event_by(100, "/bin/a");
  event.start = 4711;
  guint64 entity = entity_of("web1", event);
  event.time += 5000;
  event.serial = 99;
  ck_assert_uint_eq(entity, entity_of("web1", event));
  ck_assert_uint_eq(entity, entity_of(NULL, event)); /* start names the boot, and by that the host */
  event.start++;
  ck_assert_uint_ne(entity, entity_of("web1", event));
  event.start--;
  event.who.pid++;
  ck_assert_uint_ne(entity, entity_of("web1", event));
}
END_TEST

START_TEST(descriptors_are_made_when_one_is_asked_for)
{
  Household household;
  household_open(&household);
  ck_assert_ptr_null(pnat_process_descriptor_get(household.process, -1));
  PnatDescriptor *descriptor = pnat_process_descriptor_get(household.process, 7);
  ck_assert_ptr_nonnull(descriptor);
  ck_assert_ptr_null(pnat_process_descriptor(household.process, 7)); /* nothing was seen of it yet */
  descriptor->state = PNAT_DESCRIPTOR_PEER;
  ck_assert_ptr_eq(pnat_process_descriptor(household.process, 7), descriptor);
  household_close(&household);
}
END_TEST

static Suite *
suite(void)
{
  Suite *suite = suite_create("process");
  TCase *tcase = tcase_create("process");
  tcase_add_test(tcase, a_node_counts_its_processes);
  tcase_add_test(tcase, a_node_can_be_named_later);
  tcase_add_test(tcase, a_process_is_what_its_first_event_says);
  tcase_add_test(tcase, the_same_program_and_user_are_one_image);
  tcase_add_test(tcase, another_program_or_effective_user_is_another_image_and_comes_first);
  tcase_add_test(tcase, an_image_too_many_asks_the_oldest_to_go);
  tcase_add_test(tcase, an_event_without_a_program_is_of_the_newest_of_its_user);
  tcase_add_test(tcase, a_command_line_that_comes_late_is_taken);
  tcase_add_loop_test(tcase, a_title_that_another_program_had_is_not_taken, 0, 3);
  tcase_add_test(tcase, a_process_that_calls_execve_for_ever_does_not_grow);
  tcase_add_loop_test(tcase, the_pid_of_an_event_is_this_process_or_another, 0, G_N_ELEMENTS(reuses));
  tcase_add_test(tcase, a_first_login_does_not_make_another_process);
  tcase_add_test(tcase, an_entity_is_one_process_of_all_that_had_its_pid);
  tcase_add_test(tcase, where_its_start_is_known_an_entity_does_not_depend_on_the_event);
  tcase_add_test(tcase, descriptors_are_made_when_one_is_asked_for);
  suite_add_tcase(suite, tcase);
  return suite;
}

int
main(void)
{
  return run_suite(suite());
}
