/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See descriptors.h. The pages of a process are an array sorted by page number: most processes have one.
 */
#include "descriptors.h"

#include <stdlib.h>
#include <string.h>

#define PER_PAGE 4

typedef struct {
  guint number; /* fd / PER_PAGE */
  PnatDescriptor entries[PER_PAGE];
} Page;

struct PnatDescriptors {
  Page **pages;
  guint n_pages;
  guint n_allocated;
};

guint16
pnat_cookie_tag(guint64 cookie)
{
  return cookie == 0 ? 0 : (guint16)(cookie % G_MAXUINT16 + 1);
}

gboolean
pnat_descriptor_has_peer(const PnatDescriptor *descriptor, const PnatAddress *address)
{
  PnatAddress known = { .port = descriptor->port, .family = descriptor->family };
  memcpy(known.bytes, descriptor->bytes, sizeof known.bytes);
  return descriptor->state == PNAT_DESCRIPTOR_PEER && pnat_address_equal(&known, address);
}

void
pnat_descriptor_set_peer(PnatDescriptor *descriptor, const PnatAddress *address, PnatDirection direction)
{
  memcpy(descriptor->bytes, address->bytes, sizeof descriptor->bytes);
  descriptor->port = address->port;
  descriptor->family = address->family;
  descriptor->state = PNAT_DESCRIPTOR_PEER;
  descriptor->direction = direction;
  descriptor->local_port = 0;
  descriptor->cookie_tag = 0;
  descriptor->pending = FALSE;
  descriptor->unasked = FALSE;
  descriptor->inferred = FALSE;
  descriptor->asked = FALSE;
  descriptor->closing = FALSE;
}

void
pnat_descriptor_note_cookie(PnatDescriptor *descriptor, const PnatSocket *socket)
{
  descriptor->cookie_tag = pnat_cookie_tag(socket->cookie);
  descriptor->asked = socket->cookie != 0;
}

gboolean
pnat_descriptor_has_socket(const PnatDescriptor *descriptor, const PnatSocket *socket)
{
  if (descriptor->cookie_tag != 0)
    return descriptor->cookie_tag == pnat_cookie_tag(socket->cookie);
  return descriptor->state == PNAT_DESCRIPTOR_PEER && pnat_descriptor_has_peer(descriptor, &socket->remote);
}

gboolean
pnat_descriptor_may_have_socket(const PnatDescriptor *descriptor, const PnatSocket *socket)
{
  return descriptor == NULL || descriptor->state != PNAT_DESCRIPTOR_PEER || descriptor->cookie_tag != 0 ||
         pnat_descriptor_has_socket(descriptor, socket);
}

void
pnat_descriptor_note_answer(PnatDescriptor *descriptor, const PnatSocket *socket)
{
  if (!pnat_descriptor_has_socket(descriptor, socket)) {
    *descriptor = (PnatDescriptor){ .state = PNAT_DESCRIPTOR_NO_PEER };
    if (socket->remote.family != PNAT_FAMILY_NONE)
      pnat_descriptor_set_peer(descriptor, &socket->remote, PNAT_DIRECTION_UNKNOWN);
  }
  pnat_descriptor_note_cookie(descriptor, socket);
  descriptor->inferred = FALSE;
  descriptor->proto = socket->proto;
  descriptor->local_port = socket->local.port;
}

PnatDescriptors *
pnat_descriptors_new(void)
{
  return g_new0(PnatDescriptors, 1);
}

void
pnat_descriptors_free(PnatDescriptors *descriptors)
{
  if (descriptors == NULL)
    return;
  for (guint i = 0; i < descriptors->n_pages; i++)
    g_free(descriptors->pages[i]);
  g_free(descriptors->pages);
  g_free(descriptors);
}

/* The index of the page with @number, or where it belongs. */
static guint
position(const PnatDescriptors *descriptors, guint number)
{
  guint low = 0, high = descriptors->n_pages;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (descriptors->pages[middle]->number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

PnatDescriptor *
pnat_descriptors_find(PnatDescriptors *descriptors, gint fd)
{
  if (fd < 0)
    return NULL;
  guint number = (guint)fd / PER_PAGE;
  guint at = position(descriptors, number);
  if (at == descriptors->n_pages || descriptors->pages[at]->number != number)
    return NULL;
  PnatDescriptor *entry = &descriptors->pages[at]->entries[(guint)fd % PER_PAGE];
  return entry->state == PNAT_DESCRIPTOR_UNKNOWN ? NULL : entry;
}

PnatDescriptor *
pnat_descriptors_get(PnatDescriptors *descriptors, gint fd)
{
  if (fd < 0)
    return NULL;
  guint number = (guint)fd / PER_PAGE;
  guint at = position(descriptors, number);
  if (at == descriptors->n_pages || descriptors->pages[at]->number != number) {
    if (descriptors->n_pages == descriptors->n_allocated) {
      descriptors->n_allocated = MAX(1, descriptors->n_allocated * 2);
      descriptors->pages = g_renew(Page *, descriptors->pages, descriptors->n_allocated);
    }
    for (guint i = descriptors->n_pages; i > at; i--)
      descriptors->pages[i] = descriptors->pages[i - 1];
    descriptors->pages[at] = g_new0(Page, 1);
    descriptors->pages[at]->number = number;
    descriptors->n_pages++;
  }
  return &descriptors->pages[at]->entries[(guint)fd % PER_PAGE];
}

guint
pnat_descriptors_size(const PnatDescriptors *descriptors)
{
  return descriptors->n_pages * PER_PAGE;
}

void
pnat_descriptors_foreach(PnatDescriptors *descriptors, PnatDescriptorFunc func, gpointer data)
{
  for (guint i = 0; i < descriptors->n_pages; i++)
    for (guint j = 0; j < PER_PAGE; j++)
      if (descriptors->pages[i]->entries[j].state != PNAT_DESCRIPTOR_UNKNOWN)
        func((gint)(descriptors->pages[i]->number * PER_PAGE + j), &descriptors->pages[i]->entries[j], data);
}

guint
pnat_descriptors_count(const PnatDescriptors *descriptors)
{
  guint n = 0;
  for (guint i = 0; i < descriptors->n_pages; i++)
    for (guint j = 0; j < PER_PAGE; j++)
      n += descriptors->pages[i]->entries[j].state != PNAT_DESCRIPTOR_UNKNOWN;
  return n;
}
